package channels

import (
	"vaad/channels/analog"
	"vaad/channels/ears"
	"vaad/driver"
)

// A trunkTable is the table of an FXO line that is ours.
type trunkTable struct {
	analogTable
	trunk *analog.Trunk
}

func newTrunkTable(l *Line, v *view) *trunkTable {
	t := analog.NewTrunk(trunkConfig(v), v.cfg.Learnt)
	return &trunkTable{analogTable{line: l, machine: t}, t}
}

func trunkConfig(v *view) analog.TrunkConfig {
	c := &v.cfg
	return analog.TrunkConfig{Country: c.Country, Own: c.Own, Prefix: c.Prefix, ThresholdMV: c.ThresholdMV, RingGapMS: c.RingGapMS, CountryGap: c.CountryGap,
		Pulse: c.Active.Pulse && v.info.Caps.Has(driver.CapPulseOut), FlashMS: c.Active.FlashMS, SilenceMS: c.Active.SilenceMS, MaxMS: c.Active.MaxMS,
		Report: c.Active.Report, Volts: v.info.Caps.Has(driver.CapVolts), Polarity: v.info.Caps.Has(driver.CapPolarity)}
}

func (t *trunkTable) state() State { return State(t.trunk.State().String()) }
func (t *trunkTable) open() bool   { return t.trunk.OffHook() }

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
