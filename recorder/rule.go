package recorder

import (
	"vaad/channels"
	"vaad/recorder/archive"
	"vaad/recorder/rules"
)

// EndRule is why a recording ended that a rule does not want, or wants otherwise.
const EndRule = "rule"

// WhyDropped is why a call has no recording although one began: a rule decided
// when more was known.
const WhyDropped = "rule-dropped"

// Story lines about rules.
const (
	entryRule = "rule" // Text: the rule's name; Code: as [rules.Decision.Code]
)

// proofLength is what is kept of a fax or a modem as a proof of it.
const proofLength = 3 * rate

// ruling is what the rules say of the present call of a watch.
type ruling struct {
	set     *rules.Set // those of the call's beginning count until its end
	verdict rules.Decision
	denied  bool   // nothing of the call begins by itself any more
	proved  bool   // the proof of its fax or modem was taken
	begin   int64  // of the call
	modem   string // of rules.Fax, …

	announced  telling   // what became of the announcement
	announcing string    // the request that plays it
	repeated   bool      // it was stopped, and is played again
	plays      []playEnd // those that ended while it was asked for: it may be one of them
}

// moment is when in a call the rules are asked.
type moment int

const (
	atBegin moment = iota // what the settings want begins right after
	during
	atEnd // nothing begins any more
)

// Under is how a line is recorded as a rule wants it. A line that is off stays so,
// and what a line records without end is not changed by a call.
func (c LineConfig) Under(d *rules.Decision) LineConfig {
	if c = c.filled(); d.Rule == "" || !d.Record || c.Trigger == Off {
		return c
	}
	if d.Heard {
		c.OnModem = ModemLossless
	}
	if c.Trigger == Continuous {
		return c
	}
	or := func(p *string, v string) {
		if v != "" {
			*p = v
		}
	}
	or(&c.Trigger, d.Trigger)
	or(&c.Codec, d.Codec)
	or(&c.Sides, d.Sides)
	return c
}

// Whole says that all of every call is recorded, without anybody's doing.
func (c LineConfig) Whole() bool { return whole(c.Trigger) }

func whole(trigger string) bool {
	return trigger == Voltage || trigger == Call || trigger == Continuous
}

// ruled begins what the rules know of a call.
func (w *watch) ruled(e *channels.Event) {
	w.unruled()
	if w.set = w.r.c.Rules(); w.call != "" {
		w.ruling.begin = e.Pos
		w.rule(e, atBegin)
	}
}

// unruled ends it: the settings of the line count.
func (w *watch) unruled() {
	w.unblankCall()
	w.beep(false)
	w.ruling, w.cfg = ruling{}, w.own
}

func (w *watch) facts(e *channels.Event, when moment) *rules.Facts {
	f := &rules.Facts{Call: w.call, Line: w.line.Number(), Groups: w.r.c.Groups(w.line.Number()), Use: w.line.Status().Use.String(),
		Trigger: w.own.Trigger, Direction: w.direction, Caller: w.caller, Called: w.called, Final: when == atEnd,
		Begin: w.line.Time(w.ruling.begin), Modem: w.modem}
	if when == atBegin { // what it says of numbers is taken later
		f.Caller, f.Called = e.Caller, e.Called
	}
	return f
}

// rule lets the rules decide on the present call, as far as it is known.
func (w *watch) rule(e *channels.Event, when moment) {
	if w.set.Empty() || w.call == "" {
		return
	}
	d := w.set.Decide(w.facts(e, when))
	w.verdict, w.cfg = d, w.own.Under(&d)
	if d.Blank && !d.Undecided {
		w.blankCall()
	} else {
		w.unblankCall()
	}
	switch {
	case d.Proof:
		w.denied = true
		w.prove(e)
	case d.Announce.Must && w.announced == failed:
		w.denied = true
		w.unwanted(e, WhyNotAnnounced)
	case !d.Record:
		w.denied = true
		why := WhyDropped
		if when == atBegin { // nobody has heard of it
			why = ""
		}
		w.unwanted(e, why)
	default:
		w.denied, w.proved = false, false
		w.wantedSo(e, when)
	}
	w.tellRule(e)
	w.announce(e, when)
}

// ruledOn is the recording that the rules may end or change: none that somebody
// asked for, and none of an earlier call.
func (w *watch) ruledOn() *recording {
	rec := w.cur
	if rec == nil || rec.asked || rec.trigger == Manual {
		return nil
	}
	if call := rec.head().Call; call != w.call && (call != "" || w.ending != nil) {
		return nil
	}
	return rec
}

// mayFall says that the recording of the call may yet be thrown away by a rule.
func (w *watch) mayFall() bool {
	rec := w.ruledOn()
	return rec != nil && rec.trigger != Continuous && w.verdict.Undecided
}

