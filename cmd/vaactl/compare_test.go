package main

import (
	"fmt"
	"slices"
	"testing"

	"vaad/driver/framelog"
)

func TestFactsArePairedByKindPlaceAndValue(t *testing.T) {
	const to = 60 * rate
	fact := func(kind string, at int64, text string) framelog.Note {
		return framelog.Note{Kind: kind, Pos: at, Known: at + 200, Text: text, Side: "mixed"}
	}
	other := func(n framelog.Note, line int) framelog.Note { n.Line = line; return n }
	for _, c := range []struct {
		what      string
		then, now []framelog.Note
		want      []string
	}{
		{"the same", []framelog.Note{fact("key", 80000, "1")}, []framelog.Note{fact("key", 80100, "1")}, []string{"same"}},
		{"later", []framelog.Note{fact("key", 80000, "1")}, []framelog.Note{fact("key", 81000, "1")}, []string{"moved"}},
		{"much later", []framelog.Note{fact("key", 80000, "1")}, []framelog.Note{fact("key", 90000, "1")}, []string{"only-then", "only-now"}},
		{"another key", []framelog.Note{fact("key", 80000, "1")}, []framelog.Note{fact("key", 80000, "7")}, []string{"changed"}},
		{"another line", []framelog.Note{fact("key", 80000, "1")}, []framelog.Note{other(fact("key", 80000, "1"), 1)}, []string{"only-then", "only-now"}},
		{"one of two keys", []framelog.Note{fact("key", 80000, "1"), fact("key", 82000, "2")}, []framelog.Note{fact("key", 82000, "2")}, []string{"only-then", "same"}},
		{"what begins is no end", []framelog.Note{{Kind: "tone", Value: 1, Text: "busy", Pos: 80000}}, []framelog.Note{{Kind: "tone", Text: "busy", Pos: 80000}}, []string{"only-now", "only-then"}},
		{"at the beginning", nil, []framelog.Note{fact("line-state", 100, "")}, []string{"edge"}},
		{"at the end", []framelog.Note{fact("voice-begin", to-rate, "")}, nil, []string{"edge"}},
	} {
		var got []string
		for _, r := range compare(c.then, c.now, 0, to) {
			got = append(got, r.Is)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, fmt.Sprint(got), c.want)
		}
	}
}
