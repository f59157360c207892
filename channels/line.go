package channels

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"vaad/channels/analog"
	"vaad/driver"
	"vaad/dsp"
)

// A Side is one direction of a line's audio that can be read.
type Side struct {
	Name string     // "mixed", "network" or "local"
	Law  driver.Law // of the bytes that Read returns: ALaw or MuLaw
}

// ErrOverrun is what Read returns for audio older than the ring holds.
type ErrOverrun struct {
	Oldest int64 // the first position that can still be read
}

func (e *ErrOverrun) Error() string {
	return fmt.Sprintf("the audio is older than the ring: it begins at position %d", e.Oldest)
}

// ErrSide is what Read returns for a side that the line does not have.
var ErrSide = errors.New("the line has no such side")

// maxSides is how many rings a line can have.
const maxSides = 2

// A Line is one line with a permanent number. Its methods may be called from
// any goroutine. It lives as long as the System, whatever its board does.
type Line struct {
	number int
	board  *board
	view   atomic.Pointer[view] // what the loop runs; the loop swaps it

	// Written by the loop, for snapshots.
	levels  [maxSides]atomic.Uint64 // float64 bits: mean square over the last 100 ms
	volts   atomic.Int64            // mV; noVolts until one was seen
	voltage voltRing                // the last minute of them
	reached extremes                // of the voltage
	bits    atomic.Int32            // driver State bits, for the flight recorder
	learnt  [8]atomic.Int32         // Learnt's fields
	ignored atomic.Uint64           // inputs that its table had no row for
	until   atomic.Int64            // while it is not used: where it stopped to be
	shown   State                   // the last state told; the loop's own, then the supervisor's

	blanks   [blankKinds]atomic.Pointer[Blank] // what is to be kept out of the rings
	veiled   [blankKinds]*Blank                // what is; the loop's own, as the next
	veiledAt [blankKinds]int64                 // its first position
	veiledTo int64                             // where the last one ended
	beep     atomic.Pointer[Beeping]           // nil: it does not
	keyed    [maxSides]keyed                   // keys that sound; the loop's own
	keyHid   [maxSides]bool                    // the card found a key last that must not be named; the loop's own
	unsure   atomic.Int64                      // samples before Fed that may yet be made silence

	fact facts // what the feed has told

	mu     sync.RWMutex    // held for reading while a ring is read; never by the loop
	rings  [maxSides]*ring // made when first needed, kept until the System is closed
	closed bool
}

const noVolts = math.MinInt64

// A view is what can be known about a line without asking the loop. It never
// changes; the loop replaces it.
type view struct {
	cfg    LineConfig
	use    driver.Use // cfg.Use, or Unused where the line cannot serve it
	reason string     // why it cannot
	info   driver.Line
	rx     int // index of the line in Info.Lines; -1 if the board has no such port
	local  int // index of its local side, or -1
	sides  []Side
	rings  [maxSides]*ring
	src    [maxSides]int // per side: index of the line whose received audio it holds, or sent
}

// Facts are what the feed has told about a line, in the order it told them.
type facts struct {
	mu        sync.Mutex
	state     State
	since     time.Time
	call      string
	direction Direction

	caller, called, name string
	rang, reversed       time.Time // last
}

func newLine(b *board, c LineConfig) *Line {
	l := &Line{number: c.Number, board: b}
	l.volts.Store(noVolts)
	l.fact.state, l.shown = Unknown, Unknown
	l.view.Store(&view{cfg: c, use: driver.Unused, rx: -1, local: -1})
	return l
}

// Number returns the permanent number, from 1.
func (l *Line) Number() int { return l.number }

// Board returns the ID of the line's board.
func (l *Line) Board() string { return l.board.cfg.ID }

// Sides returns what can be read: a tap has "mixed" (a digital tap "network"
// and, with a LocalPort, "local"); a trunk or station "network" and "local".
// An unused line has none. It changes only through Configure or when the board
// is opened again. The caller must not change the slice.
func (l *Line) Sides() []Side { return l.view.Load().sides }

