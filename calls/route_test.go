package calls

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vaad/channels"
	"vaad/channels/numbering"
)

func TestWhereNumbersLead(t *testing.T) {
	some, err := numbering.Parse("110", "1xx")
	if err != nil {
		t.Fatal(err)
	}
	p := PBX{
		Stations: []Extension{{Line: 1, Number: "8001"}, {Line: 2, Number: ""}},
		Outside: []Outside{
			{Prefix: "9", Strip: -1, Groups: []string{"a"}},
			{Prefix: "99", Strip: 1, Add: "5,", Groups: []string{"b"}},
			{Prefix: "", Numbers: some, Groups: []string{"c"}},
			{Prefix: "0", Groups: []string{"d"}},
			{Prefix: "77", Strip: 10, Groups: []string{"e"}},
		},
	}
	for number, want := range map[string]string{
		"8001": "line 1", "800": "", "": "", "912": "a 12", "9": "", "9912": "b 5,912", "110": "c 110", "119": "c 119", "1": "", "0": "d 0", "0123": "d 0123", "771": "e ",
	} {
		got := ""
		if to, ok := p.lead(number); ok {
			got = strings.Join(to.groups, ",") + " " + to.number
			if to.inside {
				got = fmt.Sprint("line ", to.station.Line)
			}
		}
		if got != want {
			t.Errorf("%q leads to %q, want %q", number, got, want)
		}
	}
}

func TestWhoRingsForACallThatComesIn(t *testing.T) {
	p := PBX{
		Stations: []Extension{{Line: 1, Number: "8001"}, {Line: 2, Number: "8002"}},
		Incoming: []Incoming{
			{Lines: []int{20}, Called: "555*", Direct: true, Strip: 3, Name: "direct"},
			{Lines: []int{20}, Called: "6*", Direct: true, Strip: 100, Ring: []string{"8002", "8002"}},
			{Lines: []int{11}, Ring: []string{"line 3", "8001", "nobody", "line x", "line -1"}},
			{Called: "77", Name: "nobody"},
		},
	}
	for _, c := range []struct {
		line   int
		called string
		want   string
	}{
		{20, "5558001", "[1] direct true"}, {20, "5559999", "[]  false"}, {20, "61", "[2]  true"}, {20, "555", "[]  false"}, {11, "", "[3 1]  true"},
		{12, "77", "[] nobody true"}, {12, "", "[]  false"},
	} {
		ring, name, ok := p.incoming(c.line, c.called)
		if got := fmt.Sprintf("%v %s %v", ring, name, ok); got != c.want {
			t.Errorf("line %d, called %q: %s, want %s", c.line, c.called, got, c.want)
		}
	}
}

func TestNumbersThatCanBeDialled(t *testing.T) {
	for number, want := range map[string]bool{"1": true, "+8610": true, "*69#": true, "1,2": true, "": false, "+": false, "1+": false, "12a": false, strings.Repeat("1", 65): false} {
		if dialable(number) != want {
			t.Errorf("%q: %v", number, !want)
		}
	}
}

func TestCausesOfCallsThatFail(t *testing.T) {
	for _, c := range []struct {
		e    channels.Event
		want int
	}{
		{channels.Event{Value: 34}, 34}, {channels.Event{Value: 1000, EndedBy: "busy-tone"}, 17}, {channels.Event{EndedBy: "vacant-tone"}, 1},
		{channels.Event{EndedBy: "congestion-tone"}, 34}, {channels.Event{Facts: &channels.CallFacts{Outcome: "no-answer"}}, 19},
		{channels.Event{Facts: &channels.CallFacts{Outcome: "busy"}}, 17}, {channels.Event{EndedBy: "glare"}, 41}, {channels.Event{EndedBy: "board-gone"}, 41},
		{channels.Event{EndedBy: "on-hook"}, 16}, {channels.Event{Facts: &channels.CallFacts{Outcome: "unknown"}}, 16},
	} {
		if got := causeOf(&c.e); got != c.want {
			t.Errorf("%+v: %d, want %d", c.e, got, c.want)
		}
	}
}

func TestWhatALineDoesIsWhatItsLegDoes(t *testing.T) {
	for _, st := range channels.States() {
		got := foundState(channels.LineStatus{State: st})
		want := map[channels.State]LegState{channels.PreRing: LegRinging, channels.Ringing: LegRinging, channels.Alerted: LegAlerting, channels.Talking: LegTalking,
			channels.OffHookIn: LegTalking, channels.Abandoned: LegReleasing, channels.Releasing: LegReleasing, channels.Locked: LegReleasing}[st]
		if want == "" {
			want = LegDialling
		}
		if got != want {
			t.Errorf("%s: %s, want %s", st, got, want)
		}
	}
}

func TestNoTelephoneRingsForEver(t *testing.T) {
	inHouse(t, func(h *house) {
		_, err := h.Call(h.ctx, "amy", CallRequest{Line: station1})
		h.must(err)
		h.sleep(ringFor - time.Second)
		h.at(station1, "ringing")
		h.sleep(2 * time.Second)
		h.at(station1, "idle")
		h.quiet()
	})
}

func TestLinesThatDoNotWorkAreNotSaidToBeInUse(t *testing.T) {
	inHouse(t, func(h *house) {
		h.x.on(trunk1, func(p *port) { h.x.state(p, channels.NoBattery) })
		_, err := h.Call(h.ctx, "amy", CallRequest{Line: trunk1, Number: "1"})
		var f *Failure
		if !errors.As(err, &f) || f.Code != LineGone {
			t.Errorf("a trunk without voltage: %v", err)
		}
		h.x.call(trunk2, "138", "")
		_, err = h.Call(h.ctx, "amy", CallRequest{Group: "analog", Number: "1"})
		if !errors.As(err, &f) || f.Code != NoTrunk || f.Text != "1 in use, 1 out of order" {
			t.Errorf("a group of which none is free: %v", err)
		}
		h.x.down(trunk2)
		h.x.on(trunk1, func(p *port) { h.x.state(p, channels.Idle) })
	})
}
