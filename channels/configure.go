package channels

import (
	"context"
	"fmt"
	"slices"
	"time"

	"vaad/driver"
)

// Configure changes a line while it runs; when it returns, what its change of
// use or place said is in the queue of every lossless reader. An error of Validate, a port that
// another line has, or a line that does not exist (ErrNoLine) changes nothing.
// While the board is not open only the name is shown; the Plan is asked again
// when it opens. A Board other than the line's moves the number there: the line
// is no longer used where it was, whatever becomes of it on the other board.
func (s *System) Configure(ctx context.Context, number int, c LineConfig) error {
	c.Number = number
	if err := s.configure(ctx, c); err != nil {
		return fmt.Errorf("configure line %d: %w", number, err)
	}
	return nil
}

func (s *System) configure(ctx context.Context, c LineConfig) error {
	line, ok := s.Line(c.Number)
	if ok && (c.Board == "" || c.Board == line.Board()) {
		return line.board.configure(ctx, line, c)
	}
	if c.Board == "" {
		return ErrNoLine
	}
	i := slices.IndexFunc(s.boards, func(b *board) bool { return b.cfg.ID == c.Board })
	if ok {
		if err := line.board.release(ctx, line); err != nil {
			return err
		}
	}
	if i < 0 {
		return ErrNoBoard
	}
	return s.boards[i].take(ctx, c)
}

func (b *board) configure(ctx context.Context, line *Line, c LineConfig) error {
	c.Number, c.Board = line.number, b.cfg.ID
	old := line.view.Load()
	loop, pos, err := b.set(ctx, line, c)
	if loop == nil || err != nil || old.use == c.Use && old.cfg.Port == c.Port && old.cfg.LocalPort == c.LocalPort {
		return err
	}
	return b.heard(ctx, loop, pos)
}

// set hands a line's configuration to the loop, if there is one, and says at
// which position it took it.
func (b *board) set(ctx context.Context, line *Line, c LineConfig) (loop *loop, pos int64, err error) {
	b.change.Lock() // one at a time: each builds on what the one before left
	defer b.change.Unlock()
	if loop = b.current(); loop == nil {
		v := *line.view.Load()
		v.cfg = c
		line.view.Store(&v)
		return nil, 0, nil
	}
	if err := b.free(line, c); err != nil {
		return nil, 0, err
	}
	run, err := prepare(loop.info, line, c, nil)
	if err != nil {
		return nil, 0, err
	}
	pos, err = loop.ask(ctx, item{line: line, run: run})
	return loop, pos, err
}

