package channels

import (
	"vaad/channels/analog"
	"vaad/channels/ears"
	"vaad/channels/pri"
	"vaad/driver"
)

// A bearerTable is the table of a timeslot of a link of ours: it tells what the
// link's signalling says of it, and hands it wishes.
type bearerTable struct {
	digitalTable // how calls are told
	link         *trunkLink
	slot         int
	id           pri.CallID // of the call that is up
	asked        string     // ID of the wish that began it
	keys         string     // that wait behind a pause
	keying       bool       // keys are being sent
	keysOf       string     // ID of the wish that wants them
	out          bool       // the far end did not restart the timeslot
	acts         analog.Output
}

func newBearerTable(l *Line) *bearerTable {
	return &bearerTable{digitalTable: digitalTable{line: l, at: Unknown}}
}

func (t *bearerTable) busy() bool                           { return t.up }
func (t *bearerTable) open() bool                           { return t.up }
func (t *bearerTable) wants() *analog.Output                { return &t.acts }
func (t *bearerTable) tick(*emitter, int64)                 {}
func (t *bearerTable) heard(*emitter, *ears.Finding, int64) {}
func (t *bearerTable) event(*emitter, driver.Event, int64)  {}

// free is the state of a timeslot without a call.
func (t *bearerTable) free() State {
	if t.link != nil && t.link.stack.Up() {
		return Idle
	}
	return Unknown
}

// senses: what is said in a call, and nothing else.
func (t *bearerTable) senses(int64) ears.Senses {
	if t.up {
		return ordinary
	}
	return 0
}

func (t *bearerTable) linkIs(out *emitter, up bool, pos int64) {
	switch {
	case up && !t.up && (t.at == Unknown || t.at == GoneState):
		t.become(out, Idle, pos, pos)
	case !up && !t.up:
		t.become(out, Unknown, pos, pos)
	}
}

func (t *bearerTable) gone(out *emitter, pos int64) {
	if t.up {
		t.end(out, pri.EndGone, pos)
	}
	if out.ended == "" {
		t.become(out, GoneState, pos, pos)
	}
}

// begin tells of a call.
func (t *bearerTable) begin(out *emitter, call *pri.Call, id pri.CallID, state State, request string, pos int64) {
	t.up, t.id, t.call, t.asked = true, id, *call, request
	t.call.Begin, t.request = pos, request
	t.emit(out, CallBegin, pos, pos)
	t.request = ""
	t.become(out, state, pos, pos)
}

func (t *bearerTable) end(out *emitter, by string, pos int64) {
	if by != "" {
		t.call.EndedBy = by
	}
	t.emit(out, CallEnd, pos, pos)
	t.up, t.id, t.prefix = false, 0, ""
	if t.keying {
		t.keying = false
		t.acts.Acts = append(t.acts.Acts, analog.Act{Kind: analog.Quiet})
	}
}

// take takes what the signalling says of the timeslot.
func (t *bearerTable) take(out *emitter, e *pri.StackEvent) {
	mine := t.up && e.CallID == t.id
	if mine && e.Call != nil {
		begin, answered := t.call.Begin, t.call.Answered
		t.call = *e.Call
		t.call.Begin, t.call.Answered = begin, answered
	}
	say := func(k EventKind, value int64, text string) {
		out.emit(Event{Line: t.line.number, Pos: e.Pos, Known: e.Pos, Kind: k, Value: value, Text: text})
	}
	switch {
	case e.Kind == pri.StackSetup:
		state := Ringing
		if !e.Call.Complete {
			state = Dialling
		}
		t.begin(out, e.Call, e.CallID, state, "", e.Pos)
	case e.Kind == pri.StackSlotFree || e.Kind == pri.StackRestarted:
		if t.up && (e.CallID == 0 || mine) {
			t.end(out, pri.EndRestart, e.Pos)
		}
		if !t.up {
			t.become(out, t.free(), e.Pos, e.Pos)
		}
		if t.out && e.Kind == pri.StackRestarted {
			t.out = false
			say(Alarm, 0, "maintenance")
		}
	case e.Kind == pri.StackMaintenance:
		t.out = true
		say(Alarm, 1, "maintenance")
	case !mine:
	case e.Kind == pri.StackDigits:
		t.emit(out, Numbers, e.Pos, e.Pos)
	case e.Kind == pri.StackComplete:
		t.emit(out, Numbers, e.Pos, e.Pos)
		t.become(out, Ringing, e.Pos, e.Pos)
		out.emit(Event{Line: t.line.number, Pos: e.Pos, Known: e.Pos, Kind: NumberComplete, Text: "complete", Caller: t.call.Caller, Called: t.call.Called, Name: t.call.Name})
	case e.Kind == pri.StackWanted:
		t.become(out, Dialling, e.Pos, e.Pos)
	case e.Kind == pri.StackProceeding:
		t.become(out, Proceeding, e.Pos, e.Pos)
	case e.Kind == pri.StackAlerting:
		t.become(out, Alerted, e.Pos, e.Pos)
		if e.Value == 1 { // its tone comes over the timeslot
			say(Progress, 1, "")
		}
		t.emit(out, Alerting, e.Pos, e.Pos)
	case e.Kind == pri.StackProgress:
		say(Progress, e.Value, "")
	case e.Kind == pri.StackConnected:
		t.answered(out, e.Pos)
	case e.Kind == pri.StackCleared:
		t.end(out, "", e.Pos)
		t.become(out, Releasing, e.Pos, e.Pos)
	case e.Kind == pri.StackHeld, e.Kind == pri.StackRetrieved:
		if pri.Side(e.Value) != t.link.cfg.Side {
			held := int64(0)
			if e.Kind == pri.StackHeld {
				held = 1
			}
			say(Held, held, "")
		}
	case e.Kind == pri.StackKey:
		for i := range len(e.Text) {
			out.emit(Event{Line: t.line.number, Pos: e.Pos, Known: e.Pos, Kind: Key, Side: "network", Text: keyText(e.Text[i]), By: byQ931, Sure: 100})
		}
	case e.Kind == pri.StackNotify:
		t.emit(out, Numbers, e.Pos, e.Pos)
	}
}

func (t *bearerTable) answered(out *emitter, pos int64) {
	if t.call.Answered == 0 {
		t.call.Answered = pos
		t.become(out, Talking, pos, pos)
		t.emit(out, CallAnswered, pos, pos)
	}
}

// moved ends the call here: it goes on in another timeslot, where it begins. One
// that has none, as the far end took it for a call of its own at the same moment, ends.
func (t *bearerTable) moved(out *emitter, e *pri.StackEvent) {
	if !t.up || t.id != e.CallID {
		return
	}
	call, asked, prefix := t.call, t.asked, t.prefix
	to := t.link.slot(e.Slot)
	if to == nil {
		t.call.Cause.Value = noCircuit // by which whoever dials knows that another timeslot may do better
		t.end(out, pri.EndSuperseded, e.Pos)
		_ = t.link.stack.Clear(&t.link.out, e.CallID, noCircuit, e.Pos) // it is over here in any case
	} else {
		t.end(out, pri.EndMoved, e.Pos)
	}
	t.become(out, t.free(), e.Pos, e.Pos)
	if to != nil {
		to.prefix = prefix
		to.begin(out, &call, e.CallID, Proceeding, asked, e.Pos)
	}
}

// noCircuit is the cause of a call that gets no timeslot (ITU-T Q.850).
const noCircuit = 34
