package recorder

import (
	"errors"
	"testing"
	"time"

	"vaad/driver"
	"vaad/recorder/archive"
)

func TestAPauseThatWasResumedBeforeTheBoardHadItIsKeptOutAllTheSame(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, PauseBackMS: 2000}, nil)
	r.hook(2*second, 1, true)
	r.to(8 * second)
	from := r.fed()
	r.pause(1, 2*time.Second)
	r.resume(1)
	r.pause(1, 0)
	r.to(9 * second)
	r.resume(1)
	r.to(12 * second)
	r.hook(14*second, 1, false)
	r.to(20 * second)
	l := r.one()
	if got := r.alike(l); len(got) != 1 || got[0].from != from-2*second-l.Seal.BeginPos {
		t.Errorf("masked %v, want from %d on", got, from-2*second-l.Seal.BeginPos)
	}
}

func TestAPauseInPlaceOfOneIsToldOnceAndInNoLaterRecording(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
	r.hook(2*second, 1, true)
	r.to(5 * second)
	for range 3 {
		r.pause(1, 0)
		r.resume(1)
	}
	r.pause(1, 0)
	r.to(7 * second)
	r.resume(1)
	r.to(9 * second)
	r.hook(12*second, 1, false)
	r.to(20 * second)
	r.hook(22*second, 1, true)
	r.to(25 * second)
	r.hook(30*second, 1, false)
	r.to(36 * second)
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings", len(all))
	}
	for i, want := range []int{1, 0} {
		r.alike(all[i])
		if e := entriesOf(r.story(all[i]), archive.EntryMasked); len(e) != want {
			t.Errorf("recording %d: the story has %+v, want %d", i, e, want)
		}
	}
}

func TestAWishThatIsRefusedTakesNothingOfAnotherAway(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Manual, PauseBackMS: 2000}, nil)
	r.to(5 * second)
	r.start(1, "ann")
	r.to(10 * second)
	from := r.fed()
	r.pause(1, 2*time.Second)
	r.resume(1)
	r.end(1, "ann")
	if _, err := r.rec.Pause(1, PauseWish{}); !errors.Is(err, ErrIdle) {
		t.Fatalf("pausing an idle line: %v", err)
	}
	r.to(10*second + 100*ms)
	r.to(12 * second)
	l := r.one()
	if got := r.alike(l); len(got) != 1 || got[0].from != from-2*second-l.Seal.BeginPos {
		t.Errorf("masked %v, want from %d on", got, from-2*second-l.Seal.BeginPos)
	}
	buf := make([]byte, second)
	if n, err := r.line(1).Read(buf, 0, 11*second); err != nil || string(buf[:n]) != string(wantAudio(0, 11*second, int64(n))) || n == 0 {
		t.Errorf("afterwards the line is not heard: %d, %v", n, err)
	}
}

func TestAPauseEndsAlsoWhereTheBoardKnewOfItBeforeTheRecorder(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
	r.hook(2*second, 1, true)
	r.to(5 * second)
	v := r.rec.newVeil(r.line(1), 0)
	r.to(6 * second)
	if err := r.rec.ask("pause recording", 1, func(w *watch, _ int64) error { return w.pause(v, PauseWish{}, pausedByWish, nil) }); err != nil {
		t.Fatal(err)
	}
	r.to(7 * second)
	r.resume(1)
	r.to(9 * second)
	r.hook(10*second, 1, false)
	r.to(16 * second)
	l := r.one()
	if got := r.alike(l); len(got) != 1 || got[0].to > 7*second+driver.Block-l.Seal.BeginPos {
		t.Errorf("masked %v", got)
	}
}
