package channels

import (
	"vaad/channels/analog"
	"vaad/channels/ears"
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
		l.keys(s, a, on, off)
	case analog.PlayMessage:
		if a.Keys != "" { // EN 300 659-1 annex C: 50 ms at least
			l.keys(s, a, 70, 70)
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

// keys plays keys. Those that cannot be are silence of no length: the table is told
// that they are sent.
func (l *loop) keys(s *signal, a *analog.Act, on, off int) {
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

// A trunkTable is the table of an FXO line that is ours.
type trunkTable struct {
	line  *Line
	trunk *analog.Trunk
	out   analog.Output
	keys  string // ID of the wish whose keys are being sent
}

func newTrunkTable(l *Line, v *view) *trunkTable {
	return &trunkTable{line: l, trunk: analog.NewTrunk(trunkConfig(v), v.cfg.Learnt)}
}

func trunkConfig(v *view) analog.TrunkConfig {
	c := &v.cfg
	return analog.TrunkConfig{Country: c.Country, Own: c.Own, Prefix: c.Prefix, ThresholdMV: c.ThresholdMV, RingGapMS: c.RingGapMS, CountryGap: c.CountryGap,
		Pulse: c.Active.Pulse && v.info.Caps.Has(driver.CapPulseOut), FlashMS: c.Active.FlashMS, SilenceMS: c.Active.SilenceMS, MaxMS: c.Active.MaxMS,
		Report: c.Active.Report, Volts: v.info.Caps.Has(driver.CapVolts), Polarity: v.info.Caps.Has(driver.CapPolarity)}
}

func (t *trunkTable) state() State          { return State(t.trunk.State().String()) }
func (t *trunkTable) wants() *analog.Output { return &t.out }
func (t *trunkTable) busy() bool            { _, up := t.trunk.Call(); return up }
func (t *trunkTable) open() bool            { return t.trunk.OffHook() }
func (t *trunkTable) pass(out *emitter)     { pass(out, t.line, &t.out, "", t.keys) }

func (t *trunkTable) event(out *emitter, e driver.Event, pos int64) {
	t.trunk.Event(&t.out, e, pos)
	t.pass(out)
}

func (t *trunkTable) tick(out *emitter, pos int64) {
	t.trunk.Tick(&t.out, pos)
	t.pass(out)
}

func (t *trunkTable) gone(out *emitter, pos int64) {
	t.trunk.Gone(&t.out, pos)
	t.pass(out)
	t.out.Acts = t.out.Acts[:0] // there is nobody to carry them out
}

func (t *trunkTable) sent(out *emitter, pos int64) {
	t.trunk.Sent(&t.out, pos)
	t.pass(out)
}

// senses: on-hook who calls, off-hook everything that ends or answers a call.
func (t *trunkTable) senses(pos int64) ears.Senses {
	switch {
	case t.busy() && t.state() != Ringing && t.state() != PreRing:
		return ears.Everything
	case t.trunk.Blind(pos):
		return ears.Messages
	}
	return ears.Messages | ears.Keys
}

func (t *trunkTable) heard(out *emitter, f *ears.Finding, known int64) {
	hear(trunkEars{t}, f, known)
	t.pass(out)
}

func (t *trunkTable) wish(out *emitter, w *Wish) (err error) {
	switch w.Kind {
	case WishCall:
		err = t.trunk.Dial(&t.out, analog.Order{Number: w.Number, Prefix: w.Prefix, Report: w.Report})
	case WishAnswer:
		err = t.trunk.Answer(&t.out)
	case WishRelease:
		err = t.trunk.Release(&t.out)
	case WishKeys:
		if err = t.trunk.Keys(&t.out, w.Keys); err == nil {
			t.keys = w.ID
		}
	case WishFlash:
		err = t.trunk.Flash(&t.out, w.MS)
	case WishAlert, WishProceed, WishHold, WishRetrieve: // an analog exchange is not told
	default:
		err = cannot
	}
	pass(out, t.line, &t.out, w.ID, t.keys)
	return err
}

// A stationTable is the table of an FXS line.
type stationTable struct {
	line    *Line
	station *analog.Station
	out     analog.Output
	keys    string // ID of the wish whose keys are being sent
}

func newStationTable(l *Line, v *view) *stationTable {
	return &stationTable{line: l, station: analog.NewStation(stationConfig(v))}
}

func stationConfig(v *view) analog.StationConfig {
	a := &v.cfg.Active
	return analog.StationConfig{Country: v.cfg.Country, Extension: a.Extension, Sends: a.Sends, Plan: a.Numbers, FirstMS: a.FirstMS, DigitMS: a.DigitMS,
		FlashMS: a.FlashMS, Lamp: true} // a board that has no lamps refuses to light one
}

func (t *stationTable) state() State          { return State(t.station.State().String()) }
func (t *stationTable) wants() *analog.Output { return &t.out }
func (t *stationTable) busy() bool            { _, up := t.station.Call(); return up }
func (t *stationTable) open() bool            { return t.busy() && t.station.State().OffHook() }
func (t *stationTable) pass(out *emitter)     { pass(out, t.line, &t.out, "", t.keys) }

func (t *stationTable) event(out *emitter, e driver.Event, pos int64) {
	t.station.Event(&t.out, e, pos)
	t.pass(out)
}

func (t *stationTable) tick(out *emitter, pos int64) {
	t.station.Tick(&t.out, pos)
	t.pass(out)
}

func (t *stationTable) gone(out *emitter, pos int64) {
	t.station.Gone(&t.out, pos)
	t.pass(out)
	t.out.Acts = t.out.Acts[:0]
}

func (t *stationTable) sent(out *emitter, pos int64) {
	t.station.Sent(&t.out, pos)
	t.pass(out)
}

// senses: an on-hook telephone says nothing.
func (t *stationTable) senses(int64) ears.Senses {
	switch t.state() {
	case OffHookOut, Dialling, Proceeding, Alerted, Talking:
		return ordinary
	}
	return 0
}

func (t *stationTable) heard(out *emitter, f *ears.Finding, known int64) {
	if f.Kind == ears.Key {
		t.station.Press(&t.out, analog.Press{Key: f.Key, At: f.At, Length: f.Length, Sure: f.Sure, By: analog.InKeys}, known)
		t.pass(out)
	}
}

// callerTime is the date and time in a message about a caller (GR-30: month, day,
// hour and minute, local).
const callerTime = "01021504"

func (t *stationTable) wish(out *emitter, w *Wish) (err error) {
	switch w.Kind {
	case WishCall:
		err = t.station.Ring(&t.out, analog.RingOrder{Caller: w.Caller, Name: w.Name, Private: w.Private, Cadence: w.Ring,
			Time: t.line.Time(out.now).Local().Format(callerTime)})
	case WishAnswer:
		err = t.station.Answer(&t.out)
	case WishAlert:
		err = t.station.Alert(&t.out)
	case WishProceed:
		err = t.station.Proceed(&t.out)
	case WishRelease:
		err = t.station.Release(&t.out, w.Cause)
	case WishKeys:
		if err = t.station.Keys(&t.out, w.Keys); err == nil {
			t.keys = w.ID
		}
	case WishLamp:
		err = t.station.Lamp(&t.out, w.On)
	case WishHold, WishRetrieve: // its user hears it
	default:
		err = cannot
	}
	pass(out, t.line, &t.out, w.ID, t.keys)
	return err
}

// cannot is why a line is not given a wish that its kind does not know.
var cannot = &analog.Refusal{Code: "cannot", Text: "a line of this kind cannot do that"}
