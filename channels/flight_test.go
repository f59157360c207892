package channels

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

// A keptFrame is a frame as a FrameWriter got it.
type keptFrame struct {
	pos    int64
	code   []byte
	pcm    []int16
	events []driver.Event
	sent   []driver.Command
}

type keeper struct {
	info   driver.Info
	start  time.Time
	frames []keptFrame
}

func (k *keeper) open(info driver.Info, start time.Time) (FrameWriter, error) {
	k.info, k.start = info, start
	return k, nil
}

func (k *keeper) Write(rx, tx *driver.Frame) error {
	f := keptFrame{pos: rx.Pos, code: bytes.Clone(rx.Code), pcm: slices.Clone(rx.PCM)}
	for _, e := range rx.Events {
		e.Data = bytes.Clone(e.Data)
		f.events = append(f.events, e)
	}
	for _, c := range tx.Commands {
		c.Data = bytes.Clone(c.Data)
		f.sent = append(f.sent, c)
	}
	k.frames = append(k.frames, f)
	return nil
}

// busyBoard has three lines, of which each does something now and then.
func busyBoard() *fakeBoard {
	return newFake(fxoInfo(3), func(n int, _, rx *driver.Frame) error {
		fillPattern(rx, 3)
		for i := range 3 {
			if n%12 == i {
				rx.Event(driver.Volts, i, n%160, int32(-48000+n), nil)
			}
		}
		switch n % 100 {
		case 10:
			rx.Event(driver.RingBegin, 1, 17, 0, nil)
		case 60:
			rx.Event(driver.RingEnd, 1, 18, 0, nil)
		case 70:
			rx.Event(driver.Text, 2, 5, 0, []byte("a text of the board that needs several records of the trace: 0123456789"))
		}
		return nil
	})
}

func TestFlightOfALineEqualsWhatWasReceived(t *testing.T) {
	wall := time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)
	f := busyBoard()
	s, l := stepper(t, f, Config{RingSeconds: 4, Now: func() time.Time { return wall.Add(time.Duration(f.n) * driver.Tick) }})
	ticks(t, s, l, 445)
	for line := 1; line <= 3; line++ {
		var k keeper
		if err := s.SaveFlight(t.Context(), line, 60, k.open); err != nil {
			t.Fatal(err)
		}
		if len(k.frames) != 200 || len(k.info.Lines) != 1 || k.info.Lines[0].Port != line {
			t.Fatalf("%d frames of %+v", len(k.frames), k.info.Lines)
		}
		if want := wall.Add(245 * driver.Tick); k.start.Sub(want).Abs() > time.Millisecond {
			t.Errorf("it begins at %v, want %v", k.start, want)
		}
		table := g711.DecodeTable(g711.ALaw)
		for i, fr := range k.frames {
			n := 245 + i
			if fr.pos != int64(n)*driver.Block {
				t.Fatalf("frame %d is at %d", i, fr.pos)
			}
			for p, c := range fr.code {
				if c != pattern(line-1, fr.pos+int64(p)) || fr.pcm[p] != table[c] {
					t.Fatalf("line %d, frame %d: sample %d is wrong", line, i, p)
				}
			}
			if want := eventsOf(n, line-1, i == 0); fmt.Sprint(fr.events) != fmt.Sprint(want) {
				t.Fatalf("line %d, frame %d: events %v, want %v", line, i, fr.events, want)
			}
		}
	}
}

// eventsOf is what busyBoard reported in frame n about one line.
func eventsOf(n, line int, first bool) []driver.Event {
	rx := driver.NewFrame(fxoInfo(3))
	rx.Seq = uint64(n)
	_ = busyBoard().fill(n, nil, rx)
	var evs []driver.Event
	if first {
		bits := int32(0)
		if line == 1 && n%100 >= 10 && n%100 < 60 {
			bits = driver.StateRinging
		}
		evs = append(evs, driver.Event{Kind: driver.State, Value: bits})
	}
	for _, e := range rx.Events {
		if e.Line == line {
			e.Line = 0
			evs = append(evs, e)
		}
	}
	return evs
}

