package notch

import (
	"errors"
	"math"
	"strconv"

	"vaad/dsp"
)

// maxSections bounds the work.
const maxSections = 32

// Notch is one frequency to be taken out.
type Notch struct {
	Hz    float64 // 0…4000, neither included
	Width float64 // Hz between the points where 3 dB are lost
}

// section is a second-order filter, with its two delays behind the multipliers.
type section struct {
	gain, turn, in1, in2 float64 // 1/(1+a), −2cos ω, and the feedback
	s1, s2               float64
}

// Filter takes frequencies out of one line. It is not for use by two goroutines
// at a time.
type Filter struct {
	sections []section
	work     [64]float64
}

// New returns a filter with one notch for each frequency.
func New(notches ...Notch) (*Filter, error) {
	if len(notches) > maxSections {
		return nil, errors.New("notch: " + strconv.Itoa(len(notches)) + " frequencies: at most " + strconv.Itoa(maxSections) + " can be taken out")
	}
	f := &Filter{}
	for _, n := range notches {
		if !(n.Hz > 0 && n.Hz < dsp.Rate/2 && n.Width > 0 && n.Width <= 1000) {
			return nil, errors.New("notch: " + strconv.FormatFloat(n.Hz, 'g', -1, 64) + " Hz, " + strconv.FormatFloat(n.Width, 'g', -1, 64) +
				" Hz wide: frequencies lie within 0…4000 Hz, widths within 0…1000 Hz")
		}
		a := math.Tan(math.Pi * n.Width / dsp.Rate)
		c := -2 * math.Cos(2*math.Pi*n.Hz/dsp.Rate)
		f.sections = append(f.sections, section{gain: 1 / (1 + a), turn: c, in1: c / (1 + a), in2: (1 - a) / (1 + a)})
	}
	return f, nil
}

// Hum returns a filter for mains of a frequency in Hz, about 50 or 60 or as
// measured, and its multiples up to that number, at most 20. The mains of a
// country stray by some 0.1 Hz, their multiples by as many times more: so do
// the widths grow.
func Hum(mains float64, multiples int) (*Filter, error) {
	if !(mains >= 45 && mains <= 65) || multiples < 1 || multiples > 20 {
		return nil, errors.New("notch: mains of " + strconv.FormatFloat(mains, 'g', -1, 64) + " Hz with " + strconv.Itoa(multiples) +
			" multiples: mains lie within 45…65 Hz, with 1 to 20 multiples")
	}
	var all []Notch
	for k := 1; k <= multiples; k++ {
		all = append(all, Notch{Hz: mains * float64(k), Width: 4 + 2*float64(k)})
	}
	return New(all...)
}

// DialTone returns a filter for the frequencies of a dial tone, in Hz. Each may
// be off by some Hz (ITU-T E.180 allows exchanges ±15 Hz around 425).
func DialTone(hz ...float64) (*Filter, error) {
	var all []Notch
	for _, f := range hz {
		all = append(all, Notch{Hz: f, Width: 60})
	}
	return New(all...)
}

// Reset begins anew, as with another call.
func (f *Filter) Reset() {
	for i := range f.sections {
		f.sections[i].s1, f.sections[i].s2 = 0, 0
	}
}

// Process changes a block in place.
func (f *Filter) Process(block []int16) {
	for len(block) > 0 {
		x := f.work[:min(len(block), len(f.work))]
		for i := range x {
			x[i] = float64(block[i])
		}
		for i := range f.sections {
			f.sections[i].filter(x)
		}
		for i, v := range x {
			block[i] = int16(max(-32768, min(32767, math.Floor(v+0.5))))
		}
		block = block[len(x):]
	}
	for i := range f.sections { // what is left of a tone long ago would cost time
		s := &f.sections[i]
		if math.Abs(s.s1)+math.Abs(s.s2) < 1e-100 {
			s.s1, s.s2 = 0, 0
		}
	}
}

func (s *section) filter(x []float64) {
	g, c, a1, a2, s1, s2 := s.gain, s.turn, s.in1, s.in2, s.s1, s.s2
	for i, v := range x {
		v *= g
		y := v + s1
		s1 = v*c - y*a1 + s2
		s2 = v - y*a2
		x[i] = y
	}
	s.s1, s.s2 = s1, s2
}
