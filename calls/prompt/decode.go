package prompt

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"vaad/dsp"
	"vaad/dsp/adpcm"
	"vaad/dsp/g711"
	"vaad/dsp/g726"
	"vaad/dsp/gsm"
	"vaad/dsp/resample"
	"vaad/dsp/wav"
)

// Bounds of a file.
const (
	MaxBytes   = 64 << 20
	MaxSamples = 10 * 60 * dsp.Rate // at 8 kHz
)

var (
	errLong  = errors.New("it is longer than 10 minutes: cut it")
	errLarge = errors.New("it is larger than 64 MiB: cut it, or store it at 8 kHz")
	errEmpty = errors.New("there is no sound in it")
)

// decode reads a WAV file to 8 kHz mono. Channels are averaged.
func decode(r io.ReaderAt, size int64) ([]int16, error) {
	if size > MaxBytes {
		return nil, errLarge
	}
	a, err := wav.ParseAnyAt(r, size)
	if err != nil {
		return nil, err
	}
	whole, samples, err := length(a)
	if err != nil {
		return nil, err
	}
	dec, err := decoderOf(a)
	if err != nil {
		return nil, err
	}
	data := bufio.NewReaderSize(io.NewSectionReader(r, a.DataOffset, a.DataBytes), 1<<16)
	var conv *resample.Converter
	if a.Rate != dsp.Rate {
		if conv, err = resample.New(a.Rate, dsp.Rate); err != nil {
			return nil, err
		}
	}
	out := make([]int16, 0, samples+1)
	code := make([]byte, max(1, 1<<15/a.Block)*a.Block)
	var block []int16
	for left := whole; left > 0; {
		n, err := io.ReadFull(data, code)
		if n == 0 {
			if err == io.EOF {
				break
			}
			return nil, fmt.Errorf("read it: %w", err)
		}
		block = dec(block[:0], code[:n])
		mono := mix(block, a.Channels)
		mono = mono[:min(int64(len(mono)), left)]
		left -= int64(len(mono))
		if conv == nil {
			out = append(out, mono...)
		} else {
			out = conv.Process(out, mono)
		}
	}
	if conv != nil {
		out = conv.Flush(out)
	}
	if len(out) == 0 {
		return nil, errEmpty
	}
	return out, nil
}

// length returns how many samples a channel has, as they are and at 8 kHz.
func length(a wav.Any) (whole, at8k int64, err error) {
	if a.Channels < 1 || a.Rate < 1 || a.Block < 1 {
		return 0, 0, wav.ErrNotWAV
	}
	whole = a.Length(a.DataBytes)
	if whole > MaxSamples*int64(a.Rate)/dsp.Rate {
		return 0, 0, errLong
	}
	if whole <= 0 {
		return 0, 0, errEmpty
	}
	return whole, (whole*dsp.Rate + int64(a.Rate) - 1) / int64(a.Rate), nil
}

// decoderOf returns what appends the samples of code.
func decoderOf(a wav.Any) (func(dst []int16, code []byte) []int16, error) {
	switch a.Format {
	case wav.ALaw:
		return expand(g711.ALaw), nil
	case wav.MuLaw:
		return expand(g711.MuLaw), nil
	case wav.PCM16:
		return linear, nil
	case wav.GSM:
		return gsm.NewDecoder(gsm.WAV49).Decode, nil
	case wav.VOX:
		return adpcm.NewVOXDecoder(adpcm.Dialogic).Decode, nil
	case wav.IMA:
		d, err := adpcm.NewIMADecoder(a.Block)
		if err != nil {
			return nil, err
		}
		return d.Decode, nil
	}
	rate, ok := map[wav.Format]g726.Rate{wav.G726At16: g726.Rate16, wav.G726At24: g726.Rate24, wav.G726At32: g726.Rate32, wav.G726At40: g726.Rate40}[a.Format]
	if !ok {
		return nil, fmt.Errorf("it is in a format that is not known here (%v): store it as 16-bit PCM or G.711", a.Format)
	}
	d, err := g726.NewDecoder(rate, g726.MSBFirst)
	if err != nil {
		return nil, err
	}
	return d.Decode, nil
}

func expand(l g711.Law) func([]int16, []byte) []int16 {
	t := g711.DecodeTable(l)
	return func(dst []int16, code []byte) []int16 {
		for _, c := range code {
			dst = append(dst, t[c])
		}
		return dst
	}
}

func linear(dst []int16, code []byte) []int16 {
	for i := 0; i+1 < len(code); i += 2 {
		dst = append(dst, int16(uint16(code[i])|uint16(code[i+1])<<8))
	}
	return dst
}

// mix averages the channels of interleaved samples, in place.
func mix(x []int16, channels int) []int16 {
	if channels == 1 {
		return x
	}
	n := len(x) / channels
	for i := range n {
		sum := 0
		for _, v := range x[i*channels : (i+1)*channels] {
			sum += int(v)
		}
		x[i] = int16(sum / channels)
	}
	return x[:n]
}
