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
