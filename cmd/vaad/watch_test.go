package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vaad/alarm"
	"vaad/channels"
	"vaad/driver"
	"vaad/driver/drivertest"
)

// bells notes which alarms stand, and the values they were raised with last.
type bells map[[2]string]map[string]string

func (b bells) Raise(code, subject string, args map[string]string) {
	b[[2]string{code, subject}] = maps.Clone(args)
}

func (b bells) Clear(code, subject string) { delete(b, [2]string{code, subject}) }

// watched runs a system of one board and calls step every second with what the watch has raised by then.
func watched(t *testing.T, d driver.Driver, plan channels.Plan, seconds int, step func(second int, up bells)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sys, err := channels.New(channels.Config{Boards: []channels.BoardConfig{{ID: "e1", Driver: d}}, Plan: plan})
		if err != nil {
			t.Fatal(err)
		}
		if err := sys.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer sys.Close()
		up := bells{}
		w := &watch{sys: sys, alarms: up, unfit: func(channels.LineStatus) error { return nil },
			up: map[[2]string]string{}, late: map[string]uint64{}}
		for n := range seconds {
			time.Sleep(1010 * time.Millisecond)
			synctest.Wait()
			w.boards()
			w.lines()
			step(n, up)
		}
	})
}

type numbered struct{}

func (numbered) Spans(string, driver.Info) []channels.SpanConfig { return nil }

func (numbered) Lines(_ string, in driver.Info) (all []channels.LineConfig, err error) {
	for i, l := range in.Lines {
		use := driver.Tap
		if i == 2 {
			use = driver.Unused
		}
		all = append(all, channels.LineConfig{Number: i + 1, Port: l.Port, Use: use})
	}
	return all, nil
}

func opens(open func() (driver.Board, error)) driver.Driver {
	return driver.Driver{Name: "fake", Open: func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) { return open() }}
}

// spanBoard is a board of one E1 with three lines, ticking in the bubble's time.
func spanBoard(script func(tick int, rx *driver.Frame) error) *drivertest.Fake {
	in := driver.Info{Driver: "fake", Model: "Fake", Spans: []driver.Span{{Number: 2, Channels: 31, DChannel: 16, Tap: true}}}
	for p := 1; p <= 3; p++ {
		in.Lines = append(in.Lines, driver.Line{Port: p, Kind: driver.BChan, Law: driver.ALaw, Span: 2, Timeslot: p})
	}
	return drivertest.NewFake(in, func(tick int, rx *driver.Frame) error {
		<-time.After(driver.Tick)
		return script(tick, rx)
	})
}

func TestLineFaultsAreAlarmsWhileTheyLast(t *testing.T) {
	var broken atomic.Bool
	b := spanBoard(func(int, *driver.Frame) error { return nil })
	b.Broken = func() []driver.LineFault {
		if !broken.Load() {
			return nil
		}
		return []driver.LineFault{{Line: 1, Code: "dahdi-busy", Detail: "asterisk has it"}, {Line: 2, Code: "dahdi-busy"}} // the third is not used
	}
	watched(t, opens(func() (driver.Board, error) { return b, nil }), numbered{}, 6, func(n int, up bells) {
		args, is := up[[2]string{"line-fault", "2"}]
		if want := n >= 1 && n <= 3; is != want || is && (args["code"] != "dahdi-busy" || args["reason"] != "asterisk has it") {
			t.Errorf("second %d: %v", n, up)
		}
		if _, is := up[[2]string{"line-fault", "3"}]; is {
			t.Error("an alarm of a line that is not used")
		}
		broken.Store(n < 3)
	})
}

func TestSpanAlarmsAreRaisedChangedAndCleared(t *testing.T) {
	b := spanBoard(func(tick int, rx *driver.Frame) error {
		switch tick {
		case 60:
			rx.Event(driver.SpanAlarm, 0, 0, driver.AlarmRed, nil)
		case 110:
			rx.Event(driver.SpanAlarm, 0, 0, driver.AlarmYellow|driver.AlarmLoopback, nil)
		case 160:
			rx.Event(driver.SpanAlarm, 0, 0, 0, nil)
		}
		return nil
	})
	want := []string{"", "red", "yellow,loopback", ""}
	watched(t, opens(func() (driver.Board, error) { return b, nil }), numbered{}, 4, func(n int, up bells) {
		args, is := up[[2]string{"span-alarm", "e1 span 2"}]
		if is != (want[n] != "") || args["alarms"] != want[n] || is && (args["board"] != "e1" || args["span"] != "2") {
			t.Errorf("second %d: %v", n, up)
		}
	})
}

