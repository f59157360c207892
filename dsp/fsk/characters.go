package fsk

import "math"

const (
	step = 32 // samples between two looks of a framer

	// A character is believed when the tones explain this part of its power.
	// Of noise they explain a quarter, at a signal-to-noise ratio of 5 dB three.
	goodEnough = 0.45

	// freshAfter is how many bits of mark make the next character the first of
	// its kind: nothing is known of levels and rate.
	freshAfter = 30

	lostAfter = 14 // bits without mark and without character until the carrier is lost
)

// framer finds start-stop characters.
type framer struct {
	t       float64 // end of the bit that is looked at
	pending bool    // a start bit may begin at edge
	edge    float64
	mark    float64 // when mark, or a character, was last seen
	idle    float64 // since when there was no character
	expect  float64 // where the next start bit begins if there is no pause
	run     int     // characters since the carrier came or rested
	looks   int
	T       float64    // samples per bit as received
	level   [2]float64 // peaks of space and mark
}

func (f *framer) start(r *Receiver, at int64) {
	// What was seen is the beginning of a mark that is longer than that. Just
	// there it may not look like one.
	t := float64(at) - 4*r.T
	*f = framer{t: t, mark: float64(at), idle: t, T: r.T}
}

// step looks at what the bank has now.
func (f *framer) step(r *Receiver, dst []Event) []Event {
	end := float64(r.bank.end()) - 0.5
	for {
		if f.pending {
			if end < f.edge+12.2*f.T {
				return dst
			}
			dst = f.character(r, dst)
			continue
		}
		if end < f.t {
			return dst
		}
		if f.t-f.mark > lostAfter*f.T {
			r.on = false
			return append(dst, Event{Kind: Lost, At: int64(f.mark)})
		}
		var now, before sum
		r.bank.until(f.t, &now)
		if f.looks++; f.looks%4 == 0 {
			r.bank.until(f.t-4*f.T, &before)
			if m := now.c[1].sub(before.c[1]); m.power() > 0.4*2*f.T*(now.power-before.power) {
				f.mark = f.t
			}
		}
		r.bank.until(f.t-f.T, &before)
		if f.run > 0 && f.t > f.expect+freshAfter*f.T {
			f.run, f.expect, f.T = 0, 0, r.T
		}
		if f.likelier(now.c[0].sub(before.c[0]), now.c[1].sub(before.c[1])) {
			f.pending = true
			f.edge = f.t - f.T/2
		} else {
			f.t += f.T / 3
		}
	}
}

// likelier reports whether a bit that correlates so with space and mark is a
// space. With levels that differ, the stronger tone costs more, so that half a
// bit of either is the same.
func (f *framer) likelier(space, mark phasor) bool {
	if f.run == 0 {
		return space.power() > mark.power()
	}
	l := &f.level
	return l[0]*(space.abs()-l[0]*f.T/4) > l[1]*(mark.abs()-l[1]*f.T/4)
}

// character reads the character whose start bit begins near f.edge: where the
// one before leads to expect it, or else anywhere after a rest.
func (f *framer) character(r *Receiver, dst []Event) []Event {
	f.pending = false
	if f.expect != 0 && math.Abs(f.edge-f.expect) < 0.75*f.T {
		if c, ok := f.read(r, f.expect); ok {
			f.T += (c.at - f.expect) / 10 * max(0.15, 0.8/float64(f.run))
			f.T = min(r.T*1.04, max(r.T*0.96, f.T))
			return f.accept(c, dst)
		}
	}
	if f.rested(r, f.edge-0.3*f.T) {
		if c, ok := f.read(r, f.search(r, f.edge)); ok {
			return f.accept(c, dst)
		}
	}
	f.t = f.edge + f.T
	return dst
}

func (f *framer) accept(c character, dst []Event) []Event {
	e := Event{Kind: Character, At: int64(math.Round(c.at)), Framed: c.bits[9] == 1, Quality: float32(c.quality)}
	for i := range 8 {
		e.Value |= c.bits[1+i] << i
	}
	e.Idle = float32(max(0, (c.at-f.idle)/f.T))
	f.run++
	f.level = c.level
	f.expect = c.at + 10*f.T
	f.mark, f.idle = f.expect, f.expect
	f.t = f.expect + 0.2*f.T
	return append(dst, e)
}

// rested reports whether there were three bits of mark before a time.
func (f *framer) rested(r *Receiver, t float64) bool {
	var from, to sum
	r.bank.until(t-3*f.T, &from)
	r.bank.until(t, &to)
	return to.c[1].sub(from.c[1]).power() > 0.5*1.5*f.T*(to.power-from.power)
}

// faded reports whether a character has less power than the weaker tone alone
// would give it: the carrier ended within it.
func (f *framer) faded(w *word) bool {
	weak := min(f.level[0], f.level[1])
	return f.run > 0 && w.power[11]-w.power[1] < 0.35*weak*weak/2*10*f.T
}

// search looks half a bit to either side for about where a character begins:
// where its bits, a 0 first and a 1 before and last, agree best with either
// tone.
func (f *framer) search(r *Receiver, about float64) float64 {
	w := &r.word
	best, at := -1.0, about
	for i := -2.0; i <= 2; i++ {
		t := about + i*0.2*f.T
		w.read(r.bank, t, f.T, 10)
		s := w.c[0][1].power() + w.c[1][0].power() + w.c[10][1].power()
		for k := 2; k < 10; k++ {
			s += max(w.c[k][0].power(), w.c[k][1].power())
		}
		if s > best {
			best, at = s, t
		}
	}
	return at
}

// character is one as read.
type character struct {
	at      float64 // where its start bit begins
	bits    [10]byte
	quality float64    // part of the power that it explains
	level   [2]float64 // of space and mark, as known after it
}

// read reads a character that begins at time t or within half a bit of it, and
// reports whether there is one.
func (f *framer) read(r *Receiver, t float64) (character, bool) {
	c := f.decide(r, t)
	slip := r.word.slip(r.bank, 1, c.bits[:])
	if math.Abs(slip) > 0.1*f.T {
		c = f.decide(r, t+slip)
		slip = r.word.slip(r.bank, 1, c.bits[:])
	}
	c.at += slip * max(0.5, 1/float64(f.run+1))
	return c, c.bits[0] == 0 && c.quality >= goodEnough && !f.faded(&r.word)
}

// decide decides the ten bits of a character that begins at time t.
func (f *framer) decide(r *Receiver, t float64) character {
	w := &r.word
	w.read(r.bank, t, f.T, 10)
	var peak, count [2]float64
	for k := 1; k <= 10; k++ {
		p := [2]float64{w.c[k][0].power(), w.c[k][1].power()}
		i := one(p[1] > p[0])
		peak[i] += math.Sqrt(p[i])
		count[i]++
	}
	peak[0] *= 2 / f.T
	peak[1] *= 2 / f.T
	c := character{at: t, level: f.level}
	for i := range peak {
		switch {
		case count[i] == 0:
		case f.run == 0:
			c.level[i] = peak[i] / count[i]
		default:
			c.level[i] += 0.3 * (peak[i]/count[i] - c.level[i])
		}
	}
	w.levels(c.level[0], c.level[1])
	prev := byte(1)
	var explained, power float64
	for k := range c.bits {
		var e float64
		prev, e = w.decide(k, prev)
		c.bits[k] = prev
		explained += e
		power += w.power[k+3] - w.power[k]
	}
	if power > 0 {
		c.quality = explained / power
	}
	return c
}
