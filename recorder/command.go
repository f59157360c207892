package recorder

import (
	"vaad/channels"
	"vaad/recorder/archive"
)

// Story lines that the recorder writes itself.
const (
	entryStart = "manual-start" // a person wants it; Actor
	entryStop  = "manual-stop"  // a person stopped it; Actor
	entryLost  = "events-lost"  // what happened about here is not known
)

// start carries out what a person wants; pos is how far the line was when they
// said it.
func (w *watch) start(pos int64, actor string) (string, error) {
	if w.ending != nil {
		w.end(w.ending.pos, w.ending.by, "")
	}
	switch {
	case !w.up:
		return "", ErrGone
	case w.cfg.Trigger == Off:
		return "", ErrOff
	case len(w.line.Sides()) == 0:
		return "", ErrUnused
	}
	if w.cur != nil {
		w.cur.kept, w.cur.asked = true, true
		w.cur.tell(archive.Entry{Time: w.line.Time(pos), At: pos - w.cur.from, Kind: entryStart, Actor: actor})
		return w.cur.id, nil
	}
	trigger := Manual
	if w.cfg.Trigger == Continuous {
		trigger = Continuous
	}
	rec := w.begin(w.preroll(pos, trigger), pos, trigger, actor, nil)
	switch {
	case rec != nil:
		w.stopped, rec.asked = false, true
		return rec.id, nil
	case w.refused == WhyInodes:
		return "", ErrNoInodes
	case w.refused == WhyUnused:
		return "", ErrUnused
	}
	return "", ErrNoSpace
}

func (w *watch) stop(pos int64, actor string) error {
	if w.cur == nil {
		return ErrIdle
	}
	w.stopped = true
	if w.ending != nil { // it ends by itself just now
		w.end(w.ending.pos, w.ending.by, "")
		return nil
	}
	pos = max(pos, w.cur.reach())
	w.cur.tell(archive.Entry{Time: w.line.Time(pos), At: pos - w.cur.from, Kind: entryStop, Actor: actor})
	w.end(pos, EndManual, "")
	w.floor = pos
	return nil
}

// configure changes the settings of the line now.
func (w *watch) configure(c LineConfig) {
	old := w.cfg
	w.own = c
	c = c.Under(&w.verdict)
	w.cfg = c
	if w.ending != nil {
		w.end(w.ending.pos, w.ending.by, "")
	}
	if w.cur == nil {
		if c.Trigger != old.Trigger {
			w.stopped = false
			w.want(w.fed)
		}
		return
	}
	byHand := w.cur.trigger == Manual && c.Trigger != Off
	switch {
	case !byHand && c.Trigger != w.cur.trigger && w.wanted():
		w.split(w.fed, EndSettings, c.Trigger)
	case !byHand && c.Trigger != w.cur.trigger:
		w.end(w.fed, EndSettings, "")
		w.want(w.fed) // somebody may be speaking
	case c.Codec != old.Codec || c.OnModem != old.OnModem || c.Sides != old.Sides:
		w.split(w.fed, EndSettings, w.cur.trigger)
	case w.fed > w.cur.from+samples(c.MaxMS): // it is longer than recordings may now be
		w.split(w.fed, EndLength, w.cur.trigger)
	}
}

// boardUp begins anew: positions before pos are of an earlier opening.
func (w *watch) boardUp(e *channels.Event, c LineConfig) {
	if w.cur != nil {
		w.end(w.fed, EndGone, "")
	}
	w.own, w.up, w.base = c, true, e.Pos
	w.unruled()
	w.fit()
	if w.paused != nil {
		w.paused.end = none
	}
	w.known, w.hook, w.stopped, w.refused = false, false, false, ""
	w.call, w.direction, w.recent = "", "", w.recent[:0]
	w.caller, w.called, w.name, w.answer = "", "", "", ""
	w.heard = heard{began: none}
	w.goOn(e)
	w.want(e.Pos)
}

// fit takes from the line what its trigger needs, and says if it has not got it.
func (w *watch) fit() {
	s := w.line.Status()
	w.least, w.volts = leastPreroll(s), hasVolts(s)
	if err := Fits(w.cfg, s); err != nil {
		w.r.c.Logger.Warn("the line's settings do not fit it", "line", s.Number, "err", err)
	}
}

// boardLost ends what is recorded.
func (w *watch) boardLost(e *channels.Event) {
	w.settle(e.Known)
	w.rule(e, atEnd)
	if w.cur != nil {
		w.cur.tell(entry(w.cur, e))
		at := e.Known
		if w.ending != nil {
			at = w.ending.pos
		}
		w.end(at, EndGone, e.Text)
	}
	w.unruled()
	w.up, w.hook, w.known = false, false, false
	if w.paused != nil { // a call that others carry goes on
		w.paused.unsure = true
	}
	w.call, w.recent = "", w.recent[:0]
	w.heard = heard{began: none}
}

// resync takes the line as it is now, after events were lost or before any was
// seen; p is how far it was fed before.
func (w *watch) resync(s *channels.LineStatus, p int64, lost bool) {
	w.settle(p)
	w.fed = max(w.fed, p)
	w.up = s.State != channels.GoneState && len(s.Sides) > 0
	w.fit()
	if lost {
		w.masksLost(p)
	}
	w.hook = offHook(s.State)
	again := s.Call != w.call
	w.call, w.direction, w.caller, w.called = s.Call, direction(s.Direction), s.Caller, s.Called
	w.heard = heard{began: none, over: s.State == channels.Abandoned}
	if again {
		w.ruled(&channels.Event{Pos: p, Known: p, Time: w.line.Time(p), Caller: s.Caller, Called: s.Called})
	}
	if w.cur == nil {
		w.want(p)
		w.known = w.up && s.State != channels.Unknown
		return
	}
	w.known = w.up && s.State != channels.Unknown
	if !lost {
		return
	}
	w.ending = nil
	w.cur.tell(archive.Entry{Time: w.line.Time(p), At: p - w.cur.from, Kind: entryLost})
	goes := w.hook && w.call != ""
	switch w.cur.trigger {
	case Continuous:
		goes = true
	case Manual:
		goes = goes || !w.cur.hooked
	case Voice, Key:
		goes = goes || !w.volts
	case Call:
		goes = w.call != ""
	}
	goes = goes && w.up
	if goes {
		w.split(p, EndOverflow, w.cur.trigger)
	} else {
		w.end(p, EndOverflow, "events were lost")
	}
}

func offHook(s channels.State) bool {
	switch s {
	case channels.OffHookIn, channels.OffHookOut, channels.Dialling, channels.Talking, channels.Abandoned:
		return true
	}
	return false
}
