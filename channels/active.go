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
}

// perform carries out what a table wants.
func (l *loop) perform(r *lineRun, t active) {
	o := t.wants()
	for i := range o.Acts {
		l.act(r, &o.Acts[i])
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

func (l *loop) act(r *lineRun, a *analog.Act) {
	if a.Kind == analog.Command {
		l.tx.Command(a.Do, r.view.rx, 0, a.Value, a.Data)
		l.trace.add(l.next, uint8(a.Do), r.view.rx, a.Value, a.Data, traceTx)
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
}

// pass hands what the table of an active analog line says to the feed. request is the
// wish's that led to it, or "".
func pass(out *emitter, line *Line, o *analog.Output, request string) {
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
		if a.Kind == analog.CallBegin || a.Kind == analog.KeysSent {
			e.Request = request
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
	asked string // ID of the wish whose keys are being sent
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
func (t *trunkTable) pass(out *emitter)     { pass(out, t.line, &t.out, t.asked) }

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
func (t *trunkTable) senses(int64) ears.Senses {
	if t.busy() && t.state() != Ringing && t.state() != PreRing {
		return ears.Everything
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
		err = t.trunk.Keys(&t.out, w.Keys)
	case WishFlash:
		err = t.trunk.Flash(&t.out, w.MS)
	case WishAlert, WishProceed, WishHold, WishRetrieve: // an analog exchange is not told
	default:
		err = cannot
	}
	if err == nil {
		t.asked = w.ID
	}
	pass(out, t.line, &t.out, w.ID)
	return err
}

// A stationTable is the table of an FXS line.
type stationTable struct {
	line    *Line
	station *analog.Station
	out     analog.Output
	asked   string
}

func newStationTable(l *Line, v *view) *stationTable {
	return &stationTable{line: l, station: analog.NewStation(stationConfig(v))}
}

func stationConfig(v *view) analog.StationConfig {
	a := &v.cfg.Active
	return analog.StationConfig{Country: v.cfg.Country, Extension: a.Extension, Sends: a.Sends, Plan: a.Numbers, FirstMS: a.FirstMS, DigitMS: a.DigitMS, FlashMS: a.FlashMS}
}

func (t *stationTable) state() State          { return State(t.station.State().String()) }
func (t *stationTable) wants() *analog.Output { return &t.out }
func (t *stationTable) busy() bool            { _, up := t.station.Call(); return up }
func (t *stationTable) pass(out *emitter)     { pass(out, t.line, &t.out, t.asked) }

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

func (t *stationTable) wish(out *emitter, w *Wish) (err error) {
	switch w.Kind {
	case WishCall:
		err = t.station.Ring(&t.out, analog.RingOrder{Caller: w.Caller, Name: w.Name, Private: w.Private, Cadence: w.Ring})
	case WishAnswer:
		err = t.station.Answer(&t.out)
	case WishAlert:
		err = t.station.Alert(&t.out)
	case WishProceed:
		err = t.station.Proceed(&t.out)
	case WishRelease:
		err = t.station.Release(&t.out, w.Cause)
	case WishKeys:
		err = t.station.Keys(&t.out, w.Keys)
	case WishLamp:
		err = t.station.Lamp(&t.out, w.On)
	case WishHold, WishRetrieve: // its user hears it
	default:
		err = cannot
	}
	if err == nil {
		t.asked = w.ID
	}
	pass(out, t.line, &t.out, w.ID)
	return err
}

// cannot is why a line is not given a wish that its kind does not know.
var cannot = &analog.Refusal{Code: "cannot", Text: "a line of this kind cannot do that"}
