package recorder

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
	"vaad/recorder/rules"

	"pgregory.net/rapid"
)

// kept is where pauses are kept in tests; it may be told to fail.
type kept struct {
	mu    sync.Mutex
	all   []Pause
	fail  error
	tried atomic.Int32
}

func (k *kept) Load() ([]Pause, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.all), nil
}

func (k *kept) Save(all []Pause) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried.Add(1)
	if k.fail != nil {
		return k.fail
	}
	k.all = slices.Clone(all)
	return nil
}

func (k *kept) lines() (n []int) {
	all, _ := k.Load()
	for _, p := range all {
		n = append(n, p.Line)
	}
	return n
}

func withPauses(k *kept) option {
	return func(_ *rig, c *Config, _ *channels.Config) { c.Pauses = k }
}

// alike says which stretches of a recording are silence, from what its story says, and
// checks that all else is what the line carried.
func (r *rig) alike(l archive.JournalLine) (masked []span) {
	r.t.Helper()
	for _, e := range entriesOf(r.story(l), archive.EntryMasked) {
		if n := len(masked); n > 0 && masked[n-1].to == e.At {
			masked[n-1].to += e.Value
			continue
		}
		masked = append(masked, span{e.At, e.At + e.Value})
	}
	want := wantAudio(l.Seal.Line-1, l.Seal.BeginPos, l.Seal.Samples)
	sum := int64(0)
	for _, m := range masked {
		for i := m.from; i < m.to; i++ {
			want[i] = 0xD5
		}
		sum += m.to - m.from
	}
	if !bytes.Equal(r.audio(l, "mixed"), want) {
		r.t.Errorf("the audio is not what the line carried but for %v", masked)
	}
	if l.Seal.Masked != sum {
		r.t.Errorf("the seal says that %d samples are masked, the story %d", l.Seal.Masked, sum)
	}
	return masked
}

func (r *rig) pause(line int, back time.Duration) Pause {
	r.t.Helper()
	p, err := r.rec.Pause(line, PauseWish{Actor: "ann", Back: back})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

func (r *rig) resume(line int) {
	r.t.Helper()
	if _, err := r.rec.Resume(line, "ann"); err != nil {
		r.t.Fatal(err)
	}
}

func TestAPauseIsSilenceFromItsWishToItsEndToTheSample(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
	r.hook(2*second, 1, true)
	r.to(10 * second)
	from := r.fed()
	r.pause(1, 0)
	r.to(15 * second)
	to := r.fed()
	r.resume(1)
	r.hook(20*second, 1, false)
	r.to(30 * second)
	l := r.one()
	got := r.alike(l)
	want := span{from - l.Seal.BeginPos, to + driver.Block - l.Seal.BeginPos}
	if len(got) != 1 || got[0].from != want.from || got[0].to < to-l.Seal.BeginPos || got[0].to > want.to {
		t.Errorf("masked %v, want %v or up to a block less", got, want)
	}
	e := entriesOf(r.story(l), archive.EntryMasked)[0]
	if e.Code != "pause" || e.Text != "card-data" || e.Actor != "ann" {
		t.Errorf("the story says %+v", e)
	}
	if !slices.Contains(r.calls.whys(), WhyPaused) {
		t.Errorf("the call journal was told %v", r.calls.whys())
	}
}

func TestWhateverThePausesTheStoryAndTheFileAgreeToTheSample(t *testing.T) {
	rapid.Check(t, func(q *rapid.T) {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, MaxMS: 7000, PauseBackMS: rapid.SampledFrom([]int{0, 1000}).Draw(q, "late")}, nil)
		defer r.close()
		r.hook(2*second, 1, true)
		r.to(5 * second)
		paused := false
		for range rapid.IntRange(1, 12).Draw(q, "acts") {
			r.to(r.fed() + rapid.Int64Range(0, 60).Draw(q, "blocks")*driver.Block)
			if paused = !paused; paused {
				r.pause(1, time.Duration(rapid.IntRange(-1, 3000).Draw(q, "back"))*time.Millisecond)
			} else {
				r.resume(1)
			}
		}
		r.hook(r.fed()+second, 1, false)
		r.to(r.fed() + 8*second)
		for _, l := range r.settle() {
			r.alike(l)
		}
	})
}

