package pulse

import (
	"math"

	"vaad/dsp"
)

// Event is a digit that was dialled in pulses, or seemed to be.
type Event struct {
	At, End    int64   // samples, counted from New: its first and its last click
	Digit      byte    // '0'…'9'
	Rate       float64 // pulses per second
	Break      float64 // part of a pulse for which the loop was open; 0: only one click per pulse was heard
	Confidence float64 // 0…1
}

const (
	frame = dsp.MS

	// A click stands this much above the sound around it, is over within
	// longest, and has sunk by half its height in dB by then: speech that begins
	// is loud for longer.
	clickRatio = 14.0 // power: 11.5 dB
	longest    = 10 * dsp.MS
	sink       = 6.0

	// around is the time over which the sound around is averaged.
	around = 96 * dsp.MS

	// apart is the pause that ends a digit: longer than a pulse at the slowest
	// rate, shorter than the pause between digits at 20 pulses per second.
	apart = 180 * dsp.MS

	certain  = 0.6          // confidence of a digit that tells the telephone's habits
	patience = 4 * dsp.Rate // how long a doubtful first digit waits for the next

	maxClicks = 48 // of one digit; more are no digit
)

// floorPower is the power of a frame below which nothing is a click.
var floorPower = dsp.MeanSquare(-50) * frame

// Clicks are looked for behind a high-pass of 300 Hz and a zero at 425 Hz, which
// together take dial tones of 350…450 Hz down by 30 dB and more and hum of 50 Hz
// by 35 dB.
const keep = 0.79 // of what lies below, from one sample to the next: exp(−2π·300/8000)

var notch = 2 * math.Cos(2*math.Pi*425/dsp.Rate)

// Detector finds dialled digits on one line.
type Detector struct {
	pos    int64
	raw    [frame]int16   // of a frame that comes in parts
	low    float64        // what lies below 300 Hz
	x1, x2 float64        // the two samples before
	y      [frame]float64 // squares of the frame, behind the filters
	calm   float64        // mean power of the frames around
	settle int            // frames until calm is known

	open   bool // a click has begun
	click  click
	begin  int64
	train  [maxClicks]click
	n      int
	over   bool // more clicks than a digit has
	last   int64
	before habit // what the digits before have told of the telephone
	doubt  doubt
}

// doubt is a first digit that is not certain: the next one will tell. Its clicks
// may have been those of a dial tone that begins.
type doubt struct {
	on    bool
	event Event
	train [maxClicks]click
	n     int
}

// habit is what one telephone keeps to.
type habit struct {
	period   float64 // samples; 0: no digit yet
	strength float64 // of its clicks, dB
}

// click is one click.
type click struct {
	at    int64
	power float64 // of its strongest frame
	ratio float64 // to the sound around
}

// New returns a detector whose first sample has position 0. Feed it from when
// a telephone goes off-hook; what sounds like clicks is not dialling later on.
func New() *Detector {
	d := &Detector{}
	d.Reset()
	return d
}

// Position is the number of samples taken so far.
func (d *Detector) Position() int64 { return d.pos }

// Reset forgets clicks and rate, as when a telephone goes off-hook.
func (d *Detector) Reset() {
	*d = Detector{pos: d.pos, calm: floorPower, settle: 20, last: d.pos}
}

// Skip says that n samples of the line are missing. A digit they fall into is
// lost.
func (d *Detector) Skip(n int) {
	if n <= 0 {
		return
	}
	d.pos += int64(n)
	d.low, d.x1, d.x2, d.raw = 0, 0, 0, [frame]int16{}
	d.open, d.n, d.over, d.settle = false, 0, false, 10
	d.last = d.pos
}

// Process takes the next samples of the line and appends the digits that ended
// in them to dst.
func (d *Detector) Process(dst []Event, block []int16) []Event {
	for len(block) > 0 {
		x := &d.raw
		if at := int(d.pos % frame); at == 0 && len(block) >= frame {
			x, block = (*[frame]int16)(block), block[frame:]
			d.pos += frame
		} else {
			m := copy(d.raw[at:], block)
			block = block[m:]
			d.pos += int64(m)
		}
		if d.pos%frame == 0 {
			d.look(d.filter(x))
			if (d.n > 0 || d.over) && !d.open && d.pos-d.last > apart {
				dst = d.digit(dst)
			}
			if d.doubt.on && d.n == 0 && d.pos-d.doubt.event.End > patience {
				dst = d.settleDoubt(dst)
			}
		}
	}
	return dst
}

