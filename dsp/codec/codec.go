package codec

import (
	"errors"

	"vaad/dsp/adpcm"
	"vaad/dsp/g711"
	"vaad/dsp/g726"
	"vaad/dsp/gsm"
	"vaad/dsp/wav"
)

// An Encoder appends the code of pieces of audio. All encoders of dsp have this
// shape.
type Encoder interface {
	Encode(dst []byte, src []int16) []byte
	Flush(dst []byte) []byte
}

// A Decoder appends the samples of pieces of code.
type Decoder interface {
	Decode(dst []int16, src []byte) []int16
}

// ErrNone is what New answers for a format that nothing here encodes.
var ErrNone = errors.New("codec: no encoder for this format")

// New makes an encoder at the start of a file. bare says that the file has no
// head, which changes how GSM is packed.
func New(f wav.Format, bare bool) (Encoder, error) {
	switch f {
	case wav.ALaw:
		return Law(g711.ALaw), nil
	case wav.MuLaw:
		return Law(g711.MuLaw), nil
	case wav.PCM16:
		return Linear{}, nil
	case wav.IMA:
		return adpcm.NewIMAEncoder(adpcm.IMABlock)
	case wav.VOX:
		return adpcm.NewVOXEncoder(adpcm.Dialogic), nil
	case wav.G726At32:
		return g726.NewEncoder(g726.Rate32, g726.MSBFirst)
	case wav.GSM:
		if bare {
			return gsm.NewEncoder(gsm.Raw), nil
		}
		return gsm.NewEncoder(gsm.WAV49), nil
	}
	return nil, ErrNone
}

// Bytes is how long the code of so many samples is, so that the head can be
// written first.
func Bytes(f wav.Format, bare bool, samples int64) int64 {
	blocks := func(of int64) int64 { return (samples + of - 1) / of }
	switch {
	case f == wav.PCM16:
		return 2 * samples
	case f == wav.IMA:
		return blocks(int64(adpcm.IMASamples(adpcm.IMABlock))) * adpcm.IMABlock
	case f == wav.GSM && bare:
		return blocks(160) * 33
	case f == wav.GSM:
		return blocks(320) * 65
	case f == wav.VOX, f == wav.G726At32:
		return blocks(2)
	}
	return samples
}

// Law is G.711 in the shape of the other codecs.
type Law g711.Law

// Decode appends one sample for each byte.
func (l Law) Decode(dst []int16, src []byte) []int16 {
	for t, i := g711.DecodeTable(g711.Law(l)), 0; i < len(src); i++ {
		dst = append(dst, t[src[i]])
	}
	return dst
}

// Encode appends one byte for each sample.
func (l Law) Encode(dst []byte, src []int16) []byte {
	for _, v := range src {
		dst = append(dst, g711.EncodeSample(v, g711.Law(l)))
	}
	return dst
}

// Flush has nothing to add.
func (Law) Flush(dst []byte) []byte { return dst }

// Linear is 16-bit PCM, lower byte first. Half a sample at the end of a file is
// left out.
type Linear struct{}

// Decode appends one sample for each two bytes.
func (Linear) Decode(dst []int16, src []byte) []int16 {
	for i := 0; i+1 < len(src); i += 2 {
		dst = append(dst, int16(uint16(src[i])|uint16(src[i+1])<<8))
	}
	return dst
}

// Encode appends two bytes for each sample.
func (Linear) Encode(dst []byte, src []int16) []byte {
	for _, v := range src {
		dst = append(dst, byte(v), byte(uint16(v)>>8))
	}
	return dst
}

// Flush has nothing to add.
func (Linear) Flush(dst []byte) []byte { return dst }