func TestAPauseReachesBackAsFarAsNothingIsWritten(t *testing.T) {
	for _, late := range []int{0, 2000} {
		r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, PauseBackMS: late}, nil)
		r.hook(2*second, 1, true)
		r.to(10 * second)
		r.settle()
		from := r.fed()
		r.pause(1, -1)
		r.to(15 * second)
		r.hook(20*second, 1, false)
		r.to(30 * second)
		l := r.one()
		got := r.alike(l)
		if want := from - samples(late) - l.Seal.BeginPos; len(got) != 1 || got[0].from != want {
			t.Errorf("written %d ms late: masked %v, want from %d on", late, got, want)
		}
		r.close()
	}
}

func TestAPauseEndsWithItsCallAndWithItsTime(t *testing.T) {
	k := &kept{}
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, PauseMaxS: 20, PauseAlarmS: 5}, nil, withPauses(k))
	r.hook(2*second, 1, true)
	r.to(5 * second)
	r.pause(1, 0)
	if !slices.Equal(k.lines(), []int{1}) {
		t.Error("the pause was not kept before it was answered")
	}
	r.to(12 * second)
	if !slices.Contains(r.alarm.standing(), AlarmPaused) {
		t.Errorf("after 7 s these alarms stand: %v", r.alarm.standing())
	}
	r.to(25*second + 200*ms)
	r.to(26 * second)
	if len(r.rec.Paused()) != 0 || slices.Contains(r.alarm.standing(), AlarmPaused) {
		t.Errorf("after its time %v and the alarms %v stand", r.rec.Paused(), r.alarm.standing())
	}
	r.pause(1, 0)
	r.hook(30*second, 1, false)
	r.hook(36*second, 1, true)
	r.to(34 * second) // a virtual board runs ahead of who decides
	r.to(40 * second)
	if len(r.rec.Paused()) != 0 {
		t.Errorf("after its call %v stands", r.rec.Paused())
	}
	r.hook(42*second, 1, false)
	r.to(50 * second)
	all := r.settle()
	if len(all) != 2 {
		t.Fatalf("%d recordings", len(all))
	}
	if got := r.alike(all[1]); len(got) != 0 {
		t.Errorf("in the next call %v is masked", got)
	}
	if got := r.alike(all[0]); len(got) != 2 || got[0].to-got[0].from < 20*second || got[0].to-got[0].from > 20*second+second {
		t.Errorf("masked %v, want 20 s and the rest of the call", got)
	}
	until(t, "the end to be kept", func() bool { return len(k.lines()) == 0 })
}

func TestAPauseThatCannotBeKeptIsInEffectAndNotAnsweredOK(t *testing.T) {
	k := &kept{fail: errors.New("no disk")}
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withPauses(k))
	r.hook(2*second, 1, true)
	r.to(5 * second)
	if _, err := r.rec.Pause(1, PauseWish{}); !errors.Is(err, ErrNotKept) {
		t.Errorf("answered %v", err)
	}
	if len(r.rec.Paused()) != 1 {
		t.Error("it is not in effect")
	}
}

func TestOnlyWhatGoesOnCanBePaused(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
	r.to(5 * second)
	if _, err := r.rec.Pause(1, PauseWish{}); !errors.Is(err, ErrIdle) {
		t.Errorf("pausing an idle line: %v", err)
	}
	if _, err := r.rec.Pause(1, PauseWish{Reason: "4111 1111"}); !errors.Is(err, ErrReason) {
		t.Errorf("a reason that is no word: %v", err)
	}
	if _, err := r.rec.Resume(1, "ann"); !errors.Is(err, ErrNotPaused) {
		t.Errorf("resuming what is not paused: %v", err)
	}
	if _, err := r.rec.Pause(9, PauseWish{}); !errors.Is(err, ErrNoLine) {
		t.Errorf("a line that is not there: %v", err)
	}
	r.hook(6*second, 1, true) // what was refused has left nothing behind
	r.hook(12*second, 1, false)
	r.to(20 * second)
	if got := r.alike(r.one()); len(got) != 0 {
		t.Errorf("masked %v", got)
	}
}

