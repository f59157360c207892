package resample

import "math"

const (
	// half is how many samples at the lower rate the kernel reaches to either
	// side: enough for 80 dB between 0.425 and 0.575 of that rate.
	half = 17
	beta = 7.857 // of the Kaiser window, for 80 dB: 0.1102 × (80 − 8.7)
)

// kernel is the value of the sinc with its window, by how many samples at the
// lower rate it is off the middle.
func kernel(at float64) float64 {
	if math.Abs(at) >= half {
		return 0
	}
	v := bessel(beta * math.Sqrt(1-(at/half)*(at/half)))
	if at != 0 {
		v *= math.Sin(math.Pi*at) / (math.Pi * at)
	}
	return v
}

// bessel is the modified Bessel function of the first kind and order zero, as a
// power series; a constant factor does not matter here.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}

// taps fills c with the kernel for an output that lies frac of an input sample
// behind the one in its middle, len(c)/2-1. slow is the lower rate relative to
// that of the input. The sum is made 1, so that a constant stays one.
func taps(c []float32, frac, slow float64) {
	sum := 0.0
	for i := range c {
		sum += kernel((float64(i-(len(c)/2-1)) - frac) * slow)
	}
	for i := range c {
		c[i] = float32(kernel((float64(i-(len(c)/2-1))-frac)*slow) / sum)
	}
}

// dot is the sum of the products. Four sums at a time keep the processor busy.
func dot(c, x []float32) float32 {
	var s0, s1, s2, s3 float32
	x = x[:len(c)]
	i := 0
	for ; i+4 <= len(c); i += 4 {
		a, b := c[i:i+4:i+4], x[i:i+4:i+4]
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
	}
	for ; i < len(c); i++ {
		s0 += c[i] * x[i]
	}
	return (s0 + s1) + (s2 + s3)
}

func round(v float32) int16 {
	return int16(max(-32768, min(32767, math.Floor(float64(v)+0.5))))
}

// chunk is how many samples are taken at a time.
const chunk = 512

// history holds the samples that outputs to come still need.
type history struct {
	x []float32 // room for the kernel and a chunk
	n int
}

func newHistory(width int) history {
	// Silence lies before the first sample.
	return history{x: make([]float32, width+chunk), n: width/2 - 1}
}

// take adds as many samples as there is room for and returns how many.
func (h *history) take(src []int16) int {
	n := min(len(src), len(h.x)-h.n)
	for i, v := range src[:n] {
		h.x[h.n+i] = float32(v)
	}
	h.n += n
	return n
}

// drop forgets the first samples.
func (h *history) drop(n int) {
	copy(h.x, h.x[n:h.n])
	h.n -= n
}
