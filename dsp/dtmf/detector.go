package dtmf

import (
	"vaad/dsp"
	"vaad/dsp/simd"
	"vaad/dsp/tone"
)

// Kind says what an event tells.
type Kind byte

// The two kinds of event.
const (
	Down Kind = iota + 1 // a key is recognised: At is where its tones began
	Up                   // its tones have ended: At is where, Length how long they lasted
)

func (k Kind) String() string {
	switch k {
	case Down:
		return "down"
	case Up:
		return "up"
	}
	return ""
}

// Event is one end of one key. Down comes as soon as the key is certain, some
// 35…60 ms after its tones began; Up about 25 ms after they ended. Between a
// Down and its Up there is no other event.
type Event struct {
	Kind   Kind
	Key    byte  // '0'…'9', '*', '#', 'A'…'D'
	At     int64 // sample, counted from New; skipped samples count
	Length int   // samples from the beginning of the tones to their end; 0 in Down
	Low    Tone  // row frequency (697…941 Hz)
	High   Tone  // column frequency (1209…1633 Hz)
}

// Tone is one of the two tones of a key as it was measured.
type Tone struct {
	Hz   float64
	DBm0 float64
}

const (
	tick  = 4 * dsp.MS // samples between looks while something is heard
	hop   = 6 * tick   // samples between looks while nothing is: with survey, within the shortest key
	sound = 2 * tick   // samples that say whether a key still sounds

	// release is how long a key's tones must be away until the key has ended.
	// A receiver must bridge 10 ms within a key and see a pause of 40 ms
	// between two of the same (the figures usual for ITU-T Q.24): the middle.
	release = 20 * dsp.MS

	// maxEdge bounds how far before the fitted stretch a key's beginning is
	// looked for.
	maxEdge = 60 * dsp.MS

	history = maxEdge + fitLen + hop // samples kept behind the next look
	bufLen  = 4096
)

// Detector finds the keys on one line. It is not for use by two goroutines at
// a time.
type Detector struct {
	raw   [bufLen]int16 // the line
	clean [bufLen]int16 // the same without what lies below the tones, while under.on
	n     int           // samples in raw
	base  int64         // position of raw[0]
	next  int64         // the next look: samples before it are needed

	under under   // the steady tone or hum under everything
	guess int     // index of the key that a survey took for possible, or −1
	until int64   // the last look that may confirm it
	key   pressed // the key that sounds
	gone  bool    // the key ended in a Skip; Up is due
	ended int64   // where the key before ended

	level simd.Level // of the kernels to use
}

// pressed is the key that sounds now.
type pressed struct {
	on    bool
	index int
	fit   fit
	begin int64
	last  int64   // where its tones were last heard
	ratio float64 // the gain at the look before, for the place of the edge

	pattern pattern // for looking at a shorter stretch
}

// New returns a detector whose first sample has position 0.
func New() *Detector {
	return &Detector{next: hop, guess: -1, level: simd.Best()}
}

// Position is the number of samples taken so far.
func (d *Detector) Position() int64 { return d.base + int64(d.n) }

// Process takes the next samples of the line and appends what is found in them
// to dst.
func (d *Detector) Process(dst []Event, block []int16) []Event {
	if d.gone {
		dst = d.up(dst, d.key.last)
		d.gone = false
	}
	for len(block) > 0 {
		if d.n == bufLen {
			d.compact()
		}
		m := copy(d.raw[d.n:], block)
		block = block[m:]
		if d.under.on {
			d.under.filter(d.level, d.clean[d.n:d.n+m], d.raw[d.n:d.n+m])
		}
		d.n += m
		for d.next <= d.base+int64(d.n) {
			dst = d.look(dst)
		}
	}
	return dst
}

// Skip says that n samples of the line are missing. A key that sounds goes on
// when less than 20 ms are lost and it is still there afterwards.
func (d *Detector) Skip(n int) {
	if n <= 0 {
		return
	}
	d.base += int64(d.n) + int64(n)
	d.n = 0
	d.guess = -1
	d.under.state = memory{}
	d.next = (d.base/tick + 1) * tick
	if d.key.on && d.base-d.key.last >= release {
		d.gone = true
	}
}

// Flush ends a key that still sounds, at the end of a recording.
func (d *Detector) Flush(dst []Event) []Event {
	d.gone = false
	if d.key.on {
		dst = d.up(dst, d.key.last)
	}
	return dst
}

// compact makes room in the buffer.
func (d *Detector) compact() {
	keep := int(d.base + int64(d.n) - d.next + history)
	keep = max(0, min(keep, d.n))
	copy(d.raw[:], d.raw[d.n-keep:d.n])
	if d.under.on {
		copy(d.clean[:], d.clean[d.n-keep:d.n])
	}
	d.base += int64(d.n - keep)
	d.n = keep
}

