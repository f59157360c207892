package channels

import (
	"math"

	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/g711"
)

// audio stores one block of a line's sides and measures them.
func (l *loop) audio(r *lineRun, pos, end int64) {
	if r.speech != nil {
		r.speech.takeIn(l.rx.LinePCM(r.view.rx), pos)
	}
	silent := l.veil(r, pos)
	for i := range r.view.sides {
		ring, law, src := r.view.rings[i], r.view.sides[i].Law, r.view.src[i]
		switch {
		case silent:
			ring.fill(pos, end, law.Silence())
			l.maskKeys(r, i, pos, end, true)
			r.level[i].Add(dsp.Measure(r.louder(src, l.pcmOf(r, i))))
			continue
		case src == sent && r.speech == nil:
			ring.fill(pos, end, law.Silence())
			continue
		case src == sent:
			g711.Encode(l.code[:], r.speech.sent[:], g711.Law(law))
			ring.write(pos, l.code[:])
			r.level[i].Add(dsp.Measure(r.speech.sent[:]))
			l.maskKeys(r, i, pos, end, false)
			continue
		case l.info.Lines[src].Law == driver.Linear:
			g711.Encode(l.code[:], l.rx.LinePCM(src), g711.Law(law))
			ring.write(pos, l.code[:])
		default:
			ring.write(pos, l.rx.LineCode(src))
		}
		if r.lost[i] > pos {
			ring.fill(pos, min(r.lost[i], end), law.Silence())
		}
		l.maskKeys(r, i, pos, end, false)
		r.level[i].Add(dsp.Measure(r.louder(src, l.rx.LinePCM(src))))
	}
}

// pcmOf is the present block of a side, which may not be in its ring.
func (l *loop) pcmOf(r *lineRun, side int) []int16 {
	switch src := r.view.src[side]; {
	case src != sent:
		return l.rx.LinePCM(src)
	case r.speech != nil:
		return r.speech.sent[:]
	}
	return nil
}

// snapshot shows levels ten times a second, and what was learnt once.
func (l *loop) snapshot() {
	if l.ticks%levelTicks != 0 {
		return
	}
	for _, r := range l.runs {
		for i := range r.view.sides {
			r.line.levels[i].Store(math.Float64bits(r.level[i].MeanSquare()))
			r.level[i] = dsp.Level{}
		}
		if l.ticks%learntTicks == 0 {
			l.learnt(r)
		}
	}
}

// learnt shows what the table of an analog line has learnt, and how much it was
// told that it did not expect.
func (l *loop) learnt(r *lineRun) {
	var n uint64
	switch t := r.table.(type) {
	case *tapTable:
		r.line.keepLearnt(t.tap.Learnt())
		n = t.tap.IgnoredInputs()
	case *trunkTable:
		r.line.keepLearnt(t.trunk.Learnt())
		n = t.trunk.IgnoredInputs()
	case *stationTable:
		n = t.station.IgnoredInputs()
	}
	if was := r.line.ignored.Swap(n); n > was { // less: the table is another
		l.b.stats.ignored.Add(n - was)
	}
}

// jumped makes the board's loss of [from, to) a gap of every line.
func (l *loop) jumped(from, to int64) {
	for _, r := range l.runs {
		if r.speech != nil {
			r.speech.skip(int(to - from))
		}
		for i := range r.view.sides {
			r.view.rings[i].fill(from, to, r.view.sides[i].Law.Silence())
		}
		if len(r.view.sides) > 0 {
			l.trace.add(from, uint8(driver.Lost), r.view.rx, int32(to-from), nil, 0)
			l.gap(r, from, to, to-from)
		}
	}
}

func (l *loop) gap(r *lineRun, pos, known, samples int64) {
	l.b.stats.lost.Add(uint64(samples))
	l.out.emit(Event{Line: r.line.number, Pos: pos, Known: known, Kind: Gap, Value: samples})
}

