package learn

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vaad/channels"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// A card has one trunk, at which an exchange of China answers every number as busy.
type card struct {
	n      int
	gone   int // the frame at which it goes; 0: never
	closed chan struct{}
	once   sync.Once

	offHook atomic.Bool // the test looks at it while the board goes on
	silent  int         // frames since keys were last heard; -1: none were
	src     *tone.Source
	playing string
}

func newCard(gone int) *card { return &card{gone: gone} }

func (c *card) Info() driver.Info {
	return driver.Info{Driver: "fake", Model: "Fake", Lines: []driver.Line{
		{Port: 1, Kind: driver.FXO, Law: driver.ALaw, Caps: driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapVolts | driver.CapPolarity, VoltsEvery: 2000},
		{Port: 2, Kind: driver.FXO, Law: driver.ALaw, Caps: driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapVolts, VoltsEvery: 2000},
	}}
}

func (c *card) Exchange(tx, rx *driver.Frame) error {
	select {
	case <-c.closed:
		return driver.ErrGone
	case <-time.After(driver.Tick):
	}
	if c.n++; c.n == c.gone {
		return driver.ErrGone
	}
	rx.Reset()
	rx.Seq, rx.Pos = uint64(c.n-1), int64(c.n-1)*driver.Block
	if c.n == 1 {
		rx.Event(driver.State, 0, 0, 0, nil)
		rx.Event(driver.State, 1, 0, 0, nil)
	}
	for _, cmd := range tx.Commands {
		switch cmd.Kind {
		case driver.GoOffHook:
			c.silent = -1
			c.offHook.Store(true)
		case driver.GoOnHook:
			c.offHook.Store(false)
		}
	}
	if dsp.Measure(tx.LinePCM(0)).DBm0() > -30 {
		c.silent = 0
	} else if c.silent >= 0 {
		c.silent++
	}
	china, _ := tone.Country("CN")
	switch {
	case !c.offHook.Load():
		c.play("", tone.Cadence{})
	case c.silent < 0:
		c.play("dial", china.Dial)
	case c.silent > 200: // 4 s: the pause behind the first digit is shorter
		c.play("busy", china.Busy)
	default:
		c.play("", tone.Cadence{})
	}
	for i := range 2 {
		clear(rx.LinePCM(i))
		if i == 0 {
			c.src.Fill(rx.LinePCM(i))
		}
		g711.Encode(rx.LineCode(i), rx.LinePCM(i), g711.ALaw)
	}
	if c.n%10 == 0 {
		v := int32(-48000)
		if c.offHook.Load() {
			v = -7000
		}
		rx.Event(driver.Volts, 0, 0, v, nil)
	}
	return nil
}

func (c *card) play(name string, with tone.Cadence) {
	if c.src == nil || c.playing != name {
		c.playing, c.src = name, tone.New(with)
	}
}

func (c *card) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

type uses []driver.Use

func (u uses) Lines(string, driver.Info) (all []channels.LineConfig, err error) {
	for i, use := range u {
		all = append(all, channels.LineConfig{Number: i + 1, Port: i + 1, Use: use, Country: "CN"})
	}
	return all, nil
}

func (uses) Spans(string, driver.Info) []channels.SpanConfig { return nil }

// learning runs a Learner on a card.
func learning(t *testing.T, c *card, u uses, do func(l *Learner, stop func())) {
	synctest.Test(t, func(t *testing.T) {
		c.closed = make(chan struct{}) // of this bubble
		opened := false
		open := func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
			if opened {
				return nil, errors.New("nothing is plugged in")
			}
			opened = true
			return c, nil
		}
		sys, err := channels.New(channels.Config{Boards: []channels.BoardConfig{{ID: "b", Driver: driver.Driver{Name: "fake", Open: open}}}, Plan: u})
		if err != nil {
			t.Fatal(err)
		}
		if err := sys.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		l := New(Config{Lines: sys, Line: func(int) (string, string) { return "CN", "" }})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx) }()
		time.Sleep(5 * time.Second)
		stop := func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			ended <- nil
		}
		do(l, stop)
		stop()
		sys.Close()
	})
}

