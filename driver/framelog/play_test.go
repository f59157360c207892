package framelog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"vaad/driver"
	"vaad/driver/drivertest"
)

// plain is a log without what a board would not do by itself.
func plain(t testing.TB, n int) ([]byte, []tick) {
	in := testInfo()
	s := session(in, n, 5)
	for _, k := range s {
		k.rx.Late = false
		kept := k.rx.Events[:0]
		for _, e := range k.rx.Events {
			if e.Kind == driver.State || e.Kind == driver.Text {
				kept = append(kept, e)
			}
		}
		k.rx.Events = kept
	}
	return write(t, in, s, true), s
}

func play(t testing.TB, log []byte, o PlayOptions) driver.Board {
	t.Helper()
	b, err := Play(bytes.NewReader(log), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPlayerIsABoard(t *testing.T) {
	log, _ := plain(t, 60)
	for name, o := range map[string]PlayOptions{
		"virtual": {Loop: true}, "real": {Loop: true, Real: true},
	} {
		t.Run(name, func(t *testing.T) {
			drivertest.TestBoard(t, func(t *testing.T) driver.Board { return play(t, log, o) })
		})
	}
}

func TestPlayerDoesWhatTheBoardDid(t *testing.T) {
	log, s := plain(t, 60)
	b := play(t, log, PlayOptions{})
	in := b.Info()
	if !in.Simulated || !in.Virtual || in.Model != testInfo().Model {
		t.Errorf("Info %+v", in)
	}
	tx, rx := driver.NewFrame(in), driver.NewFrame(in)
	for i, k := range s {
		if err := b.Exchange(tx, rx); err != nil {
			t.Fatal(err)
		}
		if !same(in, rx, k.rx, false) {
			t.Fatalf("tick %d differs", i)
		}
	}
	if err := b.Exchange(tx, rx); !errors.Is(err, driver.ErrGone) {
		t.Errorf("at the end: %v, want driver.ErrGone", err)
	}
}

func TestPlayerRefusesEveryCommand(t *testing.T) {
	log, _ := plain(t, 3)
	b := play(t, log, PlayOptions{})
	tx, rx := driver.NewFrame(b.Info()), driver.NewFrame(b.Info())
	tx.Command(driver.GoOffHook, 1, 12, 0, nil)
	if err := b.Exchange(tx, rx); err != nil {
		t.Fatal(err)
	}
	e := rx.Events[len(rx.Events)-1]
	if e.Kind != driver.Refused || e.Line != 1 || e.At != 12 || driver.CommandKind(e.Value) != driver.GoOffHook || len(e.Data) == 0 {
		t.Errorf("got %+v", e)
	}
}

// A log from the flight recorder begins in the middle and has no State.
func TestLogWithoutStateGetsOnePerLine(t *testing.T) {
	in := testInfo()
	s := session(in, 5, 5)[2:]
	for _, k := range s {
		k.rx.Events = nil
	}
	b := play(t, write(t, in, s, false), PlayOptions{})
	tx, rx := driver.NewFrame(in), driver.NewFrame(in)
	if err := b.Exchange(tx, rx); err != nil {
		t.Fatal(err)
	}
	if rx.Seq != 0 || rx.Pos != 0 || len(rx.Events) != len(in.Lines) {
		t.Fatalf("Seq %d, Pos %d, events %v", rx.Seq, rx.Pos, rx.Events)
	}
	for i, e := range rx.Events {
		if e.Kind != driver.State || e.Line != i {
			t.Errorf("event %d: %+v", i, e)
		}
	}
}

func TestGapsInALogStayGaps(t *testing.T) {
	in := testInfo()
	s := session(in, 4, 5)
	for i, pos := range []int64{1000, 1160, 1160 + 5*driver.Block, 7} { // the last is no position of this board
		s[i].rx.Pos, s[i].rx.Events = pos, nil
	}
	b := play(t, write(t, in, s, false), PlayOptions{})
	tx, rx := driver.NewFrame(in), driver.NewFrame(in)
	for i, want := range []uint64{0, 1, 6, 7} {
		if err := b.Exchange(tx, rx); err != nil || rx.Seq != want || rx.Pos != int64(want)*driver.Block {
			t.Errorf("tick %d: Seq %d, Pos %d, %v; want Seq %d", i, rx.Seq, rx.Pos, err, want)
		}
	}
}

// A line that rings, off-hook, without battery or reversed at the end of a log
// is brought back when the log begins again; one that is as it was gets nothing.
func TestLoopBringsLinesBackToTheirFirstState(t *testing.T) {
	in := testInfo()
	s := session(in, 2, 5)
	for _, k := range s {
		k.rx.Events = nil
	}
	first, last := s[0].rx, s[1].rx
	first.Event(driver.State, 1, 0, driver.StateOffHook|driver.StateNoBattery, nil)
	last.Event(driver.RingBegin, 0, 5, 0, nil)
	last.Event(driver.Polarity, 0, 6, 1, nil)
	last.Event(driver.OnHook, 1, 7, 0, nil)
	last.Event(driver.Battery, 1, 7, 1, nil)
	last.Event(driver.RingBegin, 2, 5, 0, nil)
	last.Event(driver.RingEnd, 2, 6, 0, nil)
	last.Event(driver.SpanAlarm, 0, 6, driver.AlarmRed, nil)
	last.Event(driver.ChannelAlarm, 5, 6, 1, nil)
	b := play(t, write(t, in, s, false), PlayOptions{Loop: true})
	tx, rx := driver.NewFrame(in), driver.NewFrame(in)
	for round := range 3 {
		for i := range s {
			if err := b.Exchange(tx, rx); err != nil {
				t.Fatal(err)
			}
			if want := int64(2*round+i) * driver.Block; rx.Pos != want {
				t.Fatalf("Pos %d, want %d", rx.Pos, want)
			}
			if i > 0 || round == 0 {
				continue
			}
			want := []driver.Event{
				{Kind: driver.RingEnd, Line: 0}, {Kind: driver.Polarity, Line: 0},
				{Kind: driver.OffHook, Line: 1}, {Kind: driver.Battery, Line: 1},
				{Kind: driver.ChannelAlarm, Line: 5}, {Kind: driver.SpanAlarm, Line: 0},
			}
			if len(rx.Events) != len(want) {
				t.Fatalf("round %d: %+v", round, rx.Events)
			}
			for n, e := range rx.Events {
				if e.Kind != want[n].Kind || e.Line != want[n].Line || e.Value != 0 || e.At != 0 {
					t.Errorf("round %d: %+v, want %+v", round, e, want[n])
				}
			}
		}
	}
}

func TestNothingToPlayIsSaidAtOnce(t *testing.T) {
	log, _ := plain(t, 1)
	for name, b := range map[string][]byte{
		"no log": []byte("hello"), "no frames": write(t, testInfo(), nil, false), "damaged": append(log[:len(log)-60:len(log)-60], make([]byte, 60)...),
	} {
		if _, err := Play(bytes.NewReader(b), PlayOptions{Loop: true}); err == nil {
			t.Errorf("%s: was opened", name)
		}
	}
}

func TestCloseClosesTheFile(t *testing.T) {
	log, _ := plain(t, 3)
	path := filepath.Join(t.TempDir(), "x.vlog")
	if err := os.WriteFile(path, log, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Play(f, PlayOptions{Loop: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is still open: %v", err)
	}
}

// The log in testdata/compat was written by the first version of the format.
// It must be read for ever, whatever kinds are added or renumbered.
func TestLogOfVersion1IsRead(t *testing.T) {
	b, err := os.ReadFile("testdata/compat/v1.vlog")
	if err != nil {
		t.Fatal(err)
	}
	rd, err := NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	in := rd.Info()
	if in.Model != "six lines" || len(in.Lines) != 6 || in.Lines[0].Name != "Empfang 接待" || in.Lines[5].Timeslot != 17 || !rd.Start().Equal(start) {
		t.Errorf("header: %+v, %v", in, rd.Start())
	}
	rx, tx := driver.NewFrame(in), driver.NewFrame(in)
	for i, k := range compat() {
		if err := rd.Next(rx, tx); err != nil {
			t.Fatalf("tick %d: %v", i, err)
		}
		if !same(in, rx, k.rx, false) || !same(in, tx, k.tx, true) {
			t.Errorf("tick %d differs", i)
		}
	}
	if err := rd.Next(rx, tx); err != io.EOF || rd.Torn() || rd.Unknown() != 0 {
		t.Errorf("at the end: %v, torn %v, %d unknown", err, rd.Torn(), rd.Unknown())
	}
}

// The kinds of version 1. State, the first event, is in the first frame.
var (
	v1Events = []string{"ring-begin", "ring-end", "off-hook", "on-hook", "flash", "pulse-digit", "hook-edge",
		"polarity", "loop-break", "battery", "volts", "loop-current", "cas-bits", "digit-begin", "digit-end", "text",
		"mwi", "dial-done", "ringer-on", "ringer-off", "channel-alarm", "span-alarm", "lost", "ec-state",
		"round-trip", "d-channel", "d-channel-error", "refused", "slip", "missed"}
	v1Commands = []string{"off-hook", "on-hook", "flash", "loop-break", "ring", "ring-burst", "ring-end", "polarity",
		"pulse", "on-hook-transmit", "cas", "mwi", "ec", "d-channel"}
)

// compat is what the log of version 1 holds: every kind of event and command
// that there was, and every way of storing a line.
func compat() []tick {
	in := testInfo()
	var s []tick
	for k := range 3 {
		t := tick{driver.NewFrame(in), driver.NewFrame(in)}
		for n, f := range []*driver.Frame{t.rx, t.tx} {
			f.Seq, f.Pos, f.Late = uint64(k), int64(1000+k*driver.Block), k == 1
			for i, l := range in.Lines {
				for x := range driver.Block {
					v := [3]int{0, 7, x*40 - 3000 + i}[(k+i)%3]
					f.LinePCM(i)[x] = int16(v)
					if n == 0 && l.Law != driver.Linear {
						code := [3]byte{l.Law.Silence(), 0x7F, byte(x + i)}[(k+i)%3]
						f.LineCode(i)[x] = code
						f.LinePCM(i)[x] = expand(code, l.Law)
					}
				}
			}
		}
		if k == 0 {
			for i := range in.Lines {
				t.rx.Event(driver.State, i, 0, int32(i), nil)
			}
		}
		if k == 1 {
			for n, name := range v1Events {
				var e driver.EventKind
				_ = e.UnmarshalText([]byte(name))
				data := []byte(nil)
				if e == driver.Text || e == driver.DChannel || e == driver.Refused {
					data = []byte(e.String())
				}
				value := int32(-48000)
				if e == driver.Refused {
					value = int32(driver.PulseDial)
				}
				t.rx.Event(e, 0, n+2, value, data)
			}
			for n, name := range v1Commands {
				var c driver.CommandKind
				_ = c.UnmarshalText([]byte(name))
				t.tx.Command(c, 0, n+1, 300, []byte("data"))
			}
		}
		s = append(s, t)
	}
	return s
}

func expand(code byte, l driver.Law) int16 {
	f := driver.NewFrame(driver.Info{Lines: make([]driver.Line, 1)})
	rd := &Reader{h: header{Info: driver.Info{Lines: []driver.Line{{Law: l}}}}}
	_, _ = rd.line([]byte{code}, f, 0, constant, false)
	return f.PCM[0]
}

func TestKindsThatAreNotKnownAreLeftOutAndCounted(t *testing.T) {
	b, err := os.ReadFile("testdata/compat/v1.vlog")
	if err != nil {
		t.Fatal(err)
	}
	// As if a later version had kinds of these names.
	b = bytes.Replace(b, []byte(`"volts"`), []byte(`"lumen"`), 1)
	b = bytes.Replace(b, []byte(`"pulse"`), []byte(`"laser"`), 1)
	rd, err := NewReader(bytes.NewReader(reseal(b)))
	if err != nil {
		t.Fatal(err)
	}
	rx, tx := driver.NewFrame(rd.Info()), driver.NewFrame(rd.Info())
	for err == nil {
		err = rd.Next(rx, tx)
		for _, e := range rx.Events {
			if e.Kind == driver.Volts || e.Kind == 0 {
				t.Errorf("%+v", e)
			}
		}
	}
	if err != io.EOF || rd.Unknown() != 2 {
		t.Errorf("%v, %d unknown, want 2", err, rd.Unknown())
	}
}
