package channels

import (
	"strings"

	"vaad/channels/ears"
	"vaad/channels/pri"
	"vaad/driver"
)

// idleCode is how long a timeslot must carry one unchanging code in both
// directions to be idle, where the D-channel does not say so: 5 s.
const idleCode = 5 * driver.Rate

const (
	// longIdle is how long it must be so of a call whose clearing may have been lost:
	// two people who have muted themselves may be as silent.
	longIdle = 60 * driver.Rate
	// quietCode is how long it must be so to be no timeslot of an unknown call.
	quietCode = driver.Rate
	// lastWords is how long after the end of a call its voice may still be heard:
	// exchanges take their time to take a path down.
	lastWords = driver.Rate
)

// A digitalTable is the table of one timeslot of a tapped link: it tells what
// the link's D-channel says of it. A call whose SETUP came before we listened
// is found by voice, its numbers are not known, and it ends when its timeslot is idle.
type digitalTable struct {
	line  *Line
	at    State
	call  pri.Call // as last told; where up
	up    bool     // a call was told to begin and not to end
	found bool     // it was found by voice
	heeds bool     // the D-channel speaks
	since int64    // from when on the timeslot was not idle by its code
	least int64    // no call begins before it: another ended there, or the line was not ours
	deaf  int64    // voice that begins before it is the last call's

	request string // ID of the wish that the call-begin being told comes of
	prefix  string // that we dialled before the number
}

func newDigitalTable(l *Line) *digitalTable { return &digitalTable{line: l, at: Unknown} }

func (t *digitalTable) state() State { return t.at }

func (t *digitalTable) event(*emitter, driver.Event, int64) {}

func (t *digitalTable) tick(*emitter, int64) {}

// senses: everything while a call is up; else whether somebody speaks where the
// D-channel has told of no call.
func (t *digitalTable) senses(int64) ears.Senses {
	if t.up {
		return ordinary
	}
	return ears.Voice
}

// heard takes voice in a timeslot of which the D-channel told nothing.
func (t *digitalTable) heard(out *emitter, f *ears.Finding, known int64) {
	if f.Kind != ears.VoiceBegin || t.up || f.At < t.deaf || t.at == Abandoned || t.at == GoneState {
		return
	}
	at := max(f.At, t.least)
	t.up, t.found, t.call = true, true, pri.Call{Begin: at}
	t.emit(out, CallBegin, at, known)
	t.become(out, Talking, at, known)
	t.emit(out, CallAnswered, at, known)
}

// hush takes whether the block that ends at pos has the idle code in both
// directions. It reports a call that has it for very long.
func (t *digitalTable) hush(out *emitter, still bool, pos int64) (long bool) {
	if !still {
		t.since = pos
		return false
	}
	switch idle := pos - t.since; {
	case idle < idleCode:
	case t.found:
		t.over(out, pri.EndIdle, pos, pos)
	case t.up:
		return idle >= longIdle
	case t.at == Unknown && t.heeds && !t.up:
		t.become(out, Idle, pos, pos)
	}
	return false
}

// over ends a call that was found by voice.
func (t *digitalTable) over(out *emitter, by string, pos, known int64) {
	if !t.found {
		return
	}
	pos = max(pos, t.call.Begin)
	t.call.EndedBy = by
	t.emit(out, CallEnd, pos, known)
	t.up, t.found = false, false
	if by != pri.EndIdle {
		t.deaf = pos + lastWords
	}
	t.become(out, Idle, pos, known)
}

// link takes what the D-channel says of the timeslot.
func (t *digitalTable) link(out *emitter, e *pri.Event) {
	switch {
	case e.Kind == pri.CallBegin:
		t.over(out, pri.EndSuperseded, e.Pos, e.Known)
	case e.Kind == pri.Restarted:
		t.over(out, pri.EndRestart, e.Pos, e.Known)
	}
	if e.Call != nil {
		t.call = *e.Call
	}
	switch e.Kind {
	case pri.CallBegin:
		t.up = true
		to := Dialling
		if t.call.Incoming {
			to = Ringing
		}
		t.since = e.Known
		begin := max(e.Pos, t.least) // it may have been set up before it was known to be here
		t.emit(out, CallBegin, begin, e.Known)
		t.become(out, to, begin, e.Known)
	case pri.Numbers:
		t.emit(out, Numbers, e.Pos, e.Known)
	case pri.CallAnswered:
		t.since = e.Known
		t.become(out, Talking, e.Pos, e.Known)
		t.emit(out, CallAnswered, e.Pos, e.Known)
	case pri.Key:
		side := "network"
		if e.Value == int64(pri.User) {
			side = "local"
		}
		for i := range len(e.Text) {
			out.emit(Event{Line: t.line.number, Pos: e.Pos, Known: e.Known, Kind: Key, Side: side, Text: keyText(e.Text[i]), By: byQ931, Sure: 100})
		}
	case pri.CallEnd:
		t.emit(out, CallEnd, e.Pos, e.Known)
		t.up = false
		t.become(out, Abandoned, e.Pos, e.Known)
	case pri.SlotFree, pri.Restarted:
		t.deaf = e.Pos + lastWords
		if !t.up {
			t.become(out, Idle, e.Pos, e.Known)
		}
	}
}