// heard returns length samples before position end as the detector hears
// them: without the hum below, where there is one.
func (d *Detector) heard(end int64, length int) []int16 {
	to := int(end - d.base)
	if to > d.n || to < length {
		return nil
	}
	if d.under.on {
		return d.clean[to-length : to]
	}
	return d.raw[to-length : to]
}

// look takes one step at position d.next.
func (d *Detector) look(dst []Event) []Event {
	at := d.next
	if d.key.on {
		dst = d.follow(dst, at)
	}
	if at%hop == 0 {
		d.survey(at)
	}
	if d.guess >= 0 {
		dst = d.confirm(dst, at)
		if at >= d.until {
			d.guess = -1
		}
	}
	d.next = at + tick
	if !d.key.on && d.guess < 0 {
		d.next = (at/hop + 1) * hop
	}
	return dst
}

// survey looks whether a key is possible in the last samples before at.
func (d *Detector) survey(at int64) {
	to := int(at - d.base)
	if to < surveyLen {
		return
	}
	raw := (*[surveyLen]int16)(d.raw[to-surveyLen : to])
	power, lag := correlate(d.level, raw)
	if d.under.watch(power, lag) {
		from := max(0, to-history)
		d.under.start(d.level, d.clean[from:d.n], d.raw[from:d.n])
	}
	if d.under.on {
		power, lag = correlate(d.level, (*[surveyLen]int16)(d.clean[to-surveyLen:to]))
	}
	if power < surveyFloor || lag < lagMin*power || lag > lagMax*power {
		return
	}
	x := (*[surveyLen]int16)(d.heard(at, surveyLen))
	if correlate3(d.level, x) > lag3Max*power {
		return
	}
	if key, _ := guess(d.level, x); key >= 0 && !(d.key.on && key == d.key.index) {
		d.guess = key
		d.until = at - surveyLen + fitLen
	}
}

// confirm fits the guessed key to the last samples before at.
func (d *Detector) confirm(dst []Event, at int64) []Event {
	x := d.heard(at, fitLen)
	if x == nil {
		return dst
	}
	f, ok := fitKey(d.level, (*[fitLen]int16)(x), d.guess)
	if !ok {
		return dst
	}
	if raw := (*[fitLen]int16)(d.raw[at-d.base-fitLen:]); d.under.on && !d.under.steady(raw[:], x) {
		// Where the key took the dial tone away, it stands there alone.
		if _, ok := fitKey(d.level, raw, d.guess); !ok {
			return dst
		}
	}
	if d.key.on {
		if at-fitLen < d.key.last-2*tick {
			return dst
		}
		dst = d.up(dst, d.key.last)
	}
	k := &d.key
	k.on, k.index, k.fit, k.last, k.ratio = true, d.guess, f, at, 1
	f.basis.pattern(&k.pattern)
	begin := max(d.edge(at), d.ended)
	k.begin = begin
	d.guess = -1
	return append(dst, Event{Kind: Down, Key: tone.Keys[d.key.index], At: begin, Low: f.low, High: f.high})
}

// edge looks back for where the tones of the pressed key began.
func (d *Detector) edge(at int64) int64 {
	end := at - fitLen + sound // the first window that surely holds the tones, or nearly
	before := 1.0
	for end > at-maxEdge {
		x := d.heard(end, sound)
		if x == nil {
			break
		}
		g := d.key.gain(d.level, (*[sound]int16)(x))
		if g < 0.5 {
			// Between the two windows the tones fill half of one.
			step := 0.0
			if before > g {
				step = (0.5 - g) / (before - g) * dsp.MS
			}
			return end + int64(step) - sound/2
		}
		before = g
		end -= dsp.MS
	}
	return max(end-sound, d.base)
}

// follow looks whether the pressed key still sounds just before at.
func (d *Detector) follow(dst []Event, at int64) []Event {
	x := d.heard(at, sound)
	if x == nil {
		return dst
	}
	k := &d.key
	g := k.gain(d.level, (*[sound]int16)(x))
	if g >= 0.5 {
		k.last = at
		k.ratio = g
		return dst
	}
	if k.last == at-tick && k.ratio > g { // the edge lies where a window is half full
		k.last += int64((k.ratio-0.5)/(k.ratio-g)*tick) - sound/2
	}
	if at-k.last < release {
		return dst
	}
	return d.up(dst, k.last)
}

func (d *Detector) up(dst []Event, at int64) []Event {
	k := &d.key
	k.on = false
	at = max(at, k.begin)
	d.ended = at
	return append(dst, Event{Kind: Up, Key: tone.Keys[k.index], At: at, Length: int(at - k.begin), Low: k.fit.low, High: k.fit.high})
}
