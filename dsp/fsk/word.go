package fsk

import "math"

// word is a run of bits of which it is known where they begin: how each
// correlates with either tone.
//
// One bit alone is a poor guide: over a bit of V.23 its two tones correlate by
// 0.41. But the phase runs on from bit to bit, so that three bits are one of
// eight waveforms. Each bit is decided as the middle of the likeliest three.
// Measured with exact timing, that makes at a signal-to-noise ratio of 5 dB the
// errors that single bits make at 9 dB, and it needs no reference of phase.
type word struct {
	c     [maxWord + 2][2]phasor // from the bit before to the bit after
	d     [maxWord + 3]phasor    // where each begins: how much further space has turned than mark
	power [maxWord + 3]float64   // of all that came before each

	level [2]float64 // peak of space and mark
	cost  [2]float64 // energy of a bit of either, as far as it enters the decision
	// energy is that of two bits: 00, 01, 10, 11.
	energy [4]float64
	T      float64
}

const maxWord = 10

// read correlates bits of T samples, the first of which begins at time t.
func (w *word) read(b *bank, t, T float64, bits int) {
	w.T = T
	t -= T
	w.d[0] = turnOf(b.apart * (t - float64(b.begin)))
	r := turnOf(b.apart * T)
	at := t + 0.5 - float64(b.base) // as until has it
	if at < 0 || at+float64(bits+2)*T >= float64(b.n-1) {
		w.readEdge(b, t, r, bits)
		return
	}
	// What until does, without a call: this is what reception costs most.
	i := int(at)
	f := at - float64(i)
	l, h := &b.sums[i], &b.sums[i+1]
	re0, im0 := l.c[0].re+f*(h.c[0].re-l.c[0].re), l.c[0].im+f*(h.c[0].im-l.c[0].im)
	re1, im1 := l.c[1].re+f*(h.c[1].re-l.c[1].re), l.c[1].im+f*(h.c[1].im-l.c[1].im)
	w.power[0] = l.power + f*(h.power-l.power)
	d := w.d[0]
	for k := range bits + 2 {
		at += T
		i = int(at)
		f = at - float64(i)
		l, h = &b.sums[i], &b.sums[i+1]
		c := &w.c[k]
		v := l.c[0].re + f*(h.c[0].re-l.c[0].re)
		c[0].re, re0 = v-re0, v
		v = l.c[0].im + f*(h.c[0].im-l.c[0].im)
		c[0].im, im0 = v-im0, v
		v = l.c[1].re + f*(h.c[1].re-l.c[1].re)
		c[1].re, re1 = v-re1, v
		v = l.c[1].im + f*(h.c[1].im-l.c[1].im)
		c[1].im, im1 = v-im1, v
		w.power[k+1] = l.power + f*(h.power-l.power)
		d = phasor{d.re*r.re - d.im*r.im, d.re*r.im + d.im*r.re}
		w.d[k+1] = d
	}
}

// readEdge is read where the bank may not hold all of it. The first of the bits
// and the one before begins at time t; r is what a bit adds to d.
func (w *word) readEdge(b *bank, t float64, r phasor, bits int) {
	var last, s sum
	b.until(t, &last)
	w.power[0] = last.power
	for k := range bits + 2 {
		t += w.T
		b.until(t, &s)
		w.power[k+1] = s.power
		w.d[k+1] = w.d[k].mul(r)
		w.c[k] = [2]phasor{s.c[0].sub(last.c[0]), s.c[1].sub(last.c[1])}
		last = s
	}
}

// levels sets what the two tones are expected to have. Lines and cards make
// them differ; two equal ones serve until they are known.
func (w *word) levels(space, mark float64) {
	w.level = [2]float64{space, mark}
	w.cost = [2]float64{space * space * w.T / 4, mark * mark * w.T / 4}
	e0, e1 := w.cost[0], w.cost[1]
	w.energy = [4]float64{2 * e0, e0 + e1, e0 + e1, 2 * e1}
}

