package channels

import (
	"fmt"
	"math"

	"vaad/channels/ears"
	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/progress"
)

// A Beeping lets both parties of a line of ours know that they are recorded: 1400 Hz for
// 200 ms, at once and then again and again while the line talks, mixed into what they hear.
// Calls that carry a fax or a modem, which it would disturb, have none.
type Beeping struct {
	Every int     // samples from one beep to the next
	DBm0  float64 // its level
}

const (
	beepHz     = 1400
	beepLength = 200 * driver.MS
	beepEdge   = 5 * driver.MS // of its rise and fall, so that it does not click
)

// Beep begins to beep on a line, or ends that: b is nil. It tells each beep by a
// [Beeped] event. Errors: ErrNoLine, ErrNotUsed, and *driver.LineError with
// driver.ErrTap: who only listens cannot be heard.
func (s *System) Beep(line int, b *Beeping) error {
	l, ok := s.Line(line)
	if !ok {
		return fmt.Errorf("beep on line %d: %w", line, ErrNoLine)
	}
	v := l.view.Load()
	switch {
	case b == nil:
	case v.use == driver.Tap:
		return &driver.LineError{Op: "beep", Board: l.Board(), Line: v.cfg.Port, Err: driver.ErrTap}
	case v.use == driver.Unused || !v.info.Caps.Has(driver.CapTx):
		return fmt.Errorf("beep on line %d: %w", line, ErrNotUsed)
	}
	l.beep.Store(b)
	return nil
}

// beeper is how far the beeps of a line are.
type beeper struct {
	of   *Beeping
	next int64 // when the next one is due
	at   int   // samples of the present one that have sounded; beepLength: none sounds
	pcm  [driver.Block]int16
	on   bool // pcm sounds with the present block
}

// beep adds what beeps to what a line sends, and keeps it for what the others hear.
func (l *loop) beep(r *lineRun, pcm []int16) {
	b := &r.speech.beep
	b.on = false
	want := r.line.beep.Load()
	if want == nil || r.speech.carriesData() || r.table != nil && r.table.state() != Talking {
		b.of = nil
		return
	}
	if b.of != want {
		b.of, b.next, b.at = want, l.next, beepLength
	}
	if b.at >= beepLength && l.next >= b.next && !r.speech.signal.on() {
		b.at, b.next = 0, l.next+int64(want.Every)
		l.out.emit(Event{Line: r.line.number, Pos: l.next, Known: l.next, Kind: Beeped, Value: beepLength})
	}
	if b.at >= beepLength {
		return
	}
	peak := dsp.SinePeak(want.DBm0)
	for i := range b.pcm {
		edge := max(0, min(1, float64(min(b.at, beepLength-b.at))/beepEdge))
		b.pcm[i] = int16(math.Round(edge * peak * math.Sin(2*math.Pi*beepHz*float64(b.at)/driver.Rate)))
		b.at++
	}
	b.on = true
	r.speech.beeped = l.next + driver.Block + echoTail
	overlay(pcm, b.pcm[:])
}

// carriesData says whether whoever hears the line's beep is a fax or a modem.
func (v *speech) carriesData() bool {
	return v.data || v.mix != nil && v.mix.data || v.port != nil && v.port.mixData.Load()
}

// overlay adds one sound to another.
func overlay(pcm, more []int16) {
	for i := range pcm {
		pcm[i] = clip(int32(pcm[i]) + int32(more[i]))
	}
}

// voice is what the others hear of a line: what its far party says, and what beeps.
func (v *speech) voice() *[driver.Block]int16 {
	if !v.beep.on {
		return &v.said
	}
	v.told = v.said
	overlay(v.told[:], v.beep.pcm[:])
	return &v.told
}

// isBeep says whether something was heard of a beep of ours that came back.
func (v *speech) isBeep(f *ears.Finding) bool {
	return (f.Kind == ears.ToneBegin || f.Kind == ears.ToneEnd) && f.Tone == progress.Record && f.At < v.beeped
}
