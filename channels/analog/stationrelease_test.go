package analog

import (
	"strings"
	"testing"

	"vaad/driver"
	"vaad/dsp/progress"
)

// Causes as ITU-T Q.850 numbers them.
func TestTheToneSaysWhyACallIsOver(t *testing.T) {
	for _, c := range []struct {
		cause   int
		tone    progress.Tone
		outcome string
	}{
		{0, progress.Busy, GivenUp},
		{1, progress.Vacant, Vacant},          // unallocated number
		{3, progress.Vacant, Vacant},          // no route to destination
		{16, progress.Busy, GivenUp},          // normal call clearing
		{17, progress.Busy, Busy},             // user busy
		{18, progress.Congestion, NoAnswer},   // no user responding
		{19, progress.Congestion, NoAnswer},   // no answer from user
		{21, progress.Congestion, GivenUp},    // call rejected
		{27, progress.Congestion, GivenUp},    // destination out of order
		{28, progress.Vacant, Vacant},         // invalid number format
		{31, progress.Busy, GivenUp},          // normal, unspecified
		{34, progress.Congestion, Congestion}, // no circuit available
		{38, progress.Congestion, Congestion}, // network out of order
		{127, progress.Congestion, Congestion},
		{-1, progress.Congestion, GivenUp},
	} {
		p := newPhone(t, StationConfig{})
		p.event(driver.OffHook, 0)
		p.dial("12")
		p.wish(p.s.Proceed(&p.out))
		p.acts = nil
		p.wish(p.s.Release(&p.out, c.cause))
		call, up := p.s.Call()
		if up || len(p.acts) != 1 || p.acts[0].Kind != PlayTone || p.acts[0].Tone != c.tone || call.Outcome != c.outcome || call.Called != "12" {
			t.Errorf("cause %d: %+v, %+v", c.cause, p.acts, call)
		}
	}
}

func TestALateDigitIsNoPartOfTheNumber(t *testing.T) {
	p := newPhone(t, StationConfig{DigitMS: 1000})
	p.event(driver.OffHook, 0)
	p.after(1000)
	p.dial("1") // ends 900 ms before the block below
	p.after(1040)
	p.s.Press(&p.out, Press{Key: '2', At: p.pos - 10*driver.MS, Length: 10 * driver.MS, Sure: 100, By: InKeys}, p.pos)
	p.take(p.pos)
	if got := strings.Join(p.log, ", "); !strings.HasSuffix(got, "digit 1, >quiet, proceeding, number 1, complete 1, key 2") {
		t.Error(got)
	}
}

// A number is bounded: what is longer is none.
func TestNobodyDialsMoreThan64Digits(t *testing.T) {
	p := newPhone(t, StationConfig{})
	p.event(driver.OffHook, 0)
	p.dial(strings.Repeat("7", maxDialled+1))
	call, _ := p.s.Call()
	if p.s.State() != StationProceeding || call.Dialled != strings.Repeat("7", maxDialled) || !strings.HasSuffix(strings.Join(p.log, ", "), "wrong "+call.Dialled) {
		t.Errorf("%v %q", p.s.State(), call.Dialled)
	}
}

func TestAKeyHeldDownKeepsTheNumberOpen(t *testing.T) {
	p := newPhone(t, StationConfig{DigitMS: 1000})
	p.event(driver.OffHook, 0)
	p.event(driver.DigitBegin, '1')
	p.after(100)
	p.event(driver.DigitBegin, '2') // the end of the first was lost
	p.after(4000)
	p.event(driver.DigitEnd, '2')
	p.after(500)
	if got := strings.Join(p.log, ", "); !strings.HasSuffix(got, "dialling, digit 1, >quiet, digit 2") {
		t.Error(got)
	}
	p.event(driver.DigitBegin, '3')
	p.after(6000) // nobody presses that long
	if got := strings.Join(p.log, ", "); !strings.HasSuffix(got, "digit 2, proceeding, number 12, complete 12") {
		t.Error(got)
	}
}

// Bursts are told, and counted; one that a stop cuts has an end.
func TestBurstsAreTold(t *testing.T) {
	s, o := NewStation(StationConfig{Sends: "none"}), Output{}
	at := func(pos int64, k driver.EventKind) { s.Event(&o, driver.Event{Kind: k}, pos) }
	at(0, driver.State)
	at(5, driver.RingerOn) // of whatever was before
	if err := s.Ring(&o, RingOrder{}); err != nil {
		t.Fatal(err)
	}
	at(100, driver.RingerOn)
	at(8100, driver.RingerOff)
	at(40100, driver.RingerOn)
	at(42000, driver.OffHook)
	at(42100, driver.RingerOff)
	var got []string
	for _, e := range o.Events {
		if e.Kind == RingBegin || e.Kind == RingEnd || e.Kind == OffHook {
			got = append(got, e.Kind.String())
		}
	}
	if c, _ := s.Call(); strings.Join(got, " ") != "ring-begin ring-end ring-begin ring-end off-hook" || c.Rings != 2 {
		t.Errorf("%q, %d rings", got, c.Rings)
	}
}

// Who picks up in the block in which the message is due hears nothing of it, and
// the board is told nothing that only an on-hook telephone can be given.
func TestNothingForOnHookTelephonesIsLeftWhenItIsPickedUp(t *testing.T) {
	s, o := NewStation(StationConfig{}), Output{}
	s.Event(&o, driver.Event{Kind: driver.State}, 0)
	if err := s.Ring(&o, RingOrder{Caller: "1"}); err != nil {
		t.Fatal(err)
	}
	s.Event(&o, driver.Event{Kind: driver.RingerOn}, 100)
	o = Output{}
	s.Event(&o, driver.Event{Kind: driver.RingerOff}, 8100)
	s.Event(&o, driver.Event{Kind: driver.OffHook}, 8110)
	for _, a := range o.Acts {
		if forOnHook(a) {
			t.Errorf("left: %+v", a)
		}
	}
}
