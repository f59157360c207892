package recorder

import (
	"slices"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
)

// configure changes lines of a board that runs only as far as it is let.
func (r *rig) configure(n int, c channels.LineConfig) {
	r.t.Helper()
	done := make(chan error, 1)
	go func() { done <- r.sys.Configure(r.t.Context(), n, c) }()
	until(r.t, "the line's new configuration", func() bool {
		select {
		case err := <-done:
			if err != nil {
				r.t.Error(err)
			}
			return true
		default:
			r.run(driver.Tick)
			return false
		}
	})
}

func TestALineUsedAgainIsRecordedFromThereOnWithoutAGap(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual, PrerollMS: 5000}, nil)
	r.to(10 * second)
	r.configure(1, channels.LineConfig{Port: 1, Use: driver.Unused})
	from := r.fed()
	r.configure(1, channels.LineConfig{Port: 1, Use: driver.Tap})
	r.run(time.Second)
	var used int64
	for _, e := range r.events() {
		if e.Kind == channels.LineState && e.From == channels.UnusedState {
			used = e.Known
		}
	}
	if used <= from {
		t.Fatalf("the line was not used again: %d, %d", used, from)
	}
	want := max(used, r.fed()-5*second)
	r.start(1, "ann")
	r.run(3 * time.Second)
	r.end(1, "ann")
	r.run(time.Second)
	l := r.one()
	if l.Seal.BeginPos != want {
		t.Errorf("it begins at %d, want %d; the line was used again at %d", l.Seal.BeginPos, want, used)
	}
	r.exact(l, l.Seal.BeginPos, l.Seal.BeginPos+l.Seal.Samples)
	if r.alarm.raised(AlarmGap) {
		t.Error("audio from before the line was used is called a gap")
	}
}

func TestARecordingHasAllUntilItsLineIsNotUsedAnyMore(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Continuous}, nil)
	r.to(10*second + 5*driver.Block) // some of it is not written yet
	r.configure(1, channels.LineConfig{Port: 1, Use: driver.Unused})
	r.run(time.Second)
	l := r.one()
	if l.Seal.EndedBy != EndLine || l.Seal.Samples < 10*second+5*driver.Block {
		t.Errorf("it has %d samples and ended by %s", l.Seal.Samples, l.Seal.EndedBy)
	}
	r.exact(l, 0, l.Seal.Samples)
	var end channels.Event
	for _, e := range r.events() {
		if e.Kind == channels.LineState && e.To == channels.UnusedState {
			end = e
		}
	}
	if l.Seal.Samples != end.Pos {
		t.Errorf("it ends at %d, the line was used until %d", l.Seal.Samples, end.Pos)
	}
}

func TestANumberNewOnARunningBoardIsRecorded(t *testing.T) {
	r := newRig(t, newBoard(2, driver.ALaw), LineConfig{Trigger: Continuous}, nil)
	r.mu.Lock()
	r.settings[9] = LineConfig{Trigger: Continuous}
	r.mu.Unlock()
	r.to(10 * second)
	r.configure(2, channels.LineConfig{Port: 2, Use: driver.Unused})
	r.configure(9, channels.LineConfig{Board: "b", Port: 2, Use: driver.Tap})
	r.run(3 * time.Second)
	if !slices.ContainsFunc(r.rec.Active(), func(a Active) bool { return a.Line == 9 }) {
		t.Fatalf("line 9 is not recorded: %+v", r.rec.Active())
	}
	r.stop()
	all := r.settle()
	l := all[len(all)-1]
	if l.Seal.Line != 9 || string(r.audio(l, "mixed")) != string(wantAudio(1, l.Seal.BeginPos, l.Seal.Samples)) {
		t.Errorf("the recording of line 9 is not port 2: %+v", l.Seal)
	}
}