// route takes one event of the frame at pos to whom it concerns.
func (l *loop) route(e *driver.Event, pos int64) {
	at := pos + int64(min(max(e.At, 0), driver.Block-1))
	if !l.keyHidden(e) {
		l.trace.add(at, uint8(e.Kind), e.Line, e.Value, e.Data, 0)
	}
	if e.Kind.OnSpan() {
		l.span(e, at)
		return
	}
	if e.Kind == driver.Refused && driver.CommandKind(e.Value).OnSpan() {
		return // the far end will ask again
	}
	if e.Line < 0 || e.Line >= len(l.refs) {
		l.b.stats.bad.Inc()
		return
	}
	switch e.Kind {
	case driver.Slip:
		l.b.stats.slips.Add(uint64(max(e.Value, 0)))
		return
	case driver.Underrun:
		l.b.stats.underrun.Add(uint64(max(e.Value, 0)))
		return
	case driver.Missed:
		l.b.stats.missed.Add(uint64(max(e.Value, 0)))
		if to := l.refs[e.Line]; to.run != nil {
			to.run.notHeard(to.side, e, at)
		}
		return
	}
	to := l.refs[e.Line]
	if to.run == nil || to.run.view.use == driver.Unused {
		return
	}
	l.deliver(to.run, to.side, e, at)
}

func (l *loop) deliver(r *lineRun, side int, e *driver.Event, at int64) {
	say := func(k EventKind, value int64) {
		l.out.emit(Event{Line: r.line.number, Pos: at, Known: at, Kind: k, Value: value})
	}
	switch e.Kind {
	case driver.Lost:
		n := int64(max(e.Value, 0))
		r.lost[side] = max(r.lost[side], at+n)
		end := min(at+n, l.framePos()+driver.Block)
		r.view.rings[side].fill(at, end, r.view.sides[side].Law.Silence())
		l.gap(r, at, at, n)
		r.notHeard(side, e, at)
		return
	case driver.ChannelAlarm:
		l.out.emit(Event{Line: r.line.number, Pos: at, Known: at, Kind: Alarm, Value: int64(e.Value), Text: "channel"})
		return
	case driver.Refused:
		id, _ := r.outcome(driver.CommandKind(e.Value))
		l.out.emit(Event{Line: r.line.number, Pos: at, Known: at, Kind: Refused, Text: string(e.Data), Request: id})
	case driver.DialDone:
		kind := driver.PulseDial
		id, ok := r.outcome(kind)
		if !ok {
			kind = driver.SendFlash
			id, ok = r.outcome(kind)
		}
		if ok { // else a table dials, and says itself when it is done
			l.out.emit(Event{Line: r.line.number, Pos: at, Known: at, Kind: Done, Text: kind.String(), Request: id})
		}
	case driver.Volts:
		r.line.voltage.add(at, int64(e.Value))
		r.line.reached.take(r.line.volts.Swap(int64(e.Value)), int64(e.Value), &l.b.clock, at)
	case driver.RoundTrip:
		if r.speech != nil {
			r.speech.delays(int(e.Value))
		}
	case driver.PulseDigit:
		if r.speech != nil {
			r.speech.play.key(byte(e.Value))
		}
	}
	if e.Line != r.view.rx {
		return // the local side of a digital tap
	}
	if mask, bits := stateBits(e.Kind, e.Value); mask != 0 {
		r.line.bits.Store(r.line.bits.Load()&^mask | bits)
	}
	if r.table != nil {
		if e.Kind == driver.Text {
			l.told(r, e, at)
			return
		}
		r.table.event(&l.out, *e, at)
		return
	}
	if k, ok := plainEvent(e); ok {
		say(k, int64(e.Value))
	}
}

// framePos is the position of the frame that is being taken in.
func (l *loop) framePos() int64 { return l.base + l.rx.Pos }

// plainEvent names events of lines without a table as they came.
func plainEvent(e *driver.Event) (EventKind, bool) {
	switch e.Kind {
	case driver.RingBegin:
		return RingBegin, true
	case driver.RingEnd:
		return RingEnd, true
	case driver.OffHook:
		return OffHook, true
	case driver.OnHook:
		return OnHook, true
	case driver.Flash:
		return Flash, true
	case driver.Polarity:
		return Polarity, true
	case driver.LoopBreak:
		return LoopBreak, true
	case driver.Battery:
		if e.Value != 0 {
			return Feed, true
		}
		return NoFeed, true
	}
	return "", false
}
