package pulse

import (
	"math"

	"vaad/dsp"
)

const (
	slowest = dsp.Rate / 7.5 // samples per pulse: a little beyond 8…22 per second
	fastest = dsp.Rate / 23.0

	// within is how far a click may lie from where it belongs.
	within = 5 * dsp.MS

	least = 0.2 // confidence below which nothing is told
)

// guess is one explanation of a train of clicks.
type guess struct {
	pulses     int
	period     float64
	open       float64 // part of the period between break and make; 0: one click per pulse
	confidence float64
}

// explain finds the number of pulses that explains clicks best. Every pulse
// makes one click when the loop opens and another when it closes; either may be
// too faint to be heard, though not in the first or last pulse at both ends.
func explain(c []click, known habit) guess {
	var best guess
	if len(c) < 2 {
		return best
	}
	if len(c) == 2 {
		best = single(c, known)
	}
	f := fitter{clicks: c, clear: clarity(c)}
	for i := range c {
		f.dB[i] = 10 * math.Log10(max(c[i].power, 1))
	}
	for p := fastest; p <= slowest; p += 4 {
		for _, two := range [2]bool{true, false} {
			if g := f.fit(p, two, max(best.confidence, least)); g.confidence > best.confidence {
				best = g
			}
		}
	}
	if known.period > 0 && best.pulses > 1 { // one telephone keeps to one rate and clicks alike
		best.confidence *= (0.4 + 0.6*bell(best.period/known.period-1, 0.08)) * bell(strength(c)-known.strength, 10)
	}
	return best
}

// clarity is how clearly clicks stand above the sound around them: an open loop
// makes 20 dB and more, what is in speech seldom more than 15.
func clarity(c []click) float64 {
	var dB float64
	for i := range c {
		dB += 10 * math.Log10(c[i].ratio) / float64(len(c))
	}
	return max(0.6, min(1, 0.6+0.4*(dB-12)/8))
}

// strength is how strong clicks are on average, dB.
func strength(c []click) float64 {
	var dB float64
	for i := range c {
		dB += 10 * math.Log10(c[i].power)
	}
	return dB / float64(len(c))
}

// bell is 1 at 0 and falls to 0.6 at one width.
func bell(x, width float64) float64 { return math.Exp(-x * x / (2 * width * width)) }

// single explains two clicks as one pulse. Two clicks may be anything, so that
// this is never sure; at the rate of the digits before, and as strong as they
// were, it is likely. A tone that begins or ends clicks too, but seldom so loud.
func single(c []click, known habit) guess {
	d := float64(c[1].at - c[0].at)
	g := guess{pulses: 1, open: 0.62}
	if known.period > 0 {
		g.period = known.period
		g.open = d / known.period
		g.confidence = 0.7 * bell(g.open-0.6, 0.12) * clarity(c) * bell(strength(c)-known.strength, 6)
	} else {
		g.period = d / g.open
		g.confidence = 0.45 * max(bell(g.period/800-1, 0.12), 0.8*bell(g.period/400-1, 0.12)) * clarity(c)
	}
	return g
}

// fitter is a train of clicks with what does not depend on how it is explained.
type fitter struct {
	clicks []click
	dB     [maxClicks]float64 // their powers
	clear  float64
}

// fit explains clicks by pulses of a period of about p samples, the first of
// which is a break; with or without clicks for the makes. What cannot reach the
// confidence enough is not looked at to the end.
func (f *fitter) fit(p float64, two bool, enough float64) guess {
	c := f.clicks
	n := len(c)
	if two && n < 3 {
		return guess{}
	}
	t := func(i int) float64 { return float64(c[i].at - c[0].at) }
	// The part of the period after which the loop closes: that of the first
	// click that is no break.
	open := 0.0
	if two {
		for i := 1; i < n && open == 0; i++ {
			if part := t(i)/p - math.Floor(t(i)/p); part > 0.35 && part < 0.85 {
				open = part
			}
		}
		if open == 0 {
			return guess{}
		}
	}
	// Assign every click, and let period and open follow by least squares.
	var breaks, makes, stray, pulses int
	var rest float64
	var strength [2]spread
	for range 2 {
		breaks, makes, stray, pulses, rest = 0, 0, 0, 0, 0
		strength = [2]spread{}
		var kk, kt, mk, mt float64
		for i := range c {
			k := math.Floor(t(i)/p + 0.5)
			m := math.Floor(t(i)/p - open + 0.5)
			switch e, o := math.Abs(t(i)-k*p), math.Abs(t(i)-(m+open)*p); {
			case e <= within && (!two || e <= o):
				breaks++
				strength[0].add(f.dB[i])
				pulses = max(pulses, int(k)+1)
				rest += e * e
				kk += k * k
				kt += k * t(i)
			case two && o <= within && m >= 0:
				makes++
				strength[1].add(f.dB[i])
				pulses = max(pulses, int(m)+1)
				rest += o * o
				mk += m
				mt += t(i)
			default:
				stray++
			}
		}
		if kk > 0 {
			p = kt / kk
		}
		if makes > 0 {
			open = (mt - mk*p) / float64(makes) / p
		}
	}
	if pulses < 2 || pulses > 10 || breaks == 0 || p < fastest || p > slowest || two && (open < 0.35 || open > 0.85) {
		return guess{}
	}
	g := guess{pulses: pulses, period: p, open: open}
	expected := float64(pulses)
	heard := float64(breaks)
	if two {
		expected *= 2
		heard += float64(makes)
	}
	whole := heard / expected
	if whole*whole*f.clear < enough*0.999 { // all else only takes away
		return guess{}
	}
	regular := bell(math.Sqrt(rest/heard), 3*dsp.MS)
	g.confidence = regular * whole * whole * math.Pow(0.6, float64(stray))
	g.confidence *= f.clear * usual(p) * bell(strength[0].dB(), 4) * bell(strength[1].dB(), 4)
	if two {
		g.confidence *= 0.75 + 0.25*bell(open-0.62, 0.12)
		g.confidence *= 1 - 0.3*math.Pow(0.5, float64(n-2))
	} else {
		g.confidence *= 0.85 // dials that are heard once a pulse are rare
		g.confidence *= 1 - 0.5*math.Pow(0.6, float64(n-2))
	}
	return g
}

// spread measures how alike powers in dB are.
type spread struct{ n, sum, squares float64 }

func (s *spread) add(dB float64) {
	s.n++
	s.sum += dB
	s.squares += dB * dB
}

// dB is the standard deviation.
func (s *spread) dB() float64 {
	if s.n < 2 {
		return 0
	}
	return math.Sqrt(max(0, s.squares/s.n-s.sum/s.n*s.sum/s.n))
}

// usual is how usual a rate is: 10 and 20 pulses per second.
func usual(p float64) float64 {
	r := dsp.Rate / p
	return 0.75 + 0.25*max(bell(r/10-1, 0.1), bell(r/20-1, 0.1))
}
