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
}

const (
	clockGain = 0.3  // of a slip that is made good at once
	clockRate = 0.01 // and that goes into the length of a bit

	// lostBelow is how little of the power the tones may explain, over some 16
	// bits, until the carrier is lost.
	lostBelow = 0.45
)

func (c *clock) start(r *Receiver) {
	t := float64(r.fed+history) + r.T
	*c = clock{t: t, T: r.T, prev: 1, good: 1}
}

// step reads the bits that the bank has now.
func (c *clock) step(r *Receiver, dst []Event) []Event {
	end := float64(r.bank.end()) - 0.5
	for end >= c.t+2*c.T {
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
	c.phase[bit], c.known[bit] = math.Atan2(change.im, change.re), true
	if !c.known[0] || !c.known[1] {
		return
	}
	slip := (c.phase[1] - c.phase[0]) / (2 * r.bank.apart)
	c.t += clockGain * slip
	c.T = min(r.T*1.02, max(r.T*0.98, c.T+clockRate*slip))
}
