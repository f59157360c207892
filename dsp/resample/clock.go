package resample

import "math"

const (
	// clockPhases is at how many places between two samples the kernel is kept;
	// between them it is taken as straight, which leaves an error 97 dB down at
	// 3400 Hz.
	clockPhases = 256
	clockWidth  = 2 * half
)

// MaxPPM is the largest difference of clocks that is made up for, in parts per
// million.
const MaxPPM = 10000

var clockTable = makeClockTable()

func makeClockTable() *[clockPhases + 1][clockWidth]float32 {
	t := new([clockPhases + 1][clockWidth]float32)
	for p := range t {
		taps(t[p][:], float64(p)/clockPhases, 1)
	}
	return t
}

// Clock makes samples by one clock of samples by another of nearly the same
// rate. It is not for use by two goroutines at a time.
type Clock struct {
	step    float64 // samples of input for one of output
	frac    float64 // where the next output lies behind at, 0…1
	at      int
	history history
}

// NewClock returns a Clock for two that go alike.
func NewClock() *Clock {
	return &Clock{step: 1, history: newHistory(clockWidth)}
}

// Set says by how many parts per million the clock of the input is faster than
// that of the output: by so much fewer samples come out than go in. It may be
// set at any time; what is beyond MaxPPM counts as that.
func (c *Clock) Set(ppm float64) {
	if ppm == ppm {
		c.step = 1 + max(-MaxPPM, min(MaxPPM, ppm))*1e-6
	}
}

// PPM is what was set.
func (c *Clock) PPM() float64 { return (c.step - 1) * 1e6 }

// Latency is how many samples of input must follow one until its output comes.
func (c *Clock) Latency() int { return clockWidth / 2 }

// Reset begins anew; the ratio stays.
func (c *Clock) Reset() {
	clear(c.history.x)
	c.history.n, c.at, c.frac = clockWidth/2-1, 0, 0
}

// Process takes the next samples and appends what they give to dst.
func (c *Clock) Process(dst, src []int16) []int16 {
	for len(src) > 0 {
		src = src[c.history.take(src):]
		for c.at+clockWidth <= c.history.n {
			p := c.frac * clockPhases
			k := math.Floor(p)
			part := float32(p - k)
			x := c.history.x[c.at : c.at+clockWidth]
			v := dot(clockTable[int(k)][:], x)
			if part > 0 {
				v += (dot(clockTable[int(k)+1][:], x) - v) * part
			}
			dst = append(dst, round(v))
			c.frac += c.step
			k = math.Floor(c.frac)
			c.at += int(k)
			c.frac -= k
		}
		gone := min(c.at, c.history.n)
		c.history.drop(gone)
		c.at -= gone
	}
	return dst
}
