package recorder

import (
	"cmp"
	"slices"

	"vaad/channels"
	"vaad/recorder/archive"
)

// begin makes a recording of the audio from position from on; nil when it is refused.
func (w *watch) begin(from, fired int64, trigger, actor string, link *resumed) *recording {
	enc := newEncoder(w.line.Sides(), w.recordAs())
	if enc == nil {
		w.refuse(WhyUnused)
		return nil
	}
	if code := w.r.disk.refuses(); code != "" {
		w.refuse(code)
		return nil
	}
	w.refused = ""
	s := archive.Start{ID: w.r.c.Archive.NewID(w.line.Time(from)), Line: w.line.Number(), Board: w.line.Board(), LineName: w.line.Status().Name,
		Trigger: trigger, Begin: w.line.Time(from), BeginPos: from, Simulated: w.line.Simulated(), Actor: actor, Class: w.r.c.Class(w.line.Number())}
	s.Conversation = s.ID
	if link != nil {
		s.Previous, s.Conversation = link.id, link.conversation
	}
	rec := w.make(s, enc)
	rec.fired, rec.link, rec.kept = fired, link, keeps(trigger) || link != nil
	rec.hooked = trigger == Manual && w.hook
	for i := range w.recent { // what led to it
		rec.tell(entry(rec, &w.recent[i]))
	}
	if rec.answer = w.answer; w.answer != "" && trigger != Continuous &&
		!slices.ContainsFunc(w.recent, func(e channels.Event) bool { return e.Kind == channels.CallAnswered }) {
		rec.tell(archive.Entry{Time: s.Begin, Kind: archive.EntryAnswered, Text: w.answer})
	}
	for i := range w.gaps {
		if w.gaps[i].Pos >= from {
			rec.tell(entry(rec, &w.gaps[i]))
			w.r.gap(rec, "line", w.gaps[i].Value)
		}
	}
	w.lead = append(w.lead[:0], w.recent...)
	w.recent, w.gaps = w.recent[:0], w.gaps[:0]
	w.attach(rec, &channels.Event{Pos: fired, Time: w.line.Time(fired)})
	return rec
}

// keeps says that recordings by a trigger are kept however short they are:
// somebody wanted them.
func keeps(trigger string) bool { return trigger == Manual || trigger == Continuous || trigger == Key }

// make makes a recording the line's present one and hands it to the writer.
func (w *watch) make(s archive.Start, enc *encoder) *recording {
	s.Codec, s.Sides, s.ClockSynced = enc.codec, slices.Clone(enc.names), w.r.c.ClockSynced()
	rec := &recording{id: s.ID, line: w.line, enc: enc, from: s.BeginPos, fired: s.BeginPos, trigger: s.Trigger,
		horizon: s.BeginPos, end: none, start: s}
	rec.written.Store(rec.from)
	rec.taken = rec.from
	w.cur, w.ending = rec, nil
	w.r.metrics.started.WithLabelValues(rec.trigger).Inc()
	w.r.begun(rec)
	if w.paused != nil {
		w.tellPause(rec, w.paused.By)
	}
	return rec
}

func (w *watch) refuse(code string) {
	if w.refused != code {
		w.refused = code
		w.r.metrics.refused.WithLabelValues(code).Inc()
		w.r.c.Logger.Warn("nothing is recorded", "line", w.line.Number(), "call", w.call, "reason", code)
	}
}

// split ends the present recording at a position and goes on in a linked one
// from there, with the line's present settings.
func (w *watch) split(pos int64, by, trigger string) {
	old, ending := w.cur, w.ending
	enc := newEncoder(w.line.Sides(), w.recordAs())
	if enc == nil {
		w.end(pos, EndLine, "the line has nothing to record any more")
		return
	}
	pos = max(pos, old.reach())
	s := old.head()
	s.ID, s.Trigger = w.r.c.Archive.NewID(w.line.Time(pos)), trigger
	s.Begin, s.BeginPos = w.line.Time(pos), pos
	if pos > old.from { // one without any audio leaves no file
		s.Previous = old.id
	}
	old.kept = true
	w.finish(old, pos, by, "")
	rec := w.make(s, enc)
	rec.kept, rec.hooked, rec.asked, w.ending = true, old.hooked, old.asked, ending
	if trigger != Continuous { // of many calls
		rec.inherit(old)
	}
	if w.call != "" {
		w.r.c.Calls.Attach(w.call, rec.id, rec.trigger)
		w.tellRule(&channels.Event{Pos: pos, Time: s.Begin})
	}
}

// end ends the present recording.
func (w *watch) end(pos int64, by, reason string) {
	rec := w.cur
	w.cur, w.ending = nil, nil
	w.finish(rec, pos, by, reason)
}

func (r *recording) whyDiscarded() string {
	switch {
	case !r.dropped:
		return WhyTooShort
	case r.ruledOut:
		return r.whyOut
	case r.elsewhere:
		return WhyOtherLeg
	case r.trigger == Voice:
		return WhyNotVoice
	}
	return "" // a missed call, of which the journal says so; or one that goes on under another ID
}

func (w *watch) finish(rec *recording, pos int64, by, reason string) {
	if !rec.broken.Load() {
		pos = max(pos, rec.reach())
	}
	w.unsaid(rec, pos)
	w.tellVolts(rec, pos)
	w.tellSignalling(rec, pos)
	over := pos
	if by == EndSilence { // the hang-over is no talk
		over = w.heard.silent
	}
	e := archive.End{EndedBy: by, Reason: reason, Discard: rec.dropped || !rec.kept && over-rec.fired < samples(w.cfg.MinMS)}
	if e.Discard {
		w.r.metrics.discarded.Inc()
		w.r.c.Calls.Detach(rec.head().Call, rec.id, rec.whyDiscarded())
		w.r.c.Logger.Info("a recording is thrown away", "reason", cmp.Or(rec.whyDiscarded(), "missed or moved"), "line", w.line.Number(), "recording", rec.id)
	}
	w.r.metrics.ended.WithLabelValues(by).Inc()
	rec.finish(pos, e)
	w.r.over(rec)
}
