package tone

import (
	"math"

	"vaad/dsp"
)

// Sine is one component of a tone.
type Sine struct {
	Hz   float64
	DBm0 float64
}

// Burst is one tone and the silence after it.
type Burst struct {
	Sines []Sine // none: silence
	On    int    // ms; Forever: without end
	Off   int    // ms of silence afterwards
}

// Forever as Burst.On is a tone that does not end by itself.
const Forever = -1

// Cadence is a sequence of bursts.
type Cadence struct {
	Bursts []Burst
	Times  int // how often the sequence is played; 0: without end
}

// Empty reports whether there is nothing to hear: a tone that a country's
// data do not have.
func (c Cadence) Empty() bool { return len(c.Bursts) == 0 }

// RampMS is the time in which a burst rises and falls, within its On, along
// half a cosine.
const RampMS = 3

const rampLen = RampMS * dsp.MS

const (
	sineBits  = 11
	sineLen   = 1 << sineBits
	fracShift = 32 - sineBits
)

var (
	sines = makeSines()
	ramp  = makeRamp()
)

// makeSines tabulates one period and one entry more for interpolation: with
// 2048 entries the error is 118 dB below the tone.
func makeSines() *[sineLen + 1]float32 {
	t := new([sineLen + 1]float32)
	for i := range t {
		t[i] = float32(math.Sin(2 * math.Pi * float64(i) / sineLen))
	}
	return t
}

func makeRamp() *[rampLen]float32 {
	t := new([rampLen]float32)
	for i := range t {
		t[i] = float32((1 - math.Cos(math.Pi*(float64(i)+0.5)/rampLen)) / 2)
	}
	return t
}

type oscillator struct {
	phase, step uint32 // a full turn is 2^32
	peak        float32
}

type burst struct {
	osc   []oscillator
	on    int // samples; -1: without end
	total int // samples with the silence after it
}

// Source plays a cadence.
type Source struct {
	bursts []burst
	times  int // left to play after this one; -1: without end
	now    int // index of the burst that plays
	at     int // sample in it
	fall   int // sample of it from which a stopped source falls, or -1
	done   bool
}

// New makes a source of that cadence. A cadence of no length is finished from
// the start.
func New(c Cadence) *Source {
	s := &Source{times: c.Times - 1, fall: -1}
	var length int
	for _, b := range c.Bursts {
		n := burst{on: max(b.On, 0) * dsp.MS}
		n.total = n.on + max(b.Off, 0)*dsp.MS
		if b.On == Forever {
			n.on, n.total = -1, -1
		}
		for _, x := range b.Sines {
			n.osc = append(n.osc, oscillator{
				step: uint32(int64(math.Round(x.Hz / dsp.Rate * (1 << 32)))),
				peak: float32(dsp.SinePeak(x.DBm0)),
			})
		}
		s.bursts = append(s.bursts, n)
		length = max(length, n.on, -n.on, n.total)
	}
	s.done = length == 0
	return s
}

// Fill writes the next samples into block and returns how many; fewer than
// len(block) means that the source is finished, and the rest is left as it was.
func (s *Source) Fill(block []int16) int {
	n := 0
	for n < len(block) && !s.done {
		b := &s.bursts[s.now]
		switch {
		case b.on < 0 || s.at < b.on:
			m := len(block) - n
			if b.on >= 0 {
				m = min(m, b.on-s.at)
			}
			if s.fall >= 0 {
				m = min(m, s.fall+rampLen-s.at)
			}
			s.tone(b, block[n:n+m])
			n += m
			s.at += m
			s.done = s.fall >= 0 && s.at >= s.fall+rampLen
		case s.at < b.total && s.fall < 0:
			m := min(len(block)-n, b.total-s.at)
			clear(block[n : n+m])
			n += m
			s.at += m
		default:
			s.next()
		}
	}
	return n
}

func (s *Source) next() {
	for i := range s.bursts[s.now].osc {
		s.bursts[s.now].osc[i].phase = 0
	}
	s.now++
	s.at = 0
	if s.now == len(s.bursts) {
		s.now = 0
		s.done = s.times == 0
		if s.times > 0 {
			s.times--
		}
	}
	s.done = s.done || s.fall >= 0
}

// tone writes samples of a burst that lie within its On.
func (s *Source) tone(b *burst, block []int16) {
	flat := s.fall < 0 && s.at >= rampLen && (b.on < 0 || s.at+len(block) <= b.on-rampLen)
	for i := range block {
		var v float32
		for k := range b.osc {
			o := &b.osc[k]
			x := o.phase >> fracShift
			frac := float32(o.phase<<sineBits) * (1.0 / (1 << 32))
			v += o.peak * (sines[x] + frac*(sines[x+1]-sines[x]))
			o.phase += o.step
		}
		if !flat {
			v *= s.gain(b, s.at+i)
		}
		block[i] = round(v)
	}
}

// gain is the envelope at sample at of a burst.
func (s *Source) gain(b *burst, at int) float32 {
	n := rampLen
	if b.on >= 0 {
		n = min(n, b.on/2)
	}
	g := float32(1)
	if at < n {
		g = ramp[at*rampLen/n]
	}
	if left := b.on - 1 - at; b.on >= 0 && left < n {
		g = min(g, ramp[left*rampLen/n])
	}
	if s.fall >= 0 {
		g *= ramp[max(0, min(rampLen-1, s.fall+rampLen-1-at))]
	}
	return g
}

func round(v float32) int16 {
	if v < 0 {
		return int16(max(-32768, v-0.5))
	}
	return int16(min(32767, v+0.5))
}

// Stop lets the source fall within RampMS and finish, wherever it is.
func (s *Source) Stop() {
	if s.fall < 0 {
		s.fall = s.at
	}
}
