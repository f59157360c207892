package archive

import (
	"bytes"
	"fmt"
	"io"

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
	DataBytes     int64  // whole blocks of the codec
	Samples       int64  // in these; the last block of a coded file may be filled up
	Running       bool   // the recording is still being written
	f             content
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
	var in wav.Any
	if err == nil {
		in, err = wav.ParseAnyAt(f, size)
	}
	if err == nil {
		err = ours(&in)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", wavName(id, side), err)
	}
	codec := codecOf(&in)
	a := &Audio{ID: id, Side: side, Codec: codec, DataOffset: in.DataOffset, DataBytes: codec.whole(in.DataBytes),
		Samples: realIn(&in), Size: size, Running: at == "", f: f}
	if !a.Running {
		a.ReadSeeker = io.NewSectionReader(f, 0, size)
		return a, nil
	}
	// Its head has no sizes yet: it is read with one that has.
	head := header(codec, a.DataBytes, a.Samples)
	pad := make([]byte, wav.Pad(a.DataBytes))
	a.Size = int64(len(head)) + a.DataBytes + int64(len(pad))
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
func parseWAV(f io.ReaderAt, size int64, codec Codec, maxSamples int64) error {
	in, err := wav.ParseAnyAt(f, size)
	if err != nil {
		return err
	}
	if codecOf(&in) != codec || in.Channels != 1 || in.Rate != wav.Rate {
		return fmt.Errorf("it holds %v, %d channels at %d Hz; the journal says %s", in.Format, in.Channels, in.Rate, codec)
	}
	if n := realIn(&in); n > maxSamples {
		return fmt.Errorf("it holds %d samples, the journal says %d", n, maxSamples)
	}
	return nil
}

// ours says what keeps a file from being a recording.
func ours(in *wav.Any) error {
	if in.Channels != 1 || in.Rate != wav.Rate {
		return fmt.Errorf("%d channels at %d Hz: recordings are mono at %d Hz", in.Channels, in.Rate, wav.Rate)
	}
	if codecOf(in) == "" {
		return fmt.Errorf("%v in blocks of %d bytes: recordings are in one of %q", in.Format, in.Block, codecs())
	}
	return nil
}

// realIn is how many samples a file has.
func realIn(in *wav.Any) int64 { return codecOf(in).real(in.DataBytes, in.Samples) }
