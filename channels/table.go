package channels

import (
	"vaad/channels/analog"
	"vaad/driver"
)

// A table knows a line's state from what its board says. The loop calls it in
// order of position; what it finds out goes to the feed. There is one per kind
// of line that has signalling we understand; a line without one is Unknown.
type table interface {
	event(out *emitter, e driver.Event, pos int64) // something happened at pos
	tick(out *emitter, pos int64)                  // audio and events before pos have been seen
	gone(out *emitter, pos int64)                  // the board is gone: ends calls, line state becomes gone
	state() State
}

// An emitter puts the events of one board into its queue.
type emitter struct {
	q     *queue
	board string
	ended string // not empty: a table is taken off its line, and calls end for this reason instead of its own
}

func (m *emitter) emit(e Event) {
	e.Board = m.board
	if m.ended != "" && e.Kind == CallEnd {
		e.EndedBy = m.ended
	}
	m.q.push(e)
}

// A tapTable is the table of an analog tap.
type tapTable struct {
	line *Line
	tap  *analog.Tap
	buf  []analog.Event
}

func newTapTable(l *Line, c LineConfig) *tapTable {
	return &tapTable{line: l, tap: analog.New(tapConfig(c), c.Learnt), buf: make([]analog.Event, 0, 16)}
}

func tapConfig(c LineConfig) analog.Config {
	return analog.Config{ThresholdMV: c.ThresholdMV, RingGapMS: c.RingGapMS, CountryGap: c.CountryGap}
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

// pass hands the tap's findings to the feed in its words.
func (t *tapTable) pass(out *emitter) {
	for i := range t.buf {
		a := &t.buf[i]
		if a.Kind == analog.LineState && out.ended != "" {
			continue // the line does not pass through gone; what follows the table says its state
		}
		e := Event{Line: t.line.number, Pos: a.Pos, Known: a.Known, Kind: EventKind(a.Kind.String()), Value: a.Value}
		switch a.Kind {
		case analog.LineState:
			e.From, e.To = State(a.From.String()), State(a.To.String())
			t.line.shown = e.To
		case analog.CallBegin, analog.CallAnswered, analog.CallEnd:
			e.Direction = Direction(a.Call.Direction)
			e.AnsweredBy, e.EndedBy, e.Missed = a.Call.AnsweredBy, a.Call.EndedBy, a.Call.Missed
		case analog.Digit, analog.Key:
			e.Text, e.Value = keyText(byte(a.Value)), 0
		}
		out.emit(e)
	}
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
