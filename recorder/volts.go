package recorder

import (
	"vaad/channels"
	"vaad/recorder/archive"
)

// How finely the voltage is told: changes of half a volt, and of what is higher a
// sixteenth; on average once a second at most, so that a line that hums for hours
// costs no more than 40 bytes a second.
const (
	voltStep  = 500  // mV
	voltBurst = 64   // changes that may follow at once
	voltPace  = rate // samples for one more
)

// A voltTrack tells the voltage of a line to the story of its recording.
type voltTrack struct {
	of    *recording
	next  int64 // voltages before it were looked at
	told  int64 // mV, last; where any was
	any   bool
	spare int64 // samples' worth of changes that may be told
	buf   []channels.VoltAt
}

// tellVolts tells the present recording what the voltage did before a position.
func (w *watch) tellVolts(rec *recording, upto int64) {
	v := &w.voltage
	if !w.volts || rec == nil {
		return
	}
	if v.of != rec {
		*v = voltTrack{of: rec, next: rec.from, spare: voltBurst * voltPace, buf: v.buf}
	}
	if upto <= v.next {
		return
	}
	v.buf = w.line.VoltsSince(v.buf[:0], v.next)
	for _, x := range v.buf {
		if x.Pos >= upto {
			break
		}
		v.spare = min(v.spare+x.Pos-v.next, voltBurst*voltPace)
		v.next = x.Pos + 1
		mv := int64(x.MilliVolt)
		if d := max(mv-v.told, v.told-mv); v.any && d < max(voltStep, v.told/16, -v.told/16) || v.spare < voltPace {
			continue
		}
		v.any, v.told, v.spare = true, mv, v.spare-voltPace
		rec.tell(archive.Entry{At: x.Pos - rec.from, Kind: archive.EntryVolts, Value: mv})
	}
}

// tellSignalling tells a recording that ends what the D-channel said of its call.
func (w *watch) tellSignalling(rec *recording, end int64) {
	if w.r.c.Signalling == nil || rec.trigger == Continuous || rec.head().Call == "" { // that of many calls has none of its own
		return
	}
	for _, e := range w.r.c.Signalling(w.line.Number(), w.line.Time(rec.from), w.line.Time(end)) {
		e.At -= rec.from
		rec.tell(e)
	}
}
