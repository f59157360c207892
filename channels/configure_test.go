package channels

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vaad/driver"
)

func TestLineIsReconfiguredWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := ticker(3, func(k int, _, rx *driver.Frame) error {
			if k%10 == 0 {
				rx.Event(driver.Volts, 0, 0, -48000, nil)
			}
			return nil
		})
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(b)}}})
		r := s.Subscribe("test", true)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		line := mustLine(t, s, 1)
		if st := line.Status(); st.State != Idle || !st.HasVolts || st.MilliVolt != -48000 || st.Learnt.IdleMV != 48000 {
			t.Fatalf("as a tap: %+v", st)
		}
		change := func(use driver.Use, name string) {
			t.Helper()
			if err := s.Configure(t.Context(), 1, LineConfig{Port: 1, Use: use, Name: name}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second) // on-hook is believed after 1.2 s
			synctest.Wait()
		}
		r.Drain(nil)
		change(driver.Tap, "reception")
		if evs, _ := r.Drain(nil); len(evs) != 0 {
			t.Errorf("a new name is no event: %+v", evs)
		}
		if st := line.Status(); st.Name != "reception" || st.State != Idle {
			t.Errorf("%+v", st)
		}
		change(driver.Trunk, "reception")
		if st := line.Status(); st.State != Unknown || len(st.Sides) != 2 {
			t.Errorf("as a trunk: %+v", st)
		}
		at := line.Fed()
		buf := make([]byte, 100)
		if n, err := line.Read(buf, 0, at-4*driver.Rate); n != 100 || err != nil {
			t.Errorf("what was received before is still there: %d %v", n, err)
		}
		var over *ErrOverrun
		if _, err := line.Read(buf, 1, at-4*driver.Rate); !errors.As(err, &over) {
			t.Errorf("the local side did not exist then: %v", err)
		}
		change(driver.Unused, "")
		if st := line.Status(); st.State != UnusedState || len(st.Sides) != 0 || st.HasVolts {
			t.Errorf("unused: %+v", st)
		}
		change(driver.Tap, "")
		if st := line.Status(); st.State != Idle {
			t.Errorf("as a tap again: %+v", st)
		}
		evs, _ := r.Drain(nil)
		var path []State
		for _, e := range find(evs, LineState) {
			path = append(path, e.From, e.To)
		}
		want := []State{Idle, Unknown, Unknown, UnusedState, UnusedState, Unknown, Unknown, Idle}
		if !slices.Equal(path, want) {
			t.Errorf("states %v", path)
		}
	})
}

func TestUseThatALineCannotServeIsRefusedWithTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := ticker(3, nil)
		b.info.Lines[1].Caps = driver.CapTx | driver.CapHook // a voice modem
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(b)}}})
		time.Sleep(time.Second)
		synctest.Wait()
		st := mustLine(t, s, 2).Status()
		if st.Use != driver.Unused || st.Asked != driver.Tap || st.Reason == "" || st.State != UnusedState {
			t.Fatalf("%+v", st)
		}
		code := func(err error) string {
			var u *UseError
			if !errors.As(err, &u) {
				return ""
			}
			return u.Code
		}
		for _, c := range []struct {
			line int
			cfg  LineConfig
			code string
		}{
			{2, LineConfig{Port: 2, Use: driver.Tap}, "no-on-hook-audio"},
			{1, LineConfig{Port: 1, Use: driver.Station}, "wrong-kind"},
			{1, LineConfig{Port: 9, Use: driver.Tap}, "no-port"},
			{1, LineConfig{Port: 1, LocalPort: 2, Use: driver.Tap}, "wrong-pair"},
		} {
			if err := s.Configure(t.Context(), c.line, c.cfg); code(err) != c.code {
				t.Errorf("%+v: %v", c.cfg, err)
			}
		}
		if err := s.Configure(t.Context(), 1, LineConfig{Port: 3, Use: driver.Tap}); err == nil {
			t.Error("two lines got the same port")
		}
		if err := s.Configure(t.Context(), 7, LineConfig{Port: 1}); !errors.Is(err, ErrNoLine) {
			t.Error(err)
		}
		if err := s.Configure(t.Context(), 2, LineConfig{Port: 2, Use: driver.Trunk}); err != nil {
			t.Errorf("a voice modem can be a trunk: %v", err)
		}
	})
}

func TestValidateKnowsEveryUseOfEveryKind(t *testing.T) {
	all := ^driver.Caps(0)
	for _, c := range []struct {
		kind driver.Kind
		caps driver.Caps
		use  driver.Use
		code string
	}{
		{driver.FXO, all, driver.Tap, ""},
		{driver.FXO, all, driver.Trunk, ""},
		{driver.FXO, all, driver.Station, "wrong-kind"},
		{driver.FXO, all &^ driver.CapOnHookRx, driver.Tap, "no-on-hook-audio"},
		{driver.FXO, all &^ driver.CapHook, driver.Trunk, "no-hook"},
		{driver.FXO, all &^ driver.CapTx, driver.Trunk, "no-tx"},
		{driver.FXS, all, driver.Tap, "wrong-kind"},
		{driver.FXS, all, driver.Trunk, "wrong-kind"},
		{driver.FXS, all, driver.Station, ""},
		{driver.FXS, all &^ driver.CapRing, driver.Station, "no-ring"},
		{driver.FXS, all &^ driver.CapTx, driver.Station, "no-tx"},
		{driver.BChan, 0, driver.Tap, ""},
		{driver.BChan, 0, driver.Trunk, "no-tx"},
		{driver.BChan, driver.CapTx, driver.Trunk, ""},
		{driver.BChan, all, driver.Station, "wrong-kind"},
		{driver.FXS, 0, driver.Unused, ""},
	} {
		err := Validate(driver.Line{Port: 1, Kind: c.kind, Caps: c.caps}, LineConfig{Use: c.use})
		code := ""
		if u, ok := err.(*UseError); ok {
			code = u.Code
		}
		if code != c.code {
			t.Errorf("%v as %v: %q, want %q", c.kind, c.use, code, c.code)
		}
	}
}

func TestNumberMovesToAnotherBoardOnlyWhenItIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			dies int // tick of b1; b2 opens after 1 s
			want string
		}{{100, "b1"}, {20, "b2"}} {
			dies := ticker(1, func(k int, _, _ *driver.Frame) error {
				if k == c.dies {
					return driver.ErrGone
				}
				return nil
			})
			s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(dies)}, {ID: "b2", Driver: opener(nil, ticker(1, nil))}},
				Plan: planOf{use: driver.Tap}})
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
			if l := mustLine(t, s, 1); l.Board() != c.want {
				t.Errorf("line 1 is on %s, want %s", l.Board(), c.want)
			}
		}
	})
}