// Read copies companded audio of one side from pos on into dst, as much as
// there is before Fed (on lines whose keys are masked: 250 ms before), and returns how many bytes. It returns 0, nil where
// nothing is there yet, *ErrOverrun for audio that is gone (or was before the
// side existed), ErrSide, and ErrClosed. Of a line that is not used any more,
// what was heard before can be read until it is used again.
func (l *Line) Read(dst []byte, side int, pos int64) (n int, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return 0, ErrClosed
	}
	v, upto := l.view.Load(), l.board.fed.Load()
	if l.board.current() != nil {
		upto -= l.unsure.Load()
	}
	var from *ring
	law := driver.ALaw
	switch {
	case side < 0 || side >= maxSides:
	case side < len(v.sides):
		from, law = v.rings[side], v.sides[side].Law
	case v.use == driver.Unused && pos < l.until.Load():
		from, upto = l.rings[side], min(upto, l.until.Load())
	}
	if from == nil {
		return 0, fmt.Errorf("read side %d of line %d: %w", side, l.number, ErrSide)
	}
	n, err = from.read(dst, pos, upto)
	if err != nil {
		l.board.stats.overruns.Inc()
	}
	l.hide(dst[:n], pos, law)
	return n, err
}

// Fed returns a position p: audio before p can be read, and every event known
// before p is in the queue of every lossless reader.
func (l *Line) Fed() int64 { return l.board.fed.Load() }

// Time returns the line time of a position, UTC. It follows the wall clock:
// asked again much later, it may answer differently by the drift since.
func (l *Line) Time(pos int64) time.Time { return l.board.clock.Time(pos) }

// Virtual reports whether the line's board has a virtual clock. False while
// the board has never been open.
func (l *Line) Virtual() bool { return l.board.info().Virtual }

// Simulated reports whether the line's board is a simulation: its recordings
// are marked. False while the board has never been open.
func (l *Line) Simulated() bool { return l.board.info().Simulated }

// Status returns the line's snapshot.
func (l *Line) Status() LineStatus {
	v := l.view.Load()
	s := LineStatus{Number: l.number, Board: l.Board(), Port: v.cfg.Port, LocalPort: v.cfg.LocalPort, Name: v.cfg.Name,
		Span: v.info.Span, Timeslot: v.info.Timeslot,
		Kind: v.info.Kind, Use: v.use, Asked: v.cfg.Use, Reason: v.reason, Sides: v.sides, Caps: v.info.Caps,
		VoltsEvery: time.Duration(v.info.VoltsEvery) * time.Second / driver.Rate, LevelDBm0: make([]float64, len(v.sides)),
		Learnt: l.showLearnt(), Ignored: l.ignored.Load(), Pos: l.board.marks.pos.Load(), GainDB: v.cfg.GainDB, SentGainDB: v.cfg.Active.GainDB, Fault: l.board.fault(v), Notes: notes(v.info)}
	for i := range s.LevelDBm0 {
		s.LevelDBm0[i] = dsp.DBm0(math.Float64frombits(l.levels[i].Load()))
	}
	if mv := l.volts.Load(); mv != noVolts {
		s.HasVolts, s.MilliVolt = true, int(mv)
		s.VoltsReached = l.reached.now(int(mv))
	}
	l.fact.mu.Lock()
	s.State, s.Since, s.Call, s.Direction = l.fact.state, l.fact.since, l.fact.call, l.fact.direction
	s.Caller, s.Called, s.CallerName = l.fact.caller, l.fact.called, l.fact.name
	s.Rang, s.Reversed = l.fact.rang, l.fact.reversed
	l.fact.mu.Unlock()
	return s
}

// keepLearnt shows what the tap has learnt; only the loop calls it.
func (l *Line) keepLearnt(k Learnt) {
	for i, v := range [...]int32{k.IdleMV, k.OffHookMV, k.RingGapMS, int32(k.CallerID), k.DialHz, k.BusyHz, k.BusyOnMS, k.BusyOffMS} {
		l.learnt[i].Store(v)
	}
}

func (l *Line) showLearnt() Learnt {
	v := func(i int) int32 { return l.learnt[i].Load() }
	return Learnt{IdleMV: v(0), OffHookMV: v(1), RingGapMS: v(2), CallerID: analog.Format(v(3)), DialHz: v(4), BusyHz: v(5), BusyOnMS: v(6), BusyOffMS: v(7)}
}

// ring returns the ring of a side, making it when it is first needed.
func (l *Line) ring(side int) (*ring, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if l.rings[side] == nil {
		r, err := newRing(&l.board.marks, l.board.sys.cfg.RingSeconds)
		if err != nil {
			return nil, err
		}
		l.rings[side] = r
	}
	return l.rings[side], nil
}

// free gives the rings back. The board's loop must have ended or be abandoned.
func (l *Line) free() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for i, r := range l.rings {
		if r != nil {
			r.free()
			l.rings[i] = nil
		}
	}
}
