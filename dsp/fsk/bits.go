package fsk

import "math"

// clock finds bits in step with a clock of its own, which follows the changes
// from bit to bit.
type clock struct {
	t     float64 // where the next bit begins
	T     float64
	prev  byte
	phase [2]float64 // of the last rise and fall, as word.change gives them
	known [2]bool
	level [2]float64
	good  float64 // running mean of what the tones explain
	until int     // bits since the clock was compared with others; below 0: until then
}

const (
	clockGain = 0.3  // of a slip that is made good at once
	clockRate = 0.01 // and that goes into the length of a bit

	// lostBelow is how little of the power the tones may explain, over some 16
	// bits, until the carrier is lost.
	lostBelow = 0.45

	// Every setBits bits, and at first, the clock is set anew if another one
	// explains setGain times as much of the last setBits. The phases at changes
	// alone may hold it where it is wrong by half a bit. Flags repeat after 8
	// bits: a multiple of that would see the same changes each time.
	setBits = 12
	setGain = 1.1
)

func (c *clock) start(r *Receiver) {
	t := float64(r.fed+history) + r.T
	*c = clock{t: t, T: r.T, prev: 1, good: 1, until: -setBits}
}

// set compares the clock with others.
func (c *clock) set(r *Receiver) {
	const tries = 8
	var energy [tries]float64
	best := 0
	for i := range tries {
		t := c.t + c.T*(float64(i)/tries-setBits)
		if i > tries/2 {
			t -= c.T
		}
		var last, s sum
		r.bank.until(t, &last)
		for range setBits {
			t += c.T
			r.bank.until(t, &s)
			energy[i] += max(s.c[0].sub(last.c[0]).power(), s.c[1].sub(last.c[1]).power())
			last = s
		}
		if energy[i] > energy[best] {
			best = i
		}
	}
	if energy[best] > setGain*energy[0] {
		c.t += c.T * float64(best) / tries
		if best > tries/2 {
			c.t -= c.T
		}
		c.known = [2]bool{}
	}
}

// step reads the bits that the bank has now.
func (c *clock) step(r *Receiver, dst []Event) []Event {
	end := float64(r.bank.end()) - 0.5
	for end >= c.t+2*c.T {
		if c.until < 0 { // nothing is told before the clock is set
			if c.until++; c.until < 0 {
				c.t += c.T
				continue
			}
			c.set(r)
			c.t -= (setBits - 2) * c.T
		}
		if c.until++; c.until > setBits {
			c.until = 1
			c.set(r)
			continue
		}
		w := &r.word
		w.read(r.bank, c.t, c.T, 1)
		c.adapt(w)
		w.levels(c.level[0], c.level[1])
		bit, e := w.decide(0, c.prev)
		quality := 0.0
		if p := w.power[3] - w.power[0]; p > 0 {
			quality = e / p
		}
		c.good += (quality - c.good) / 16
		dst = append(dst, Event{Kind: Bit, At: int64(math.Round(c.t)), Value: bit, Quality: float32(quality)})
		if c.good < lostBelow {
			r.on = false
			return append(dst, Event{Kind: Lost, At: int64(math.Round(c.t))})
		}
		if bit != c.prev {
			c.follow(w.change(0, c.prev, bit), bit, r)
		}
		c.prev = bit
		c.t += c.T
	}
	return dst
}

// adapt learns the levels of the two tones.
func (c *clock) adapt(w *word) {
	k := 0
	if w.c[1][1].power() > w.c[1][0].power() {
		k = 1
	}
	p := w.c[1][k].abs() * 2 / c.T
	switch {
	case c.level[k] == 0:
		c.level[k] = p
		if c.level[1-k] == 0 {
			c.level[1-k] = p
		}
	default:
		c.level[k] += 0.1 * (p - c.level[k])
	}
}

// follow moves the clock after a change to bit.
func (c *clock) follow(change phasor, bit byte, r *Receiver) {
	c.phase[bit], c.known[bit] = change.angle(), true
	if !c.known[0] || !c.known[1] {
		return
	}
	slip := (c.phase[1] - c.phase[0]) / (2 * r.bank.apart)
	c.t += clockGain * slip
	c.T = min(r.T*1.02, max(r.T*0.98, c.T+clockRate*slip))
}
