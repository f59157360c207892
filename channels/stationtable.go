package channels

import (
	"vaad/channels/analog"
	"vaad/channels/ears"
)

// A stationTable is the table of an FXS line.
type stationTable struct {
	analogTable
	station *analog.Station
}

func newStationTable(l *Line, v *view) *stationTable {
	t := analog.NewStation(stationConfig(v))
	return &stationTable{analogTable{line: l, machine: t}, t}
}

func stationConfig(v *view) analog.StationConfig {
	a := &v.cfg.Active
	return analog.StationConfig{Country: v.cfg.Country, Extension: a.Extension, Sends: a.Sends, Plan: a.Numbers, FirstMS: a.FirstMS, DigitMS: a.DigitMS,
		FlashMS: a.FlashMS, Lamp: true} // a board that has no lamps refuses to light one
}

func (t *stationTable) state() State { return State(t.station.State().String()) }
func (t *stationTable) open() bool   { return t.busy() && t.station.State().OffHook() }

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
