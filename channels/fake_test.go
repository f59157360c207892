package channels

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vaad/driver"
)

// A fakeBoard is a board whose frames are made by the test.
type fakeBoard struct {
	info driver.Info
	// fill makes frame n; pos is the counter it will carry unless fill changes
	// it. It may block, as long as it returns once closed is closed.
	fill func(n int, tx, rx *driver.Frame) error

	n      int
	pos    int64
	once   sync.Once
	closed chan struct{}
}

func newFake(info driver.Info, fill func(n int, tx, rx *driver.Frame) error) *fakeBoard {
	return &fakeBoard{info: info, fill: fill, closed: make(chan struct{})}
}

func (f *fakeBoard) Info() driver.Info { return f.info }

func (f *fakeBoard) Exchange(tx, rx *driver.Frame) error {
	rx.Reset()
	rx.Seq = uint64(f.n)
	rx.Pos = f.pos
	if f.n == 0 {
		for i := range f.info.Lines {
			rx.Event(driver.State, i, 0, 0, nil)
		}
	}
	if err := f.fill(f.n, tx, rx); err != nil {
		return err
	}
	f.pos = rx.Pos + driver.Block
	f.n++
	return nil
}

func (f *fakeBoard) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// ticking makes a fill that takes 20 ms of (synctest) time per frame.
func (f *fakeBoard) tick() error {
	select {
	case <-f.closed:
		return driver.ErrGone
	case <-time.After(driver.Tick):
		return nil
	}
}

// pattern is the audio of line i at position p: every line and moment differs.
func pattern(line int, p int64) byte {
	return byte(p/driver.Block*7 + p*int64(line+3) + int64(line)*31)
}

func fillPattern(rx *driver.Frame, lines int) {
	for i := range lines {
		code := rx.LineCode(i)
		for k := range code {
			code[k] = pattern(i, rx.Pos+int64(k))
		}
	}
}

const fxoCaps = driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapVolts | driver.CapPolarity

// fxoInfo describes a board of n analog lines.
func fxoInfo(n int) driver.Info {
	info := driver.Info{Driver: "fake", Model: "Fake"}
	for i := range n {
		info.Lines = append(info.Lines, driver.Line{Port: i + 1, Kind: driver.FXO, Law: driver.ALaw, Caps: fxoCaps, VoltsEvery: 2000})
	}
	return info
}

// planOf numbers ports from base on, all with one use.
type planOf struct {
	base int
	use  driver.Use
}

func (p planOf) Lines(board string, info driver.Info) ([]LineConfig, error) {
	var all []LineConfig
	for _, l := range info.Lines {
		all = append(all, LineConfig{Number: p.base + l.Port, Port: l.Port, Use: p.use, Name: fmt.Sprintf("line %d", p.base+l.Port)})
	}
	return all, nil
}

type planFunc func(board string, info driver.Info) ([]LineConfig, error)

func (planOf) Spans(string, driver.Info) []SpanConfig   { return nil }
func (planFunc) Spans(string, driver.Info) []SpanConfig { return nil }

func (f planFunc) Lines(board string, info driver.Info) ([]LineConfig, error) { return f(board, info) }

// opener makes a driver that hands out boards in order, nil meaning "not there".
func opener(boards ...driver.Board) driver.Driver {
	n := 0
	return driver.Driver{Name: "fake", Open: func(context.Context, driver.Candidate, driver.Config) (driver.Board, error) {
		if n >= len(boards) {
			return nil, errors.New("open fake: no more boards")
		}
		n++
		if boards[n-1] == nil {
			return nil, errors.New("open fake: nothing is plugged in")
		}
		return boards[n-1], nil
	}}
}

// stepper opens a board and lets the test call the loop's ticks itself.
func stepper(t testing.TB, raw driver.Board, c Config) (*System, *loop) {
	t.Helper()
	if c.Plan == nil {
		c.Plan = planOf{use: driver.Tap}
	}
	c.Boards = []BoardConfig{{ID: "b1", Driver: opener(raw)}}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.boards[0].begin(raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.free)
	return s, l
}

// started runs a System until the test ends.
func started(t *testing.T, c Config) *System {
	t.Helper()
	if c.Plan == nil {
		c.Plan = planOf{use: driver.Tap}
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func mustLine(t testing.TB, s *System, n int) *Line {
	t.Helper()
	l, ok := s.Line(n)
	if !ok {
		t.Fatalf("line %d is not there", n)
	}
	return l
}

// kinds lists the kinds of events, optionally of one line.
func kinds(evs []Event, line int) (ks []EventKind) {
	for _, e := range evs {
		if line < 0 || e.Line == line {
			ks = append(ks, e.Kind)
		}
	}
	return ks
}

func find(evs []Event, k EventKind) (found []Event) {
	for _, e := range evs {
		if e.Kind == k {
			found = append(found, e)
		}
	}
	return found
}
