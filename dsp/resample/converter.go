package resample

import (
	"errors"
	"strconv"
)

const (
	minRate   = 4000
	maxRate   = 192000
	maxPhases = 1024 // outputs until the same places between inputs come again
)

// Converter changes the rate of one stream by a fixed ratio. It is not for use
// by two goroutines at a time.
type Converter struct {
	up, down int // outputs for so many inputs
	width    int // taps
	table    []float32
	history  history
	phase    int   // in 1/up of a sample
	at       int   // in history where the kernel begins
	in, out  int64 // samples so far
}

// New returns a converter between two rates in Hz, within 4 and 192 kHz, whose
// ratio is one of whole numbers up to 1024: all usual rates are.
func New(from, to int) (*Converter, error) {
	if from < minRate || from > maxRate || to < minRate || to > maxRate {
		return nil, errors.New("resample: " + strconv.Itoa(from) + " to " + strconv.Itoa(to) + " Hz: rates lie within 4000 and 192000 Hz")
	}
	g := from
	for b := to; b != 0; {
		g, b = b, g%b
	}
	c := &Converter{up: to / g, down: from / g}
	if c.up > maxPhases {
		return nil, errors.New("resample: " + strconv.Itoa(from) + " to " + strconv.Itoa(to) + " Hz: the ratio is one of numbers above " + strconv.Itoa(maxPhases))
	}
	slow := min(1, float64(to)/float64(from))
	reach := (half*from + min(from, to) - 1) / min(from, to)
	c.width = 2 * reach
	c.table = make([]float32, c.up*c.width)
	for p := range c.up {
		taps(c.table[p*c.width:(p+1)*c.width], float64(p)/float64(c.up), slow)
	}
	c.Reset()
	return c, nil
}

// Reset begins anew, as with another stream.
func (c *Converter) Reset() {
	if c.history.x == nil {
		c.history = newHistory(c.width)
	}
	clear(c.history.x)
	c.history.n = c.width/2 - 1
	c.phase, c.at, c.in, c.out = 0, 0, 0, 0
}

// Latency is how many samples of input must follow one until its output comes.
func (c *Converter) Latency() int { return c.width / 2 }

// Process takes the next samples and appends what they give to dst: len(src) ×
// to / from, less what waits for Latency samples more.
func (c *Converter) Process(dst, src []int16) []int16 {
	c.in += int64(len(src))
	return c.run(dst, src, 1<<62)
}

// Flush appends what is owed at the end of a stream, silence being taken to
// follow: in all as many samples as the input lasted, rounded up. The converter
// must be Reset before it is used again.
func (c *Converter) Flush(dst []int16) []int16 {
	var silence [64]int16
	owed := (c.in*int64(c.up)+int64(c.down)-1)/int64(c.down) - c.out
	for owed > 0 {
		n := len(dst)
		dst = c.run(dst, silence[:], owed)
		owed -= int64(len(dst) - n)
	}
	return dst
}

// run makes at most so many samples.
func (c *Converter) run(dst, src []int16, most int64) []int16 {
	for {
		n := c.history.take(src)
		src = src[n:]
		for c.at+c.width <= c.history.n && most > 0 {
			v := dot(c.table[c.phase*c.width:(c.phase+1)*c.width], c.history.x[c.at:])
			dst = append(dst, round(v))
			c.out++
			most--
			c.phase += c.down
			c.at += c.phase / c.up
			c.phase %= c.up
		}
		gone := min(c.at, c.history.n)
		c.history.drop(gone)
		c.at -= gone
		if len(src) == 0 || most == 0 {
			return dst
		}
	}
}