// heard waits until readers have what was said at a position.
func (b *board) heard(ctx context.Context, loop *loop, pos int64) error {
	look := time.NewTicker(driver.Tick / 4)
	defer look.Stop()
	for b.fed.Load() <= pos {
		select {
		case <-look.C:
		case <-loop.over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// free reports that another line of the board has a port that c wants.
func (b *board) free(line *Line, c LineConfig) error {
	for _, other := range b.sys.linesOf(b) {
		if other != line && collide(other.view.Load(), c) {
			return fmt.Errorf("port %d of board %s is line %d's", c.Port, b.cfg.ID, other.number)
		}
	}
	return nil
}

// release stops using a line whose number goes to another board. All that it
// said is read by then: positions of two boards have nothing to do with each other.
func (b *board) release(ctx context.Context, line *Line) error {
	c := line.view.Load().cfg
	c.Use = driver.Unused
	return b.configure(ctx, line, c)
}

// take begins to run a line that this board did not have. While it is not open
// there is nothing to do: the Plan is asked when it opens.
func (b *board) take(ctx context.Context, c LineConfig) error {
	loop, pos, err := b.add(ctx, c)
	if loop == nil || err != nil {
		return err
	}
	return b.heard(ctx, loop, pos)
}

func (b *board) add(ctx context.Context, c LineConfig) (loop *loop, pos int64, err error) {
	b.change.Lock()
	defer b.change.Unlock()
	if loop = b.current(); loop == nil {
		return nil, 0, nil
	}
	if err := b.free(nil, c); err != nil {
		return nil, 0, err
	}
	line, err := b.sys.adopt(b, c, UnusedState)
	if err != nil {
		return nil, 0, err
	}
	run, unfit := prepare(loop.info, line, c, nil)
	if pos, err = loop.ask(ctx, item{line: line, run: run}); err != nil {
		return nil, 0, err
	}
	return loop, pos, unfit
}

// collide reports whether a line that is used has a port that c wants.
func collide(v *view, c LineConfig) bool {
	if v.use == driver.Unused || c.Use == driver.Unused {
		return false
	}
	has := func(port int) bool { return port != 0 && (port == c.Port || port == c.LocalPort) }
	return has(v.cfg.Port) || has(v.cfg.LocalPort)
}

// replace runs a line as r says from the next frame on. A call that is up goes on
// where the line stays what it was.
func (l *loop) replace(old, r *lineRun) error {
	if old == nil {
		l.runs = append(l.runs, r)
	} else {
		l.keepTable(old, r)
		for i := range l.runs {
			if l.runs[i] == old {
				l.runs[i] = r
			}
		}
	}
	if l.opened {
		l.install(r, old, l.next)
		l.rewire()
	}
	l.held = holdCache{}
	return nil
}

// keepTable lets r go on with the table, the voice and the ears of old where it does
// the same job; else it ends what is up, and lets go of the line.
func (l *loop) keepTable(old, r *lineRun) {
	same := old.view.use == r.view.use && old.view.rx == r.view.rx && (old.speech == nil) == (r.speech == nil)
	switch now := old.table.(type) {
	case nil:
		same = same && r.table == nil
	case *trunkTable:
		if _, ok := r.table.(*trunkTable); ok && same {
			now.trunk.Configure(trunkConfig(r.view))
			now.trunk.Suppose(r.view.cfg.Learnt)
		} else {
			same = false
		}
	case *bearerTable:
		_, ok := r.table.(*bearerTable)
		same = same && ok
	case *stationTable:
		if _, ok := r.table.(*stationTable); ok && same {
			now.station.Configure(stationConfig(r.view))
		} else {
			same = false
		}
	case *tapTable:
		if _, ok := r.table.(*tapTable); ok && same {
			now.tap.Configure(tapConfig(r.view.cfg))
			now.tap.Suppose(r.view.cfg.Learnt)
		} else {
			same = false
		}
	case *digitalTable:
		_, ok := r.table.(*digitalTable)
		same = same && ok
	}
	if same {
		r.table = old.table
		if old.speech != nil {
			r.keepSpeech(old)
		}
	}
	switch {
	case !l.opened:
	case same, old.table == nil && old.speech == nil && r.table == nil:
		r.keepHearing(old, &l.out, l.next)
	default:
		l.letGo(old)
	}
}

// letGo ends what is up on a line that is to be something else. What that takes goes
// with the next frame, which the guard lets pass.
func (l *loop) letGo(old *lineRun) {
	l.out.ended = "reconfigured"
	if t, ok := old.table.(active); ok {
		_ = t.wish(&l.out, &Wish{Kind: WishRelease}) // refused where no call is up
		l.perform(old, t, "")
	}
	if b := old.bearer(); b != nil && b.link != nil {
		l.partingSpans = append(l.partingSpans, b.link.span)
		b.link.slots[b.slot] = nil
	}
	if old.speech != nil {
		l.hush(old, "")
		l.cardEcho(old, false)
		clear(l.tx.LinePCM(old.view.rx))
		l.parting = append(l.parting, old.view.rx)
	}
	for i := range old.hears {
		old.deafen(&l.out, i, l.next)
	}
	if old.table != nil {
		old.table.gone(&l.out, l.next)
	}
	l.out.ended = ""
}

// partings closes the guard behind what lines that are ours no more were told last.
func (l *loop) partings() {
	if len(l.parting)+len(l.partingSpans) > 0 {
		l.parting, l.partingSpans = l.parting[:0], l.partingSpans[:0]
		l.guard()
	}
}

// install lets r take the place of old, which may be nil, at pos.
func (l *loop) install(r, old *lineRun, pos int64) {
	if old != nil {
		r.pending, r.lost = old.pending, old.lost
	}
	l.place(r, pos)
	l.show(r, pos)
}

// place makes r what its line is from pos on: what rings hold of other audio is
// forgotten.
func (l *loop) place(r *lineRun, pos int64) {
	line := r.line
	for i := range r.view.sides {
		if !r.view.sameAudio(line.view.Load(), i) {
			r.view.rings[i].from.Store(pos)
		}
	}
	if was := line.view.Load(); r.view.use == driver.Unused && was.use != driver.Unused {
		line.until.Store(pos)
	}
	line.view.Store(r.view)
}

// show tells the state that r begins in.
func (l *loop) show(r *lineRun, pos int64) {
	line, begin := r.line, Unknown
	switch {
	case r.view.use == driver.Unused:
		begin = UnusedState
		line.volts.Store(noVolts)
	case r.table != nil:
		begin = r.table.state()
	}
	if line.shown != begin {
		l.out.emit(Event{Line: line.number, Pos: pos, Known: pos, Kind: LineState, From: line.shown, To: begin})
		line.shown = begin
	}
}

// rewire says which line of the board is whose.
func (l *loop) rewire() {
	clear(l.refs)
	for _, r := range l.runs {
		if r.view.rx < 0 || r.view.use == driver.Unused {
			continue
		}
		for side := range r.view.sides {
			if src := r.view.src[side]; src != sent {
				l.refs[src] = ref{r, side}
			}
		}
	}
	l.guard()
	for _, k := range l.links {
		l.wire(k)
	}
	l.restack()
}

// guard says what the guard protects: all but lines that we are meant to act on.
func (l *loop) guard() {
	for i := range l.tap {
		l.tap[i] = true
	}
	for i := range l.tapSpan {
		l.tapSpan[i] = l.tapped(i)
	}
	for _, r := range l.runs {
		if r.view.use == driver.Trunk || r.view.use == driver.Station {
			l.tap[r.view.rx] = false
		}
	}
	for _, i := range l.parting {
		l.tap[i] = false
	}
	for _, i := range l.partingSpans {
		l.tapSpan[i] = false
	}
}

// tapped reports whether a span only listens, as one does that has a tap on it.
func (l *loop) tapped(span int) bool {
	return l.info.Spans[span].Tap || slices.ContainsFunc(l.runs, func(r *lineRun) bool {
		return r.view.use == driver.Tap && spanOf(l.info, r.view.rx) == span
	})
}
