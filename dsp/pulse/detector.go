package pulse

import "vaad/dsp"

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
	pace   = float64(frame) / around

	// loud is how much louder than the sound around a frame counts as at most when
	// that is averaged.
	loud = 4

	// apart is the pause that ends a digit: longer than a pulse at the slowest
	// rate, shorter than the pause between digits at 20 pulses per second.
	apart = 180 * dsp.MS

	certain  = 0.6          // confidence of a digit that tells the telephone's habits
	patience = 4 * dsp.Rate // how long a doubtful first digit waits for the next

	maxClicks = 48 // of one digit; more are no digit
)

// floorPower is the power of a frame below which nothing is a click.
var floorPower = dsp.MeanSquare(-50) * frame

// calmest is the least that counts as the sound around.
var calmest = floorPower / clickRatio

// Detector finds dialled digits on one line.
type Detector struct {
	pos    int64
	raw    [frame]int16 // of a frame that comes in parts
	filter filter
	calm   float64 // mean power of the frames around
	settle int     // frames until calm is known

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
	d.filter, d.raw = filter{}, [frame]int16{}
	d.open, d.n, d.over, d.settle = false, 0, false, 10
	d.last = d.pos
}

// Process takes the next samples of the line and appends the digits that ended
// in them to dst.
func (d *Detector) Process(dst []Event, block []int16) []Event {
	for len(block) > 0 {
		at := int(d.pos % frame)
		if at == 0 && len(block) >= frame {
			n := min(len(block)/frame, most) * frame
			dst = d.frames(dst, block[:n])
			block = block[n:]
			continue
		}
		n := copy(d.raw[at:], block)
		block = block[n:]
		if at+n < frame {
			d.pos += int64(n)
			continue
		}
		d.pos -= int64(at)
		dst = d.frames(dst, d.raw[:])
	}
	return dst
}

// frames takes whole frames, at most of them.
func (d *Detector) frames(dst []Event, x []int16) []Event {
	n := len(x) / frame
	last := d.filter.last
	d.filter.powers(x)
	for i := 0; i < n; i++ {
		if m := d.pass(d.filter.power[i:n]); m > 0 {
			d.pos += int64(m * frame)
			if i += m; i == n {
				break
			}
		}
		d.pos += frame
		if d.look(d.filter.power[i]) {
			if i > 0 {
				a, b, c := int32(x[i*frame-3]), int32(x[i*frame-2]), int32(x[i*frame-1])
				last = [3]int32{c, c - b, b - a}
			}
			d.click.at = d.begin + int64(top(d.filter.in[i], last, (*[frame]int16)(x[i*frame:])))
		}
		if (d.n > 0 || d.over) && !d.open && d.pos-d.last > apart {
			dst = d.digit(dst)
		}
		if d.doubt.on && d.n == 0 && d.pos-d.doubt.event.End > patience {
			dst = d.settleDoubt(dst)
		}
	}
	d.filter.in[0] = d.filter.in[n]
	return dst
}

// pass takes frames while they are no louder than what a line does all the time
// and nothing falls due, and returns how many. It does what look would do.
func (d *Detector) pass(p []float64) int {
	if d.settle > 0 || d.open {
		return 0
	}
	n := len(p)
	if d.n > 0 || d.over {
		n = min(n, int(apart-(d.pos-d.last))/frame)
	} else if d.doubt.on {
		n = min(n, int(patience-(d.pos-d.doubt.event.End))/frame)
	}
	calm := d.calm
	for i := 0; i < n; i++ {
		v := p[i]
		if v > loud*calm {
			n = i
			break
		}
		if calm += (v - calm) * pace; calm < calmest {
			calm = calmest
		}
	}
	d.calm = calm
	return n
}

// Flush ends a digit at the end of a recording.
func (d *Detector) Flush(dst []Event) []Event {
	dst = d.digit(dst)
	if d.doubt.on {
		dst = d.settleDoubt(dst)
	}
	return dst
}

// look takes the power of one frame and reports whether a click began in it.
func (d *Detector) look(p float64) (began bool) {
	if d.settle > 0 { // the first frames after a gap only set the scale
		d.settle--
		d.calm = max(d.calm, p/4)
		return false
	}
	if !d.open && p > clickRatio*d.calm && p > floorPower {
		d.open, d.begin = true, d.pos-frame
		d.click = click{power: p, ratio: p / d.calm}
		began = true
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
		d.calm = max(d.calm+(min(p, loud*d.calm)-d.calm)*pace, calmest)
	}
	return began
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
