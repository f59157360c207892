package drivertest

import (
	"strings"
	"testing"

	"vaad/driver"
)

func fakeInfo() driver.Info {
	return driver.Info{Driver: "fake", Model: "four lines", Lines: []driver.Line{
		{Port: 1, Kind: driver.FXO, Law: driver.ALaw, Use: driver.Tap, Caps: driver.CapRingDetect | driver.CapVolts, VoltsEvery: 2000},
		{Port: 2, Kind: driver.FXS, Law: driver.MuLaw, Caps: driver.CapTx | driver.CapRing},
		{Port: 3, Kind: driver.FXO, Law: driver.Linear, Caps: driver.CapTx | driver.CapHook},
		{Port: 4, Kind: driver.BChan, Law: driver.ALaw, Span: 1, Timeslot: 17},
	}, Spans: []driver.Span{{Number: 1, Channels: 31, DChannel: 16}, {Number: 2, Channels: 31, Tap: true}}}
}

func TestFakeIsABoard(t *testing.T) {
	var said []byte
	script := func(tick int, rx *driver.Frame) error {
		for i := range fakeInfo().Lines {
			if len(said) >= driver.Block {
				copy(rx.LineCode(i), said)
			}
		}
		said = said[min(len(said), driver.Block):]
		if tick%12 == 0 {
			rx.Event(driver.Volts, 0, 5, -48000, nil)
		}
		return nil
	}
	TestBoard(t, func(t *testing.T) driver.Board { return NewFake(fakeInfo(), script) }, Options{
		Say: func(_ *testing.T, _ driver.Board, _ int, code []byte) { said = append([]byte(nil), code...) },
	})
}

func TestGuardStopsEverythingAtTaps(t *testing.T) { TestGuard(t) }

func TestEachBreachIsFound(t *testing.T) {
	in := fakeInfo()
	for name, c := range map[string]struct {
		breach func(rx *driver.Frame)
		says   string
	}{
		"nothing":         {func(rx *driver.Frame) {}, ""},
		"Seq repeated":    {func(rx *driver.Frame) { rx.Seq-- }, "Seq goes"},
		"Seq skips":       {func(rx *driver.Frame) { rx.Seq++; rx.Pos += driver.Block }, "Seq goes"},
		"Pos stands":      {func(rx *driver.Frame) { rx.Pos -= driver.Block }, "Pos goes on by 0"},
		"not reset":       {func(rx *driver.Frame) { rx.Commands = make([]driver.Command, 1) }, "must be reset"},
		"PCM not filled":  {func(rx *driver.Frame) { scribbleLine(rx, 2) }, "was not filled"},
		"PCM is not Code": {func(rx *driver.Frame) { rx.LinePCM(0)[7]++ }, "line 0 sample 7"},
		"Code old":        {func(rx *driver.Frame) { scribbleLine(rx, 3) }, "line 3 sample 0"},
		"minus zero":      {func(rx *driver.Frame) { rx.LineCode(1)[3], rx.LinePCM(1)[3] = 0x7F, 0 }, "line 1 sample 3"},
		"second State":    {func(rx *driver.Frame) { rx.Event(driver.State, 0, 0, 0, nil) }, "only the first frame"},
		"unknown kind":    {func(rx *driver.Frame) { rx.Event(250, 0, 0, 0, nil) }, "unknown kind"},
		"no line":         {func(rx *driver.Frame) { rx.Event(driver.RingBegin, 4, 0, 0, nil) }, "line 4 of 4"},
		"no span":         {func(rx *driver.Frame) { rx.Event(driver.SpanAlarm, 2, 0, 0, nil) }, "span 2 of 2"},
		"outside frame":   {func(rx *driver.Frame) { rx.Event(driver.RingEnd, 0, 160, 0, nil) }, "at sample 160"},
		"out of order": {func(rx *driver.Frame) {
			rx.Event(driver.RingBegin, 0, 9, 0, nil)
			rx.Event(driver.RingEnd, 0, 8, 0, nil)
		}, "comes after"},
		"other line's order": {func(rx *driver.Frame) {
			rx.Event(driver.RingBegin, 0, 9, 0, nil)
			rx.Event(driver.RingEnd, 1, 8, 0, nil)
		}, ""},
		"polarity of 2": {func(rx *driver.Frame) { rx.Event(driver.Polarity, 0, 0, 2, nil) }, "not within 0…1"},
		"no reason":     {func(rx *driver.Frame) { rx.Event(driver.Refused, 0, 0, int32(driver.Ring), nil) }, "without a reason"},
		"refused span":  {func(rx *driver.Frame) { rx.Event(driver.Refused, 2, 0, int32(driver.SendDChannel), []byte("x")) }, "span 2 of 2"},
		"key x":         {func(rx *driver.Frame) { rx.Event(driver.DigitBegin, 0, 0, 'x', nil) }, "no key"},
		"short LAPD":    {func(rx *driver.Frame) { rx.Event(driver.DChannel, 0, 0, 0, []byte{1, 2}) }, "frame of 2 bytes"},
	} {
		fake, rx, tx := NewFake(in, nil), driver.NewFrame(in), driver.NewFrame(in)
		check := checker{in: in}
		for range 3 {
			if err := fake.Exchange(tx, rx); err != nil {
				t.Fatal(err)
			}
			if check.frames == 2 {
				c.breach(rx)
			}
			got := strings.Join(check.frame(rx), "\n")
			if check.frames < 3 && got != "" {
				t.Fatalf("%s: %s", name, got)
			}
			if check.frames == 3 && ((got == "") != (c.says == "") || !strings.Contains(got, c.says)) {
				t.Errorf("%s: found %q, want %q", name, got, c.says)
			}
		}
	}
}

func scribbleLine(rx *driver.Frame, i int) {
	f := driver.NewFrame(fakeInfo())
	scribble(f)
	copy(rx.LinePCM(i), f.LinePCM(i))
	copy(rx.LineCode(i), f.LineCode(i))
}

func TestFirstFrameWithoutStatesIsFound(t *testing.T) {
	in := fakeInfo()
	fake, rx, tx := NewFake(in, func(_ int, rx *driver.Frame) error { rx.Events = rx.Events[1:]; return nil }), driver.NewFrame(in), driver.NewFrame(in)
	_ = fake.Exchange(tx, rx)
	check := checker{in: in}
	if got := strings.Join(check.frame(rx), "\n"); !strings.Contains(got, "line 0 has 0 State events") {
		t.Errorf("found %q", got)
	}
}

func TestFakeHangsUntilClosed(t *testing.T) {
	in := fakeInfo()
	fake := NewFake(in, nil)
	tick := make(chan struct{}, 1)
	fake.Go = tick
	tx, rx := driver.NewFrame(in), driver.NewFrame(in)
	tick <- struct{}{}
	if err := fake.Exchange(tx, rx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- fake.Exchange(tx, rx) }()
	_ = fake.Close()
	if err := <-done; err != driver.ErrGone {
		t.Errorf("got %v, want driver.ErrGone", err)
	}
}
