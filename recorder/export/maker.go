package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"

	"vaad/dsp/codec"
	"vaad/dsp/resample"
	"vaad/dsp/wav"
	"vaad/recorder/archive"

	"github.com/prometheus/client_golang/prometheus"
)

// Pool bounds work that is heavy on the processor: cmd/vaad's pool.
type Pool interface {
	Acquire(context.Context) error
	Release()
}

// MakerConfig is what a Maker needs.
type MakerConfig struct {
	Dir        string                          // for files that are being made
	Pool       Pool                            // nil: unbounded
	Free       func() (bytes int64, err error) // on the disk of Dir, without what must stay free; nil: not asked
	Registerer prometheus.Registerer
	Logger     *slog.Logger                 // nil: slog.Default
	LookPath   func(string) (string, error) // where programs are; nil: exec.LookPath
}

// A Maker makes files of recordings in any Kind. It is safe for concurrent use.
type Maker struct {
	c        MakerConfig
	metrics  *metrics
	programs programs
}

// NewMaker makes a Maker, and its folder.
func NewMaker(c MakerConfig) (*Maker, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.LookPath == nil {
		c.LookPath = exec.LookPath
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("export: make the folder: %w", err)
	}
	return &Maker{c: c, metrics: newMetrics(c.Registerer), programs: programs{look: c.LookPath}}, nil
}

// Dir is where files are that are being made. What is left there by a crash goes
// with the next start of [Jobs].
func (m *Maker) Dir() string { return m.c.Dir }

// Work does something that is heavy on the processor, in a slot of the pool.
func (m *Maker) Work(ctx context.Context, do func() error) error {
	if m.c.Pool != nil {
		if err := m.c.Pool.Acquire(ctx); err != nil {
			return err
		}
		defer m.c.Pool.Release()
	}
	return do()
}

// Spool lets something be written to a file without a name, in a slot of the
// pool, and gives it back at its beginning.
func (m *Maker) Spool(ctx context.Context, write func(io.Writer) error) (*os.File, error) {
	f, err := nameless(m.c.Dir)
	if err != nil {
		return nil, err
	}
	err = m.Work(ctx, func() error { return write(f) })
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Refusals of a Maker.
var (
	ErrNoProgram = errors.New("export: no program that encodes this format is installed")
	ErrEmpty     = errors.New("export: there is no audio to be encoded")
)

// A Wish is how audio is wanted.
type Wish struct {
	Kind Kind
	Mix  bool // both sides in one channel
	Part Span
}

// Made is audio in the wanted form. Reading it makes it, or it lies in a file
// without a name; Close does away with it.
type Made struct {
	io.ReadSeeker
	Size     int64
	Channels int
	Frames   int64 // samples of each channel, at the recording's 8000 per second
	close    func() error
}

// Close closes everything that stands behind it.
func (m *Made) Close() error { return m.close() }

// Make makes audio out of one or two sides, which belong to it from here on,
// also when it fails.
func (m *Maker) Make(ctx context.Context, w Wish, audio ...*archive.Audio) (*Made, error) {
	made, err := m.make(ctx, w, audio)
	if err != nil {
		m.metrics.exported(w.Kind.Name, "failed", 0)
	}
	return made, err
}

func (m *Maker) make(ctx context.Context, w Wish, audio []*archive.Audio) (*Made, error) {
	k := w.Kind
	switch {
	case k.Name == Original && len(audio) == 1 && w.Part == Span{}:
		a := audio[0]
		_, err := a.Seek(0, io.SeekStart)
		return &Made{a, a.Size, 1, a.Samples, a.Close}, err
	case k.Name == Original:
		return nil, errors.Join(&RefusedError{"whole-only", "original is the whole file of one side"}, closeAll(audio))
	case !w.Mix && (k.Name == string(Native) || k.wav == wav.PCM16 || k.exact(audio)):
		f := Native
		if k.wav == wav.PCM16 {
			f = PCM16
		}
		x, err := NewPart(f, w.Part, audio...)
		if err != nil {
			return nil, err
		}
		return &Made{x, x.Size(), x.Channels(), x.Frames(), x.Close}, nil
	}
	x, err := NewPart(PCM16, w.Part, audio...)
	if err != nil {
		return nil, err
	}
	made, err := m.coded(ctx, w, x)
	return made, errors.Join(err, x.Close())
}

// coded writes a file without a name.
func (m *Maker) coded(ctx context.Context, w Wish, x *File) (made *Made, err error) {
	p, err := newPCM(x, w.Mix)
	if err != nil {
		return nil, err
	}
	if p.channels == 2 && !w.Kind.Stereo {
		return nil, &RefusedError{"mono-only", w.Kind.Name + " has one channel"}
	}
	if m.c.Free != nil {
		if err := room(m.c.Free, w.Kind.Bytes(p.left, p.channels)); err != nil {
			return nil, err
		}
	}
	if m.c.Pool != nil {
		if err := m.c.Pool.Acquire(ctx); err != nil {
			return nil, err
		}
		defer m.c.Pool.Release()
	}
	f, err := nameless(m.c.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	frames := p.left
	switch {
	case w.Kind.wav == 0 && w.Kind.Name != string(Native) && frames == 0:
		return nil, ErrEmpty
	case w.Kind.Name == FLAC:
		err = writeFLAC(ctx, f, p)
	case w.Kind.program != "":
		err = m.programs.encode(ctx, w.Kind.program, f, p)
	default:
		err = write(ctx, w.Kind, f, p)
	}
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, err
	}
	return &Made{f, size, p.channels, frames, f.Close}, nil
}

// nameless makes a file that is gone with its last handle, whatever happens.
func nameless(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".making-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// write encodes with the codecs of the house.
func write(ctx context.Context, k Kind, f io.Writer, p *pcm) error {
	form := k.wav
	if form == 0 { // as recorded, but mixed
		form = wav.PCM16
	}
	e, err := codec.New(form, k.bare)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	frames, channels := p.left, int64(p.channels)
	var slower *resample.Converter
	if k.Rate != wav.Rate {
		if slower, err = resample.New(wav.Rate, k.Rate); err != nil {
			return err
		}
	}
	bytes := codec.Bytes(form, k.bare, frames*channels)
	if !k.bare {
		if _, err := out.Write(wav.Spec{Format: form, Rate: wav.Rate, Channels: p.channels}.HeaderOf(bytes, frames)); err != nil {
			return err
		}
	}
	var code []byte
	var at6k []int16
	var written int64
	put := func() error {
		n, err := out.Write(code)
		written, code = written+int64(n), code[:0]
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		block, err := p.next(chunk)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if slower != nil {
			at6k = slower.Process(at6k[:0], block)
			block = at6k
		}
		code = e.Encode(code, block)
		if err := put(); err != nil {
			return err
		}
	}
	if slower != nil {
		code = e.Encode(code, slower.Flush(at6k[:0]))
	}
	code = e.Flush(code)
	if err := put(); err != nil {
		return err
	}
	if !k.bare && written != bytes { // the head would not be true
		return fmt.Errorf("export: %d bytes of %s were made, not %d", written, k.Name, bytes)
	}
	if !k.bare && wav.Pad(bytes) > 0 {
		if err := out.WriteByte(0); err != nil {
			return err
		}
	}
	return out.Flush()
}
