package analog

import (
	"testing"

	"vaad/driver"
)

func TestACallThatOnlyReportsHearsTheBusyToneToTheEnd(t *testing.T) {
	b := newBench(t, TrunkConfig{Country: "CN", MaxMS: 60000}, Learnt{})
	b.wait(3000)
	b.wish(b.trunk.Dial(&b.out, Order{Number: ",,8,,5551234", Report: true}))
	b.hear(b.line(sounding(burst(450, -1, 0), -10, 0, 0, 5)))
	b.wait(8000)
	b.hear(b.line(sounding(burst(450, 350, 350), -10, 0, 0, 12)))
	if all := b.told(WouldRelease); len(all) != 1 || all[0].Text != EndBusyTone {
		t.Errorf("told %+v", all)
	}
	if !b.trunk.OffHook() {
		t.Fatal("the busy tone has ended the call")
	}
	b.wait(60000)
	if e, ok := b.end(); !ok || e.Call.EndedBy != EndLongest || e.Call.Outcome != Busy || e.Call.Called != "85551234" {
		t.Errorf("ended %+v", e.Call)
	}
	// The next call is one like others.
	b.wait(5000)
	b.ring(1000, 4000)
	b.ring(1000, 1000)
	b.wish(b.trunk.Answer(&b.out))
	b.hear(b.line(make([]int16, driver.Rate)))
	b.hear(b.line(sounding(burst(450, 350, 350), -10, 0, 0, 10)))
	if e, _ := b.end(); e.Call.EndedBy != EndBusyTone {
		t.Errorf("the next call ended by %q", e.Call.EndedBy)
	}
}
