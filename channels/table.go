package channels

import (
	"vaad/channels/analog"
	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp/modemtone"
)

// A table knows a line's state from what its board says. The loop calls it in
// order of position; what it finds out goes to the feed. There is one per kind
// of line that has signalling we understand; a line without one is Unknown.
type table interface {
	event(out *emitter, e driver.Event, pos int64) // something happened at pos
	tick(out *emitter, pos int64)                  // audio and events before pos have been seen
	gone(out *emitter, pos int64)                  // the board is gone: ends calls, line state becomes gone
	state() State
	senses(pos int64) ears.Senses                     // what its line is listened to for in the block that ends at pos
	heard(out *emitter, f *ears.Finding, known int64) // something was heard in it
}

// An emitter puts the events of one board into its queue.
type emitter struct {
	q     *queue
	board string
	now   int64  // position of the next frame
	ends  []int  // lines whose calls have ended in this block
	loop  *loop  // takes keys out of events; nil in tests of tables
	ended string // not empty: a table is taken off its line, and calls end for this reason instead of its own
}

func (m *emitter) emit(e Event) {
	e.Board = m.board
	if e.Kind == CallEnd {
		if m.ended != "" {
			e.EndedBy = m.ended
		}
		m.ends = append(m.ends, e.Line)
	}
	if m.loop != nil {
		m.loop.hideKeys(&e)
	}
	m.q.push(e)
}

// A tapTable is the table of an analog tap.
type tapTable struct {
	line *Line
	tap  *analog.Tap
	buf  []analog.Event

	volts bool // the card measures them, so that the hook is known
}

func newTapTable(l *Line, c LineConfig, volts bool) *tapTable {
	return &tapTable{line: l, tap: analog.New(tapConfig(c), c.Learnt), volts: volts, buf: make([]analog.Event, 0, 16)}
}

func tapConfig(c LineConfig) analog.Config {
	return analog.Config{ThresholdMV: c.ThresholdMV, RingGapMS: c.RingGapMS, CountryGap: c.CountryGap, Country: c.Country, Own: c.Own, Prefix: c.Prefix}
}

// senses: on-hook only who calls is of interest; off-hook, or where nothing
// tells the hook, everything. Bursts hide all but the message between them.
func (t *tapTable) senses(pos int64) ears.Senses {
	s := t.tap.State()
	switch {
	case s == analog.Gone || s == analog.NoBattery && t.volts:
		return 0
	case t.tap.Blind(pos):
		return ears.Messages
	case t.volts && !s.OffHook():
		return ears.Messages | ears.Keys
	case t.tap.PulsesPossible():
		return ears.Everything | ears.Pulses
	}
	return ears.Everything
}

func (t *tapTable) heard(out *emitter, f *ears.Finding, known int64) {
	t.buf = t.buf[:0]
	hear(tapEars{t}, f, known)
	t.pass(out)
}

func (t *tapTable) event(out *emitter, e driver.Event, pos int64) {
	t.buf = t.tap.Event(t.buf[:0], e, pos)
	t.pass(out)
}

func (t *tapTable) tick(out *emitter, pos int64) {
	t.buf = t.tap.Tick(t.buf[:0], pos)
	t.pass(out)
}

func (t *tapTable) state() State { return State(t.tap.State().String()) }

func (t *tapTable) gone(out *emitter, pos int64) {
	t.buf = t.tap.Gone(t.buf[:0], pos)
	t.pass(out)
}

// answers reports whether a modem's tone is that of the side that was called.
func answers(m modemtone.Tone) bool {
	switch m {
	case modemtone.ANS, modemtone.ANSpr, modemtone.ANSam, modemtone.ANSampr, modemtone.Bell103, modemtone.V22, modemtone.V23, modemtone.V21Mark,
		modemtone.V21, modemtone.JM:
		return true
	}
	return false
}

// pass hands the tap's findings to the feed.
func (t *tapTable) pass(out *emitter) {
	for i := range t.buf {
		a := &t.buf[i]
		if a.Kind == analog.LineState && out.ended != "" {
			continue // the line does not pass through gone; what follows the table says its state
		}
		e := t.line.said(a)
		if a.Kind == analog.Digit || a.Kind == analog.Key {
			e.Side = "mixed"
		}
		out.emit(e)
	}
}

// said puts what an analog line's table says into the words of the feed.
func (l *Line) said(a *analog.Event) Event {
	e := Event{Line: l.number, Pos: a.Pos, Known: a.Known, Kind: EventKind(a.Kind.String()), Value: a.Value}
	switch a.Kind {
	case analog.LineState:
		e.From, e.To = State(a.From.String()), State(a.To.String())
		l.shown = e.To
	case analog.CallBegin, analog.CallAnswered, analog.CallEnd, analog.Alerting, analog.NumberComplete:
		e.Direction, e.Text = Direction(a.Call.Direction), a.Text
		e.AnsweredBy, e.EndedBy, e.Missed = a.Call.AnsweredBy, a.Call.EndedBy, a.Call.Missed
		e.parties(&a.Call)
	case analog.Numbers:
		e.By, e.Direction = a.By, Direction(a.Call.Direction)
		e.parties(&a.Call)
	case analog.CallWaiting:
		e.Caller, e.Name = a.Caller, a.Name
	case analog.CallerFailed, analog.WouldRelease:
		e.Text = a.Text
	case analog.Digit, analog.Key:
		e.Text, e.Value, e.Sure, e.By = keyText(byte(a.Value)), a.Length, a.Sure, a.By
	}
	return e
}

// parties says all that is known of a call beside its times.
func (e *Event) parties(c *analog.Call) {
	e.Caller, e.Called, e.Name = c.Caller, c.Called, c.Name
	e.Facts = &CallFacts{DirectionBy: c.DirectionBy, CallerBy: c.CallerBy, Withheld: c.Withheld, Dialled: c.Dialled,
		CalledBy: c.CalledBy, Sure: c.Sure, Rings: c.Rings, Outcome: c.Outcome}
}

// keyText names a key without allocating.
func keyText(k byte) string {
	const keys = "0123456789*#ABCD"
	for i := range len(keys) {
		if keys[i] == k {
			return keys[i : i+1]
		}
	}
	return "?"
}
