package pulse

import (
	"errors"
	"math"
	"strconv"

	"vaad/dsp"
)

// Source makes the clicks that a tap hears while a telephone dials in pulses.
type Source struct {
	edges []edge
	at    int // next edge
	pos   int
	end   int
	value float64
	decay float64
}

type edge struct {
	pos  int
	step float64
}

// Dial says how a telephone dials.
type Dial struct {
	Rate  float64 // pulses per second: 10 or 20
	Break float64 // part of a pulse for which the loop is open: 0.6…0.67
	Pause int     // ms between digits
	Peak  float64 // of a click, in samples
}

// Usual is a telephone with a rotary dial.
func Usual() Dial { return Dial{Rate: 10, Break: 0.62, Pause: 800, Peak: 8000} }

// NewSource returns a source of the clicks of digits.
func NewSource(digits string, d Dial) (*Source, error) {
	if d.Rate < 1 || d.Rate > 50 || d.Break <= 0 || d.Break >= 1 {
		return nil, errors.New("pulse: a dial of " + strconv.FormatFloat(d.Rate, 'g', 4, 64) + " pulses per second, open for " +
			strconv.FormatFloat(d.Break, 'g', 4, 64) + " of each: rates are 1…50, parts between 0 and 1")
	}
	s := &Source{decay: math.Exp(-1 / (1.5 * dsp.MS))}
	at := 0.0
	period := dsp.Rate / d.Rate
	for i := range len(digits) {
		n := int(digits[i]) - '0'
		if n < 0 || n > 9 {
			return nil, errors.New("pulse: digit " + strconv.QuoteRune(rune(digits[i])) + " at " + strconv.Itoa(i) + " of " +
				strconv.Quote(digits) + ": pulses dial 0…9")
		}
		if n == 0 {
			n = 10
		}
		for range n {
			s.edges = append(s.edges, edge{int(at), d.Peak}, edge{int(at + d.Break*period), -0.8 * d.Peak})
			at += period
		}
		at += float64(max(d.Pause, 0) * dsp.MS)
	}
	s.end = int(at)
	return s, nil
}

// Fill writes the next samples and returns how many; fewer than len(block)
// means that all digits are dialled.
func (s *Source) Fill(block []int16) int {
	for i := range block {
		if s.pos == s.end {
			return i
		}
		for s.at < len(s.edges) && s.edges[s.at].pos == s.pos {
			s.value += s.edges[s.at].step
			s.at++
		}
		block[i] = int16(max(-32768, min(32767, s.value)))
		s.value *= s.decay
		s.pos++
	}
	return len(block)
}
