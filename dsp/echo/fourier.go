package echo

import "vaad/dsp/spectrum"

const (
	block = 64        // samples that are adapted to at a time: 8 ms
	size  = 2 * block // of a transform
	lines = block + 1 // of a spectrum: 62.5 Hz from one to the next
)

// line is a complex number: the real and the imaginary part.
type line = [2]float32

type spectre = [lines]line

var (
	circle = spectrum.Circle(block)
	turns  = spectrum.Circle(size)
)

// transform is the Fourier transform of real samples, by one of half the length
// of complex ones: even samples are the real, odd ones the imaginary parts.
func transform(to *spectre, x *[size]float32) {
	var z [block]line
	for i := range z {
		z[i] = line{x[2*i], x[2*i+1]}
	}
	spectrum.Transform(z[:], circle)
	to[0], to[block] = line{z[0][0] + z[0][1], 0}, line{z[0][0] - z[0][1], 0}
	for k := 1; k < block; k++ {
		a, b, w := z[k], z[block-k], turns[k]
		evenRe, evenIm := (a[0]+b[0])/2, (a[1]-b[1])/2
		oddRe, oddIm := (a[1]+b[1])/2, (b[0]-a[0])/2
		to[k] = line{evenRe + oddRe*w[0] - oddIm*w[1], evenIm + oddRe*w[1] + oddIm*w[0]}
	}
}

// samples is the inverse of transform.
func samples(to *[size]float32, x *spectre) {
	var z [block]line
	for k := range z {
		a, b, w := x[k], x[block-k], turns[k]
		evenRe, evenIm := (a[0]+b[0])/2, (a[1]-b[1])/2
		dRe, dIm := (a[0]-b[0])/2, (a[1]+b[1])/2
		oddRe, oddIm := dRe*w[0]+dIm*w[1], dIm*w[0]-dRe*w[1]
		z[k] = line{evenRe - oddIm, -(evenIm + oddRe)} // conjugated: the inverse by the same transform
	}
	spectrum.Transform(z[:], circle)
	for i, v := range z {
		to[2*i], to[2*i+1] = v[0]/block, -v[1]/block
	}
}

// model is what is known of an echo path: one spectrum for each stretch of
// block samples of its impulse response.
type model []spectre

// echo is the last block of what the path makes of the far samples, whose
// spectra lie in a circle with the newest at first.
func (m model) echo(to *[block]float32, far []spectre, first int) {
	var sum spectre
	for p := range m {
		x, w := &far[(first+p)%len(far)], &m[p]
		for k := range sum {
			s, a, b := &sum[k], x[k], w[k]
			s[0] += a[0]*b[0] - a[1]*b[1]
			s[1] += a[0]*b[1] + a[1]*b[0]
		}
	}
	var y [size]float32
	samples(&y, &sum)
	copy(to[:], y[block:])
}

// stretch is a part of the impulse response.
func (m model) stretch(p int) (h [block]float32) {
	var y [size]float32
	samples(&y, &m[p])
	copy(h[:], y[:])
	return h
}

// constrain takes out of a part what no impulse response of its length has.
func (m model) constrain(p int) {
	var y [size]float32
	samples(&y, &m[p])
	clear(y[block:])
	transform(&m[p], &y)
}

func power(v line) float32 { return v[0]*v[0] + v[1]*v[1] }

func energy(x []float32) (sum float32) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}
