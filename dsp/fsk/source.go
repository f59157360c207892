package fsk

import (
	"math"

	"vaad/dsp"
)

// Source sends bits as FSK of continuous phase.
type Source struct {
	step  [2]float64 // turn per sample of space and mark
	peak  [2]float64
	baud  float64 // bits per sample
	phase float64
	left  float64 // of the bit that is being sent
	bit   byte
	bits  []byte // still to be sent, one per byte
	at    int
}

// NewSource returns a source without bits. The levels of the two tones are in
// dBm0; lines and cards make them differ by several dB.
func NewSource(s Spec, mark, space float64) *Source {
	return &Source{
		step: [2]float64{2 * math.Pi * s.Space / dsp.Rate, 2 * math.Pi * s.Mark / dsp.Rate},
		peak: [2]float64{dsp.SinePeak(space), dsp.SinePeak(mark)},
		baud: s.Baud / dsp.Rate,
	}
}

// Bits appends n times the given bit.
func (s *Source) Bits(bit byte, n int) {
	for range n {
		s.bits = append(s.bits, bit&1)
	}
}

// Alternate appends n bits 0101…, the channel seizure of caller ID.
func (s *Source) Alternate(n int) {
	for i := range n {
		s.bits = append(s.bits, byte(i&1))
	}
}

// Characters appends start-stop characters: a start bit, eight bits with the
// least significant one first, a stop bit.
func (s *Source) Characters(data []byte) {
	for _, b := range data {
		s.bits = append(s.bits, 0)
		for i := range 8 {
			s.bits = append(s.bits, b>>i&1)
		}
		s.bits = append(s.bits, 1)
	}
}

// Fill writes the next samples and returns how many; fewer than len(block)
// means that all bits are sent.
func (s *Source) Fill(block []int16) int {
	for i := range block {
		if s.left <= 0 {
			if s.at == len(s.bits) {
				s.bits, s.at = s.bits[:0], 0
				return i
			}
			s.bit = s.bits[s.at]
			s.at++
			s.left++
		}
		// Within one sample the old bit may end and the next begin.
		block[i] = int16(math.Round(max(-32768, min(32767, s.peak[s.bit]*math.Sin(s.phase)))))
		part := min(1, s.left/s.baud)
		s.phase += part * s.step[s.bit]
		s.left -= s.baud
		if part < 1 && s.at < len(s.bits) {
			s.phase += (1 - part) * s.step[s.bits[s.at]]
		}
		if s.phase > math.Pi {
			s.phase -= 2 * math.Pi
		}
	}
	return len(block)
}
