package channels

import (
	"vaad/channels/analog"
	"vaad/driver"
	"vaad/dsp/callerid"
	"vaad/dsp/tone"
)

// An active table is that of a line of ours: it takes wishes, and what it wants
// done is carried out by the loop.
type active interface {
	table
	wish(out *emitter, w *Wish) error
	sent(out *emitter, pos int64) // a sound that it wanted made once has been sent
	wants() *analog.Output        // its acts wait to be carried out
	busy() bool                   // a call is up
	open() bool                   // … and what is said is heard
}

// perform carries out what a table wants. request is the ID of the wish that led to it, or "".
func (l *loop) perform(r *lineRun, t active, request string) {
	o := t.wants()
	for i := range o.Acts {
		l.act(r, &o.Acts[i], request)
	}
	o.Acts = o.Acts[:0]
	if b := r.bearer(); b != nil && b.link != nil {
		l.flush(b.link)
	}
}

// callerLevel is at which level messages about callers are sent, each tone
// (EN 300 659-1 clause 5.4.2: −13.5 dBm and less at the telephone).
const callerLevel = -13.5

// alertPause is the silence in ms between alerting tone and message: 45 at
// least (EN 300 659-1).
const alertPause = 60

func (l *loop) act(r *lineRun, a *analog.Act, request string) {
	if a.Kind == analog.Command {
		for r.forget(a.Do) { // what is refused now is this one
		}
		if request != "" {
			r.asked(a.Do, request)
		}
		l.command(r, a.Do, a.Value, a.Data)
		return
	}
	if r.speech == nil {
		return // Validate has refused it; the table knows no better
	}
	s := &r.speech.signal
	switch a.Kind {
	case analog.Quiet:
		*s = signal{}
	case analog.PlayTone:
		s.set(tone.New(cadence(r.view.cfg.Country, a.Tone)), a.AfterMS, false)
	case analog.PlayKeys:
		on, off := a.OnMS, a.OffMS
		if on == 0 {
			on, off = keyOn, keyOff
		}
		s.dial(a, on, off)
	case analog.PlayMessage:
		if a.Keys != "" { // EN 300 659-1 annex C: 50 ms at least
			s.dial(a, 70, 70)
			return
		}
		var src source = callerid.NewSource(a.Coding, a.Data, callerid.OnHook(), callerLevel)
		if a.AlertMS > 0 {
			alert := callerid.AlertTone(a.AlertMS, callerLevel)
			alert.Bursts[0].Off = alertPause
			src = &chain{tone.New(alert), src}
		}
		s.set(src, a.AfterMS, true)
	}
}

// dial plays keys. Those that cannot be are silence of no length: the table is told
// that they are sent.
func (s *signal) dial(a *analog.Act, on, off int) {
	c, err := tone.DTMF(a.Keys, tone.DTMFLevel, on, off)
	if err != nil {
		c = tone.Cadence{}
	}
	s.set(tone.New(c), a.AfterMS, true)
	s.keys = true
}

// command gives the board a command with the next frame.
func (l *loop) command(r *lineRun, k driver.CommandKind, value int32, data []byte) {
	l.tx.Command(k, r.view.rx, 0, value, data)
	l.trace.add(l.next, uint8(k), r.view.rx, value, data, traceTx)
}

// pass hands what the table of an active analog line says to the feed. begun is the ID
// of the wish that a call comes of that begins now, or "", keys that of the wish whose
// keys are being sent.
func pass(out *emitter, line *Line, o *analog.Output, begun, keys string) {
	for i := range o.Events {
		a := &o.Events[i]
		if a.Kind == analog.LineState && out.ended != "" {
			continue
		}
		e := line.said(a)
		if a.Kind == analog.Digit || a.Kind == analog.Key {
			e.Side = "network"
			if line.view.Load().use == driver.Station {
				e.Side = "local"
			}
		}
		switch a.Kind {
		case analog.CallBegin:
			e.Request = begun
		case analog.KeysSent:
			e.Request = keys
		}
		out.emit(e)
	}
	o.Events = o.Events[:0]
}

// An analogTable is what the tables of trunks and stations have in common.
type analogTable struct {
	line    *Line
	machine machine
	out     analog.Output
	keys    string // ID of the wish whose keys are being sent
}

// A machine is an analog.Trunk or analog.Station.
type machine interface {
	Event(o *analog.Output, e driver.Event, pos int64)
	Tick(o *analog.Output, pos int64)
	Gone(o *analog.Output, pos int64)
	Sent(o *analog.Output, pos int64)
	Call() (analog.Call, bool)
}

func (t *analogTable) wants() *analog.Output { return &t.out }
func (t *analogTable) busy() bool            { _, up := t.machine.Call(); return up }
func (t *analogTable) pass(out *emitter)     { pass(out, t.line, &t.out, "", t.keys) }

func (t *analogTable) event(out *emitter, e driver.Event, pos int64) {
	t.machine.Event(&t.out, e, pos)
	t.pass(out)
}

func (t *analogTable) tick(out *emitter, pos int64) {
	t.machine.Tick(&t.out, pos)
	t.pass(out)
}

func (t *analogTable) gone(out *emitter, pos int64) {
	t.machine.Gone(&t.out, pos)
	t.pass(out)
	t.out.Acts = t.out.Acts[:0] // there is nobody to carry them out
}

func (t *analogTable) sent(out *emitter, pos int64) {
	t.machine.Sent(&t.out, pos)
	t.pass(out)
}

// callerTime is the date and time in a message about a caller (GR-30: month, day,
// hour and minute, local).
const callerTime = "01021504"

// cannot is why a line is not given a wish that its kind does not know.
var cannot = &analog.Refusal{Code: "cannot", Text: "a line of this kind cannot do that"}