// linkIs: the D-channel speaks, or has ceased to.
func (t *digitalTable) linkIs(out *emitter, up bool, pos int64) {
	if t.heeds = up; !up && !t.up {
		t.become(out, Unknown, pos, pos)
	}
	t.since = pos
}

func (t *digitalTable) gone(out *emitter, pos int64) {
	if t.up {
		t.call.EndedBy = pri.EndGone
		t.emit(out, CallEnd, pos, pos)
		t.up, t.found = false, false
	}
	if out.ended == "" {
		t.become(out, GoneState, pos, pos)
	}
}

func (t *digitalTable) become(out *emitter, to State, pos, known int64) {
	if t.at == to {
		return
	}
	out.emit(Event{Line: t.line.number, Pos: pos, Known: known, Kind: LineState, From: t.at, To: to})
	t.at, t.line.shown = to, to
}

// byQ931 is how a number is known that the D-channel told.
const byQ931 = "q931"

// emit tells of the call as it is known now.
func (t *digitalTable) emit(out *emitter, k EventKind, pos, known int64) {
	c := &t.call
	e := Event{Line: t.line.number, Pos: pos, Known: known, Kind: k, Caller: c.Caller, Called: strings.TrimPrefix(c.Called, t.prefix), Name: c.Name,
		Direction: Outgoing, EndedBy: c.EndedBy, Facts: &CallFacts{DirectionBy: "setup", Outcome: outcome(c), Dialled: c.Called,
			Redirected: c.Redirected, Connected: c.Connected, Data: c.Data}}
	f := e.Facts
	if c.Incoming {
		e.Direction = Incoming
	}
	if c.Called != "" {
		f.CalledBy = byQ931
		if !c.Incoming {
			f.Sure = 100
		}
	}
	switch {
	case c.Withheld:
		f.Withheld, f.CallerBy = "private", byQ931
	case c.Caller != "":
		f.CallerBy = byQ931
	case c.NoNumber:
		f.Withheld, f.CallerBy = "out-of-area", byQ931
	}
	if t.found {
		e.Direction, f.DirectionBy = UnknownDirection, "found"
	}
	switch {
	case t.found:
		e.AnsweredBy = "unknown"
	case c.Answered > 0:
		e.AnsweredBy = "connect"
	case k == CallEnd:
		e.AnsweredBy = "none"
	}
	if k == Numbers {
		e.By = byQ931
	}
	if t.found {
		f.Outcome = "unknown"
	}
	if k == CallBegin {
		e.Request = t.request
	}
	if k == CallEnd {
		t.least = pos
		e.Value = int64(c.Cause.Value)
		e.Missed = f.Outcome == "missed"
	} else {
		f.Outcome = ""
	}
	out.emit(e)
}

// outcome says what became of a call, by who ended it and with which cause
// (ITU-T Q.850).
func outcome(c *pri.Call) string {
	switch {
	case c.Answered > 0:
		return "answered"
	case c.EndedBy == pri.EndMoved, c.EndedBy == pri.EndSuperseded, c.EndedBy == pri.EndHeld: // it may go on elsewhere
		return "unknown"
	case c.Incoming:
		return "missed"
	}
	switch c.Cause.Value {
	case 17:
		return "busy"
	case 18, 19, 20:
		return "no-answer"
	case 1, 2, 3, 22, 28:
		return "vacant"
	case 34, 38, 41, 42, 43, 44, 47:
		return "congestion"
	case 16, 31:
		if c.EndedBy == pri.EndLocal {
			return "given-up"
		}
	}
	return "unknown"
}