// As a telephone that is off-hook when a box without a clock of its own hears what time it is.
func TestAClockThatIsSetMakesNoCallLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watch{}
		for _, wrong := range []time.Duration{24 * time.Hour, 0, -24 * time.Hour} {
			l := channels.LineStatus{Number: 3, State: channels.Talking, Since: time.Now().Add(-wrong)}
			if d := w.lasted(&l); d != 0 {
				t.Errorf("a clock that was %v behind: it lasts for %v at its beginning", wrong, d)
			}
			time.Sleep(3 * time.Hour)
			if d := w.lasted(&l); d != 3*time.Hour {
				t.Errorf("a clock that was %v behind: it lasts for %v after three hours", wrong, d)
			}
		}
	})
}

func TestAlarmOfABoardFollowsItsCause(t *testing.T) {
	n := 0
	d := opens(func() (driver.Board, error) {
		n++
		if n == 1 {
			return nil, &driver.FaultError{Code: "dahdi-not-loaded", Err: errors.New("no /dev/dahdi/ctl")}
		}
		return nil, &driver.FaultError{Code: "dahdi-no-card", Err: errors.New("no device")}
	})
	var codes []string
	watched(t, d, numbered{}, 3, func(_ int, up bells) {
		codes = append(codes, up[[2]string{"board-failed", "e1"}]["code"])
	})
	if want := []string{"dahdi-no-card", "dahdi-no-card"}; !slices.Equal(codes[1:], want) {
		t.Errorf("%q", codes)
	}
}

func TestAClockThatNobodyKeepsIsAnAlarmUntilSomebodyDoes(t *testing.T) {
	up, kept := bells{}, true
	w := &watch{alarms: up, up: map[[2]string]string{}, synced: func() bool { return kept }}
	for _, kept = range []bool{true, false, false, true} {
		w.clock()
		if _, is := up[[2]string{"clock-unsynchronised", ""}]; is == kept {
			t.Errorf("kept %v: %v", kept, up)
		}
	}
}

func TestABoardWhoseBlocksComeLateIsAnAlarmWhileTheyDo(t *testing.T) {
	b := spanBoard(func(tick int, rx *driver.Frame) error {
		rx.Late = tick > 100 && tick < 400 && tick%3 == 0 // 100 in six seconds
		return nil
	})
	raised := 0
	watched(t, opens(func() (driver.Board, error) { return b, nil }), numbered{}, 190, func(n int, up bells) {
		args, is := up[[2]string{"board-late", "e1"}]
		if is {
			raised++
		}
		if is && args["frames"] != "100" || is && (n < 55 || n > 130) {
			t.Errorf("second %d: %v", n, up)
		}
	})
	if raised < 50 {
		t.Errorf("%d seconds", raised)
	}
}

func TestEveryAlarmOfTheWatchIsInTheTable(t *testing.T) {
	for _, code := range []string{"board-failed", "board-gone", "board-hung", "span-alarm", "line-fault", "tap-silent"} {
		if k, ok := alarm.Find(code); !ok || k.Severity != alarm.Critical || k.Momentary {
			t.Errorf("%s: %+v", code, k)
		}
	}
}

// tapBoard is a tapped link whose user's side says nothing, and whose network's
// side is heard on the wrong cable.
func tapBoard() *drivertest.Fake {
	in := driver.Info{Driver: "fake", Model: "Fake"}
	for span := 1; span <= 2; span++ {
		in.Spans = append(in.Spans, driver.Span{Number: span, Channels: 31, DChannel: 16, Tap: true})
		in.Lines = append(in.Lines, driver.Line{Port: span, Kind: driver.BChan, Law: driver.ALaw, Span: span, Timeslot: 1})
	}
	return drivertest.NewFake(in, func(tick int, rx *driver.Frame) error {
		<-time.After(driver.Tick)
		if tick%50 == 0 {
			rx.Event(driver.DChannel, 1, 0, 0, []byte{2, 1, 0x7F}) // SABME of the network
		}
		return nil
	})
}

func TestTapThatHearsNothingOrTheWrongSideRaisesAnAlarm(t *testing.T) {
	b := tapBoard()
	watched(t, opens(func() (driver.Board, error) { return b, nil }), numbered{}, 95, func(n int, up bells) {
		_, swapped := up[[2]string{"tap-swapped", "e1 span 1"}]
		_, silent := up[[2]string{"tap-silent", "e1 span 1"}]
		if swapped && n < 4 || !swapped && n > 6 || silent && n < 88 || !silent && n > 91 {
			t.Errorf("second %d: %v", n, up)
		}
		if _, is := up[[2]string{"tap-silent", "e1 span 2"}]; is {
			t.Errorf("second %d: a span that is heard is silent", n)
		}
	})
}
