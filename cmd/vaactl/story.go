package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vaad/api/text"
)

// A storyEntry is an entry of a story, as docs/formats/story.md has it.
type storyEntry struct {
	At                            *int64
	Kind, Side, Code, Text, Actor string
	Value                         int64
	more                          map[string]any // keys that a newer vaad wrote
	raw                           json.RawMessage
	place                         int64 // in time; that of the entry before where it says none
}

// story is a story for people: what happened, in the order of time.
func (s *session) story(items []json.RawMessage) (lines []string) {
	var all []storyEntry
	at := int64(-1 << 62)
	for _, raw := range items {
		e := storyEntry{raw: raw}
		if json.Unmarshal(raw, &e) == nil && json.Unmarshal(raw, &e.more) == nil {
			if e.At != nil {
				at = *e.At
			}
		}
		e.place = at
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b storyEntry) int { return cmp.Compare(a.place, b.place) })
	for i := range all {
		lines = append(lines, s.entry(&all[i]))
	}
	return lines
}

// entry is an entry in words: seconds from the recording's start, what
// happened, and what else is known.
func (s *session) entry(e *storyEntry) string {
	if e.Kind == "" {
		return printable(string(e.raw))
	}
	at := ""
	if e.At != nil {
		at = inSeconds(*e.At)
	}
	group := "story"
	if _, ok := text.Lookup(text.English, group+"."+e.Kind); !ok {
		group = "fact"
	}
	parts := []string{fmt.Sprintf("%12s", at), s.code(group, e.Kind)}
	add := func(words string) {
		if words != "" {
			parts = append(parts, printable(words))
		}
	}
	add(s.about(e.Kind, e.Text))
	switch e.Kind {
	case "call-end":
		add(s.code("outcome", e.Code))
	case "end":
		parts = slices.Insert(parts, 2, s.code("ended-by", e.Code)) // before the details
	case "modem-rule":
		add(s.code("modem-rule", e.Code))
	case "rule": // its code is for why
	default:
		add(s.code("known-by", e.Code))
	}
	add(s.code("side", e.Side))
	add(s.measure(e.Kind, e.Value))
	add(e.Actor)
	for _, k := range slices.Sorted(maps.Keys(e.more)) {
		switch k {
		case "time", "at", "kind", "side", "value", "code", "text", "actor":
		default:
			add(fmt.Sprintf("%s=%v", k, e.more[k]))
		}
	}
	return strings.Join(parts, "  ")
}

// about is what the text of a fact says: the words for it, where it is a code.
func (s *session) about(kind, code string) string {
	switch kind {
	case "line-state":
		return s.code("state", code)
	case "direction":
		return s.code("direction", code)
	case "call-answered":
		return s.code("answered-by", code)
	case "call-end":
		return s.code("ended-by", code)
	case "tone":
		return s.code("heard-tone", code)
	case "modem", "modem-rule":
		return s.code("heard-modem", code)
	case "caller-id-failed":
		return s.code("caller-lost", code)
	case "alarm":
		return s.alarmed(code)
	case "would-release":
		return s.code("ended-by", code)
	case "number-complete":
		return s.code("number-complete", code)
	case "played":
		if key, ok := strings.CutPrefix(code, "key "); ok {
			return s.code("fact", "key") + " " + key
		}
		return s.code("played", code)
	case "q931": // a frame in hexadecimal; its code names it
		return ""
	case "joined", "left": // the name of a bridge tells nobody anything
		return ""
	}
	return code
}

// measure is the value of a fact with its unit.
func (s *session) measure(kind string, v int64) string {
	switch kind {
	case "tone", "modem", "alarm", "held", "parallel-pick-up", "progress":
		return s.t(map[bool]string{true: "cli.replay-on", false: "cli.replay-off"}[v != 0])
	case "volts":
		return strconv.FormatFloat(float64(v)/1000, 'f', 1, 64) + " V"
	case "polarity":
		return s.t(map[bool]string{true: "cli.reversed", false: "cli.not-reversed"}[v == 1])
	}
	if v == 0 {
		return ""
	}
	switch kind {
	case "flash", "long-off-hook":
		return fmt.Sprintf("%d ms", v)
	case "clock":
		return fmt.Sprintf("%.0f ms", float64(v)/1e6)
	case "recovered":
		return fmt.Sprintf("%d B", v)
	case "digit", "key", "gap", "muted", "not-muted", "key-start", "key-stop", "damaged", "files-removed", "events-lost", "caller-id-failed", "played":
		return inSeconds(v)
	}
	return "value=" + strconv.FormatInt(v, 10)
}

// inSeconds is so many samples for people.
func inSeconds(samples int64) string {
	return strconv.FormatFloat(float64(samples)/rate, 'f', 2, 64) + " s"
}
