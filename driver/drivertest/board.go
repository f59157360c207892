package drivertest

import (
	"testing"
	"time"

	"vaad/driver"
)

// Options say what a board cannot do, or what the test may do more.
type Options struct {
	// Allocates allows the board to allocate in steady state. A driver that is
	// shipped has no reason to.
	Allocates bool

	// MayLose allows steps of Seq above 1: real hardware on a loaded machine.
	MayLose bool

	// NoCommands leaves out the commands that act on lines: a card whose lines
	// are in use.
	NoCommands bool

	// Say, if set, makes the far end of a line send these codes (whole blocks,
	// in the line's law; expanded by dsp/g711 where the way to the far end is
	// linear). The board must deliver them as they are, in one piece. It is
	// called between two Exchanges, once for each companded line.
	Say func(t *testing.T, b driver.Board, line int, code []byte)
}

// How long a promise is watched: so many frames, or so long where the board
// ticks in real time.
const (
	watchFrames = 400
	watchTime   = 300 * time.Millisecond
)

// TestBoard tests the promises of driver.Board, each on a board that open
// returns for it. A board that does not wait for anything (Info.Virtual and no
// peer) takes a fraction of a second, one in real time about three seconds.
func TestBoard(t *testing.T, open func(t *testing.T) driver.Board, options ...Options) {
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	for _, p := range []struct {
		name string
		test func(*bench)
		skip bool
	}{
		{"InfoIsWhole", infoIsWhole, false},
		{"InfoNeverChanges", infoNeverChanges, false},
		{"FirstFrameHasTheStateOfEveryLine", firstFrame, false},
		{"FramesFollowEachOtherAndAreFilledAnew", framesFollow, false},
		{"CodesSurviveTheWayThroughLinear", codesSurvive, false},
		{"FarEndIsHeardBitForBit", farEndIsHeard, o.Say == nil},
		{"NoCommandBreaksTheBoard", noCommandBreaks, o.NoCommands},
		{"TapIsNeverActedOn", tapIsNeverActedOn, false},
		{"CloseEndsExchange", closeEndsExchange, false},
		{"CloseLeavesNoGoroutine", closeLeavesNothing, false},
		{"RealClockKeepsTime", keepsTime, false},
		{"RealClockCatchesUpAfterAStall", catchesUp, false},
		{"ExchangeAllocatesNothing", allocatesNothing, o.Allocates},
	} {
		t.Run(p.name, func(t *testing.T) {
			if p.skip {
				t.Skip("left out by Options")
			}
			p.test(newBench(t, open, o))
		})
	}
}

// A bench holds one open board and checks every frame that comes from it.
type bench struct {
	t      *testing.T
	before time.Time // the board was opened after this
	b      driver.Board
	o      Options
	open   func(t *testing.T) driver.Board
	in     driver.Info
	tx, rx *driver.Frame
	check  checker
	last   time.Time // the exchange before this one ended
}

// stoodStill is how long a machine may stand still without a board of the real
// clock losing what its queues hold no more.
const stoodStill = 200 * time.Millisecond

func newBench(t *testing.T, open func(t *testing.T) driver.Board, o Options) *bench {
	before := time.Now()
	b := open(t)
	in := b.Info()
	t.Cleanup(func() { _ = b.Close() })
	return &bench{t: t, before: before, b: b, o: o, open: open, in: in,
		tx: driver.NewFrame(in), rx: driver.NewFrame(in), check: checker{in: in, mayLose: o.MayLose}}
}

// step exchanges one frame through b and checks it.
func (s *bench) step(b driver.Board) {
	s.t.Helper()
	scribble(s.rx)
	s.tx.Seq, s.tx.Pos = s.check.frames, int64(s.check.frames)*driver.Block
	if err := b.Exchange(s.tx, s.rx); err != nil {
		s.t.Fatalf("frame %d: %v", s.check.frames, err)
	}
	now := time.Now()
	s.check.stalled = !s.in.Virtual && !s.last.IsZero() && now.Sub(s.last) > stoodStill
	s.last = now
	for _, wrong := range s.check.frame(s.rx) {
		s.t.Error(wrong)
	}
	if s.t.Failed() {
		s.t.FailNow()
	}
	s.tx.Reset()
}

// watch steps for as long as a promise is watched and calls each for each
// frame; each may be nil, and false ends it.
func (s *bench) watch(each func() bool) {
	s.t.Helper()
	from := time.Now()
	for n := 0; n < watchFrames && (n < 3 || time.Since(from) < watchTime); n++ {
		s.step(s.b)
		if each != nil && !each() {
			return
		}
	}
}
