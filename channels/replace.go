package channels

import (
	"slices"

	"vaad/driver"
)

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
	l.out.ended = EndReconfigured
	if t, ok := old.table.(active); ok {
		_ = t.wish(&l.out, &Wish{Kind: WishRelease}) // refused where no call is up
		l.perform(old, t, "")
	}
	if b := old.bearer(); b != nil && b.link != nil {
		l.partingSpans = append(l.partingSpans, b.link.span)
		b.link.slots[b.slot] = nil
	}
	if old.speech != nil {
		l.hush(old)
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
	if r.masks() {
		line.unsure.Store(unsureFor)
	} else {
		line.unsure.Store(0)
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
