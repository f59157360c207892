package modemtone

import (
	"math"

	"vaad/dsp"
)

const (
	edgeWindow = 64 // samples over which a tone is measured where it begins or ends
	edgeStep   = 4
	edgeAfter  = 4                  // frames of a tone until its beginning is looked for: most of what voices hold is shorter
	edgeReach  = 2*hop + edgeWindow // samples that are searched
)

// edge finds where a tone of a frequency and a mean square begins in x, or
// where it ends: where a window over it is half filled. The answer is exact to a
// millisecond or two.
func edge(x []int16, hz, level float64, begins bool) (at int, ok bool) {
	if len(x) > edgeReach {
		x = x[:edgeReach]
	}
	if len(x) < edgeWindow {
		return 0, false
	}
	var sums [edgeReach + 1]phasor
	z, step := phasor{1, 0}, turned(-2*math.Pi*hz/dsp.Rate)
	for i, v := range x {
		s := &sums[i]
		sums[i+1] = phasor{s.re + float64(v)*z.re, s.im + float64(v)*z.im}
		z = z.times(step)
	}
	// A sine of peak a leaves a/2 per sample.
	half := level / 2 * edgeWindow * edgeWindow / 4
	last := len(x) - edgeWindow
	for i := 0; i <= last; i += edgeStep {
		from := i
		if !begins {
			from = last - i
		}
		a, b := &sums[from], &sums[from+edgeWindow]
		if (phasor{b.re - a.re, b.im - a.im}).power() >= half {
			if i == 0 { // it is there all the time
				return 0, false
			}
			return from + edgeWindow/2, true
		}
	}
	return 0, false
}

// span is what is kept of the samples between two positions.
func (d *Detector) span(from, to int64) (x []int16, at int64) {
	from, to = max(from, d.base), min(to, d.base+int64(d.n))
	if from >= to {
		return nil, from
	}
	return d.raw[from-d.base : to-d.base], from
}

// begun is where a track began, of which only the first frame is known as yet.
func (d *Detector) begun(t *track) int64 {
	x, from := d.span(t.from-hop-edgeWindow/2, t.from+hop+edgeWindow/2)
	if i, ok := edge(x, t.hz, t.level, true); ok {
		return from + int64(i)
	}
	return t.from
}

// ended is where a track ended, of which only the last frame is known as yet.
// Samples up to a position are known.
func (d *Detector) ended(t *track, known int64) int64 {
	x, from := d.span(t.to-hop-edgeWindow/2, min(t.to+hop+edgeWindow/2, known))
	if i, ok := edge(x, t.hz, t.level, false); ok {
		return max(t.from, from+int64(i))
	}
	return t.to
}
