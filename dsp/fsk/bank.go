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
	n     int   // sums made; sums[i] holds all before sample base+i
	base  int64 // position of the first sample of sums
	begin int64 // position where the phases of both tones are zero
	turn  [2]phasor
	apart float64 // radians per sample by which space turns faster than mark
	now   [2]phasor
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

func (a phasor) add(b phasor) phasor { return phasor{a.re + b.re, a.im + b.im} }
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

func newBank(s Spec, length int) *bank {
	return &bank{
		sums:  make([]sum, length),
		turn:  [2]phasor{turnOf(-radians(s.Space)), turnOf(-radians(s.Mark))},
		apart: radians(s.Space) - radians(s.Mark),
		hp:    newHighpass(),
	}
}

// start begins anew at a position.
func (b *bank) start(at int64) {
	b.n, b.base, b.begin = 1, at, at
	b.sums[0] = sum{}
	b.total = sum{}
	b.now = [2]phasor{{1, 0}, {1, 0}}
	b.hp.reset()
}

// end is the position up to which there are sums.
func (b *bank) end() int64 { return b.base + int64(b.n) - 1 }

// room makes room for samples and returns for how many, keeping the sums of
// the last keep samples.
func (b *bank) room(keep int) int {
	if b.n == len(b.sums) {
		from := max(0, b.n-keep)
		copy(b.sums, b.sums[from:])
		b.n -= from
		b.base += int64(from)
		zero := b.sums[0] // and begin from nothing again, so that the sums stay exact
		for i := range b.sums[:b.n] {
			s := &b.sums[i]
			s.c[0].re -= zero.c[0].re
			s.c[0].im -= zero.c[0].im
			s.c[1].re -= zero.c[1].re
			s.c[1].im -= zero.c[1].im
			s.power -= zero.power
		}
		b.total = b.total.less(zero)
		for i, p := range b.now {
			g := 1 / math.Sqrt(p.power())
			b.now[i] = phasor{p.re * g, p.im * g}
		}
	}
	return len(b.sums) - b.n
}

func (s sum) less(z sum) sum {
	return sum{c: [2]phasor{s.c[0].sub(z.c[0]), s.c[1].sub(z.c[1])}, power: s.power - z.power}
}

// take adds samples; there must be room.
func (b *bank) take(x []int16) {
	t := &b.total // all in registers
	c0, s0, c1, s1, power := t.c[0].re, t.c[0].im, t.c[1].re, t.c[1].im, t.power
	p0, q0, p1, q1 := b.now[0].re, b.now[0].im, b.now[1].re, b.now[1].im
	tp0, tq0, tp1, tq1 := b.turn[0].re, b.turn[0].im, b.turn[1].re, b.turn[1].im
	out := b.sums[b.n:][:len(x)]
	for i, s := range x {
		v := b.hp.next(float64(s))
		c0 += v * p0
		s0 += v * q0
		c1 += v * p1
		s1 += v * q1
		power += v * v
		p0, q0 = p0*tp0-q0*tq0, p0*tq0+q0*tp0
		p1, q1 = p1*tp1-q1*tq1, p1*tq1+q1*tp1
		o := &out[i]
		o.c[0].re, o.c[0].im, o.c[1].re, o.c[1].im, o.power = c0, s0, c1, s1, power
	}
	t.c[0].re, t.c[0].im, t.c[1].re, t.c[1].im, t.power = c0, s0, c1, s1, power
	b.now = [2]phasor{{p0, q0}, {p1, q1}}
	b.n += len(x)
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
	x1, x2, y1, y2 float64
}

func newHighpass() highpass {
	k := math.Tan(math.Pi * 300 / dsp.Rate)
	norm := 1 / (1 + math.Sqrt2*k + k*k)
	return highpass{b: norm, a1: 2 * (k*k - 1) * norm, a2: (1 - math.Sqrt2*k + k*k) * norm}
}

func (h *highpass) reset() { h.x1, h.x2, h.y1, h.y2 = 0, 0, 0, 0 }

func (h *highpass) next(x float64) float64 {
	y := h.b*(x-2*h.x1+h.x2) - h.a2*h.y2 - h.a1*h.y1
	h.x2, h.x1, h.y2, h.y1 = h.x1, x, h.y1, y
	return y
}
