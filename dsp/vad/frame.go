package vad

import (
	"math"

	"vaad/dsp"
)

const (
	hop    = 10 * dsp.MS // samples from frame to frame
	window = 128         // samples that a frame looks at, about the middle of its hop
	lead   = (window - hop) / 2

	// fold is the length of the transform. The window is laid over itself
	// before it, which leaves every second line of its spectrum: lines 125 Hz
	// apart, each as narrow as the window makes it.
	fold = 64

	bands = 12
)

// edges are the lines of the spectrum (125 Hz each) at which the bands begin:
// single lines where voices have their harmonics, then ever wider, as hearing
// has it. The last ends at 3.75 kHz. The line at 0 belongs to none.
var edges = [bands + 1]int{1, 2, 3, 4, 5, 6, 7, 9, 11, 14, 18, 23, 31}

// still is the mean square that every band is taken to have at least, about
// −72 dBm0: what lies below, the steps of the companding law among it, is silence.
const still = 16

// shape is a raised cosine, scaled so that the lines of a spectrum add up to
// the mean square of the samples.
// Sample i is found at [i%8][i/8].
var shape = func() (w [8][window / 8]float32) {
	scale := math.Sqrt(2.0 / (0.375 * window * fold))
	for i := range window {
		w[i%8][i/8] = float32(scale * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/window)))
	}
	return w
}()

// turns[c][k] is the factor between the two passes of the transform.
var turns = func() (t [8][5][2]float32) {
	for c := range t {
		for k := range t[c] {
			sin, cos := math.Sincos(-2 * math.Pi * float64(c*k) / fold)
			t[c][k] = [2]float32{float32(cos), float32(sin)}
		}
	}
	return t
}()

const half = float32(math.Sqrt2 / 2)

// spectrum writes the power of lines 1…31 of the windowed samples into p.
//
// The transform of 64 goes as 8 by 8: eight transforms of the columns, whose
// samples are real so that five of their eight values say all, a turn, and five
// transforms of the rows, of which what is known by symmetry is left out.
func spectrum(p *[32]float32, x *[window]int16) {
	var rows [5][8][2]float32
	for c := range 8 {
		t, w := &turns[c], &shape[c]
		v0 := float32(x[c])*w[0] + float32(x[c+64])*w[8]
		v1 := float32(x[c+8])*w[1] + float32(x[c+72])*w[9]
		v2 := float32(x[c+16])*w[2] + float32(x[c+80])*w[10]
		v3 := float32(x[c+24])*w[3] + float32(x[c+88])*w[11]
		v4 := float32(x[c+32])*w[4] + float32(x[c+96])*w[12]
		v5 := float32(x[c+40])*w[5] + float32(x[c+104])*w[13]
		v6 := float32(x[c+48])*w[6] + float32(x[c+112])*w[14]
		v7 := float32(x[c+56])*w[7] + float32(x[c+120])*w[15]
		a0, b0 := v0+v4, v0-v4
		a1, b1 := v1+v5, v1-v5
		a2, b2 := v2+v6, v2-v6
		a3, b3 := v3+v7, v3-v7
		e0, e1 := a0+a2, a1+a3
		d, s := half*(b1-b3), half*(b1+b3)
		rows[0][c][0] = e0 + e1
		turn(&rows[1][c], b0+d, -b2-s, &t[1])
		turn(&rows[2][c], a0-a2, a3-a1, &t[2])
		turn(&rows[3][c], b0-d, b2-s, &t[3])
		turn(&rows[4][c], e0-e1, 0, &t[4])
	}
	var q [8]float32
	rowPower(&q, &rows[0])
	p[8], p[16], p[24] = q[1], q[2], q[3]
	rowPower(&q, &rows[4])
	p[4], p[12], p[20], p[28] = q[0], q[1], q[2], q[3]
	for k := 1; k < 4; k++ {
		rowPower(&q, &rows[k])
		p[k], p[8+k], p[16+k], p[24+k] = q[0], q[1], q[2], q[3]
		p[32-k], p[24-k], p[16-k], p[8-k] = q[4], q[5], q[6], q[7]
	}
}

func turn(to *[2]float32, re, im float32, t *[2]float32) {
	to[0] = re*t[0] - im*t[1]
	to[1] = re*t[1] + im*t[0]
}

// rowPower transforms eight complex values and gives the squares of what comes out.
func rowPower(q *[8]float32, z *[8][2]float32) {
	ar0, ai0, br0, bi0 := z[0][0]+z[4][0], z[0][1]+z[4][1], z[0][0]-z[4][0], z[0][1]-z[4][1]
	ar2, ai2, br2, bi2 := z[2][0]+z[6][0], z[2][1]+z[6][1], z[2][0]-z[6][0], z[2][1]-z[6][1]
	er0, ei0, er2, ei2 := ar0+ar2, ai0+ai2, ar0-ar2, ai0-ai2
	er1, ei1, er3, ei3 := br0+bi2, bi0-br2, br0-bi2, bi0+br2
	ar1, ai1, br1, bi1 := z[1][0]+z[5][0], z[1][1]+z[5][1], z[1][0]-z[5][0], z[1][1]-z[5][1]
	ar3, ai3, br3, bi3 := z[3][0]+z[7][0], z[3][1]+z[7][1], z[3][0]-z[7][0], z[3][1]-z[7][1]
	or0, oi0, or2, oi2 := ar1+ar3, ai1+ai3, ai1-ai3, ar3-ar1
	u, v := br1+bi3, bi1-br3
	or1, oi1 := half*(u+v), half*(v-u)
	u, v = br1-bi3, bi1+br3
	or3, oi3 := half*(v-u), -half*(u+v)
	q[0] = sq(er0+or0) + sq(ei0+oi0)
	q[4] = sq(er0-or0) + sq(ei0-oi0)
	q[1] = sq(er1+or1) + sq(ei1+oi1)
	q[5] = sq(er1-or1) + sq(ei1-oi1)
	q[2] = sq(er2+or2) + sq(ei2+oi2)
	q[6] = sq(er2-or2) + sq(ei2-oi2)
	q[3] = sq(er3+or3) + sq(ei3+oi3)
	q[7] = sq(er3-or3) + sq(ei3-oi3)
}

func sq(x float32) float32 { return x * x }

// log2 is the binary logarithm of x > 0, within 0.01.
func log2(x float32) float32 {
	b := math.Float32bits(x)
	m := math.Float32frombits(b&0x7FFFFF | 127<<23)
	return float32(int(b>>23)-127) + (2-m*(1.0/3))*m - 5.0/3
}
