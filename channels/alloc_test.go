package channels

import (
	"slices"
	"testing"

	"vaad/driver"
)

// A telephone and a trunk in a conference, each with its canceller, one with music over
// it, and a third that rings: a block costs no memory.
func TestTalkingLinesAllocateNothing(t *testing.T) {
	info := mixedInfo()
	for range 3 {
		l := info.Lines[0]
		l.Port = len(info.Lines) + 1
		info.Lines = append(info.Lines, l)
	}
	var plan []LineConfig
	for _, l := range info.Lines {
		use := driver.Trunk
		if l.Kind == driver.FXS {
			use = driver.Station
		}
		plan = append(plan, LineConfig{Number: l.Port, Port: l.Port, Use: use})
	}
	frames := func(n int, tx, rx *driver.Frame) error {
		if n == 20 {
			for i, l := range info.Lines[:5] {
				if l.Kind == driver.FXS {
					rx.Event(driver.OffHook, i, 0, 0, nil)
				}
			}
		}
		for i := range rx.PCM {
			rx.PCM[i] = tx.PCM[i]/4 + int16(i*7919%401)
		}
		return nil
	}
	s, l := stepper(t, newFake(info, frames), Config{Plan: rigPlan{lines: plan}})
	tick := func() {
		if err := l.tick(); err != nil {
			t.Fatal(err)
		}
		for _, ok := l.out.q.pop(); ok; _, ok = l.out.q.pop() {
		}
	}
	for range 100 {
		tick()
	}
	music := slices.Repeat([]int16{500, -300, 20}, 1000)
	for _, n := range []int{1, 4, 5} {
		for _, it := range []item{{wish: &Wish{Kind: WishProceed}}, {join: &Joining{Mix: "m", Line: n}}, {play: &Play{Line: n, Loop: true, Over: n > 1, Audio: []Audio{{PCM: music}}}}} {
			it.line = mustLine(t, s, n)
			if err := l.take(it); err != nil && it.wish == nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.take(item{line: mustLine(t, s, 6), wish: &Wish{Kind: WishCall, Caller: "123"}}); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		tick()
	}
	if a := testing.AllocsPerRun(200, tick); a != 0 {
		t.Errorf("%v allocations a block", a)
	}
}
