package learn

import (
	"math"
	"slices"

	"vaad/dsp"
)

const (
	sieve      = 16 * dsp.MS // samples of the filter around a line
	bridged    = 20.0        // ms: shorter gaps are none
	least      = 40.0        // ms: shorter bursts are none
	faint      = 40.0        // times weaker than the strongest burst another may be
	aboveNoise = 8.0         // times the noise around the tone that a burst has at least
	fromEdge   = 14.0        // ms: a burst that begins or ends so near to the stretch's own edge is cut
	sameMS     = 12.0        // ms, and …
	sameShare  = 0.08        // … by how much a burst may differ from the one a cycle before
	mostParts  = 4           // bursts of a cycle
)

// envelope is the mean square around some lines, once a millisecond. Where several
// beat it is that of a whole beat.
func envelope(x []int16, hz []float64) []float64 {
	if len(x) < sieve {
		return nil
	}
	e := make([]float64, (len(x)-sieve)/dsp.MS+1)
	for _, f := range hz {
		var c, s [sieve]float64
		for i := range c {
			w := (1 - math.Cos(2*math.Pi*(float64(i)+0.5)/sieve)) / sieve // sums to one
			s[i], c[i] = math.Sincos(2 * math.Pi * f * float64(i) / dsp.Rate)
			s[i], c[i] = s[i]*w, c[i]*w
		}
		for t := range e {
			var re, im float64
			for i, v := range x[t*dsp.MS : t*dsp.MS+sieve] {
				re += float64(v) * c[i]
				im += float64(v) * s[i]
			}
			e[t] += 2 * (re*re + im*im)
		}
	}
	return smooth(e, beat(hz))
}

// beat is how long lines that are close to each other take to swing once, ms; 1
// where they are apart.
func beat(hz []float64) int {
	sorted := slices.Sorted(slices.Values(hz))
	nearest := math.Inf(1)
	for i := 1; i < len(sorted); i++ {
		nearest = min(nearest, sorted[i]-sorted[i-1])
	}
	if nearest > 2*dsp.Rate/sieve {
		return 1
	}
	return int(min(math.Round(1000/max(nearest, 1)), 80))
}

// smooth is the running mean over n values, in the middle of them.
func smooth(e []float64, n int) []float64 {
	if n <= 1 || len(e) == 0 {
		return e
	}
	sums := make([]float64, len(e)+1)
	for i, v := range e {
		sums[i+1] = sums[i] + v
	}
	out := make([]float64, len(e))
	for i := range out {
		from, to := max(i-n/2, 0), min(i-n/2+n, len(e))
		out[i] = (sums[to] - sums[from]) / float64(n)
	}
	return out
}

// A burst is a tone from edge to edge, ms in the stretch.
type burst struct {
	from, to float64
	cut      bool // it may have begun before the stretch, or end after it
}

func (b burst) length() float64 { return b.to - b.from }

// bursts are where an envelope is on. A burst's edges are where it has half of its own
// amplitude, or where several lines beat half of its power.
func bursts(e []float64, beats int) (all []burst) {
	if len(e) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(e))
	top, floor := sorted[len(sorted)-1], sorted[len(sorted)/20]
	on := top / faint
	if floor < top/20 {
		on = max(on, aboveNoise*floor)
	}
	half := 0.25
	if beats > 1 {
		half = 0.5
	}
	for i := 0; i < len(e); {
		if e[i] < on {
			i++
			continue
		}
		from, quiet := i, 0
		to := i
		for ; i < len(e) && quiet < int(bridged); i++ {
			if e[i] >= on {
				to, quiet = i, 0
			} else {
				quiet++
			}
		}
		b := edges(e, from, to, half)
		near := fromEdge + float64(beats)/2
		b.cut = b.from < near || b.to > float64(len(e)-1+sieve/dsp.MS)-near
		all = append(all, b)
	}
	return slices.DeleteFunc(all, func(b burst) bool { return b.length() < least })
}

// edges finds the edges of a burst that is on from one value of the envelope to another.
func edges(e []float64, from, to int, half float64) burst {
	level := slices.Clone(e[from : to+1])
	slices.Sort(level)
	at := level[len(level)*6/10] * half
	middle := float64(sieve) / dsp.MS / 2 // of the filter
	b := burst{from: float64(from), to: float64(to)}
	i := from
	for i < to && e[i] < at {
		i++
	}
	b.from = float64(i)
	if i > 0 && e[i-1] < at && e[i] > e[i-1] {
		b.from -= (e[i] - at) / (e[i] - e[i-1])
	}
	j := to
	for j > from && e[j] < at {
		j--
	}
	b.to = float64(j)
	if j+1 < len(e) && e[j+1] < at && e[j] > e[j+1] {
		b.to += (e[j] - at) / (e[j] - e[j+1])
	}
	b.from, b.to = b.from+middle, b.to+middle
	return b
}

// A Part is one burst of a cycle and the silence after it.
type Part struct {
	OnMS, OffMS         float64
	OnSpread, OffSpread float64 // the largest difference of one from the mean, ms
}

// cycle finds what comes again in bursts. Those that the stretch cuts do not count. cycles is
// how often it was there; 0: it did not come again.
func cycle(all []burst) (parts []Part, cycles int) {
	for drop := 0; drop < 3 && drop < len(all) && cycles == 0; drop++ { // what comes first may be no burst of it
		parts, cycles = repeats(all[drop:])
	}
	return parts, cycles
}

// repeats is cycle for bursts of which none is another thing's.
func repeats(all []burst) (parts []Part, cycles int) {
	whole := slices.DeleteFunc(slices.Clone(all), func(b burst) bool { return b.cut })
	n := len(whole)
	if n == 0 {
		return nil, 0
	}
	on, off := make([]float64, n), make([]float64, n-1, n)
	for i, b := range whole {
		on[i] = b.length()
		if i > 0 {
			off[i-1] = b.from - whole[i-1].to
		}
	}
	if last := all[len(all)-1]; last.cut && last.from > whole[n-1].to {
		off = append(off, last.from-whole[n-1].to)
	}
	same := func(v []float64, k int) bool {
		for i := k; i < len(v); i++ {
			if math.Abs(v[i]-v[i-k]) > max(sameMS, sameShare*max(v[i], v[i-k])) {
				return false
			}
		}
		return true
	}
	for k := 1; k <= mostParts && k < n; k++ {
		if !same(on, k) || !same(off, k) || len(off) < k {
			continue
		}
		return fold(on, off, k), n / k
	}
	if n == 1 && len(off) == 1 {
		return []Part{{OnMS: on[0], OffMS: off[0]}}, 1
	}
	return nil, 0
}

// fold takes the means of cycles of k bursts; a cycle ends with its longest pause.
func fold(on, off []float64, k int) []Part {
	parts := make([]Part, k)
	for j := range parts {
		p := &parts[j]
		p.OnMS, p.OnSpread = meanOf(on, j, k)
		p.OffMS, p.OffSpread = meanOf(off, j, k)
	}
	last := 0
	for j := range parts {
		if parts[j].OffMS > parts[last].OffMS {
			last = j
		}
	}
	return append(parts[last+1:], parts[:last+1]...)
}

func meanOf(v []float64, from, step int) (mean, spread float64) {
	n := 0.0
	for i := from; i < len(v); i += step {
		mean += v[i]
		n++
	}
	if n == 0 {
		return 0, 0
	}
	mean /= n
	for i := from; i < len(v); i += step {
		spread = max(spread, math.Abs(v[i]-mean))
	}
	return mean, spread
}
