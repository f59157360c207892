package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

// Audio is one side of a recording, as a WAV file and as its samples.
type Audio struct {
	io.ReadSeeker        // the whole WAV, head included
	ID            string //
	Side          string //
	Codec         Codec  //
	Size          int64  // of the WAV in bytes
	DataOffset    int64  // where the samples begin
	DataBytes     int64  //
	Running       bool   // the recording is still being written
	f             File
}

// Data reads the samples only.
func (a *Audio) Data() *io.SectionReader {
	return io.NewSectionReader(a.f, a.DataOffset, a.DataBytes)
}

// Close closes the file.
func (a *Audio) Close() error { return a.f.Close() }

// Audio opens a side. day may be "": it is looked for then. A recording that
// still runs is read up to what is written now.
func (r *Reader) Audio(day Day, id, side string) (*Audio, error) {
	a, err := r.audio(day, id, side)
	if err != nil {
		return nil, &Error{Op: "read", ID: id, Err: err}
	}
	return a, nil
}

func (r *Reader) audio(day Day, id, side string) (*Audio, error) {
	if err := validSide(side); err != nil {
		return nil, err
	}
	f, at, err := r.open(day, id, wavName(id, side))
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	var in wav.Info
	if err == nil {
		in, err = wav.ParseAt(f, size)
	}
	if err == nil && (in.Channels != 1 || in.Rate != wav.Rate) {
		err = fmt.Errorf("%d channels at %d Hz: recordings are mono at %d Hz", in.Channels, in.Rate, wav.Rate)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", wavName(id, side), err)
	}
	a := &Audio{ID: id, Side: side, Codec: codecOf(in.Format), DataOffset: in.DataOffset, DataBytes: in.DataBytes,
		Size: size, Running: at == "", f: f}
	if !a.Running {
		a.ReadSeeker = io.NewSectionReader(f, 0, size)
		return a, nil
	}
	// Its head has no sizes yet: it is read with one that has.
	head := wav.Header(in.Format, in.DataBytes)
	pad := make([]byte, wav.Pad(in.DataBytes))
	a.Size = int64(len(head)) + in.DataBytes + int64(len(pad))
	a.ReadSeeker = io.NewSectionReader(pieces{head, a, pad}, 0, a.Size)
	return a, nil
}

// pieces reads a made-up head, the data of a file, and the pad byte as one.
type pieces struct {
	head []byte
	a    *Audio
	pad  []byte
}

func (p pieces) ReadAt(b []byte, at int64) (n int, err error) {
	parts := []struct {
		r io.ReaderAt
		n int64
	}{
		{bytes.NewReader(p.head), int64(len(p.head))},
		{p.a.Data(), p.a.DataBytes},
		{bytes.NewReader(p.pad), int64(len(p.pad))},
	}
	for _, part := range parts {
		if at >= part.n {
			at -= part.n
			continue
		}
		m := min(int64(len(b)-n), part.n-at)
		k, err := part.r.ReadAt(b[n:n+int(m)], at)
		n += k
		if int64(k) < m {
			return n, err
		}
		if n == len(b) {
			return n, nil
		}
		at = 0
	}
	return n, io.EOF
}

// parseWAV checks that a sealed file is what its journal line says.
func parseWAV(f io.ReaderAt, size int64, codec Codec, maxSamples int64) (wav.Info, error) {
	in, err := wav.ParseAt(f, size)
	if err != nil {
		return in, err
	}
	if codecOf(in.Format) != codec || in.Channels != 1 || in.Rate != wav.Rate {
		return in, fmt.Errorf("it holds %v, %d channels at %d Hz; the journal says %s", in.Format, in.Channels, in.Rate, codec)
	}
	if n := in.DataBytes / codec.SampleBytes(); n > maxSamples {
		return in, fmt.Errorf("it holds %d samples, the journal says %d", n, maxSamples)
	}
	return in, nil
}

// ExportStereo writes one WAV with two channels from two sides of equal codec;
// the shorter side is filled with silence. G.711 stays bit for bit.
func ExportStereo(w io.Writer, left, right *Audio) error {
	if left.Codec != right.Codec {
		return &Error{Op: "export", ID: left.ID, Err: errors.New("the sides have different codecs: export them one by one")}
	}
	sb := left.Codec.SampleBytes()
	samples := max(left.DataBytes, right.DataBytes) / sb
	format := wavFormat(left.Codec)
	if _, err := w.Write(wav.Spec{Format: format, Rate: wav.Rate, Channels: 2}.Header(2 * sb * samples)); err != nil {
		return err
	}
	const block = 8192 // samples
	one := make([]byte, block*sb)
	both := make([]byte, 2*block*sb)
	var fill byte
	switch left.Codec {
	case G711A:
		fill = g711.Silence(g711.ALaw)
	case G711U:
		fill = g711.Silence(g711.MuLaw)
	}
	sides := [2]*io.SectionReader{left.Data(), right.Data()}
	for at := int64(0); at < samples; at += block {
		n := min(block, samples-at)
		for s, r := range sides {
			b := one[:n*sb]
			k, err := io.ReadFull(r, b)
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return &Error{Op: "export", ID: left.ID, Err: err}
			}
			for i := range b[k:] {
				b[k+i] = fill
			}
			for i := int64(0); i < n; i++ {
				copy(both[(2*i+int64(s))*sb:], b[i*sb:(i+1)*sb])
			}
		}
		if _, err := w.Write(both[:2*n*sb]); err != nil {
			return err
		}
	}
	return nil
}