// filter takes a frame through the filters and returns its power. What
// lies below is carried over four samples at a time, so that none of them waits
// for the one before.
func (d *Detector) filter(x *[frame]int16) float64 {
	const k1, k2, k3, k4, g = keep, keep * keep, keep * keep * keep, keep * keep * keep * keep, 1 - keep
	low, x1, x2, zero, sum := d.low, d.x1, d.x2, notch, 0.0
	for i := 0; i < frame; i += 4 {
		v0, v1, v2, v3 := float64(x[i]), float64(x[i+1]), float64(x[i+2]), float64(x[i+3])
		w1 := g * v0
		w2 := k1*w1 + g*v1
		w3 := k1*w2 + g*v2
		w4 := k1*w3 + g*v3
		a, b, c, e := v0-low, v1-(k1*low+w1), v2-(k2*low+w2), v3-(k3*low+w3)
		low = k4*low + w4
		p, q, r, s := a-zero*x1+x2, b-zero*a+x1, c-zero*b+a, e-zero*c+b
		x1, x2 = e, c
		p, q, r, s = p*p, q*q, r*r, s*s
		d.y[i], d.y[i+1], d.y[i+2], d.y[i+3] = p, q, r, s
		sum += (p + q) + (r + s)
	}
	d.low, d.x1, d.x2 = low, x1, x2
	return sum
}

// topAt is where the frame that ends here is loudest.
func (d *Detector) topAt() int64 {
	top := 0
	for i, y := range d.y {
		if y > d.y[top] {
			top = i
		}
	}
	return d.pos - frame + int64(top)
}

// Flush ends a digit at the end of a recording.
func (d *Detector) Flush(dst []Event) []Event {
	dst = d.digit(dst)
	if d.doubt.on {
		dst = d.settleDoubt(dst)
	}
	return dst
}

// look takes the power of one frame.
func (d *Detector) look(p float64) {
	if d.settle > 0 { // the first frames after a gap only set the scale
		d.settle--
		d.calm = max(d.calm, p/4)
		return
	}
	if !d.open && p > clickRatio*d.calm && p > floorPower {
		d.open, d.begin = true, d.pos-frame
		d.click = click{at: d.topAt(), power: p, ratio: p / d.calm}
	} else if d.open {
		if p > d.click.power {
			d.click.power, d.click.ratio = p, p/d.calm
		}
		switch {
		case p < d.click.power/sink && p < clickRatio*d.calm:
			d.open = false
			d.take(d.click)
		case d.pos-d.begin > longest:
			d.open = false
			d.calm = max(d.calm, p/clickRatio)
			d.last = d.pos
			d.over = d.n > 0 // speech has begun: what there was is no digit
			d.n = 0
		}
	}
	if !d.open {
		d.calm += (min(p, 4*d.calm) - d.calm) * frame / around
		d.calm = max(d.calm, floorPower/clickRatio)
	}
}

// take adds a click to the digit.
func (d *Detector) take(c click) {
	if d.n > 0 && c.at-d.last < 12*dsp.MS { // contacts bounce, but not for long: that is a voice
		if c.at-d.train[d.n-1].at > 16*dsp.MS {
			d.over = true
		}
		if l := &d.train[d.n-1]; c.power > l.power {
			l.power, l.ratio = c.power, c.ratio
		}
		d.last = c.at
		return
	}
	if d.n == maxClicks {
		d.over = true
	} else {
		d.train[d.n] = c
		d.n++
	}
	d.last = c.at
}

// digit ends a digit.
func (d *Detector) digit(dst []Event) []Event {
	train := d.train[:d.n]
	over := d.over || d.n == 0
	d.n, d.over = 0, false
	if over {
		return dst
	}
	g := explain(train, d.before)
	if g.confidence < least {
		return dst
	}
	first := d.before.period == 0
	if g.pulses > 1 && g.confidence >= certain {
		d.before = habit{g.period, strength(train)}
	}
	if d.doubt.on {
		dst = d.settleDoubt(dst)
	}
	e := event(train, g)
	if first && g.confidence < certain {
		d.doubt.on, d.doubt.event = true, e
		d.doubt.n = copy(d.doubt.train[:], train)
		return dst
	}
	return append(dst, e)
}

// settleDoubt tells the first digit, if it is one by what is known now.
func (d *Detector) settleDoubt(dst []Event) []Event {
	train := d.doubt.train[:d.doubt.n]
	d.doubt.on = false
	if d.before.period == 0 {
		return append(dst, d.doubt.event)
	}
	if g := explain(train, d.before); g.confidence >= least {
		dst = append(dst, event(train, g))
	}
	return dst
}

func event(train []click, g guess) Event {
	return Event{
		At: train[0].at, End: train[len(train)-1].at, Digit: '0' + byte(g.pulses%10),
		Rate: dsp.Rate / g.period, Break: g.open, Confidence: g.confidence,
	}
}