// over waits until the run on a line has ended.
func over(t *testing.T, l *Learner, line int) Job {
	t.Helper()
	for range 600 {
		j, err := l.Job(line)
		if err != nil {
			t.Fatal(err)
		}
		if !j.Ended.IsZero() {
			return j
		}
		time.Sleep(time.Second)
	}
	t.Fatal("it does not end")
	return Job{}
}

func TestALineOfACardIsLearnt(t *testing.T) {
	c := newCard(0)
	learning(t, c, uses{driver.Trunk, driver.Tap}, func(l *Learner, _ func()) {
		j, err := l.Start(Order{Line: 1, Busy: "88881111"}, "tester")
		if err != nil || j.State != Listening || j.Actor != "tester" {
			t.Fatalf("%+v %v", j, err)
		}
		if _, err := l.Start(Order{Line: 1}, "other"); !errors.Is(err, ErrRunning) {
			t.Errorf("a second one: %v", err)
		}
		j = over(t, l, 1)
		if j.State != Done || c.offHook.Load() {
			t.Fatalf("%v %s, off-hook %v, %+v", j.State, j.Why, c.offHook.Load(), j.Steps)
		}
		got := map[string]bool{}
		for _, i := range j.Items {
			got[i.Code] = i.Why == ""
		}
		for _, code := range []string{"volts-idle", "noise-idle", "dial-delay", "dial-tone", "volts-off-hook", "noise-off-hook", "busy-tone"} {
			if !got[code] {
				t.Errorf("%s was not measured", code)
			}
		}
		if p := j.Profile; p.BusyHz != 450 || p.DialHz != 450 || p.IdleMV != 48000 || p.OffHookMV != 7000 {
			t.Errorf("proposed %+v", p)
		}
		if s := j.Steps[len(j.Steps)-1]; s.Code != "done" || s.End.IsZero() {
			t.Errorf("the last step is %+v", s)
		}
	})
}

func TestARunThatIsGivenUpLeavesTheLineOnHook(t *testing.T) {
	for _, shut := range []bool{false, true} {
		c := newCard(0)
		learning(t, c, uses{driver.Trunk}, func(l *Learner, stop func()) {
			if _, err := l.Start(Order{Line: 1, Busy: "88881111"}, "tester"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(8 * time.Second)
			if !c.offHook.Load() {
				t.Fatal("it is not off-hook")
			}
			if shut {
				stop()
			} else if err := l.Cancel(1); err != nil {
				t.Fatal(err)
			}
			j := over(t, l, 1)
			time.Sleep(time.Second)
			if j.State != Cancelled || c.offHook.Load() {
				t.Errorf("%v, off-hook %v", j.State, c.offHook.Load())
			}
			if err := l.Cancel(1); !errors.Is(err, ErrNone) {
				t.Errorf("again: %v", err)
			}
		})
	}
}

func TestALineWhoseBoardGoesIsLearntNoFurther(t *testing.T) {
	learning(t, newCard(700), uses{driver.Trunk}, func(l *Learner, _ func()) {
		if _, err := l.Start(Order{Line: 1, Busy: "88881111"}, "tester"); err != nil {
			t.Fatal(err)
		}
		if j := over(t, l, 1); j.State != Failed || j.Why != "line-gone" {
			t.Errorf("%v %s", j.State, j.Why)
		}
	})
}

func TestOnlyTrunksAreLearntByCalls(t *testing.T) {
	learning(t, newCard(0), uses{driver.Unused, driver.Tap}, func(l *Learner, stop func()) {
		for line, want := range map[int]error{1: channels.ErrNotUsed, 2: ErrTap, 9: channels.ErrNoLine} {
			if _, err := l.Start(Order{Line: line}, "tester"); !errors.Is(err, want) {
				t.Errorf("line %d: %v", line, err)
			}
		}
		if _, err := l.Job(2); !errors.Is(err, ErrNone) {
			t.Error(err)
		}
	})
	learning(t, newCard(0), uses{driver.Trunk}, func(l *Learner, stop func()) {
		for _, n := range []string{"12x", "+", "1,2", fmt.Sprintf("%041d", 1)} {
			if _, err := l.Start(Order{Line: 1, Busy: n}, "tester"); !errors.Is(err, ErrNumber) {
				t.Errorf("%q: %v", n, err)
			}
		}
		stop()
		if _, err := l.Start(Order{Line: 1}, "tester"); !errors.Is(err, ErrNotRunning) {
			t.Error(err)
		}
	})
}
