package main

import (
	"fmt"
	"slices"
	"testing"

	"vaad/calls"
)

// play tells what the switch tells; the legs named are trunks.
func play(c *conversations, trunks string, changes ...calls.Change) {
	for _, ch := range changes {
		if ch.Leg != nil {
			l := *ch.Leg
			l.Use, ch.Leg = "station", &l
			for _, t := range trunks {
				if l.ID == string(t) {
					l.Use = "trunk"
				}
			}
		}
		if ch.Kind == calls.Resync {
			c.anew(nil, nil)
			continue
		}
		c.take(&ch)
	}
}

func leg(id string, line int, more ...func(*calls.Leg)) calls.Change {
	l := &calls.Leg{ID: id, Line: line, State: calls.LegTalking, Role: calls.Talk}
	for _, f := range more {
		f(l)
	}
	return calls.Change{Kind: calls.LegChanged, Leg: l}
}

func in(bridge string) func(*calls.Leg) { return func(l *calls.Leg) { l.Bridge = bridge } }
func ended(l *calls.Leg)                { l.State = calls.LegEndedNow }
func whispers(to string) func(*calls.Leg) {
	return func(l *calls.Leg) { l.Role, l.To = calls.Whisper, to }
}

func bridge(id string, legs ...string) calls.Change {
	return calls.Change{Kind: calls.BridgeChanged, Bridge: &calls.Bridge{ID: id, Legs: legs}}
}

func TestWhatIsSaidIsRecordedOnce(t *testing.T) {
	both := []calls.Change{leg("a", 1), leg("b", 2), leg("a", 1, in("x")), leg("b", 2, in("x")), bridge("x", "a", "b")}
	with := func(more ...calls.Change) []calls.Change { return append(append([]calls.Change{}, both...), more...) }
	for _, c := range []struct {
		name, rule, trunks string
		recorded           string // lines
		changes            []calls.Change
		elsewhere          string // of a, b, c
	}{
		{"the trunk keeps it", "trunk", "b", "123", both, "a"},
		{"or the station, where that is wanted", "station", "b", "123", both, "b"},
		{"or both", "both", "b", "123", both, ""},
		{"of two stations the one that began", "trunk", "", "123", both, "b"},
		{"of two trunks the one that began", "trunk", "ab", "123", both, "b"},
		{"the trunk is not recorded", "trunk", "b", "1", both, "b"},
		{"nobody is recorded", "trunk", "b", "", both, ""},
		{"nobody was connected", "trunk", "b", "123", []calls.Change{leg("a", 1), leg("b", 2), bridge("x", "a")}, ""},
		{"legs that ended", "trunk", "b", "123", with(leg("b", 2, ended), leg("a", 1, ended)), "a"},
		{"the station talked with another one too", "trunk", "b", "123", with(calls.Change{Kind: calls.BridgeEnded, Bridge: &calls.Bridge{ID: "x"}}, leg("c", 3), bridge("y", "a", "c")), "c"},
		{"a conference", "trunk", "b", "123", with(leg("c", 3), bridge("x", "a", "b", "c")), "ac"},
		{"the trunk leaves a conference", "trunk", "b", "123", with(leg("c", 3), bridge("x", "a", "b", "c"), bridge("x", "a", "c")), "c"},
		{"somebody whispers", "trunk", "b", "123", with(leg("c", 3, in("x"), whispers("a")), bridge("x", "a", "b", "c")), ""},
		{"somebody begins to whisper", "trunk", "b", "123", with(leg("c", 3, in("x")), bridge("x", "a", "b", "c"), leg("c", 3, in("x"), whispers("a"))), ""},
		{"a leg that is not known", "trunk", "b", "123", with(bridge("x", "a", "b", "c")), ""},
		{"changes were lost", "trunk", "b", "123", with(calls.Change{Kind: calls.Resync}), ""},
	} {
		x := newConversations(func() string { return c.rule }, func(line int) bool {
			for _, r := range c.recorded {
				if fmt.Sprint(line) == string(r) {
					return true
				}
			}
			return false
		})
		play(x, c.trunks, c.changes...)
		got := ""
		for _, id := range []string{"a", "b", "c", "d"} {
			if x.Elsewhere(id) {
				got += id
			}
		}
		if got != c.elsewhere {
			t.Errorf("%s: thrown away %q, want %q", c.name, got, c.elsewhere)
		}
	}
}

func TestConversationsThatAreOverAreForgottenInTime(t *testing.T) {
	x := newConversations(func() string { return "trunk" }, func(int) bool { return true })
	for i := range overMost + 10 {
		id := fmt.Sprint(i)
		x.take(&calls.Change{Kind: calls.LegChanged, Leg: &calls.Leg{ID: id, Conversation: "c" + id}})
		if got := x.Conversation(id); got != "c"+id {
			t.Fatalf("leg %s is in %q", id, got)
		}
		for range 2 { // told twice is ended once
			x.take(&calls.Change{Kind: calls.LegChanged, Leg: &calls.Leg{ID: id, Conversation: "c" + id, State: calls.LegEndedNow}})
		}
	}
	if len(x.legs) != overMost || x.Conversation("0") != "" || x.Conversation("20") != "c20" {
		t.Errorf("%d legs", len(x.legs))
	}
}

func TestAfterLostChangesItIsKnownWhoHearsWhom(t *testing.T) {
	x := newConversations(func() string { return "trunk" }, func(int) bool { return true })
	var told [][]int
	x.connected = func(lines []int) { told = append(told, lines) }
	play(x, "", leg("a", 1, in("x")), leg("b", 2, in("x")), bridge("x", "a", "b"))
	told = nil
	x.anew([]calls.Leg{{ID: "a", Line: 1, State: calls.LegTalking, Bridge: "x"}, {ID: "c", Line: 3, State: calls.LegTalking, Bridge: "x"}},
		[]calls.Bridge{{ID: "x", Legs: []string{"a", "c"}}})
	if got := x.partners(1); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("line 1 is heard by %v", got)
	}
	if got := x.partners(2); len(got) != 0 {
		t.Errorf("line 2, whose leg is over, is heard by %v", got)
	}
	if len(told) == 0 || !slices.Equal(told[len(told)-1], []int{1, 3}) {
		t.Errorf("the recorder was told of %v", told)
	}
	for _, id := range []string{"a", "b", "c"} {
		if x.Elsewhere(id) {
			t.Errorf("leg %s is thrown away", id)
		}
	}
}
