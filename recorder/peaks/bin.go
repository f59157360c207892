package peaks

import (
	"math"
	"sync"
)

const (
	// Hop is how many samples the finest bin has: 10 ms.
	Hop = 80
	// factor is how many bins make one of the next level.
	factor = 8
	// coarsest level: bins of 82 s. Above it everything is a handful of bins.
	levels = 5
	// binBytes: least, greatest, root mean square.
	binBytes = 3
)

// steps holds the byte of each amplitude: 127 times the square root of its part of
// full scale.
var steps = sync.OnceValue(func() *[32769]int8 {
	t := new([32769]int8)
	for i := range t {
		t[i] = int8(math.Round(127 * math.Sqrt(float64(i)/32768)))
	}
	return t
})

// compand is the byte of a sample.
func compand(t *[32769]int8, v int) int8 {
	if v < 0 {
		return -t[-v]
	}
	return t[v]
}

// Amplitude is what a byte stands for, as a part of full scale: −1 to 1.
func Amplitude(b int8) float64 {
	a := float64(b) / 127
	return a * math.Abs(a)
}

// tally is a bin that is being filled.
type tally struct {
	least, most int
	sum         uint64 // of squares
	n           int64
}

func (t *tally) reset() { *t = tally{least: math.MaxInt16, most: math.MinInt16} }

func (t *tally) add(o *tally) {
	t.least, t.most = min(t.least, o.least), max(t.most, o.most)
	t.sum += o.sum
	t.n += o.n
}

// take adds samples.
func (t *tally) take(pcm []int16) {
	least, most, sum := t.least, t.most, uint64(0)
	for _, s := range pcm {
		v := int(s)
		least, most = min(least, v), max(most, v)
		sum += uint64(v * v)
	}
	t.least, t.most = least, most
	t.sum += sum
	t.n += int64(len(pcm))
}

func (t *tally) bytes(s *[32769]int8, dst []byte) []byte {
	rms := int(math.Round(math.Sqrt(float64(t.sum) / float64(max(1, t.n)))))
	return append(dst, byte(compand(s, t.least)), byte(compand(s, t.most)), byte(compand(s, rms)))
}