func TestAPauseOutlivesACrash(t *testing.T) {
	k := &kept{}
	first := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withPauses(k))
	first.hook(2*second, 1, true)
	first.to(5 * second)
	first.pause(1, 0)
	all, _ := k.Load()
	first.close()

	again := &kept{all: all} // as it was on the disk, whatever the end did
	b := newBoard(1, driver.ALaw)
	b.mv[0] = liftedMV
	r := newRig(t, b, LineConfig{Trigger: Voltage}, nil, withPauses(again))
	r.to(5 * second)
	if len(r.rec.Paused()) != 1 {
		t.Fatal("after a restart the line is not paused")
	}
	r.to(10 * second)
	r.resume(1)
	r.hook(15*second, 1, false)
	r.to(20 * second)
	l := r.one()
	if got := r.alike(l); len(got) != 1 || got[0].from != 0 || got[0].to < 5*second {
		t.Errorf("masked %v of a recording that begins at %d", got, l.Seal.BeginPos)
	}
	if e := entriesOf(r.story(l), entryPause); len(e) != 1 || e[0].Code != pausedBefore {
		t.Errorf("the story says %+v", e)
	}
}

func TestAPauseOfACallThatEndedMeanwhileEndsAtTheStart(t *testing.T) {
	now := time.Now()
	k := &kept{all: []Pause{{ID: "01J", Line: 1, Since: now, Until: now.Add(5 * time.Minute), Reason: "card-data"},
		{ID: "01K", Line: 7, Since: now.Add(-time.Hour), Until: now.Add(-time.Minute)}}}
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withPauses(k))
	r.to(5 * second)
	if p := r.rec.Paused(); len(p) != 0 {
		t.Errorf("%v stands although the line is on-hook", p)
	}
	until(t, "the end to be kept", func() bool { return len(k.lines()) == 0 })
}

func TestListenersAndTheFlightRecorderHearSilenceInAPause(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
	r.hook(2*second, 1, true)
	r.to(5 * second)
	s, err := r.rec.Listen(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wav.Parse(s); err != nil {
		t.Fatal(err)
	}
	r.pause(1, time.Second)
	r.to(8 * second)
	got := make([]byte, 3*second)
	if _, err := io.ReadFull(s, got); err != nil {
		t.Fatal(err)
	}
	if bytes.Trim(got, "\xD5") != nil && len(bytes.Trim(got, "\xD5")) > 0 {
		t.Error("a listener hears something")
	}
	f := &frames{}
	if err := r.sys.SaveFlight(context.Background(), 1, 4, func(driver.Info, time.Time) (channels.FrameWriter, error) { return f, nil }); err != nil {
		t.Fatal(err)
	}
	if len(f.code) < 3*second || len(bytes.Trim(f.code, "\xD5")) != 0 {
		t.Errorf("the flight recorder has %d samples, not all of them silence", len(f.code))
	}
}

type frames struct{ code []byte }

func (f *frames) Write(rx, _ *driver.Frame) error {
	f.code = append(f.code, rx.LineCode(0)...)
	return nil
}

func TestKeysPauseAndResume(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage, PauseKey: "*7", ResumeKey: "*8", PauseBackMS: 3000}, nil)
	r.hook(2*second, 1, true)
	r.to(10 * second)
	from := r.fed()
	r.press(1, "*7")
	if len(r.rec.Paused()) != 1 {
		t.Fatal("the keys did not pause")
	}
	r.to(r.fed() + 5*second)
	r.press(1, "*8")
	if len(r.rec.Paused()) != 0 {
		t.Fatal("the keys did not resume")
	}
	to := r.fed()
	r.hook(r.fed()+4*second, 1, false)
	r.to(r.fed() + 8*second)
	l := r.one()
	if got := r.alike(l); len(got) != 1 || got[0].from < from-l.Seal.BeginPos || got[0].from > from+second-l.Seal.BeginPos || got[0].to > to+second-l.Seal.BeginPos {
		t.Errorf("masked %v, pressed from %d to %d", got, from-l.Seal.BeginPos, to-l.Seal.BeginPos)
	}
}

