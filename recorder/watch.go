package recorder

import (
	"slices"

	"vaad/channels"
	"vaad/recorder/archive"
)

// Codes of why a recording ended, beside those of channels' call ends.
const (
	EndManual    = "manual"        // a person stopped it
	EndLength    = "max-length"    // it goes on in the next segment
	EndSettings  = "settings"      // the line's settings changed
	EndGone      = "board-gone"    //
	EndOverflow  = "feed-overflow" // events were lost; a linked segment goes on
	EndShutdown  = "shutdown"      // the daemon stopped
	EndLine      = "line-changed"  // the line's sides changed under it
	EndSilence   = "silence"       // nobody has spoken for the hang-over
	EndKey       = "key"           // somebody keyed the sequence
	EndModem     = "modem"         // a fax or a modem was heard: it ends, or goes on lossless
	EndModemOver = "modem-over"    // it goes on in the codec of the settings
	EndRemoved   = "files-removed" // somebody removed its files; what the ring has goes on in a new one
)

// Codes of why a call has no recording.
const (
	WhyTooShort = "too-short"      // shorter than min_ms
	WhyOff      = "trigger-off"    //
	WhyManual   = "trigger-manual" // and nobody asked
	WhyNoVoice  = "no-voice"       // the trigger is voice, and nobody spoke
	WhyFaint    = "faint-voice"    // the trigger is voice, and what was heard of it was too quiet
	WhyNoKey    = "no-key"         // the trigger is key, and nobody keyed the sequence
	WhyModem    = "modem"          // fax and modem are not recorded on this line
	WhyNotVoice = "not-voice"      // what began it was a tone
	WhyOtherLeg = "other-leg"      // what was said stands in the recording of the call that it was connected with
	WhyStopped  = "stopped"        // a person had stopped it
	WhyUnused   = "line-unused"    //
	WhyDiskFull = "disk-full"      // the reserve was reached, or nothing could be written in time
	WhyInodes   = "inodes-full"    //
	WhyDisk     = "disk-error"     // nothing could be written in time
)

// A watch decides what of one line is recorded. It belongs to the deciding
// goroutine and does no I/O.
type watch struct {
	r    *Recorder
	line *channels.Line
	own  LineConfig // the settings of the line
	cfg  LineConfig // as a rule wants the present call
	ruling

	up      bool   // its board runs
	volts   bool   // the line's card measures voltage, so that the hook is known
	base    int64  // audio before it is of an earlier opening of the board
	least   int64  // samples of pre-roll that Voltage needs
	floor   int64  // no pre-roll reaches before it: a person stopped a recording there
	fed     int64  // all events before it have been handled
	known   bool   // since the board opened, something told whether it is off-hook
	hook    bool   // off-hook
	stopped bool   // a person said stop: nothing more until the next call
	refused string // why nothing is recorded although it should be

	call, direction, caller, called, name string
	answer                                string // how that the call was answered is known

	lifted   int64            // where it was last off-hook
	lead     []channels.Event // what was told to the last recording, as far as it leads in another of the same call
	recorded bool             // the call has a recording
	heard    heard
	recent   []channels.Event // of the present call, for the story of a recording that begins in it

	gaps []channels.Event // since the last recording, for a pre-roll that reaches back to them

	voltage voltTrack

	beeping bool // both parties hear that they are recorded

	pauseKeys  sequence
	paused     *mask          // nil: it is not
	ruledBlank *mask          // of a call whose audio a rule wants kept nowhere
	masks      []*mask        // these, and those that are ending
	foretold   channels.Event // the last that was told of a blank without a mask

	cur    *recording
	ending *ending
	resume *resumed // cut off by a restart; may go on
}

// An ending is decided but waits until everything that was known at its moment
// has been read, so that the story has it.
type ending struct {
	pos int64
	by  string
}

// maxRecent is how many events of a call are kept before it is recorded: some
// rings, numbers, polarity.
const maxRecent = 64

// A call is led in by at most some events: a reversal, the first burst.
const (
	leadIn    = 10 * rate
	maxLeadIn = 8
)

