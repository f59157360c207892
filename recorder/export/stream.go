package export

import (
	"fmt"
	"io"

	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

// Live passes a WAV stream without end on: as it is, or with its G.711 decoded
// to 16-bit PCM. It ends after so many seconds of audio; 0 means never. The
// header is read before Live returns; otherwise no more is read than is asked
// for.
func Live(r io.Reader, f Format, seconds int) (io.Reader, error) {
	in, err := wav.Parse(r)
	if err != nil {
		return nil, fmt.Errorf("export: live audio: %w", err)
	}
	if seconds > 0 {
		r = io.LimitReader(r, int64(seconds)*int64(in.Rate)*int64(in.FrameBytes()))
	}
	s := &live{r: r}
	if f == PCM16 {
		switch in.Format {
		case wav.ALaw:
			s.table = g711.DecodeTable(g711.ALaw)
		case wav.MuLaw:
			s.table = g711.DecodeTable(g711.MuLaw)
		}
		in.Format = wav.PCM16
	}
	s.left = in.Header(-1)
	return s, nil
}

type live struct {
	r     io.Reader
	table *[256]int16 // nil: pass on
	left  []byte      // made, not yet read
	in    [1024]byte
	out   [2048]byte
}

func (s *live) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		if s.table == nil {
			return s.r.Read(p)
		}
		n, err := s.r.Read(s.in[:])
		for i, c := range s.in[:n] {
			v := s.table[c]
			s.out[2*i], s.out[2*i+1] = byte(v), byte(v>>8)
		}
		s.left = s.out[:2*n]
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}
