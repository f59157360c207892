package export

import (
	"vaad/dsp/g711"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// Compact is the smallest form that every browser plays and that can be played from
// anywhere: G.711, as recorded where all sides are of one law, else µ-law.
const Compact Format = "compact"

// compact chooses the law of a compact file.
func (x *File) compact() {
	x.law, x.spec.Format = g711.MuLaw, wav.MuLaw
	for i := range x.sides {
		if x.sides[i].table == nil || x.sides[i].law != g711.ALaw {
			return
		}
	}
	x.law, x.spec.Format = g711.ALaw, wav.ALaw
}

// recoded is fill for a side that is not stored in the law of the file.
func (x *File) recoded(ch int, first, have, n int64) error {
	s := &x.sides[ch]
	step := x.spec.FrameBytes()
	at := ch
	for i := have; i < n; i++ {
		x.out[ch+int(i)*step] = g711.Silence(x.law)
	}
	if s.coded != nil {
		for i := int64(0); i < have; {
			pcm, err := s.coded.at(first + i)
			if err != nil {
				return err
			}
			for _, v := range pcm[:min(int64(len(pcm)), have-i)] {
				x.out[at] = g711.EncodeSample(v, x.law)
				i, at = i+1, at+step
			}
		}
		return nil
	}
	in := x.in[:have*s.audio.Codec.SampleBytes()]
	if err := s.raw(in, first); err != nil {
		return err
	}
	for i := range have {
		var v int16
		if s.audio.Codec == archive.PCM16 {
			v = int16(uint16(in[2*i]) | uint16(in[2*i+1])<<8)
		} else {
			v = s.table[in[i]]
		}
		x.out[at] = g711.EncodeSample(v, x.law)
		at += step
	}
	return nil
}
