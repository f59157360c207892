package dsp

import "math"

// Rate is the sampling rate of everything here, in samples per second, and MS
// the number of samples in a millisecond.
const (
	Rate = 8000
	MS   = Rate / 1000
)

const (
	// PeakDBm0 is the level of a sine whose peak is 32768 (ITU-T G.711, A-law).
	PeakDBm0 = 3.14

	// Floor is what digital silence reads, in dBm0. The quietest signal that
	// 16 bits can hold (one sample of ±1 in a second) lies near −123; nothing
	// that a telephone line carries comes near it, and a number is easier to
	// store and show than minus infinity.
	Floor = -99.0

	// ClipAt is the magnitude from which a sample counts as clipped: the
	// largest value of µ-law (A-law's is 32256).
	ClipAt = 32124
)

// DBm0 returns the level of a signal from its mean square, not below Floor.
func DBm0(meanSquare float64) float64 {
	if !(meanSquare > 0) {
		return Floor
	}
	return max(Floor, PeakDBm0+10*math.Log10(meanSquare/(32768*32768/2)))
}

// MeanSquare returns the mean square of a signal of that level, in dBm0. It is
// the inverse of DBm0 above Floor.
func MeanSquare(dBm0 float64) float64 {
	return 32768 * 32768 / 2 * math.Pow(10, (dBm0-PeakDBm0)/10)
}

// SinePeak returns the peak of a sine of that level, in dBm0.
func SinePeak(dBm0 float64) float64 {
	return 32768 * math.Pow(10, (dBm0-PeakDBm0)/20)
}

// Level is what was measured over a stretch of samples. Levels of consecutive
// stretches add up, so a meter is a Level that blocks are added to.
type Level struct {
	Samples int
	Squares int64 // sum of squares; 2^33 full-scale samples (12 days) fit
	Sum     int64 // sum of samples: the DC offset is Sum/Samples
	Peak    int   // largest magnitude, 0…32768
	Clipped int   // samples of magnitude ClipAt or more
}

// Measure measures one block.
func Measure(block []int16) Level {
	l := Level{Samples: len(block)}
	rest := block
	if vectors {
		for len(rest) >= 8 {
			n := min(len(rest)/8, 4096) // more may not fit into a sum
			squares, sum, lo, hi := measureSSE2(&rest[0], n)
			l.take(squares, sum, lo, hi)
			rest = rest[8*n:]
		}
	}
	if len(rest) > 0 {
		l.take(measurePlain(rest))
	}
	if l.Peak >= ClipAt {
		for _, s := range block {
			if s >= ClipAt || s <= -ClipAt {
				l.Clipped++
			}
		}
	}
	return l
}

// take adds what was measured of a part; lo is at most 0, hi at least.
func (l *Level) take(squares, sum int64, lo, hi int) {
	l.Squares += squares
	l.Sum += sum
	l.Peak = max(l.Peak, hi, -lo)
}

// measurePlain is measureSSE2 for any number of samples; lo and hi start from 0.
func measurePlain(block []int16) (squares, sum int64, lo, hi int) {
	for _, s := range block {
		v := int(s)
		squares += int64(v * v)
		sum += int64(v)
		lo, hi = min(lo, v), max(hi, v)
	}
	return squares, sum, lo, hi
}

// Add joins the stretch m to l.
func (l *Level) Add(m Level) {
	l.Samples += m.Samples
	l.Squares += m.Squares
	l.Sum += m.Sum
	l.Peak = max(l.Peak, m.Peak)
	l.Clipped += m.Clipped
}

// MeanSquare is the mean of the squared samples, 0 where there are none.
func (l Level) MeanSquare() float64 {
	if l.Samples == 0 {
		return 0
	}
	return float64(l.Squares) / float64(l.Samples)
}

// DC is the mean of the samples.
func (l Level) DC() float64 {
	if l.Samples == 0 {
		return 0
	}
	return float64(l.Sum) / float64(l.Samples)
}

// DBm0 is the level with DC included. An idle A-law line (code 0xD5, a
// constant +8) reads −66 dBm0, an idle µ-law line Floor.
func (l Level) DBm0() float64 { return DBm0(l.MeanSquare()) }