// event acts on one event of the line. All that was known earlier came before.
func (w *watch) event(e *channels.Event) {
	w.settle(e.Known)
	switch e.Kind {
	case channels.Masked:
		w.masked(e)
		return
	case channels.Beeped: // there may be hundreds in a call
		if w.cur != nil {
			w.cur.tell(entry(w.cur, e))
		}
		return
	}
	w.note(e)
	switch e.Kind {
	case channels.LineState:
		w.state(e)
	case channels.OffHook:
		w.hook, w.refused, w.lifted = true, "", e.Pos
		w.stopped = w.stopped && w.cfg.Trigger == Call && w.call != "" // it was stopped while it rang
		if w.call == "" {
			w.heard.anew()
		}
		if w.heard.began == none {
			w.heard.began = e.Pos
		}
		w.trigger(e)
		w.known = true
	case channels.OnHook, channels.NoFeed:
		w.hook, w.known = false, true
		w.hungUp(e.Known, string(e.Kind))
		w.over(e.Known)
	case channels.CallBegin:
		w.callBegins(e)
	case channels.CallAnswered:
		w.answer = e.AnsweredBy
		w.learnDirection(e)
		w.numbers(e)
		w.rule(e, during)
	case channels.Numbers:
		w.numbers(e)
		w.rule(e, during)
	case channels.VoiceBegin:
		w.voiceBegins(e)
	case channels.VoiceEnd:
		w.voiceEnds(e)
	case channels.Key:
		w.key(e)
	case channels.Modem:
		w.modemHeard(e)
	case channels.Played:
		w.played(e)
	case channels.CallEnd:
		w.callEnds(e)
	case channels.Gap:
		if w.cur != nil {
			w.r.gap(w.cur, "line", e.Value)
		}
	}
}

func (w *watch) state(e *channels.Event) {
	w.heard.over = e.To == channels.Abandoned
	switch e.To {
	case channels.Idle, channels.PreRing, channels.Ringing, channels.NoBattery:
		w.known, w.resume = true, nil
	case channels.UnusedState:
		if w.cur != nil {
			w.end(e.Known, EndLine, "the line is not used any more")
		}
	}
	if e.From == channels.UnusedState { // its ring has nothing from before; a number may be new on a board that runs
		w.up, w.base = true, max(w.base, e.Known)
		w.fit()
		w.want(e.Known)
	}
}

func (w *watch) callBegins(e *channels.Event) {
	w.call, w.recorded, w.stopped = e.Call, false, false
	w.caller, w.called, w.name, w.answer = "", "", "", ""
	w.heard.began = e.Pos
	w.ringsAgain(e)
	if w.heard.anew(); w.cur != nil && w.cur.trigger == Continuous {
		w.codecAgain(e.Known)
	}
	if e.Direction != "" {
		w.direction = direction(e.Direction)
	}
	w.ruled(e)
	switch {
	case w.cur != nil && w.ending == nil:
		w.attach(w.cur, e)
	case w.hook || w.cfg.Trigger == Call: // dialled again without hanging up; or it rings
		w.trigger(e)
	case w.cfg.Trigger == Continuous && w.cur == nil: // the call before was not to be recorded
		w.want(e.Known)
	}
	w.numbers(e)
}

// attach says that a recording holds the call that is up.
func (w *watch) attach(rec *recording, e *channels.Event) {
	if w.call == "" {
		return
	}
	w.recorded = true
	w.r.c.Calls.Attach(w.call, rec.id, rec.trigger)
	if !w.ofCall(rec) {
		return
	}
	w.tellRule(e)
	rec.learn(archive.EntryCall, w.call, e)
	rec.learn(archive.EntryDirection, w.direction, e)
	w.tellNumbers(e)
	if rec.link == nil && rec.ofACall() {
		rec.learn(archive.EntryConversation, w.call, e)
	}
	if l := rec.link; l != nil && l.call != "" && l.call != w.call {
		w.r.c.Calls.Continues(w.call, l.call)
	}
}

// legs tells the recording of a call that ends which conversation it belongs
// to, and drops it where another has all of it; what somebody asked for is kept.
func (w *watch) legs(e *channels.Event) {
	rec := w.cur
	if rec == nil || e.Call == "" || !w.ofCall(rec) {
		return
	}
	if c := w.r.c.Legs.Conversation(e.Call); c != "" && rec.link == nil {
		rec.learn(archive.EntryConversation, c, e)
	}
	if rec.trigger == Call && !rec.kept && w.r.c.Legs.Elsewhere(e.Call) {
		rec.dropped, rec.elsewhere = true, true
	}
}

// ofCall says whether what is known of the present call belongs to a recording:
// one that goes on for ever has many calls, and none of them is its own.
func (w *watch) ofCall(rec *recording) bool {
	if rec.trigger == Continuous {
		return false
	}
	call := rec.head().Call
	return call == "" || call == w.call
}