func TestACallThatARuleBlanksIsNowhere(t *testing.T) {
	set, err := rules.New(rules.Doc{List: []rules.Rule{{Name: "private", Blank: true}}}, nil, nil, nil, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, func(_ *rig, c *Config, _ *channels.Config) {
		c.Rules = func() *rules.Set { return set }
	})
	r.hook(2*second, 1, true)
	r.to(8 * second)
	f := &frames{}
	if err := r.sys.SaveFlight(context.Background(), 1, 5, func(driver.Info, time.Time) (channels.FrameWriter, error) { return f, nil }); err != nil {
		t.Fatal(err)
	}
	if len(bytes.Trim(f.code, "\xD5")) != 0 {
		t.Error("the flight recorder has something of the call")
	}
	r.hook(10*second, 1, false)
	r.to(13 * second)
	r.to(20 * second)
	f = &frames{}
	if err := r.sys.SaveFlight(context.Background(), 1, 5, func(driver.Info, time.Time) (channels.FrameWriter, error) { return f, nil }); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.code, wantAudio(0, 15*second, 5*second)) {
		t.Error("after the call audio did not come back")
	}
	if all := r.settle(); len(all) != 0 {
		t.Errorf("%d recordings", len(all))
	}
}

func TestAPauseOutlivesItsBoardAndLostEvents(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
	r.hook(2*second, 1, true)
	r.to(5 * second)
	r.pause(1, 0)
	r.to(8 * second)
	for range 2 { // as when the recorder was too slow
		if err := r.rec.ask("look", 1, func(w *watch, pos int64) error { s := w.line.Status(); w.resync(&s, pos, true); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	r.to(11 * second)
	r.resume(1)
	r.to(14 * second)
	r.hook(16*second, 1, false)
	r.to(20 * second)
	for _, l := range r.settle() {
		r.alike(l)
	}
	r.hook(22*second, 1, true)
	r.to(25 * second)
	r.pause(1, 0)
	if err := r.board.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "the board to be gone", func() bool { return r.line(1).Status().State == channels.GoneState })
	r.decided()
	if len(r.rec.Paused()) != 1 {
		t.Error("a board that is gone ends the pause of a call that may go on")
	}
}

func TestWhoeverPausesAtOnceItIsOnePause(t *testing.T) {
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil)
	r.hook(2*second, 1, true)
	r.to(5 * second)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _, _ = r.rec.Pause(1, PauseWish{}) })
	}
	all.Wait()
	r.to(8 * second)
	r.resume(1)
	r.to(9 * second)
	r.to(12 * second)
	r.hook(13*second, 1, false)
	r.to(20 * second)
	if got := r.alike(r.one()); len(got) != 1 {
		t.Errorf("masked %v", got)
	}
}

func TestAPauseThatWasKeyedAtTheVeryEndIsKept(t *testing.T) {
	k := &kept{}
	r := newRig(t, newBoard(1, driver.ALaw), LineConfig{Trigger: Voltage}, nil, withPauses(k))
	r.hook(2*second, 1, true)
	r.to(5 * second)
	k.mu.Lock()
	k.fail = errors.New("no disk")
	k.mu.Unlock()
	err := r.rec.ask("pause recording", 1, func(w *watch, _ int64) error {
		return w.pause(nil, PauseWish{Reason: pauseReason}, pausedByKey, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the first try", func() bool { return k.tried.Load() > 0 })
	k.mu.Lock()
	k.fail = nil
	k.mu.Unlock()
	r.stop()
	if got := k.lines(); !slices.Equal(got, []int{1}) {
		t.Errorf("kept are lines %v", got)
	}
}
