package emulated

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/cmplx"
)

const (
	rate  = 8000 // samples per second
	chunk = 8    // of each line in each ms

	level       = 8000 // peak of tones, of 32767: about -12 dBm0
	callerAfter = 600  // ms after the first burst
)

// A source makes audio with a phase that never jumps.
type source struct {
	phase float64 // in turns
	bits  []bool  // of a caller, left to send
	part  float64 // of the first of them that was sent
}

func (s *source) next(hz float64) int16 {
	s.phase = math.Mod(s.phase+hz/rate, 1)
	return int16(level * math.Sin(2*math.Pi*s.phase))
}

func (s *source) tone(samples []int16, hz int) {
	for i := range samples {
		samples[i] = s.next(float64(hz))
	}
}

// fsk sends bits with the tones of Bell 202: 1200 in a second, mark 1200 Hz, space
// 2200 Hz.
func (s *source) fsk(samples []int16) {
	for i := range samples {
		if len(s.bits) == 0 {
			return
		}
		hz := 2200.0
		if s.bits[0] {
			hz = 1200
		}
		samples[i] = s.next(hz)
		if s.part += 1200.0 / rate; s.part >= 1 {
			s.part--
			s.bits = s.bits[1:]
		}
	}
}

// callerBits are a message of Bellcore's GR-30: seizure, mark, then bytes with a start
// and a stop bit: call setup with several parameters, of which the number is one, and
// what makes their sum 0.
func callerBits(number string) (bits []bool) {
	for i := range 300 {
		bits = append(bits, i%2 == 1)
	}
	for range 180 {
		bits = append(bits, true)
	}
	message := append([]byte{0x80, byte(2 + len(number)), 0x02, byte(len(number))}, number...)
	sum := byte(0)
	for _, b := range message {
		sum -= b
	}
	for _, b := range append(message, sum) {
		bits = append(bits, false)
		for i := range 8 {
			bits = append(bits, b>>i&1 == 1)
		}
		bits = append(bits, true)
	}
	return append(bits, true, true, true)
}

// muLaw and muSample are ITU-T G.711's µ-law, as its text computes it.
func muLaw(sample int16) byte {
	const bias, clip = 0x84, 32635
	sign, v := byte(0), int(sample)
	if v < 0 {
		sign, v = 0x80, -v
	}
	v = min(v, clip) + bias
	segment := byte(0)
	for v>>(segment+8) != 0 {
		segment++
	}
	return ^(sign | segment<<4 | byte(v>>(segment+3))&0x0f)
}

func muSample(code byte) int16 {
	code = ^code
	v := ((int(code&0x0f)<<3 + 0x84) << (code >> 4 & 7)) - 0x84
	if code&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

// aLaw and aSample are its A-law.
func aLaw(sample int16) byte {
	mask, v := byte(0xd5), int(sample)>>3
	if v < 0 {
		mask, v = 0x55, -v-1
	}
	if v < 32 {
		return byte(v>>1) ^ mask
	}
	segment := byte(1)
	for v>>(segment+5) != 0 {
		segment++
	}
	return (segment<<4 | byte(v>>segment)&0x0f) ^ mask
}

func aSample(code byte) int16 {
	code ^= 0x55
	v, segment := int(code&0x0f)<<4+8, code>>4&7
	if segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if code&0x80 == 0 {
		v = -v
	}
	return int16(v)
}

// encode and decode are as the port's law is set.
func (p *port) encode(s int16) byte {
	if p.regs[regPCM]&pcmLaw == pcmMu {
		return muLaw(s)
	}
	return aLaw(s)
}

func (p *port) decode(code byte) int16 {
	if p.regs[regPCM]&pcmLaw == pcmMu {
		return muSample(code)
	}
	return aSample(code)
}

// Samples returns a tone of so many seconds, as lines talk in.
func Samples(hz, seconds int) []int16 {
	samples := make([]int16, rate*seconds)
	(&source{}).tone(samples, hz)
	return samples
}

// Decode returns the samples of audio as WAV files have it: 1 is 16 bits, 6 A-law, 7
// µ-law. Of other formats there are none.
func Decode(format uint16, data []byte) (samples []int16) {
	law := map[uint16]func(byte) int16{6: aSample, 7: muSample}[format]
	switch {
	case format == 1:
		for ; len(data) >= 2; data = data[2:] {
			samples = append(samples, int16(binary.LittleEndian.Uint16(data)))
		}
	case law != nil:
		for _, c := range data {
			samples = append(samples, law(c))
		}
	}
	return samples
}

// A Tone measures how far samples are a tone: a detector of its own, which owes
// nothing to vaad's. Its frequency is a multiple of 100 Hz.
type Tone struct {
	Hz      int
	Samples int
	Longest int // samples of its longest stretch with a steady phase
	Jumps   int // how often the tone goes on otherwise than it was: samples are lost, doubled or silent in between

	sum  complex128
	sum2 float64
	run  int
	last float64 // phase in turns
}

// window is 10 ms: whole periods of the tone.
const window = rate / 100

// Hear takes samples.
func (t *Tone) Hear(samples ...int16) {
	for _, s := range samples {
		angle := -2 * math.Pi * float64(t.Hz*(t.Samples%rate)) / rate
		t.sum += complex(float64(s), 0) * cmplx.Rect(1, angle)
		t.sum2 += float64(s) * float64(s)
		if t.Samples++; t.Samples%window == 0 {
			t.end()
		}
	}
}

// end judges a window: is nearly all of its energy the tone, and with the phase that
// the one before had?
func (t *Tone) end() {
	share := 0.0
	if t.sum2 > 0 {
		share = 2 * real(t.sum*cmplx.Conj(t.sum)) / window / t.sum2
	}
	phase := cmplx.Phase(t.sum) / (2 * math.Pi)
	off := math.Abs(math.Remainder(phase-t.last, 1))
	is := share > 0.9 && t.sum2/window > 100*100
	switch {
	case is && t.run > 0 && off < 0.01:
		t.run += window
	case is:
		if t.Longest > 0 {
			t.Jumps++
		}
		t.run = window
	default:
		t.run = 0
	}
	t.Longest = max(t.Longest, t.run)
	t.last, t.sum, t.sum2 = phase, 0, 0
}

func (t Tone) String() string {
	return fmt.Sprintf("%d ms, of which %d ms are %d Hz without a jump, jumps %d", t.Samples/8, t.Longest/8, t.Hz, t.Jumps)
}
