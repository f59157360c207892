package peaks

import (
	"context"
	"errors"
	"fmt"
	"io"

	"vaad/dsp/adpcm"
	"vaad/dsp/codec"
	"vaad/dsp/g711"
	"vaad/dsp/gsm"
	"vaad/recorder/archive"
)

// Make reads one side from its beginning to its end.
func Make(ctx context.Context, a *archive.Audio) (Side, error) {
	dec, err := decoderOf(a.Codec)
	if err != nil {
		return Side{}, fmt.Errorf("peaks: side %s: %w", a.Side, err)
	}
	bytes, samples := a.Codec.Block()
	in := make([]byte, 32<<10/bytes*bytes)
	pcm := make([]int16, 0, int64(len(in))/bytes*samples)
	b := NewBuilder(a.Side)
	data, left := a.Data(), a.Samples
	for left > 0 {
		if err := ctx.Err(); err != nil {
			return Side{}, err
		}
		n, err := io.ReadFull(data, in)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return Side{}, fmt.Errorf("peaks: side %s: %w", a.Side, err)
		}
		pcm = dec.Decode(pcm[:0], in[:n])
		pcm = pcm[:min(int64(len(pcm)), left)]
		b.Write(pcm)
		left -= int64(len(pcm))
	}
	return b.Side(), nil
}

func decoderOf(c archive.Codec) (codec.Decoder, error) {
	switch c {
	case archive.G711A:
		return codec.Law(g711.ALaw), nil
	case archive.G711U:
		return codec.Law(g711.MuLaw), nil
	case archive.PCM16:
		return codec.Linear{}, nil
	case archive.IMA:
		bytes, _ := c.Block()
		return adpcm.NewIMADecoder(int(bytes))
	case archive.GSM:
		return gsm.NewDecoder(gsm.WAV49), nil
	}
	return nil, fmt.Errorf("codec %q is not known", c)
}
