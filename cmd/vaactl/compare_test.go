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

func TestCallThatWasUpWhenTheLogBeginsIsNotCompared(t *testing.T) {
	const to = 60 * rate
	fact := func(kind string, at int64) framelog.Note { return framelog.Note{Kind: kind, Pos: at, Known: at} }
	ended := func(at int64, by string) framelog.Note {
		n := fact("call-end", at)
		n.AnsweredBy = by
		return n
	}
	begun := fact("call-begin", 1000) // today: off-hook, as if it had just been noticed
	for _, c := range []struct {
		what      string
		then, now []framelog.Note
		want      []string
	}{
		{"its end", []framelog.Note{ended(30*rate, "reversal")}, []framelog.Note{begun, ended(30*rate, "unknown")}, []string{"edge", "was-up"}},
		{"its answer", []framelog.Note{fact("call-answered", 9*rate)}, []framelog.Note{begun}, []string{"edge", "was-up"}},
		{"its voices", nil, []framelog.Note{begun, fact("voice-begin", 9*rate)}, []string{"edge", "was-up"}},
		{"its keys are", []framelog.Note{ended(30*rate, "")}, []framelog.Note{fact("key", 9*rate), ended(30*rate, "")}, []string{"only-now", "same"}},
		{"its hook is", []framelog.Note{ended(30*rate, ""), fact("on-hook", 29*rate)}, []framelog.Note{ended(30*rate, "")}, []string{"only-then", "same"}},
		{"the next call is", []framelog.Note{ended(9*rate, ""), fact("call-begin", 20*rate), ended(30*rate, "reversal")},
			[]framelog.Note{ended(9*rate, ""), fact("call-begin", 20*rate), ended(30*rate, "none")}, []string{"same", "same", "changed"}},
		{"another line is", []framelog.Note{ended(30*rate, "")}, []framelog.Note{ended(30*rate, ""), {Kind: "voice-end", Pos: 9 * rate, Line: 1}}, []string{"only-now", "same"}},
		{"a call that begins within is", []framelog.Note{fact("call-begin", 9*rate), ended(30*rate, "none")}, []framelog.Note{fact("call-begin", 9*rate), ended(30*rate, "reversal")}, []string{"same", "changed"}},
	} {
		var got []string
		for _, r := range compare(c.then, c.now, 0, to) {
			got = append(got, r.Is)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}