// unwanted throws the recording of the call away. One that goes on for ever ends
// here until the call is over.
func (w *watch) unwanted(e *channels.Event, why string) {
	rec := w.ruledOn()
	if rec == nil {
		return
	}
	if rec.trigger != Continuous {
		rec.dropped, rec.ruledOut, rec.whyOut, w.recorded = true, true, why, false
	}
	w.end(max(e.Known, rec.from), EndRule, w.verdict.Rule)
}

// prove keeps some seconds of a fax or a modem instead of the call.
func (w *watch) prove(e *channels.Event) {
	rec := w.ruledOn()
	if rec == nil || w.proved {
		return
	}
	w.proved = true
	trigger := rec.trigger
	w.unwanted(e, "")
	if trigger == Continuous || e.Kind != channels.Modem {
		return
	}
	w.recent = append(w.recent[:0], w.lead...)
	if rec = w.begin(w.inRing(e.Pos), e.Pos, trigger, "", nil); rec != nil {
		rec.kept, rec.until = true, e.Pos+proofLength
	}
}

// wantedSo makes the recording of the call what a rule wants now.
func (w *watch) wantedSo(e *channels.Event, when moment) {
	rec := w.ruledOn()
	switch {
	case rec == nil && w.cur == nil && when == during && !w.stopped:
		w.catchUp(e)
	case rec == nil || rec.trigger == Continuous:
	case whole(rec.trigger) && !w.cfg.Whole(): // only as somebody speaks or asks
		w.unwanted(e, "")
		if when == during {
			w.catchUp(e)
		}
	case when == atEnd || w.ending != nil:
	case whole(rec.trigger) || !w.cfg.Whole():
		w.reencode(e, rec)
	case w.inRing(rec.from) > rec.from:
		w.split(e.Known, EndRule, w.cfg.Trigger)
	default:
		w.unwanted(e, "")
		w.catchUp(e)
	}
}

// catchUp begins what the settings want of a call that is up, from its beginning
// on as far as the ring has it.
func (w *watch) catchUp(e *channels.Event) {
	if !w.wanted() || w.cfg.Trigger == Continuous {
		w.want(e.Known) // somebody may be speaking
		return
	}
	at := w.ruling.begin
	if w.cfg.Trigger == Voltage {
		at = max(at, w.lifted)
	}
	w.recent = append(w.recent[:0], w.told()...)
	w.begin(w.inRing(w.preroll(at, w.cfg.Trigger)), at, w.cfg.Trigger, "", nil)
}

// told is what led to the call: as it was told to a recording that is gone, if
// there was one.
func (w *watch) told() []channels.Event {
	if len(w.lead) > 0 {
		return w.lead
	}
	return w.recent
}

// reencode goes on in the codec that a rule wants: from the beginning as long as the
// ring has that, else in a linked segment.
func (w *watch) reencode(e *channels.Event, rec *recording) {
	enc := newEncoder(w.line.Sides(), w.recordAs())
	if enc == nil || enc.alike(rec.enc) || w.heard.modem && !w.verdict.Heard {
		return
	}
	if !w.again(e, rec) {
		w.split(e.Known, EndRule, rec.trigger)
	}
}

// again begins the recording anew, as its line is recorded now, if the ring has all of it.
func (w *watch) again(e *channels.Event, rec *recording) bool {
	if w.inRing(rec.from) > rec.from {
		return false
	}
	from, fired, trigger, link, kept := rec.from, rec.fired, rec.trigger, rec.link, rec.kept
	w.unwanted(e, "")
	w.recent = append(w.recent[:0], w.lead...)
	if again := w.begin(from, fired, trigger, "", link); again != nil {
		again.kept = kept
	}
	return true
}

// tellRule writes into the story which rule the recording owes itself to.
func (w *watch) tellRule(e *channels.Event) {
	rec, code := w.cur, w.verdict.Code()
	if rec == nil || code == rec.ruled || w.verdict.Undecided || !w.verdict.Record || !w.ofCall(rec) {
		return
	}
	rec.ruled = code
	at := e.Pos - rec.from
	rec.tell(archive.Entry{Time: e.Time, At: at, Kind: entryRule, Text: w.verdict.Rule, Code: code})
	if w.verdict.Class != "" {
		rec.tell(archive.Entry{Time: e.Time, At: at, Kind: archive.EntryClass, Text: w.verdict.Class})
	}
}

// ruledModem lets the rules know of a tone of a fax or a modem.
func (w *watch) ruledModem(e *channels.Event) {
	if was := w.modem; rules.Heard(was, e.Text) != was {
		w.modem = rules.Heard(was, e.Text)
		w.rule(e, during)
	}
}