// decide returns bit k, which follows prev and comes before one not yet known,
// and how much of the power of the three the likeliest waveform explains. Bits
// are what cannot be foreseen: it goes without branches.
func (w *word) decide(k int, prev byte) (bit byte, explained float64) {
	// w.c begins with the bit before.
	c, n := &w.c[k+1], &w.c[k+2]
	p, d := w.c[k][prev&1], w.d[k+1]
	g0, g1, gp := w.level[0], w.level[1], w.level[prev&1]
	// The bit before as either tone goes on from it.
	on0 := [2]phasor{{1, 0}, {d.re, -d.im}}[prev&1]
	on1 := [2]phasor{{d.re, d.im}, {1, 0}}[prev&1]
	pr, pi := p.re*gp, p.im*gp
	c0r, c0i := c[0].re*g0+pr*on0.re-pi*on0.im, c[0].im*g0+pr*on0.im+pi*on0.re
	c1r, c1i := c[1].re*g1+pr*on1.re-pi*on1.im, c[1].im*g1+pr*on1.im+pi*on1.re
	n0r, n0i, n1r, n1i := n[0].re*g0, n[0].im*g0, n[1].re*g1, n[1].im*g1
	d = w.d[k+2]
	// The next bit as it goes on from the other tone.
	m1r, m1i := n1r*d.re+n1i*d.im, n1i*d.re-n1r*d.im
	m0r, m0i := n0r*d.re-n0i*d.im, n0r*d.im+n0i*d.re
	e := &w.energy
	m := [4]float64{
		math.Sqrt((c0r+n0r)*(c0r+n0r)+(c0i+n0i)*(c0i+n0i)) - e[0],
		math.Sqrt((c0r+m1r)*(c0r+m1r)+(c0i+m1i)*(c0i+m1i)) - e[1],
		math.Sqrt((c1r+m0r)*(c1r+m0r)+(c1i+m0i)*(c1i+m0i)) - e[2],
		math.Sqrt((c1r+n1r)*(c1r+n1r)+(c1i+n1i)*(c1i+n1i)) - e[3],
	}
	i := one(m[1] > m[0])
	j := 2 + one(m[3] > m[2])
	i += (j - i) * one(m[j&3] > m[i&3])
	z := m[i&3] + e[i&3]
	return byte(i >> 1), z * z / (2 * (e[i] + w.cost[prev&1]))
}

// one is 1 where something holds, else 0.
func one(holds bool) (n int) {
	if holds {
		n = 1
	}
	return n
}

func (a phasor) abs() float64 { return math.Sqrt(a.power()) }

// change compares the phases of the two tones where bit k begins, which follows
// another. They must be the same there and move against each other by a third
// of a turn in a bit's time. So the angle of the result says by how much later
// than assumed the bit begins: that time × apart after a rise from space to
// mark, and less it after a fall. A frequency that is off adds the same to both.
func (w *word) change(k int, prev, bit byte) phasor {
	c, p, d := &w.c[k+1][bit], &w.c[k][prev], &w.d[k+1]
	re, im := c.re*p.re+c.im*p.im, c.im*p.re-c.re*p.im
	if bit == 1 {
		return phasor{re*d.re + im*d.im, im*d.re - re*d.im}
	}
	return phasor{re*d.re - im*d.im, re*d.im + im*d.re}
}

// slip returns by how many samples later than assumed the bits began. In a
// character there are as many rises as falls, so that an error of frequency
// cancels.
func (w *word) slip(b *bank, prev byte, bits []byte) float64 {
	var fall, rise phasor
	for k, bit := range bits {
		if bit != prev {
			c := w.change(k, prev, bit)
			if bit == 1 {
				rise.re, rise.im = rise.re+c.re, rise.im+c.im
			} else {
				fall.re, fall.im = fall.re+c.re, fall.im+c.im
			}
		}
		prev = bit
	}
	if fall.power() == 0 || rise.power() == 0 {
		return 0
	}
	return rise.back(fall).angle() / (2 * b.apart)
}

// angle is that of a, exact to 1e-5. It is asked for with every character.
func (a phasor) angle() float64 {
	x, y := math.Abs(a.re), math.Abs(a.im)
	t := min(x, y) / max(x, y, 1e-300)
	// Abramowitz and Stegun 4.4.49.
	s := t * t
	v := t * (1 + s*(-0.3333314528+s*(0.1999355085+s*(-0.1420889944+s*(0.1065626393+s*(-0.0752896400+s*(0.0429096138+s*(-0.0161657367+s*0.0028662257))))))))
	if y > x {
		v = math.Pi/2 - v
	}
	if a.re < 0 {
		v = math.Pi - v
	}
	return math.Copysign(v, a.im)
}