func (w *watch) learnDirection(e *channels.Event) {
	if d := direction(e.Direction); d != "" {
		w.direction = d
		if w.cur != nil && w.ofCall(w.cur) {
			w.cur.learn(archive.EntryDirection, d, e)
		}
	}
}

// direction is what a recording says: an unknown one is left out.
func direction(d channels.Direction) string {
	if d == channels.Incoming || d == channels.Outgoing {
		return string(d)
	}
	return ""
}

func (w *watch) callEnds(e *channels.Event) {
	w.learnDirection(e)
	w.numbers(e)
	w.rule(e, atEnd)
	if w.cur != nil && w.cur.trigger == Call && e.Missed {
		w.cur.dropped = true
	}
	w.legs(e)
	if code := w.verdict.Code(); code != "" && !e.Missed {
		w.r.c.Calls.Attach(e.Call, "", code)
	}
	if !w.recorded && !w.denied && !e.Missed && e.Call != "" {
		w.r.c.Calls.Attach(e.Call, "", w.why())
	}
	goesOn := w.talksOn(e)
	if !goesOn {
		w.hungUp(e.Known, e.EndedBy)
	}
	w.unruled()
	if !goesOn && (w.volts || e.EndedBy != ringStopped) {
		w.pauseEnds(e.EndedBy)
	}
	w.call, w.direction, w.refused = "", "", ""
	w.caller, w.called, w.name, w.answer = "", "", "", ""
	w.recent = w.recent[:0]
	if goesOn {
		w.heard.began = none
	} else {
		w.over(e.Known)
	}
}

// why is the reason that a call has no recording; "" if there is none to give.
func (w *watch) why() string {
	switch {
	case w.refused != "":
		return w.refused
	case w.stopped:
		return WhyStopped
	case len(w.line.Sides()) == 0:
		return WhyUnused
	case w.cfg.Trigger == Off:
		return WhyOff
	case w.cfg.Trigger == Manual:
		return WhyManual
	case w.skips():
		return WhyModem
	case w.cfg.Trigger == Voice && w.heard.tooFaint:
		return WhyFaint
	case w.cfg.Trigger == Voice:
		return WhyNoVoice
	case w.cfg.Trigger == Key:
		return WhyNoKey
	}
	return ""
}

// hungUp ends what lasts as long as a call, once all events of that moment are read.
func (w *watch) hungUp(known int64, by string) {
	if w.cur == nil || !w.cur.ofACall() {
		return
	}
	if w.ending == nil {
		w.ending = &ending{pos: known, by: by}
	} else if known == w.ending.pos && by != "" {
		w.ending.by = by // the call's own end says it best
	}
}

// note writes an event into the story, or keeps it for one that begins in the
// present call.
func (w *watch) note(e *channels.Event) {
	switch {
	case w.cur != nil:
		w.cur.tell(entry(w.cur, e))
		if e.Kind == channels.CallAnswered {
			w.cur.answer = e.AnsweredBy
		}
		if len(w.lead) < maxRecent && e.Kind != channels.VoiceBegin && e.Kind != channels.VoiceEnd {
			w.lead = append(w.lead, *e)
		}
	case e.Kind == channels.Gap:
		w.gaps = append(w.gaps[max(0, len(w.gaps)-maxRecent):], *e)
	case w.call == "" && (e.Kind == channels.OnHook || e.Kind == channels.LineState && e.To == channels.Idle):
		w.recent = w.recent[:0] // nothing of what was before belongs to the next call
	case w.call == "": // what comes right before a call belongs to it
		early := func(o channels.Event) bool { return o.Pos < e.Pos-leadIn }
		w.recent = append(slices.DeleteFunc(w.recent[max(0, len(w.recent)-maxLeadIn):], early), *e)
	case len(w.recent) < maxRecent && e.Kind != channels.VoiceBegin && e.Kind != channels.VoiceEnd:
		w.recent = append(w.recent, *e)
	}
}

// sideOf is the side that an event tells of, "" where there is only one.
func sideOf(e *channels.Event) string {
	if e.Side == Mixed {
		return ""
	}
	return e.Side
}

func entry(rec *recording, e *channels.Event) archive.Entry {
	n := archive.Entry{Time: e.Time, At: e.Pos - rec.from, Kind: string(e.Kind), Side: sideOf(e), Value: e.Value, Code: e.By, Text: e.Text}
	switch e.Kind {
	case channels.LineState:
		n.Text = string(e.To)
	case channels.CallBegin:
		n.Text = e.Call
	case channels.CallAnswered:
		n.Text = e.AnsweredBy
	case channels.CallEnd:
		n.Text = e.EndedBy
		if e.Facts != nil {
			n.Code = e.Facts.Outcome
		}
	case channels.Anchored:
		n.Kind = archive.EntryClock
	}
	return n
}

