//go:build lab

package dahdi_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/dahdi"
	"vaad/driver/dahdi/labtest"
)

// The proofs that run in the kernel lab, against the real DAHDI. The far end is
// played by labtest. Without -full they do what takes seconds.
var full = flag.Bool("full", false, "full counts, as make prove-dahdi uses")

func counts[T any](reduced, all T) T {
	if *full {
		return all
	}
	return reduced
}

// A session is one open board and all that it has said.
type session struct {
	t      *testing.T
	b      driver.Board
	in     driver.Info
	tx, rx *driver.Frame

	said   []told
	seen   int      // said[:seen] was asked for
	heard  [][]byte // by line, where listened to
	listen []bool
	pos    int64 // of the sample after the last frame
	first  int64
	lost   int64 // samples, of all lines
	late   int
	lag    time.Duration // least time from a block's end to its arrival, and the board's offset from the clock
	lags   int
	began  time.Time
}

// told is an event and when it was, in the board's samples.
type told struct {
	driver.Event
	pos int64
}

func (e told) String() string {
	return fmt.Sprintf("%v line %d value %d %q at %d", e.Kind, e.Line, e.Value, e.Data, e.pos)
}

// open opens a board by the options of its [[board]] table.
func open(t *testing.T, options string) *session {
	t.Helper()
	b, err := tryOpen(options)
	if err != nil {
		t.Fatal(err)
	}
	in := b.Info()
	s := &session{t: t, b: b, in: in, tx: driver.NewFrame(in), rx: driver.NewFrame(in), began: time.Now(),
		heard: make([][]byte, len(in.Lines)), listen: make([]bool, len(in.Lines))}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s.step()
	s.first = s.rx.Pos
	return s
}

func tryOpen(options string) (driver.Board, error) {
	d := dahdi.Driver()
	cfg := driver.Config{ID: "lab", Options: json.RawMessage(options)}
	if err := d.Check(cfg); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return d.Open(ctx, driver.Candidate{ID: "lab"}, cfg)
}

// step exchanges one frame.
func (s *session) step() {
	s.t.Helper()
	if err := s.try(); err != nil {
		s.t.Fatalf("frame %d: %v", s.rx.Seq, err)
	}
}

func (s *session) try() error {
	if err := s.b.Exchange(s.tx, s.rx); err != nil {
		return err
	}
	s.tx.Reset()
	s.tx.Seq++
	s.pos = s.rx.Pos + driver.Block
	if s.rx.Late {
		s.late++
	}
	lag := time.Since(s.began) - samples(s.pos)
	// The least of late: the clocks of board and machine may drift.
	if s.lags++; s.lags%500 == 1 || lag < s.lag {
		s.lag = lag
	}
	for _, e := range s.rx.Events {
		if e.Kind == driver.Lost {
			s.lost += int64(e.Value)
		}
		if e.Kind == driver.Volts { // many
			continue
		}
		e.Data = slices.Clone(e.Data)
		s.said = append(s.said, told{e, s.rx.Pos + int64(e.At)})
	}
	for i, on := range s.listen {
		if on {
			s.heard[i] = append(s.heard[i], s.rx.LineCode(i)...)
		}
	}
	return nil
}

func samples(n int64) time.Duration { return time.Duration(n) * (time.Second / driver.Rate) }

// now is the board's sample at this moment, as the machine's clock says it.
func (s *session) now() int64 {
	return int64((time.Since(s.began) - s.lag) / (time.Second / driver.Rate))
}

// run steps for so long, in the board's time.
func (s *session) run(d time.Duration) {
	s.t.Helper()
	for end := s.pos + int64(d/(time.Second/driver.Rate)); s.pos < end; {
		s.step()
	}
}

// do sends a command with the next frame.
func (s *session) do(k driver.CommandKind, line int, value int32, data []byte) {
	s.tx.Command(k, line, 0, value, data)
}

// expect steps until the kind of event is told of a line, and returns it. All
// others are left for later.
func (s *session) expect(kind driver.EventKind, line int, within time.Duration) told {
	s.t.Helper()
	for end := s.pos + int64(within/(time.Second/driver.Rate)); ; {
		for i := s.seen; i < len(s.said); i++ {
			if e := s.said[i]; e.Kind == kind && e.Line == line {
				s.said = slices.Delete(s.said, i, i+1)
				return e
			}
		}
		if s.pos >= end {
			s.t.Fatalf("no %v on %d within %v; told since: %v", kind, line, within, s.said[s.seen:])
		}
		s.step()
	}
}

// forget makes expect look at what is told from now on only.
func (s *session) forget() { s.seen = len(s.said) }

// at says that an event must be at a sample, to one block.
func (s *session) at(e told, want int64, what string) {
	s.t.Helper()
	if d := e.pos - want; d < -driver.Block || d > driver.Block {
		s.t.Errorf("%s: told %d samples (%v) from where it was: %v", what, d, samples(d), e)
	} else {
		s.t.Logf("%-44s %+4d samples", what, d)
	}
}

// none says that no such event may have been told.
func (s *session) none(kinds ...driver.EventKind) {
	s.t.Helper()
	for _, e := range s.said {
		if slices.Contains(kinds, e.Kind) {
			s.t.Errorf("told: %v", e)
		}
	}
}

// counters are the board's.
func (s *session) counters() driver.Counters {
	var c driver.Counters
	s.b.(driver.Counting).Counters(&c)
	return c
}

// spanCounters are those of one span.
func (s *session) spanCounters(i int) driver.SpanCounters {
	s.t.Helper()
	c := s.counters()
	if len(c.Spans) != len(s.in.Spans) {
		s.t.Fatalf("counters of %d spans, there are %d", len(c.Spans), len(s.in.Spans))
	}
	return c.Spans[i]
}

// ms is so many samples.
func ms(n int) int64 { return int64(n) * driver.MS }

// spans makes a pair of spans that are each other's far end and gives their
// channels signalling and law; they are removed when the test ends.
func spans(t *testing.T, key string, channels, sigA, sigB, law int) (a, b labtest.Span) {
	t.Helper()
	a, b = span(t, key+":0", channels), span(t, key+":1", channels)
	configure(t, a, 1, channels, sigA, law)
	configure(t, b, 1, channels, sigB, law)
	return a, b
}

func span(t *testing.T, addr string, channels int) labtest.Span {
	t.Helper()
	s, err := labtest.Create(addr, channels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := labtest.Within(3*time.Second, s.Destroy); err != nil {
			t.Error(err)
		}
	})
	return s
}

func configure(t *testing.T, s labtest.Span, from, to, sig, law int) {
	t.Helper()
	if err := s.Configure(from, to, sig, law); err != nil {
		t.Fatal(err)
	}
}

// far opens channel n of a span as its far end.
func far(t *testing.T, s labtest.Span, n int) *labtest.Channel {
	t.Helper()
	c, err := labtest.Open(s.Channel(n), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// must ends the test where the far end fails.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// device is the option that names the devices of spans.
func device(more string, spans ...labtest.Span) string {
	var ids []string
	for _, s := range spans {
		ids = append(ids, s.ID)
	}
	list, _ := json.Marshal(ids)
	return fmt.Sprintf(`{"device": %s%s}`, list, more)
}
