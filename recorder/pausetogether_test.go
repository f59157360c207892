package recorder

import (
	"slices"
	"sync"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
)

// paired is which lines hear each other; tests change it.
type paired struct {
	mu  sync.Mutex
	all [][]int
}

func (p *paired) set(all ...[]int) { p.mu.Lock(); p.all = all; p.mu.Unlock() }

func (p *paired) of(line int) (with []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, lines := range p.all {
		if slices.Contains(lines, line) {
			with = append(with, lines...)
		}
	}
	return with
}

func withPartners(p *paired) option {
	return func(_ *rig, c *Config, _ *channels.Config) { c.Partners = p.of }
}

// talk is a rig of lines that are all off-hook.
func talk(t *testing.T, lines int, opts ...option) *rig {
	t.Helper()
	r := newRig(t, newBoard(lines, driver.ALaw), LineConfig{Trigger: Voltage}, nil, opts...)
	for n := 1; n <= lines; n++ {
		r.hook(2*second, n, true)
	}
	r.to(5 * second)
	return r
}

func (r *rig) pausedLines() (n []int) {
	for _, p := range r.rec.Paused() {
		n = append(n, p.Line)
	}
	return n
}

func (r *rig) wantPaused(when string, want ...int) {
	r.t.Helper()
	if got := r.pausedLines(); !slices.Equal(got, want) {
		r.t.Errorf("%s: paused are lines %v, want %v", when, got, want)
	}
}

// seconds lets the board run, one second at a time, so that what time brings is seen.
func (r *rig) seconds(n int) {
	r.t.Helper()
	for range n {
		r.run(time.Second)
	}
}

func TestAPauseThatIsMadeLongerIsSoForAllWhoHearTheLine(t *testing.T) {
	k, with := &kept{}, &paired{all: [][]int{{1, 2}}}
	r := talk(t, 2, withPartners(with), withPauses(k))
	if _, err := r.rec.Pause(1, PauseWish{For: 5 * time.Second}); err != nil {
		t.Fatal(err)
	}
	r.seconds(4)
	p, err := r.rec.Pause(1, PauseWish{For: 60 * time.Second, Reason: "password"})
	if err != nil {
		t.Fatal(err)
	}
	all, _ := k.Load()
	for _, one := range all {
		if !one.Until.Equal(p.Until) || one.Reason != "password" || one.ID != p.ID {
			t.Errorf("kept is %+v, answered was %+v", one, p)
		}
	}
	r.seconds(50)
	r.wantPaused("within what was answered", 1, 2)
	r.seconds(15)
	r.wantPaused("afterwards")
}

func TestAPauseLastsForAllAsLongAsItWasAnswered(t *testing.T) {
	r := talk(t, 2, withPartners(&paired{all: [][]int{{1, 2}}}), func(r *rig, _ *Config, _ *channels.Config) {
		r.settings[1] = LineConfig{Trigger: Voltage, PauseMaxS: 60}
		r.settings[2] = LineConfig{Trigger: Voltage, PauseMaxS: 5}
	})
	r.pause(1, 0)
	r.seconds(50)
	r.wantPaused("within what was answered", 1, 2)
	r.seconds(15)
	r.wantPaused("afterwards")
}

func TestWhoIsConnectedIsPausedToo(t *testing.T) {
	with := &paired{all: [][]int{{1, 2}}}
	r := talk(t, 3, withPartners(with))
	r.pause(1, 0)
	r.wantPaused("in a conversation of two", 1, 2)
	with.set([]int{2, 3}, []int{1, 2})
	r.rec.Connected([]int{2, 3})
	until(t, "the third to be paused", func() bool { return slices.Equal(r.pausedLines(), []int{1, 2, 3}) })
	with.set([]int{1, 2, 3})
	r.seconds(3)
	r.resume(3)
	r.wantPaused("after it was resumed")
}

func TestWhoComesIntoAPausedConversationIsPausedFromWhenTheyCame(t *testing.T) {
	with := &paired{all: [][]int{{1, 2}}}
	r := talk(t, 3, withPartners(with), func(r *rig, _ *Config, _ *channels.Config) {
		for n := range r.settings {
			r.settings[n] = LineConfig{Trigger: Voltage, PauseBackMS: 3000}
		}
	})
	r.run(3 * time.Second)
	paused := r.fed()
	r.pause(1, 2*time.Second)
	r.run(3 * time.Second)
	came := r.fed()
	with.set([]int{1, 2, 3})
	r.rec.Connected([]int{1, 2, 3})
	until(t, "the third to be paused", func() bool { return slices.Equal(r.pausedLines(), []int{1, 2, 3}) })
	r.run(time.Second)
	r.resume(1)
	for n := 1; n <= 3; n++ {
		r.hook(r.fed()+2*second, n, false)
	}
	r.run(10 * time.Second)
	all := r.settle()
	if len(all) != 3 {
		t.Fatalf("%d recordings", len(all))
	}
	for i, want := range []int64{paused - 2*second, paused - 2*second, came - second} {
		if got := r.alike(all[i]); len(got) != 1 || got[0].from != want-all[i].Seal.BeginPos {
			t.Errorf("line %d: masked %v, want from %d on", i+1, got, want-all[i].Seal.BeginPos)
		}
	}
}

func TestPausesThatMeetAreOne(t *testing.T) {
	with := &paired{}
	r := talk(t, 2, withPartners(with))
	if _, err := r.rec.Pause(1, PauseWish{For: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	long := r.pause(2, 0)
	with.set([]int{1, 2})
	r.rec.Connected([]int{1, 2})
	until(t, "one pause", func() bool {
		all := r.rec.Paused()
		return len(all) == 2 && all[0].ID == long.ID && all[1].ID == long.ID && all[0].Until.Equal(long.Until)
	})
	r.seconds(15)
	r.wantPaused("after the shorter one", 1, 2)
	r.resume(1)
	r.wantPaused("after it was resumed")
}

func TestPausesThatPartEndEachByItself(t *testing.T) {
	with := &paired{all: [][]int{{1, 2}}}
	r := talk(t, 2, withPartners(with))
	r.pause(1, 0)
	r.wantPaused("in a conversation", 1, 2)
	with.set()
	r.resume(1)
	r.wantPaused("after the one who left resumed", 2)
	r.resume(2)
	r.wantPaused("after both resumed")
}
