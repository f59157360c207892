package learn

import (
	"math"
	"slices"

	"vaad/dsp"
)

const (
	mostBursts  = 8            // whose frequencies are measured
	guardMS     = 12.0         // ms at each edge of a burst that are left out of it
	shortest    = 60.0         // ms of a burst that frequencies are measured in
	steadyShare = 0.94         // of a stretch that a tone without pauses fills, or …
	steadyMS    = 1800.0       // … to whose end it goes on for so long
	anyTone     = -55.0        // dBm0: what is weaker is no tone
	pureLeast   = 0.3          // share of the power in a burst that its lines have at least
	atLeast     = dsp.Rate / 5 // samples of a stretch
)

// A Tone is what was measured of a tone.
type Tone struct {
	Sines  []Sine  // what sounds together, the lowest first
	DBm0   float64 // level of all together while it is on
	Parts  []Part  // of a cycle; none: it is steady, or no cycle was seen
	Steady bool    // it has no pauses
	Cycles int     // how often its cycle was heard, in full
	From   float64 // s: where in the stretch it is first heard
	Length float64 // s from there to where it is last heard
	SNR    float64 // dB: the tone against everything else while it is on
}

// Purity is the share of the power that is the tone's while it is on.
func (t *Tone) Purity() float64 {
	r := math.Pow(10, t.SNR/10)
	return r / (1 + r)
}

// Sure is how sure the figures are, percent: less where little was heard of the tone, or
// something else beside it.
func (t *Tone) Sure() int {
	much := 1.0
	switch {
	case t.Steady:
		much = min(t.Length, 1)
	case t.Cycles == 0:
		much = 0.4
	case t.Cycles == 1:
		much = 0.7
	case t.Cycles == 2:
		much = 0.9
	}
	return int(math.Round(100 * much * math.Sqrt(t.Purity())))
}

// Measure measures the tone that is in a stretch of 8 kHz samples, which should be whole
// cycles of it and hold nothing else. False: there is none.
func Measure(x []int16) (Tone, bool) {
	if len(x) < atLeast {
		return Tone{}, false
	}
	first := strongest(x)
	if first == 0 {
		return Tone{}, false
	}
	rough := bursts(smooth(envelope(x, []float64{first}), 50), 50)
	sines := linesOf(x, rough)
	if len(sines) == 0 {
		return Tone{}, false
	}
	hz := make([]float64, len(sines))
	for i, s := range sines {
		hz[i] = s.Hz
	}
	all := bursts(envelope(x, hz), beat(hz))
	if len(all) == 0 {
		return Tone{}, false
	}
	t := Tone{From: all[0].from / 1000, Length: (all[len(all)-1].to - all[0].from) / 1000}
	t.sound(x, all)
	if len(t.Sines) == 0 || t.DBm0 < anyTone || t.Purity() < pureLeast {
		return Tone{}, false
	}
	if len(all) == 1 && all[0].steady(float64(len(x)/dsp.MS)) {
		t.Steady = true
		return t, true
	}
	if beat(hz) > 1 {
		for i := range all {
			all[i] = fitted(x, all[i], hz)
		}
	}
	t.Parts, t.Cycles = cycle(all)
	return t, true
}

// steady says whether the only burst of a stretch of ms has no pauses.
func (b burst) steady(ms float64) bool {
	return b.length() >= steadyShare*(ms-2*fromEdge) || b.to > ms-2*fromEdge && b.length() >= steadyMS
}

// linesOf are the lines in the longest of bursts.
func linesOf(x []int16, all []burst) []Sine {
	var best burst
	for _, b := range all {
		if b.length() > best.length() {
			best = b
		}
	}
	in := inside(x, best)
	if in == nil {
		return nil
	}
	return peaks(powers(in))
}

// inside is a burst without its edges; nil: it is too short.
func inside(x []int16, b burst) []int16 {
	if b.length()-2*guardMS < shortest {
		return nil
	}
	from, to := int((b.from+guardMS)*dsp.MS), int((b.to-guardMS)*dsp.MS)
	return x[max(from, 0):min(to, len(x), max(from, 0)+longest)]
}

// sound measures frequencies and levels in the bursts: means of those that show the same
// lines as the longest.
func (t *Tone) sound(x []int16, all []burst) {
	longestFirst := slices.Clone(all)
	slices.SortFunc(longestFirst, func(a, b burst) int { return order(b.length(), a.length()) })
	var sum []Sine // of Hz, and of mean squares
	n, total := 0.0, 0.0
	for _, b := range longestFirst[:min(len(longestFirst), mostBursts)] {
		in := inside(x, b)
		if in == nil {
			break
		}
		now := peaks(powers(in))
		slices.SortFunc(now, func(a, b Sine) int { return order(a.Hz, b.Hz) })
		if sum != nil && !alike(sum, now, n) {
			continue
		}
		if sum == nil {
			sum = make([]Sine, len(now))
		}
		for i, s := range now {
			sum[i].Hz += s.Hz
			sum[i].DBm0 += dsp.MeanSquare(s.DBm0)
		}
		m := dsp.Measure(in)
		total += max(m.MeanSquare()-m.DC()*m.DC(), 0)
		n++
	}
	if n == 0 {
		return
	}
	power := 0.0
	for _, s := range sum {
		power += s.DBm0 / n
		t.Sines = append(t.Sines, Sine{Hz: s.Hz / n, DBm0: dsp.DBm0(s.DBm0 / n)})
	}
	t.DBm0 = dsp.DBm0(power)
	t.SNR = min(10*math.Log10(power/max(total/n-power, power*1e-6)), 60)
}

// alike says whether a burst has the same lines as those before, of which n are summed up.
func alike(sum, now []Sine, n float64) bool {
	if len(sum) != len(now) {
		return false
	}
	for i := range sum {
		if math.Abs(sum[i].Hz/n-now[i].Hz) > 15 {
			return false
		}
	}
	return true
}
