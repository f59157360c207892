package gain

import (
	"errors"
	"math"

	"vaad/dsp"
)

// Config says how an AGC works.
type Config struct {
	Target float64 // dBm0 of speech, its loud parts: −18 is usual in telephone networks
	Min    float64 // dB, least gain
	Max    float64 // dB, most gain
	Gate   float64 // dBm0 below which nothing is speech
	Limit  float64 // dBm0, as of a sine, that no peak passes
	Attack float64 // dB a second, downwards
	Decay  float64 // dB a second, upwards
}

// Defaults are values for telephone lines.
func Defaults() Config {
	return Config{Target: -18, Min: -20, Max: 24, Gate: -48, Limit: 0, Attack: 60, Decay: 8}
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	var all []error
	check := func(ok bool, what string) {
		if !ok {
			all = append(all, errors.New("gain: "+what))
		}
	}
	check(c.Target >= -50 && c.Target <= 0, "target must lie in −50…0 dBm0")
	check(c.Min >= MinDB && c.Min <= c.Max && c.Max <= MaxDB, "min and max must lie in −60…60 dB, in this order")
	check(c.Gate >= dsp.Floor && c.Gate <= c.Target, "gate must lie in −99 dBm0…target")
	check(c.Limit >= c.Target && c.Limit <= dsp.PeakDBm0, "limit must lie in target…3.14 dBm0")
	check(c.Attack > 0 && c.Attack <= 10000, "attack must lie above 0, up to 10000 dB/s")
	check(c.Decay > 0 && c.Decay <= 10000, "decay must lie above 0, up to 10000 dB/s")
	return errors.Join(all...)
}

const (
	slot      = 4 * dsp.MS      // samples of one measurement
	perSec    = dsp.Rate / slot // measurements a second
	overFloor = 4               // times the power of the quietest that speech has
	epoch     = perSec          // measurements after which the floor before last is forgotten
)

// AGC is an automatic gain control of one line. It is not for use by two
// goroutines at a time.
type AGC struct {
	config     Config
	limit      float64 // largest magnitude
	gate       float64 // mean square
	rise, fall float64 // shares of the way that the level follows in a slot

	squares int64
	n       int     // samples of the slot so far
	smooth  float64 // mean square of the last slots
	level   float64 // mean square of speech
	floor   [2]float64
	slots   int // of the epoch

	dB   float64 // gain wanted at the end of this slot
	gain float64 // of the sample before
	step float64
}

// NewAGC returns an AGC with a gain of 0 dB, as far as its limits allow.
func NewAGC(c Config) (*AGC, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	a := &AGC{
		config: c, limit: min(32767, math.Floor(dsp.SinePeak(c.Limit))), gate: dsp.MeanSquare(c.Gate),
		rise: 1 - math.Exp(-slot/(0.020*dsp.Rate)), fall: 1 - math.Exp(-slot/(0.5*dsp.Rate)),
	}
	a.Reset()
	return a, nil
}

// Reset begins anew, as with another call.
func (a *AGC) Reset() {
	c := a.config
	*a = AGC{config: c, limit: a.limit, gate: a.gate, rise: a.rise, fall: a.fall}
	a.dB = max(c.Min, min(c.Max, 0))
	a.gain = math.Pow(10, a.dB/20)
	a.floor = [2]float64{math.Inf(1), math.Inf(1)}
}

// Gain is the gain in dB that the last sample had.
func (a *AGC) Gain() float64 { return 20 * math.Log10(a.gain) }

// Process changes a block in place.
func (a *AGC) Process(block []int16) {
	for len(block) > 0 {
		n := min(len(block), slot-a.n)
		g, squares := a.gain, int64(0)
		for i, s := range block[:n] {
			squares += int64(s) * int64(s)
			g += a.step
			v := float64(s) * g
			if v > a.limit || v < -a.limit {
				g *= a.limit / math.Abs(v)
				v = max(-a.limit, min(a.limit, v))
				a.step = 0
			}
			block[i] = int16(math.Floor(v + 0.5))
		}
		a.gain = g
		a.squares += squares
		block = block[n:]
		if a.n += n; a.n == slot {
			a.decide()
		}
	}
}

// decide takes a slot and sets where the gain goes during the next.
func (a *AGC) decide() {
	power := float64(a.squares) / slot
	a.squares, a.n = 0, 0
	quiet := min(a.floor[0], a.floor[1])
	if math.IsInf(quiet, 1) {
		a.smooth = power
	}
	a.smooth += (power - a.smooth) / 5 // 20 ms: slots of noise vary by 6 dB
	a.floor[0] = min(a.floor[0], max(a.smooth, 1))
	if a.slots++; a.slots == epoch {
		a.floor[1], a.floor[0], a.slots = a.floor[0], math.Inf(1), 0
	}
	c := &a.config
	a.dB = 20 * math.Log10(a.gain) // a peak may have lowered it
	a.dB = max(c.Min, min(c.Max, a.dB))
	if power >= a.gate && a.smooth > quiet*overFloor {
		if power > a.level {
			a.level += (power - a.level) * a.rise
		} else {
			a.level += (power - a.level) * a.fall
		}
		off := c.Target - dsp.DBm0(a.level) - a.dB
		a.dB += max(-c.Attack/perSec, min(c.Decay/perSec, off))
		a.dB = max(c.Min, min(c.Max, a.dB))
	}
	a.step = (math.Pow(10, a.dB/20) - a.gain) / slot
}
