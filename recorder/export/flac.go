package export

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"vaad/dsp/wav"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// flacBlock is the number of samples of each channel in one frame.
const flacBlock = 4096

// writeFLAC encodes without loss, and decodes what it has written: a file whose
// samples are not those of the recording is not handed out.
func writeFLAC(ctx context.Context, f *os.File, p *pcm) error {
	frames := p.left
	info := &meta.StreamInfo{BlockSizeMin: flacBlock, BlockSizeMax: flacBlock, SampleRate: wav.Rate, NChannels: uint8(p.channels), BitsPerSample: 16}
	e, err := flac.NewEncoder(kept{f}, info)
	if err != nil {
		return fmt.Errorf("export: flac: %w", err)
	}
	channels := frame.ChannelsMono
	if p.channels == 2 {
		channels = frame.ChannelsLR
	}
	want := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		block, err := p.next(flacBlock)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		sum(want, block)
		n := len(block) / p.channels
		one := &frame.Frame{Header: frame.Header{HasFixedBlockSize: true, BlockSize: uint16(n), SampleRate: wav.Rate, Channels: channels, BitsPerSample: 16}}
		for c := range p.channels {
			sub := &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, NSamples: n, Samples: make([]int32, 0, n)}
			for i := c; i < len(block); i += p.channels {
				sub.Samples = append(sub.Samples, int32(block[i]))
			}
			one.Subframes = append(one.Subframes, sub)
		}
		if err := e.WriteFrame(one); err != nil {
			return fmt.Errorf("export: flac: %w", err)
		}
	}
	if err := e.Close(); err != nil {
		return fmt.Errorf("export: flac: %w", err)
	}
	// The last frame may be shorter than the smallest block that is told, and no
	// block below 16 may be told (RFC 9639, clause 8.2).
	size := uint16(min(flacBlock, max(16, frames)))
	if _, err := f.WriteAt(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, size), size), 8); err != nil {
		return err
	}
	got, n, err := decodeFLAC(ctx, f)
	if err == nil && (n != frames || string(got) != string(want.Sum(nil))) {
		err = errors.New("it does not decode to the samples it was made of")
	}
	if err != nil {
		return fmt.Errorf("export: flac: %w", err)
	}
	return nil
}

// decodeFLAC is the hash of a file's samples, and how many each channel has.
func decodeFLAC(ctx context.Context, f *os.File) ([]byte, int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	s, err := flac.New(bufio.NewReaderSize(f, 1<<16))
	if err != nil {
		return nil, 0, err
	}
	h, n := sha256.New(), int64(0)
	var block []int16
	for {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		one, err := s.ParseNext()
		if err == io.EOF {
			return h.Sum(nil), n, nil
		}
		if err != nil {
			return nil, 0, err
		}
		block = block[:0]
		for i := range one.Subframes[0].Samples {
			for _, sub := range one.Subframes {
				block = append(block, int16(sub.Samples[i]))
			}
		}
		sum(h, block)
		n += int64(len(one.Subframes[0].Samples))
	}
}

func sum(h hash.Hash, block []int16) {
	var b [2 * 2 * flacBlock]byte
	out := b[:0]
	for _, v := range block {
		out = append(out, byte(v), byte(uint16(v)>>8))
	}
	h.Write(out)
}

// kept is a file that the encoder does not close.
type kept struct{ f *os.File }

func (k kept) Write(b []byte) (int, error)               { return k.f.Write(b) }
func (k kept) Seek(off int64, whence int) (int64, error) { return k.f.Seek(off, whence) }
