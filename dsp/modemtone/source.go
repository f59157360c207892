package modemtone

import (
	"math"

	"vaad/dsp"
	"vaad/dsp/fsk"
)

// What the standards say of tones that are not steady.
const (
	reversalEvery = 450 * dsp.MS // ITU-T V.25, V.8: ± 25 ms
	answerDepth   = 0.2          // ITU-T V.8: of the amplitude
	sideLine      = 0.27         // of V.22's unscrambled ones, at 2850 Hz, by its filters
)

// Source plays the tone of a modem, without end but for what is sent in bits.
type Source struct {
	sines   []sine
	on, off int // samples; off 0: steady
	swings  bool
	turns   bool
	at      int

	bits *fsk.Source
}

type sine struct{ step, phase, peak float64 }

// Add adds a tone, such as the guard tone of V.22: 1800 Hz 6 dB below the other,
// or 550 Hz 3 dB below it.
func (s *Source) Add(hz, dBm0 float64) {
	s.sines = append(s.sines, sine{step: 2 * math.Pi * hz / dsp.Rate, peak: dsp.SinePeak(dBm0)})
}

// NewSource plays a tone at a level in dBm0. CNG and CT come in their cadence;
// V21 is 38 flags, one second; Baudot is some twenty characters, 3.3 s. For CI,
// CM and JM see NewV8Source.
func NewSource(t Tone, dBm0 float64) *Source {
	s := &Source{}
	hz := 2100.
	switch t {
	case CNG:
		hz, s.on, s.off = 1100, 500*dsp.MS, 3000*dsp.MS
	case CT:
		hz, s.on, s.off = 1300, 600*dsp.MS, 1700*dsp.MS
	case ANSpr:
		s.turns = true
	case ANSam:
		s.swings = true
	case ANSampr:
		s.swings, s.turns = true, true
	case Bell103:
		hz = 2225
	case V22:
		hz = 2250
		s.Add(2850, dBm0+20*math.Log10(sideLine))
	case V32:
		hz = 1800
	case V23:
		hz = 1300
	case V21Mark:
		hz = 1650
	case V21, JM:
		s.bits = fsk.NewSource(fsk.V21Channel2(), dBm0, dBm0)
	case CI, CM:
		s.bits = fsk.NewSource(fsk.V21Channel1(), dBm0, dBm0)
	case Baudot: // in half bits
		s.bits = fsk.NewSource(fsk.Spec{Mark: 1400, Space: 1800, Baud: 2 * 45.45}, dBm0, dBm0)
	}
	if s.bits != nil {
		t.fill(s.bits, DataModem)
		return s
	}
	s.Add(hz, dBm0)
	return s
}

// NewV8Source plays CI, CM or JM: six times the message that tells a function.
func NewV8Source(t Tone, f Function, dBm0 float64) *Source {
	spec := fsk.V21Channel1()
	if t == JM {
		spec = fsk.V21Channel2()
	}
	s := &Source{bits: fsk.NewSource(spec, dBm0, dBm0)}
	t.fill(s.bits, f)
	return s
}

// fill gives a source the bits of a tone.
func (t Tone) fill(s *fsk.Source, f Function) {
	function := byte(f-Conference)<<5 | 1
	switch t {
	case V21:
		for range 38 {
			s.Bits(0, 1)
			s.Bits(1, 6)
			s.Bits(0, 1)
		}
	case CI:
		for range 6 {
			s.Bits(1, 10)
			s.Characters([]byte{0, function})
		}
	case CM, JM:
		for range 6 {
			s.Bits(1, 10)
			s.Characters([]byte{0xE0, function, 0x45}) // V.8: synchronization, function, V.34
		}
	case Baudot: // a start bit, five bits, one and a half of stop
		s.Bits(1, 14)
		for range 2 {
			for _, c := range []byte{31, 20, 1, 18, 18, 24, 4, 11, 3, 4} {
				s.Bits(0, 2)
				for i := range 5 {
					s.Bits(c>>i, 2)
				}
				s.Bits(1, 3)
			}
		}
		s.Bits(1, 14)
	}
}

// Fill writes the next samples and returns how many; fewer than len(block)
// means that the source is finished.
func (s *Source) Fill(block []int16) int {
	if s.bits != nil {
		return s.bits.Fill(block)
	}
	for i := range block {
		v := 0.
		for k := range s.sines {
			o := &s.sines[k]
			v += o.peak * math.Sin(o.phase)
			o.phase = math.Mod(o.phase+o.step, 2*math.Pi)
		}
		if s.swings {
			v *= 1 + answerDepth*math.Sin(2*math.Pi*amHz*float64(s.at%dsp.Rate)/dsp.Rate)
		}
		if s.turns && s.at/reversalEvery%2 == 1 {
			v = -v
		}
		if s.off > 0 && s.at%(s.on+s.off) >= s.on {
			v = 0
		}
		block[i] = int16(math.Round(max(-32768, min(32767, v))))
		s.at++
	}
	return len(block)
}
