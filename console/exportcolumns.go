package console

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/api"
	"vaad/api/text"
)

// A column is one of a table of recordings. Its words are column.NAME in the
// catalogue.
type column struct {
	name  string
	width float64 // in characters, for spreadsheets
	group string  // of the catalogue, where the value is a code
	value func(*api.Recording) any
}

// columns are all of them, in the order of a table for which nobody chose: values
// are strings, times, numbers and truths; nil is an empty cell.
func columns() []column {
	yes := func(b bool) any {
		if b {
			return true
		}
		return nil
	}
	return []column{
		{"start", 20, "", func(r *api.Recording) any { return r.Start }},
		{"end", 20, "", func(r *api.Recording) any {
			if r.End == nil {
				return nil
			}
			return *r.End
		}},
		{"duration_s", 10, "", func(r *api.Recording) any { return r.Duration }},
		{"line", 6, "", func(r *api.Recording) any { return r.Line }},
		{"line_name", 18, "", func(r *api.Recording) any { return r.LineName }},
		{"board", 10, "", func(r *api.Recording) any { return r.Board }},
		{"direction", 10, "direction", func(r *api.Recording) any { return r.Direction }},
		{"caller", 16, "", func(r *api.Recording) any { return r.Caller }},
		{"caller_name", 18, "", func(r *api.Recording) any { return r.CallerName }},
		{"called", 16, "", func(r *api.Recording) any { return r.Called }},
		{"outcome", 14, "outcome", func(r *api.Recording) any { return r.Outcome }},
		{"answered_by", 14, "answered-by", func(r *api.Recording) any { return r.AnsweredBy }},
		{"ended_by", 14, "ended-by", func(r *api.Recording) any { return r.EndedBy }},
		{"trigger", 12, "trigger", func(r *api.Recording) any { return r.Trigger }},
		{"notes", 40, "", func(r *api.Recording) any {
			var all []string
			for _, n := range r.Notes {
				all = append(all, n.Text)
			}
			return strings.Join(all, "\n")
		}},
		{"marks", 24, "", func(r *api.Recording) any {
			var all []string
			for _, m := range r.Marks {
				all = append(all, strings.TrimSpace(strconv.FormatFloat(m.At, 'f', 1, 64)+" s "+m.Text))
			}
			return strings.Join(all, "\n")
		}},
		{"state", 12, "recording-state", func(r *api.Recording) any { return r.State }},
		{"class", 12, "", func(r *api.Recording) any { return r.Class }},
		{"protected", 10, "", func(r *api.Recording) any { return yes(r.Protected) }},
		{"held", 10, "", func(r *api.Recording) any { return yes(r.Held) }},
		{"holds", 18, "", func(r *api.Recording) any { return strings.Join(r.Holds, " ") }},
		{"gaps", 8, "", func(r *api.Recording) any { return r.Gaps }},
		{"lost_s", 10, "", func(r *api.Recording) any { return round(float64(r.LostSamples)/8000, 3) }},
		{"masked_s", 10, "", func(r *api.Recording) any { return r.Masked }},
		{"recovered", 10, "", func(r *api.Recording) any { return yes(r.Recovered) }},
		{"simulated", 10, "", func(r *api.Recording) any { return yes(r.Simulated) }},
		{"codec", 10, "codec", func(r *api.Recording) any { return r.Codec }},
		{"sides", 14, "", func(r *api.Recording) any { return strings.Join(r.Sides, " ") }},
		{"bytes", 12, "", func(r *api.Recording) any { return r.Bytes }},
		{"actors", 18, "", func(r *api.Recording) any { return strings.Join(r.Actors, " ") }},
		{"id", 28, "", func(r *api.Recording) any { return r.ID }},
		{"call", 28, "", func(r *api.Recording) any { return r.Call }},
		{"conversation", 28, "", func(r *api.Recording) any { return r.Conversation }},
		{"sha256", 40, "", func(r *api.Recording) any {
			var all []string
			for _, s := range r.Sides {
				if h := r.SHA256[s]; h != "" {
					all = append(all, s+":"+h)
				}
			}
			return strings.Join(all, " ")
		}},
	}
}

// columnsOf are the columns that are asked for; nothing means all.
func columnsOf(f *faults, names []string) ([]column, error) {
	all := columns()
	if len(names) == 0 {
		return all, nil
	}
	var out []column
	for _, name := range names {
		i := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		if i < 0 {
			var known []string
			for _, c := range all {
				known = append(known, c.name)
			}
			f.add("columns", name, "one-of", text.Args{"values": strings.Join(known, ", ")})
			continue
		}
		out = append(out, all[i])
	}
	return out, f.err()
}

// cell is a value for a reader: codes in words, unless codes are wanted.
func (c *column) cell(lang string, codes bool, r *api.Recording) any {
	v := c.value(r)
	if s, ok := v.(string); ok && s != "" && c.group != "" && !codes {
		return text.Code(lang, c.group, s)
	}
	return v
}

// head is the name of a column.
func (c *column) head(lang string, codes bool) string {
	if codes {
		return c.name
	}
	return text.Text(lang, "column."+c.name, nil)
}

// plainCell is a value as a table of text has it: times with their zone, which is
// the box's where words are read by people.
func plainCell(v any, codes bool) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		if codes {
			return v.UTC().Format(time.RFC3339Nano)
		}
		return v.Local().Format("2006-01-02T15:04:05.000Z07:00")
	}
	return ""
}
