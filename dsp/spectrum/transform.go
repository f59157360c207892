package spectrum

import "math"

// Hann returns a raised cosine of n samples. It is scaled so that the powers of
// the lines that a sine leaves, of so many in the circle, add up to its mean
// square. There are n lines, and fewer where the windowed samples are folded.
func Hann(n, lines int) []float32 {
	w := make([]float32, n)
	scale := math.Sqrt(2 / (0.375 * float64(n*lines)))
	for i := range w {
		w[i] = float32(scale * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))))
	}
	return w
}

// Circle returns the factors that Transform needs for a length: a full turn,
// clockwise, in n steps.
func Circle(n int) [][2]float32 {
	t := make([][2]float32, n)
	for k := range t {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
		t[k] = [2]float32{float32(cos), float32(sin)}
	}
	return t
}

// Transform is the discrete Fourier transform of z, in place. Its length is a
// power of two, and circle is Circle of it.
func Transform(z, circle [][2]float32) {
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
				a, b, w := &z[from+k], &z[from+k+size/2], &circle[k*step]
				re, im := b[0]*w[0]-b[1]*w[1], b[0]*w[1]+b[1]*w[0]
				a[0], a[1], b[0], b[1] = a[0]+re, a[1]+im, a[0]-re, a[1]-im
			}
		}
	}
}

// PeakOffset is how many lines a sine lies from its strongest line towards the
// stronger of that line's neighbours, in the spectrum of n samples under
// Hann. peak and next are powers.
func PeakOffset(peak, next float32) float32 {
	r := float32(math.Sqrt(float64(next / peak)))
	return max(0, min(0.5, (2*r-1)/(r+1)))
}
