package export

import (
	"io"

	"vaad/dsp/mix"
	"vaad/dsp/wav"
)

// A pcm reads the samples of a File in PCM16 in blocks, interleaved, or both
// sides added up as the recorder adds them.
type pcm struct {
	f        *File
	channels int // that come out
	mix      bool
	left     int64 // frames
	raw      []byte
	block    []int16
	a, b     []int16
}

func newPCM(f *File, mixed bool) (*pcm, error) {
	p := &pcm{f: f, channels: f.Channels(), left: f.Frames()}
	if mixed && p.channels == 2 {
		p.channels, p.mix = 1, true
	}
	_, err := f.Seek(int64(len(f.header)), io.SeekStart)
	return p, err
}

// next returns the next samples of up to n frames, valid until the next call;
// io.EOF at the end.
func (p *pcm) next(n int) ([]int16, error) {
	if p.left == 0 {
		return nil, io.EOF
	}
	n = int(min(int64(n), p.left))
	in := p.f.Channels()
	if cap(p.raw) < 2*in*n {
		p.raw = make([]byte, 2*in*n)
	}
	raw := p.raw[:2*in*n]
	if _, err := io.ReadFull(p.f, raw); err != nil {
		return nil, err
	}
	p.left -= int64(n)
	p.block = p.block[:0]
	for i := 0; i < len(raw); i += 2 {
		p.block = append(p.block, int16(uint16(raw[i])|uint16(raw[i+1])<<8))
	}
	if !p.mix {
		return p.block, nil
	}
	p.a, p.b = p.a[:0], p.b[:0]
	for i := 0; i < len(p.block); i += 2 {
		p.a, p.b = append(p.a, p.block[i]), append(p.b, p.block[i+1])
	}
	mix.Mix(p.a, p.a, p.b)
	return p.a, nil
}

// wave is the same as a WAV stream, for programs that encode.
func (p *pcm) wave() io.Reader {
	head := wav.Spec{Format: wav.PCM16, Rate: wav.Rate, Channels: p.channels}
	return &waveReader{p: p, left: head.Header(p.left * int64(head.FrameBytes()))}
}

type waveReader struct {
	p    *pcm
	left []byte
}

func (w *waveReader) Read(b []byte) (int, error) {
	if len(w.left) == 0 {
		block, err := w.p.next(chunk)
		if err != nil {
			return 0, err
		}
		for _, v := range block {
			w.left = append(w.left, byte(v), byte(uint16(v)>>8))
		}
	}
	n := copy(b, w.left)
	w.left = w.left[n:]
	return n, nil
}