func TestFlightOfABoardHasAllLinesCommandsAndSpans(t *testing.T) {
	info := fxoInfo(2)
	info.Spans = []driver.Span{{Number: 1, Channels: 31}}
	b := newFake(info, func(n int, _, rx *driver.Frame) error {
		fillPattern(rx, 2)
		rx.Event(driver.DChannel, 0, 3, 0, []byte{byte(n), 1, 2})
		return nil
	})
	s, l := stepper(t, b, Config{Plan: planFunc(func(string, driver.Info) ([]LineConfig, error) {
		return []LineConfig{{Number: 5, Port: 2, Use: driver.Trunk}}, nil
	})})
	ticks(t, s, l, 50)
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	_, _ = s.Request(dead, Request{Line: 5, Command: driver.Command{Kind: driver.GoOffHook}})
	ticks(t, s, l, 50)
	var k keeper
	if err := s.SaveBoardFlight(t.Context(), "b1", 60, k.open); err != nil {
		t.Fatal(err)
	}
	if len(k.frames) != 100 || len(k.info.Lines) != 2 || len(k.info.Spans) != 1 {
		t.Fatalf("%d frames of %+v", len(k.frames), k.info)
	}
	for i, fr := range k.frames {
		if !bytes.Equal(fr.code[:160], bytes.Repeat([]byte{driver.ALaw.Silence()}, 160)) {
			t.Fatal("the line that is not used is not silent")
		}
		if fr.code[160] != pattern(1, fr.pos) {
			t.Fatal("the trunk's audio is not there")
		}
		if d := fr.events[len(fr.events)-1]; d.Kind != driver.DChannel || !bytes.Equal(d.Data, []byte{byte(i), 1, 2}) {
			t.Fatalf("frame %d: %v", i, fr.events)
		}
		if want := i == 50; (len(fr.sent) == 1) != want {
			t.Fatalf("frame %d: commands %v", i, fr.sent)
		}
	}
	if c := k.frames[50].sent[0]; c.Kind != driver.GoOffHook || c.Line != 1 {
		t.Fatalf("%+v", c)
	}
}

func TestFlightCanBeSavedAfterTheBoardIsGone(t *testing.T) {
	s, l := stepper(t, busyBoard(), Config{})
	ticks(t, s, l, 100)
	s.boards[0].finish(l, driver.ErrGone)
	var k keeper
	if err := s.SaveFlight(t.Context(), 1, 1, k.open); err != nil || len(k.frames) != 50 {
		t.Fatal(len(k.frames), err)
	}
	if err := s.SaveFlight(t.Context(), 4, 1, k.open); !errors.Is(err, ErrNoLine) {
		t.Error(err)
	}
	if err := s.SaveBoardFlight(t.Context(), "b9", 1, k.open); !errors.Is(err, ErrNoBoard) {
		t.Error(err)
	}
}

func TestTraceKeepsAMinuteOfTheBusiestLines(t *testing.T) {
	info := fxoInfo(8)
	tr, err := newTrace(info, 60)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.free()
	const seconds = 200
	for at := range seconds * 1000 { // each ms
		for i := range info.Lines {
			if at%250 == i { // VoltsEvery
				tr.add(int64(at)*driver.MS, uint8(driver.Volts), i, int32(at), nil, 0)
			}
			if at%200 == i+100 {
				tr.add(int64(at)*driver.MS, uint8(driver.Text), i, 0, []byte("0123456789abc"), 0)
			}
		}
	}
	recs := tr.since((seconds - 60) * driver.Rate)
	volts := 0
	last := int64(0)
	for _, r := range recs {
		if r.pos < last {
			t.Fatal("records are not in order")
		}
		last = r.pos
		if driver.EventKind(r.kind) == driver.Volts {
			volts++
		} else if string(r.data) != "0123456789abc" {
			t.Fatalf("data %q", r.data)
		}
	}
	if volts != 60*4*8 {
		t.Errorf("%d voltages of a minute, want %d", volts, 60*4*8)
	}
}

func TestAFlightHasWhatTheSpanWasSent(t *testing.T) {
	f := &flight{info: driver.Info{Lines: make([]driver.Line, 1), Spans: make([]driver.Span, 1)}, index: map[int]int{0: 0}, tracks: make([]track, 1)}
	sent := &traced{kind: uint8(driver.SendDChannel), tx: true, line: 0, data: []byte{2, 1, 3}}
	for _, spans := range []bool{true, false} {
		f.spans, f.rx, f.tx = spans, driver.NewFrame(f.info), driver.NewFrame(f.info)
		f.add(sent, 0)
		if n := len(f.tx.Commands); (n == 1) != spans || n == 1 && f.tx.Commands[0].Kind != driver.SendDChannel {
			t.Errorf("spans %v: %+v", spans, f.tx.Commands)
		}
	}
}

func TestALineThatChangesWhileItsFlightIsSavedHurtsNothing(t *testing.T) {
	s, l := stepper(t, busyBoard(), Config{})
	ticks(t, s, l, 100)
	line := mustLine(t, s, 1)
	f := &flight{index: map[int]int{}}
	f.cast(l.info, []*Line{line}, false)
	run, err := prepare(l.info, line, LineConfig{Number: 1, Port: 1, Use: driver.Unused}, nil)
	if err == nil {
		err = l.take(item{line: line, run: run})
	}
	if err != nil {
		t.Fatal(err)
	}
	if from := f.oldest(line.Fed()); from != 0 {
		t.Errorf("its audio begins at %d", from)
	}
}
