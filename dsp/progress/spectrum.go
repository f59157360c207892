package progress

import (
	"math"

	"vaad/dsp"
)

// The line is looked at in two halves. Nearly all tones of exchanges lie
// between 300 and 700 Hz: for these the samples are thinned to 2000 a second,
// whose spectrum is taken at every hop. Some lie higher, and are single: for
// these the samples at 4000 a second are only asked whether they are one sine,
// and the spectrum is taken if they are.
const (
	hop = 16 * dsp.MS // samples from look to look

	midRate  = dsp.Rate / 2
	lowRate  = dsp.Rate / 4
	midHop   = hop / 2
	lowHop   = hop / 4
	midLen   = 128 // samples of a spectrum: 32 ms
	lowLen   = 64  // 32 ms as well
	lineHz   = float64(lowRate) / lowLen
	midLines = midLen / 2
	lowLines = lowLen / 2
)

// Both filters are low-pass filters of a quarter of the rate, before every
// second sample is dropped: all taps at even distance from the middle are 0
// but the one in the middle, which is 1/2.
const (
	wideReach   = 3 // samples that the filter needs on either side
	narrowReach = 7
)

// wide makes mid samples of the samples of the line and returns the sum of
// their squares. The first of x lies wideReach before that of dst. The filter
// is maximally flat: 1 dB down at 1170 Hz, 4 at 1800, and what would fold to
// below 750 Hz is 34 dB down or more. See wideGain.
func wide(dst []float32, x []int16) float32 {
	var odd, even float32
	for i := 0; i+1 < len(dst); i += 2 {
		s := x[2*i:][:9]
		s2, s4 := int32(s[2]), int32(s[4])
		a := 16*int32(s[3]) + 9*(s2+s4) - int32(s[0]) - int32(s[6])
		b := 16*int32(s[5]) + 9*(s4+int32(s[6])) - s2 - int32(s[8])
		u, v := float32(a)*(1.0/32), float32(b)*(1.0/32)
		d := dst[i:][:2]
		d[0], d[1] = u, v
		odd += u * u
		even += v * v
	}
	return odd + even
}

// wideGain is the gain of wide in power.
func wideGain(hz float32) float32 {
	w := 2 * math.Pi * float64(hz) / dsp.Rate
	return sq(float32(0.5 + 9.0/16*math.Cos(w) - 1.0/16*math.Cos(3*w)))
}

// tails are the taps of narrow from the middle outwards: an ideal filter under
// a raised cosine.
var tails = func() (t [4]float32) {
	sum := 0.0
	for i := range t {
		k := float64(2*i + 1)
		v := math.Sin(math.Pi*k/2) / (math.Pi * k) * (0.54 + 0.46*math.Cos(math.Pi*k/(narrowReach+1)))
		t[i] = float32(v)
		sum += 2 * v
	}
	for i := range t {
		t[i] *= float32(0.5 / sum)
	}
	return t
}()

// narrow makes low samples of mid samples and returns the sum of their squares.
// The first of x lies narrowReach before that of dst. What would fold to below
// 750 Hz is 22 dB down or more, to below 500 Hz 47 dB.
func narrow(dst, x []float32) float32 {
	t0, t1, t2, t3 := tails[0], tails[1], tails[2], tails[3]
	var odd, even float32
	for i := 0; i+1 < len(dst); i += 2 {
		s := x[2*i:][:17]
		u := 0.5*s[7] + t0*(s[6]+s[8]) + t1*(s[4]+s[10]) + t2*(s[2]+s[12]) + t3*(s[0]+s[14])
		v := 0.5*s[9] + t0*(s[8]+s[10]) + t1*(s[6]+s[12]) + t2*(s[4]+s[14]) + t3*(s[2]+s[16])
		d := dst[i:][:2]
		d[0], d[1] = u, v
		odd += u * u
		even += v * v
	}
	return odd + even
}

// hann is a raised cosine, scaled so that the lines that a sine leaves add up
// to its mean square.
func hann(n int) []float32 {
	w := make([]float32, n)
	scale := math.Sqrt(2 / (0.375 * float64(n*n)))
	for i := range w {
		w[i] = float32(scale * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))))
	}
	return w
}

var (
	lowShape = [lowLen]float32(hann(lowLen))
	midShape = [midLen]float32(hann(midLen))
	turns    = func() (t [8][5][2]float32) { // between the two passes of the low spectrum
		for c := range t {
			for k := range t[c] {
				sin, cos := math.Sincos(-2 * math.Pi * float64(c*k) / lowLen)
				t[c][k] = [2]float32{float32(cos), float32(sin)}
			}
		}
		return t
	}()
	midCircle  = circle(midLen)
	fineCircle = circle(fineLen)
	fineShape  = hann(fineLen)
)

func circle(n int) [][2]float32 {
	t := make([][2]float32, n)
	for k := range t {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
		t[k] = [2]float32{float32(cos), float32(sin)}
	}
	return t
}

// root is the square root of 1/2.
const root = float32(math.Sqrt2 / 2)

// lowSpectrum writes the power of lines 1…31 of the windowed samples into p.
//
// The transform of 64 goes as 8 by 8: eight transforms of the columns, whose
// samples are real so that five of their eight values say all, a turn, and five
// transforms of the rows, of which what is known by symmetry is left out.
func lowSpectrum(p *[lowLines]float32, x *[lowLen]float32) {
	var rows [5][8][2]float32
	w := &lowShape
	for c := range 8 {
		t := &turns[c]
		v0, v1, v2, v3 := x[c]*w[c], x[c+8]*w[c+8], x[c+16]*w[c+16], x[c+24]*w[c+24]
		v4, v5, v6, v7 := x[c+32]*w[c+32], x[c+40]*w[c+40], x[c+48]*w[c+48], x[c+56]*w[c+56]
		a0, b0 := v0+v4, v0-v4
		a1, b1 := v1+v5, v1-v5
		a2, b2 := v2+v6, v2-v6
		a3, b3 := v3+v7, v3-v7
		e0, e1 := a0+a2, a1+a3
		d, s := root*(b1-b3), root*(b1+b3)
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
	or1, oi1 := root*(u+v), root*(v-u)
	u, v = br1-bi3, bi1+br3
	or3, oi3 := root*(v-u), -root*(u+v)
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

// transform is the discrete Fourier transform of any length that is a power of
// two, for what is done rarely: z is transformed in place, t is the circle of len(z).
func transform(z, t [][2]float32) {
	n := len(z)
	for i, j := 1, 0; i < n; i++ {
		bit := n / 2
		for ; j&bit != 0; bit /= 2 {
			j ^= bit
		}
		if j ^= bit; i < j {
			z[i], z[j] = z[j], z[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		step := n / size
		for from := 0; from < n; from += size {
			for k := range size / 2 {
				a, b, w := &z[from+k], &z[from+k+size/2], &t[k*step]
				re, im := b[0]*w[0]-b[1]*w[1], b[0]*w[1]+b[1]*w[0]
				a[0], a[1], b[0], b[1] = a[0]+re, a[1]+im, a[0]-re, a[1]-im
			}
		}
	}
}

// peakOffset is how many lines a tone lies from its strongest line towards the
// stronger of its neighbours, in a spectrum under a raised cosine.
func peakOffset(peak, next float32) float32 {
	r := float32(math.Sqrt(float64(next / peak)))
	return max(0, min(0.5, (2*r-1)/(r+1)))
}