// settle carries out what time has brought before position k: segments that are
// full, an end that was decided.
func (w *watch) settle(k int64) {
	if w.cur == nil {
		return
	}
	if at := w.silence(); at != none && w.ending == nil && k > at+voiceLate {
		w.ending = &ending{pos: at, by: EndSilence}
		w.floor = at
	}
	if w.cur.until != 0 && w.ending == nil && k > w.cur.until {
		w.ending = &ending{pos: w.cur.until, by: EndModem}
	}
	upto := k
	if w.ending != nil {
		upto = min(upto, w.ending.pos)
	}
	most := samples(w.cfg.MaxMS)
	for w.cur != nil && upto > w.cur.from+most {
		w.split(w.cur.from+most, EndLength, w.cur.trigger)
	}
	if w.cur != nil && w.ending != nil && k > w.ending.pos {
		w.end(w.ending.pos, w.ending.by, "")
	}
}

// advance is called when all events before position p have been handled: the
// writer may have the audio.
func (w *watch) advance(p int64) {
	w.tellVolts(w.cur, p)
	w.settle(p)
	w.fed = max(w.fed, p)
	w.ease(p)
	w.listen(p - voiceLate)
	w.pauseLasts(p)
	w.beeps()
	p = w.ceiling(p)
	switch {
	case w.cur != nil && w.ending != nil:
		w.cur.upto(min(p, w.ending.pos))
	case w.cur != nil && w.cur.broken.Load(): // its sides are not there any more
		w.end(w.cur.written.Load(), EndLine, "the line's sides changed")
		w.want(p)
	case w.cur != nil:
		w.cur.upto(p)
	case (w.refused == WhyDiskFull || w.refused == WhyInodes) && w.r.disk.refuses() == "":
		w.refused = ""
		w.want(p)
	}
}

// want begins what should be recorded from position p on, where no event says so.
func (w *watch) want(p int64) {
	if w.cfg.Trigger == Voice && w.cur == nil && w.mayHear() {
		for _, side := range w.heard.speaking {
			w.await(p, side)
		}
	}
	if w.cur != nil || !w.wanted() || w.stopped {
		return
	}
	from := max(p, w.base)
	if w.cfg.Trigger != Continuous {
		from = w.preroll(p, w.cfg.Trigger)
	}
	link := w.resumable(w.line.Time(p))
	w.resume = nil
	w.begin(from, p, w.cfg.Trigger, "", link)
}

// wanted says whether the line's settings ask for a recording now.
func (w *watch) wanted() bool {
	if !w.up || w.skips() {
		return false
	}
	switch w.cfg.Trigger {
	case Continuous:
		return true
	case Voltage:
		return w.hook && w.call != ""
	case Call:
		return w.call != ""
	}
	return false // what is heard begins one when it is heard
}

func (w *watch) preroll(pos int64, trigger string) int64 {
	n := samples(w.cfg.PrerollMS)
	switch {
	case trigger == Voice:
		n = max(n, leastVoice)
	case trigger == Voltage, trigger == Call && w.volts:
		n = max(n, w.least)
	}
	return min(pos, max(pos-n, w.base, w.floor))
}

// trigger is called at off-hook, and when a call begins off-hook.
func (w *watch) trigger(e *channels.Event) {
	if w.ending != nil {
		w.end(w.ending.pos, w.ending.by, "")
	}
	link := w.resumable(e.Time)
	w.resume = nil
	if w.cur != nil {
		return
	}
	switch {
	case w.skips(), w.stopped:
	case w.cfg.Trigger == Voltage, w.cfg.Trigger == Continuous, w.cfg.Trigger == Call && w.call != "":
		w.begin(w.preroll(e.Pos, w.cfg.Trigger), e.Pos, w.cfg.Trigger, "", link)
	case link == nil || link.trigger != w.cfg.Trigger:
	case w.cfg.Trigger == Voice: // what a restart cut off goes on, also while nobody speaks
		w.beginByVoice(e.Pos, link)
	case w.cfg.Trigger == Manual, w.cfg.Trigger == Key, w.cfg.Trigger == Call:
		w.begin(w.preroll(e.Pos, w.cfg.Trigger), e.Pos, w.cfg.Trigger, link.actor, link)
	}
}
