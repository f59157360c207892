package learn

import (
	"math"
	"slices"

	"vaad/dsp/tone"
)

const (
	fitsHz   = 25.0 // Hz that a tone may be off (GB/T 3380, and more than most administrations allow)
	fitsMS   = 0.15 // of a length
	mostFits = 6    // other countries that are named
)

// A Fit says how a measured tone compares with what exchanges are to play.
type Fit struct {
	Country string   // whose plan was compared
	Tone    string   // the tone of that plan that it is, by its name; "": none of what was expected
	HzOff   float64  // by how much it is higher than planned, the most of its lines
	DBOff   float64  // … stronger, in all
	Others  []string // countries that have such a tone, where the plan has none
}

// Compare compares a tone with a country's plan: what is expected of it first, then whatever
// else of the plan it may be.
func Compare(t *Tone, country string, expected ...string) *Fit {
	if country == "" {
		country = "CN"
	}
	f := &Fit{Country: country}
	for _, p := range tone.Plans() {
		if p.Country != country {
			if slices.ContainsFunc(p.Tones, func(x tone.Planned) bool { _, ok := fits(t, x); return ok && slices.Contains(expected, x.Name) }) {
				f.Others = append(f.Others, p.Country)
			}
			continue
		}
		best := math.Inf(1)
		for _, x := range p.Tones {
			off, ok := fits(t, x)
			rank := math.Abs(off)
			if !slices.Contains(expected, x.Name) {
				rank += 2 * fitsHz
			}
			if ok && rank < best {
				best, f.Tone, f.HzOff, f.DBOff = rank, x.Name, off, t.DBm0-level(x)
			}
		}
	}
	if f.Tone != "" {
		f.Others = nil
	}
	f.Others = f.Others[:min(len(f.Others), mostFits)]
	return f
}

// lines are the frequencies of a planned sound.
func lines(p tone.Part) (hz []float64) {
	for _, f := range p.Hz {
		hz = append(hz, f)
		if p.Swing > 0 {
			hz = append(hz, f-p.Swing, f+p.Swing)
		}
	}
	slices.Sort(hz)
	return hz
}

// level is that of all lines of a planned tone together.
func level(p tone.Planned) float64 {
	return p.Parts[0].DBm0 + 10*math.Log10(float64(len(p.Parts[0].Hz)))
}

// fits says whether a tone is a planned one, and by how many Hz it is off.
func fits(t *Tone, p tone.Planned) (off float64, ok bool) {
	hz := lines(p.Parts[0])
	if len(hz) != len(t.Sines) {
		return 0, false
	}
	for i, s := range t.Sines {
		d := s.Hz - hz[i]
		if math.Abs(d) > fitsHz {
			return 0, false
		}
		if math.Abs(d) > math.Abs(off) {
			off = d
		}
	}
	if p.Parts[0].On == tone.Forever {
		return off, t.Steady
	}
	for from := range t.Parts {
		same := true
		for i, want := range p.Parts {
			got := t.Parts[(from+i)%len(t.Parts)]
			same = same && slices.Equal(lines(want), hz) && near(got.OnMS, want.On) && near(got.OffMS, want.Off)
		}
		if same && len(p.Parts)%len(t.Parts) == 0 {
			return off, true
		}
	}
	return off, false
}

func near(got float64, want int) bool {
	return math.Abs(got-float64(want)) <= max(fitsMS*float64(want), 10)
}
