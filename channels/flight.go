package channels

import (
	"context"
	"fmt"
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

// FrameWriter takes the frames of a flight recorder.
type FrameWriter interface {
	Write(rx, tx *driver.Frame) error
}

// SaveFlight writes the last seconds (at most Config.RingSeconds) of one line
// as frames: its audio from the ring, and the raw events and commands of its
// board. open is called once with what the frames describe and when they
// begin; closing what it returned is the caller's. It works as long as the
// board was ever open, also while it is gone.
func (s *System) SaveFlight(ctx context.Context, line, seconds int, open func(driver.Info, time.Time) (FrameWriter, error)) error {
	l, ok := s.Line(line)
	if !ok {
		return fmt.Errorf("save flight of line %d: %w", line, ErrNoLine)
	}
	if err := l.board.save(ctx, []*Line{l}, false, seconds, open); err != nil {
		return fmt.Errorf("save flight of line %d: %w", line, err)
	}
	return nil
}

// SaveBoardFlight is SaveFlight for all lines of a board. Lines that are not
// used are silent.
func (s *System) SaveBoardFlight(ctx context.Context, id string, seconds int, open func(driver.Info, time.Time) (FrameWriter, error)) error {
	for _, b := range s.boards {
		if b.cfg.ID != id {
			continue
		}
		if err := b.save(ctx, s.linesOf(b), true, seconds, open); err != nil {
			return fmt.Errorf("save flight of board %s: %w", id, err)
		}
		return nil
	}
	return fmt.Errorf("save flight of board %s: %w", id, ErrNoBoard)
}

// A flight is what is being saved.
type flight struct {
	info   driver.Info
	index  map[int]int // line of the board → line of info
	spans  bool
	tracks []track // by line of info
	recs   []traced
	rx, tx *driver.Frame
}

// A track says where the audio of one line is.
type track struct {
	line     *Line
	rings    [maxSides]*ring // as the line was when it was cast
	rx, tx   int             // sides; -1: none
	rxs, txs driver.Law
}

func (b *board) save(ctx context.Context, lines []*Line, whole bool, seconds int,
	open func(driver.Info, time.Time) (FrameWriter, error)) error {
	seconds = min(max(seconds, 1), b.sys.cfg.RingSeconds)
	f := &flight{spans: whole, index: map[int]int{}}
	to := b.fed.Load()
	for _, l := range lines {
		to = min(to, b.fed.Load()-l.unsure.Load()) // what may yet be masked is not saved
	}
	from := max(to-int64(seconds)*driver.Rate, 0)
	b.mu.RLock()
	last := b.last
	if last != nil {
		f.recs = last.trace.since(from)
	}
	b.mu.RUnlock()
	if last == nil {
		return ErrGone
	}
	f.cast(last.info, lines, whole)
	if !whole && len(lines) == 1 {
		from = max(from, f.oldest(to))
	}
	from += (to - from) % driver.Block
	w, err := open(f.info, b.clock.Time(from))
	if err != nil {
		return err
	}
	f.rx, f.tx = driver.NewFrame(f.info), driver.NewFrame(f.info)
	for pos := from; pos < to; pos += driver.Block {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.frame(pos, pos == from); err != nil {
			return err
		}
		if err := w.Write(f.rx, f.tx); err != nil {
			return err
		}
		f.rx.Seq++
		f.tx.Seq++
	}
	return nil
}

// cast chooses the lines of the board that are saved.
func (f *flight) cast(info driver.Info, lines []*Line, whole bool) {
	byPort := map[int]track{}
	for _, l := range lines {
		v := l.view.Load()
		for i := range v.sides {
			law := v.sides[i].Law
			if v.src[i] != sent {
				t := track{line: l, rings: v.rings, rx: i, tx: -1, rxs: law}
				if old, ok := byPort[v.src[i]]; ok {
					t.tx, t.txs = old.tx, old.txs
				}
				byPort[v.src[i]] = t
				continue
			}
			t, ok := byPort[v.rx]
			if !ok {
				t = track{line: l, rings: v.rings, rx: -1}
			}
			t.tx, t.txs = i, law
			byPort[v.rx] = t
		}
	}
	f.info = info
	f.info.Lines = nil
	if !whole {
		f.info.Spans = nil
	}
	for i, line := range info.Lines {
		t, ok := byPort[i]
		if !ok && !whole {
			continue
		}
		if !ok {
			t = track{rx: -1, tx: -1}
		}
		if line.Law == driver.Linear {
			line.Law = driver.ALaw // as the ring holds it
		}
		f.index[i] = len(f.info.Lines)
		f.info.Lines = append(f.info.Lines, line)
		f.tracks = append(f.tracks, t)
	}
}

// oldest is where the audio of all tracks has begun.
func (f *flight) oldest(pos int64) (from int64) {
	for _, t := range f.tracks {
		for _, side := range []int{t.rx, t.tx} {
			if side >= 0 {
				from = max(from, t.rings[side].oldest(pos))
			}
		}
	}
	return from
}

// frame builds one frame in both directions.
func (f *flight) frame(pos int64, first bool) error {
	f.rx.Reset()
	f.tx.Reset()
	f.rx.Pos, f.tx.Pos = pos, pos
	if first {
		f.begin()
	}
	for i, t := range f.tracks {
		law := f.info.Lines[i].Law
		lost, err := t.read(t.rx, f.rx, i, pos, law)
		if err != nil {
			return err
		}
		if lost {
			f.rx.Event(driver.Lost, i, 0, driver.Block, nil)
		}
		if _, err := t.read(t.tx, f.tx, i, pos, law); err != nil {
			return err
		}
	}
	n := 0
	for ; n < len(f.recs) && f.recs[n].pos < pos+driver.Block; n++ {
		f.add(&f.recs[n], int(max(f.recs[n].pos-pos, 0)))
	}
	f.recs = f.recs[n:]
	return nil
}

// read fills one line of a frame from a side of the ring. Audio that the ring
// no longer has is silence, and lost.
func (t *track) read(side int, into *driver.Frame, i int, pos int64, law driver.Law) (lost bool, err error) {
	code := into.LineCode(i)
	n := 0
	if side >= 0 {
		n, err = t.line.Read(code, side, pos)
		if _, old := err.(*ErrOverrun); old {
			lost, err = true, nil
		}
	}
	for ; n < len(code); n++ {
		code[n] = law.Silence()
	}
	g711.Decode(into.LinePCM(i), code, g711.Law(law))
	return lost, err
}

// begin puts the state of every line into the first frame, as a board does
// when it is opened. State bits are not kept per moment: they follow from the
// first change seen afterwards, and from the last one before.
func (f *flight) begin() {
	bits := make([]int32, len(f.tracks))
	known := make([]int32, len(f.tracks))
	for _, r := range f.recs {
		i, ok := f.index[r.line]
		if r.tx || !ok || driver.EventKind(r.kind).OnSpan() {
			continue
		}
		mask, before := stateBefore(driver.EventKind(r.kind), r.value)
		fresh := mask &^ known[i]
		bits[i] |= before & fresh
		known[i] |= mask
	}
	for i, t := range f.tracks {
		if t.line != nil {
			bits[i] |= t.line.bits.Load() &^ known[i]
		}
		f.rx.Event(driver.State, i, 0, bits[i], nil)
	}
}

// add puts a traced record into the frame.
func (f *flight) add(r *traced, at int) {
	line := r.line
	if r.tx {
		k := driver.CommandKind(r.kind)
		if k.OnSpan() {
			if f.spans {
				f.tx.Command(k, line, at, r.value, r.data)
			}
		} else if i, ok := f.index[line]; ok {
			f.tx.Command(k, i, at, r.value, r.data)
		}
		return
	}
	k := driver.EventKind(r.kind)
	switch {
	case k.OnSpan() && f.spans:
		f.rx.Event(k, line, at, r.value, r.data)
	case k.OnSpan() || k == driver.State && f.rx.Seq == 0:
	default:
		if i, ok := f.index[line]; ok {
			f.rx.Event(k, i, at, r.value, r.data)
		}
	}
}

// stateBits says which State bits an event sets to what.
func stateBits(k driver.EventKind, value int32) (mask, bits int32) {
	on := func(bit int32, set bool) (int32, int32) {
		if set {
			return bit, bit
		}
		return bit, 0
	}
	switch k {
	case driver.State:
		return ^0, value
	case driver.RingBegin:
		return on(driver.StateRinging, true)
	case driver.RingEnd:
		return on(driver.StateRinging, false)
	case driver.OffHook:
		return on(driver.StateOffHook, true)
	case driver.OnHook:
		return on(driver.StateOffHook, false)
	case driver.Polarity:
		return on(driver.StateReversed, value != 0)
	case driver.Battery:
		return on(driver.StateNoBattery, value == 0)
	case driver.ChannelAlarm:
		return on(driver.StateAlarm, value != 0)
	}
	return 0, 0
}

// stateBefore says which State bits were what before an event that changed
// them.
func stateBefore(k driver.EventKind, value int32) (mask, bits int32) {
	mask, bits = stateBits(k, value)
	if k == driver.State {
		return mask, bits // the first frame: so it was from the beginning
	}
	return mask, mask &^ bits
}
