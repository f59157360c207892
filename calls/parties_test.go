package calls

import (
	"testing"

	"vaad/channels"
)

// of makes an event of a call that says what is known of the parties.
func of(kind channels.EventKind, id string, s int, caller, called string, f channels.CallFacts) channels.Event {
	return channels.Event{Kind: kind, Call: id, Line: 1, Board: "sim", Time: at(s), Caller: caller, Called: called, Facts: &f}
}

func TestRowSaysHowNumbersAndDirectionAreKnown(t *testing.T) {
	f := start(t)
	ring := channels.CallFacts{DirectionBy: "ring", Rings: 1, CalledBy: "own"}
	told := channels.CallFacts{DirectionBy: "ring", Rings: 2, CallerBy: "bell202", CalledBy: "own"}
	over := told
	over.Rings, over.Outcome = 3, "answered"
	b, n, e := of(channels.CallBegin, "A", 0, "", "64000001", ring), of(channels.Numbers, "A", 2, "13800138000", "64000001", told),
		of(channels.CallEnd, "A", 60, "13800138000", "64000001", over)
	b.Direction, n.Name, e.Name, e.EndedBy = channels.Incoming, "张三", "张三", "on-hook"
	f.play(b, n)
	if r := f.row("A"); r.Caller != "13800138000" || r.Called != "64000001" || r.Name != "张三" || r.CallerBy != "bell202" || r.Outcome != "" {
		t.Errorf("while it rings: %+v", r)
	}
	f.play(answered("A", 9, "off-hook"), e)
	if r := f.row("A"); r.Rings != 3 || r.Outcome != "answered" || r.DirectionBy != "ring" || r.CalledBy != "own" {
		t.Errorf("at the end: %+v", r)
	}
	if got := f.query(Filter{Number: "138*"}); len(got) != 1 {
		t.Errorf("found by the caller: %+v", got)
	}
	if got := f.query(Filter{Text: "张三 answered"}); len(got) != 1 {
		t.Errorf("found by name and outcome: %+v", got)
	}
}

func TestDialledNumberIsShownDigitByDigitAndThenWithoutItsPrefix(t *testing.T) {
	f := start(t)
	f.play(begin("A", 1, 0, channels.Outgoing), key(channels.Digit, "A", "9"), key(channels.Digit, "A", "5"), key(channels.Digit, "A", "5"))
	if r := f.row("A"); r.Called != "955" {
		t.Errorf("while it is dialled: %+v", r)
	}
	keys := channels.CallFacts{DirectionBy: "dialled", Dialled: "955", CalledBy: "keys", Sure: 100}
	f.play(of(channels.Numbers, "A", 8, "", "55", keys))
	if r := f.row("A"); r.Called != "55" || r.Dialled != "955" || r.Sure != 100 {
		t.Errorf("when it is complete: %+v", r)
	}
	for _, number := range []string{"55", "955"} {
		if got := f.query(Filter{Number: number}); len(got) != 1 {
			t.Errorf("asked for %s: %+v", number, got)
		}
	}
}

func TestClicksThatWereNoNumberAreForgotten(t *testing.T) {
	f := start(t)
	f.play(begin("A", 1, 0, channels.Outgoing), key(channels.Digit, "A", "1"),
		of(channels.CallEnd, "A", 30, "", "", channels.CallFacts{DirectionBy: "no-ring", Outcome: "not-dialled"}))
	if r := f.row("A"); r.Called != "" || r.Outcome != "not-dialled" {
		t.Errorf("%+v", r)
	}
}

func TestCallsThatWaitedAreKeptOnceEach(t *testing.T) {
	f := start(t)
	wait := func(s int, caller string) channels.Event {
		return channels.Event{Kind: channels.CallWaiting, Call: "A", Time: at(s), Caller: caller}
	}
	f.play(begin("A", 1, 0, channels.Incoming), wait(10, ""), wait(12, "5550199"), wait(50, "5550200"), wait(90, ""))
	r := f.row("A")
	if len(r.Waiting) != 3 || r.Waiting[0].Caller != "5550199" || !r.Waiting[0].Time.Equal(at(10)) || r.Waiting[1].Caller != "5550200" {
		t.Errorf("%+v", r.Waiting)
	}
	for s := range 100 {
		f.play(wait(200+s, "1"))
	}
	if n := len(f.row("A").Waiting); n != maxWaiting {
		t.Errorf("%d are kept", n)
	}
}

func TestFailedCallerIDIsNoted(t *testing.T) {
	f := start(t)
	f.play(begin("A", 1, 0, channels.Incoming), channels.Event{Kind: channels.CallerFailed, Call: "A", Time: at(9), Text: "damaged"}, ended("A", 20, "ring-stopped", true))
	if r := f.row("A"); r.CallerLost != "damaged" {
		t.Errorf("%+v", r)
	}
}

func TestWhomACallWasForAndWhoAnsweredIsKeptAndFound(t *testing.T) {
	f := start(t)
	told := channels.CallFacts{DirectionBy: "setup", CallerBy: "q931", CalledBy: "q931", Redirected: "8001", Connected: "8002", Data: true}
	f.play(of(channels.CallBegin, "A", 0, "138", "8000", channels.CallFacts{Redirected: "8001"}), of(channels.CallEnd, "A", 9, "138", "8000", told))
	if r := f.row("A"); r.Redirected != "8001" || r.Connected != "8002" || !r.Data {
		t.Errorf("%+v", r)
	}
	for _, number := range []string{"8001", "80*2"} {
		if got := f.query(Filter{Number: number}); len(got) != 1 {
			t.Errorf("%s finds %d calls", number, len(got))
		}
	}
}
