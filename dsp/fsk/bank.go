package fsk

import (
	"math"

	"vaad/dsp"
)

// bank turns both tones down to zero and keeps running sums of the results, so
// that the correlation of any stretch with either tone, also from and to a
// fraction of a sample, is the difference of two sums.
type bank struct {
	sums  []sum
	n     int         // sums made; sums[i] holds all before sample base+i
	base  int64       // position of the first sample of sums
	begin int64       // position where the phases of both tones are zero
	turns [][2]phasor // of both tones, and the first of them again at the end
	at    int
	apart float64 // radians per sample by which space turns faster than mark
	hp    highpass
	total sum
}

// sum is the running sum of both tones and of the power.
type sum struct {
	c     [2]phasor
	power float64
}

// phasor is a complex number.
type phasor struct{ re, im float64 }

func (a phasor) sub(b phasor) phasor { return phasor{a.re - b.re, a.im - b.im} }
func (a phasor) mul(b phasor) phasor {
	return phasor{a.re*b.re - a.im*b.im, a.re*b.im + a.im*b.re}
}

// back is a times the conjugate of b.
func (a phasor) back(b phasor) phasor {
	return phasor{a.re*b.re + a.im*b.im, a.im*b.re - a.re*b.im}
}
func (a phasor) power() float64 { return a.re*a.re + a.im*a.im }

func turnOf(angle float64) phasor {
	s, c := math.Sincos(angle)
	return phasor{c, s}
}

func radians(hz float64) float64 { return 2 * math.Pi * hz / dsp.Rate }

// newBank makes a bank of some length. The tones are taken to the nearest Hz, so
// that both begin anew after a second at the latest.
func newBank(s Spec, length int) *bank {
	space, mark := math.Round(s.Space), math.Round(s.Mark)
	b := &bank{
		sums:  make([]sum, length),
		turns: make([][2]phasor, dsp.Rate/divisor(dsp.Rate, divisor(int(space), int(mark)))+1),
		apart: radians(space) - radians(mark),
		hp:    newHighpass(),
	}
	for i := range b.turns {
		b.turns[i] = [2]phasor{turnOf(-radians(space) * float64(i)), turnOf(-radians(mark) * float64(i))}
	}
	return b
}

// divisor is the greatest common one.
func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// start begins anew at a position.
func (b *bank) start(at int64) {
	b.n, b.base, b.begin = 1, at, at
	b.sums[0] = sum{}
	b.total = sum{}
	b.at = 0
	b.hp.reset()
}

// end is the position up to which there are sums.
func (b *bank) end() int64 { return b.base + int64(b.n) - 1 }

// room makes room for n samples, keeping the sums of the last keep. The sums are
// not begun anew: after a day of carrier they are still exact to 1e-7 of a bit.
func (b *bank) room(n, keep int) {
	if b.n+n <= len(b.sums) {
		return
	}
	from := max(0, b.n-keep)
	copy(b.sums, b.sums[from:])
	b.n -= from
	b.base += int64(from)
}

// take adds samples; there must be room.
func (b *bank) take(x []int16) {
	if len(x)%2 != 0 {
		b.takeOne(x[0])
		x = x[1:]
	}
	t, h := &b.total, &b.hp // all in registers
	c0, s0, c1, s1, power := t.c[0].re, t.c[0].im, t.c[1].re, t.c[1].im, t.power
	x1, x2, y1, y2 := h.x1, h.x2, h.y1, h.y2
	at := b.at
	out := b.sums[b.n:][:len(x)]
	for i := 0; i+1 < len(x); i += 2 {
		// Two samples at a time: what the first adds to the second is put in
		// terms of those before, so that neither waits for the other.
		v, u := float64(x[i]), float64(x[i+1])
		w := h.b * (v - 2*x1 + x2)
		z := h.b*(u-2*v+x1) - h.a1*w + h.aa*y2 + h.a11*y1
		y := w - h.a2*y2 - h.a1*y1
		x2, x1, y2, y1 = v, u, y, z
		p, q := &b.turns[at], &b.turns[at+1]
		if at += 2; at >= len(b.turns)-1 {
			at -= len(b.turns) - 1
		}
		o := &out[i]
		m0, n0, m1, n1, e := y*p[0].re, y*p[0].im, y*p[1].re, y*p[1].im, y*y
		o.c[0].re, o.c[0].im, o.c[1].re, o.c[1].im, o.power = c0+m0, s0+n0, c1+m1, s1+n1, power+e
		c0 += m0 + z*q[0].re
		s0 += n0 + z*q[0].im
		c1 += m1 + z*q[1].re
		s1 += n1 + z*q[1].im
		power += e + z*z
		o = &out[i+1]
		o.c[0].re, o.c[0].im, o.c[1].re, o.c[1].im, o.power = c0, s0, c1, s1, power
	}
	t.c[0].re, t.c[0].im, t.c[1].re, t.c[1].im, t.power = c0, s0, c1, s1, power
	h.x1, h.x2, h.y1, h.y2 = x1, x2, y1, y2
	b.at = at
	b.n += len(x)
}

func (b *bank) takeOne(x int16) {
	t, h := &b.total, &b.hp
	v := float64(x)
	y := h.b*(v-2*h.x1+h.x2) - h.a2*h.y2 - h.a1*h.y1
	h.x2, h.x1, h.y2, h.y1 = h.x1, v, h.y1, y
	for k, p := range b.turns[b.at] {
		t.c[k].re += y * p.re
		t.c[k].im += y * p.im
	}
	t.power += y * y
	b.sums[b.n] = *t
	b.n++
	if b.at++; b.at == len(b.turns)-1 {
		b.at = 0
	}
}

// until sets to to the sum of everything before a time, given in samples. A sample
// stands for the time from half a sample before it to half a sample after it.
func (b *bank) until(t float64, to *sum) {
	t += 0.5 - float64(b.base)
	i := int(t)
	if t < 0 {
		*to = b.sums[0]
		return
	}
	if i >= b.n-1 {
		*to = b.sums[b.n-1]
		return
	}
	f := t - float64(i)
	l, h := &b.sums[i], &b.sums[i+1]
	to.c[0].re = l.c[0].re + f*(h.c[0].re-l.c[0].re)
	to.c[0].im = l.c[0].im + f*(h.c[0].im-l.c[0].im)
	to.c[1].re = l.c[1].re + f*(h.c[1].re-l.c[1].re)
	to.c[1].im = l.c[1].im + f*(h.c[1].im-l.c[1].im)
	to.power = l.power + f*(h.power-l.power)
}

// highpass is a Butterworth filter of the second order at 300 Hz. It takes hum
// down by 31 dB and delays neither tone of a modem by much.
type highpass struct {
	b, a1, a2      float64
	aa, a11        float64 // a1 × a2, a1² − a2
	x1, x2, y1, y2 float64
}

func newHighpass() highpass {
	k := math.Tan(math.Pi * 300 / dsp.Rate)
	norm := 1 / (1 + math.Sqrt2*k + k*k)
	h := highpass{b: norm, a1: 2 * (k*k - 1) * norm, a2: (1 - math.Sqrt2*k + k*k) * norm}
	h.aa, h.a11 = h.a1*h.a2, h.a1*h.a1-h.a2
	return h
}

func (h *highpass) reset() { h.x1, h.x2, h.y1, h.y2 = 0, 0, 0, 0 }
