package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A finding is one thing that was heard.
type finding struct {
	at      int64 // sample
	kind    string
	facts   []fact // in the order in which they are printed
	channel int    // 1…, 0 in files of one channel
	side    string // of a recording
	file    string // where there are several
}

// A fact is a key of a finding's JSON object with its value, which is a string,
// an int, a bool, a span, a decimal, or a list.
type fact struct {
	key   string
	value any
}

// A span of samples is printed as seconds.
type span int64

// MarshalJSON prints the milliseconds, always three digits of them.
func (n span) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(n)/rate, 'f', 3, 64), nil
}

// decimal is a number of which one digit behind the point means something.
type decimal float64

// MarshalJSON prints that digit, also where it is 0.
func (d decimal) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(d), 'f', 1, 64), nil
}

// share is a part of one, of which two digits mean something.
type share float64

// MarshalJSON prints these digits.
func (p share) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(p), 'f', 2, 64), nil
}

// all are the facts with the time and the kind before them.
func (f finding) all() []fact {
	out := append([]fact{{"at", span(f.at)}, {"kind", f.kind}}, f.facts...)
	if f.channel > 0 {
		out = append(out, fact{"channel", f.channel})
	}
	if f.side != "" {
		out = append(out, fact{"side", f.side})
	}
	if f.file != "" {
		out = append(out, fact{"file", f.file})
	}
	return out
}

// MarshalJSON keeps the order of the facts.
func (f finding) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, v := range f.all() {
		b, err := json.Marshal(v.value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(strconv.AppendQuote(out, v.key), ':'), b...)
	}
	return append(out, '}'), nil
}

// fact is the value of a key, nil where there is none.
func (f finding) fact(key string) any {
	if i := slices.IndexFunc(f.facts, func(v fact) bool { return v.key == key }); i >= 0 {
		return f.facts[i].value
	}
	return nil
}

// duration is how long the finding lasted, 0 where it says nothing of that.
func (f finding) duration() span {
	n, _ := f.fact("duration").(span)
	return n
}

// heard is a finding in words.
func (s *session) heard(f finding) string {
	var args []string
	for _, v := range f.facts {
		b, err := json.Marshal(v.value)
		if err != nil {
			continue
		}
		word := strings.Trim(strings.ReplaceAll(string(b), ",", " + "), "[]")
		if text, ok := v.value.(string); ok {
			word = text
		}
		args = append(args, v.key, printable(word))
	}
	switch f.kind {
	case "tone", "modem":
		name, _ := f.fact("tone").(string)
		what := s.code("heard-"+f.kind, name)
		if country, _ := f.fact("country").(string); country != "" {
			what += " " + country
		}
		if hz, ok := f.fact("hz").(decimal); ok && f.kind == "modem" {
			what += fmt.Sprintf(", %.0f Hz", hz)
		}
		if function, _ := f.fact("function").(string); function != "" {
			what += ", " + function
		}
		args = append(args, "what", what)
	case "level":
		if hz, ok := f.fact("hum_hz").(decimal); ok {
			hum, _ := f.fact("hum_dbm0").(decimal)
			args = append(args, "hum", s.t("heard-hum", "hz", fmt.Sprintf("%.1f", hz), "level", fmt.Sprintf("%.1f", hum)))
		} else {
			args = append(args, "hum", "")
		}
	case "callerid":
		args = append(args, "what", s.caller(f))
	case "voice":
		state, _ := f.fact("state").(string)
		args = append(args, "what", s.t("heard-voice."+state))
	}
	return s.t("heard."+f.kind, args...)
}

// caller is who calls, or why that is not said, or else the message as it came.
func (s *session) caller(f finding) string {
	var parts []string
	for _, key := range []string{"number", "name", "absent", "date"} {
		if v, _ := f.fact(key).(string); v != "" {
			if key == "absent" {
				v = s.code("heard-absent", v)
			}
			parts = append(parts, printable(v))
		}
	}
	if len(parts) == 0 {
		v, _ := f.fact("hex").(string)
		return v
	}
	return strings.Join(parts, ", ")
}

// seconds is a time for people: the minutes where there are any.
func seconds(n span) string {
	m, rest := n/(60*rate), n%(60*rate)
	out := strconv.FormatFloat(float64(rest)/rate, 'f', 3, 64)
	if m > 0 {
		out = strconv.FormatInt(int64(m), 10) + ":" + strings.Repeat("0", max(0, 6-len(out))) + out
	}
	return out
}

// drop takes columns out that are empty in every row.
func (t *table) drop() {
	for i := len(t.head) - 1; i >= 0; i-- {
		if !slices.ContainsFunc(t.rows, func(r []string) bool { return r[i] != "" }) {
			t.head = slices.Delete(t.head, i, i+1)
			for j := range t.rows {
				t.rows[j] = slices.Delete(t.rows[j], i, i+1)
			}
		}
	}
}
