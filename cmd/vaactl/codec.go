package main

import (
	"strings"

	"vaad/dsp/adpcm"
	"vaad/dsp/codec"
	"vaad/dsp/g711"
	"vaad/dsp/g726"
	"vaad/dsp/gsm"
)

// g726Rate is the number of bits of a sample, 0 for other codecs.
func g726Rate(codec string) g726.Rate {
	switch strings.TrimSuffix(codec, "-rtp") {
	case "g726-16":
		return g726.Rate16
	case "g726-24":
		return g726.Rate24
	case "g726-32":
		return g726.Rate32
	case "g726-40":
		return g726.Rate40
	}
	return 0
}

// bareSamples is how many samples so many bytes of a file without a head hold,
// and how many bytes at its end belong to no sample.
func bareSamples(codec string, size int64) (samples, rest int64) {
	switch codec {
	case "gsm":
		return size / 33 * 160, size % 33
	case "pcm16":
		return size / 2, size % 2
	case "vox", "vox-sox":
		return size * 2, 0
	case "alaw", "ulaw":
		return size, 0
	}
	return size * 8 / int64(g726Rate(codec)), 0
}

// newDecoder makes the decoder of a codec; block is that of IMA in bytes.
func newDecoder(name string, packing gsm.Packing, block int, law g726.Law) (codec.Decoder, error) {
	switch name {
	case "alaw":
		return codec.Law(g711.ALaw), nil
	case "ulaw":
		return codec.Law(g711.MuLaw), nil
	case "pcm16":
		return codec.Linear{}, nil
	case "ima":
		return adpcm.NewIMADecoder(block)
	case "vox":
		return adpcm.NewVOXDecoder(adpcm.Dialogic), nil
	case "vox-sox":
		return adpcm.NewVOXDecoder(adpcm.SoX), nil
	case "gsm":
		return gsm.NewDecoder(packing), nil
	}
	p := g726.MSBFirst
	if strings.HasSuffix(name, "-rtp") {
		p = g726.LSBFirst
	}
	d, err := g726.NewDecoder(g726Rate(name), p)
	if err != nil || law == 0 {
		return d, err
	}
	return &octets{d: d, law: law}, nil
}

// octets is a G.726 decoder that gives the samples of G.711 codes.
type octets struct {
	d   *g726.Decoder
	law g726.Law
	buf []byte
}

func (o *octets) Decode(dst []int16, src []byte) []int16 {
	o.buf = o.d.DecodeLaw(o.buf[:0], src, o.law)
	return codec.Law(o.law).Decode(dst, o.buf)
}
