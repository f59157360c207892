package export

import (
	"errors"
	"fmt"
	"io"

	"vaad/dsp/g711"
	"vaad/dsp/wav"
	"vaad/recorder/archive"
)

// Format says how the samples of an export are stored.
type Format string

const (
	Native Format = "native" // as recorded; two coded sides have no such form and become PCM16
	PCM16  Format = "pcm16"  // signed 16-bit little-endian
)

// File is one WAV that is made while it is read. It is an [io.ReadSeeker] for
// one goroutine; Close closes the sides.
type File struct {
	sides  []side
	plain  *archive.Audio // one side as recorded: the file itself
	spec   wav.Spec
	header []byte
	first  int64    // sample of the sides that the file begins with
	frames int64    // samples of the longer side, as far as they are wanted
	law    g711.Law // of a compact file; 0: it is none
	pos    int64
	in     []byte // one side's bytes
	out    []byte // whole frames
	outPos int64  // position in the file of out[0]
}

// chunk is how many frames are made at once.
const chunk = 4096

// A Span is a part of a recording in samples: From ≤ sample < To. The zero Span
// is all of it.
type Span struct{ From, To int64 } // To 0: to the end

// New makes the WAV of one or two sides. The sides belong to the File from here
// on, also when New fails.
func New(f Format, audio ...*archive.Audio) (*File, error) { return NewPart(f, Span{}, audio...) }

// NewPart is New of a part. A side that is shorter than the other is silent
// behind its end.
func NewPart(f Format, part Span, audio ...*archive.Audio) (*File, error) {
	x := &File{spec: wav.Spec{Rate: wav.Rate, Channels: len(audio)}}
	for _, a := range audio {
		s, err := newSide(a)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("export: %w", err), closeAll(audio))
		}
		x.sides = append(x.sides, s)
		x.frames = max(x.frames, a.Samples)
	}
	if part.To > 0 {
		x.frames = min(x.frames, part.To)
	}
	x.first = min(max(0, part.From), x.frames)
	x.frames -= x.first
	switch {
	case len(audio) != 1 && len(audio) != 2:
		return nil, errors.Join(fmt.Errorf("export: %d sides; one WAV holds one or two", len(audio)), closeAll(audio))
	case f == Native && len(audio) == 1 && part == Span{}:
		x.plain = audio[0]
		_, err := x.plain.Seek(0, io.SeekStart)
		return x, err
	case f == Compact:
		x.compact()
	case f == Native && audio[0].Codec == audio[len(audio)-1].Codec && !audio[0].Codec.Coded():
		x.spec.Format = native(audio[0].Codec)
	default:
		x.spec.Format = wav.PCM16
	}
	x.header = x.spec.Header(x.frames * int64(x.spec.FrameBytes()))
	return x, nil
}

func native(c archive.Codec) wav.Format {
	switch c {
	case archive.G711A:
		return wav.ALaw
	case archive.G711U:
		return wav.MuLaw
	default:
		return wav.PCM16
	}
}

// Size is the length of the file in bytes.
func (x *File) Size() int64 {
	if x.plain != nil {
		return x.plain.Size
	}
	data := x.frames * int64(x.spec.FrameBytes())
	return int64(len(x.header)) + data + int64(wav.Pad(data))
}

// Seek sets where the next Read begins.
func (x *File) Seek(offset int64, whence int) (int64, error) {
	if x.plain != nil {
		return x.plain.Seek(offset, whence)
	}
	switch whence {
	case io.SeekCurrent:
		offset += x.pos
	case io.SeekEnd:
		offset += x.Size()
	}
	if offset < 0 {
		return x.pos, errors.New("export: seek before the start of the file")
	}
	x.pos = offset
	return offset, nil
}

// Read makes and copies the next part of the file.
func (x *File) Read(p []byte) (int, error) {
	if x.plain != nil {
		return x.plain.Read(p)
	}
	if x.pos >= x.Size() {
		return 0, io.EOF
	}
	if x.pos < int64(len(x.header)) {
		n := copy(p, x.header[x.pos:])
		x.pos += int64(n)
		return n, nil
	}
	if x.pos < x.outPos || x.pos >= x.outPos+int64(len(x.out)) || len(x.out) == 0 {
		if err := x.make(); err != nil {
			return 0, err
		}
	}
	n := copy(p, x.out[x.pos-x.outPos:])
	x.pos += int64(n)
	return n, nil
}

// make fills out with the frames around pos, and with the pad byte at the end.
func (x *File) make() error {
	size := int64(x.spec.FrameBytes())
	first := (x.pos - int64(len(x.header))) / size
	n := min(chunk, x.frames-first)
	x.outPos = int64(len(x.header)) + first*size
	if cap(x.out) == 0 {
		x.out = make([]byte, chunk*size+1)
		x.in = make([]byte, chunk*2)
	}
	x.out = x.out[:cap(x.out)]
	for i := range x.sides {
		if err := x.fill(i, first, n); err != nil {
			x.out = x.out[:0]
			return fmt.Errorf("export: read side %s: %w", x.sides[i].audio.Side, err)
		}
	}
	x.out = x.out[:n*size]
	if first+n >= x.frames && wav.Pad(x.frames*size) == 1 {
		x.out = append(x.out, 0)
	}
	return nil
}

// fill writes n samples of one side, from sample first on, into its channel of
// out. Behind the side's end there is silence.
func (x *File) fill(ch int, first, n int64) error {
	s := &x.sides[ch]
	first += x.first
	have := max(0, min(n, s.audio.Samples-first))
	if x.law != 0 && (s.table == nil || s.law != x.law) {
		return x.recoded(ch, first, have, n)
	}
	if s.coded != nil {
		return x.decoded(ch, first, have, n)
	}
	in := x.in[:have*s.audio.Codec.SampleBytes()]
	if err := s.raw(in, first); err != nil {
		return err
	}
	step := x.spec.FrameBytes()
	width := x.spec.Format.SampleBytes()
	at := ch * width
	for i := int64(0); i < n; i, at = i+1, at+step {
		switch {
		case width == 1 && i < have:
			x.out[at] = in[i]
		case width == 1:
			x.out[at] = g711.Silence(s.law)
		case i >= have:
			x.out[at], x.out[at+1] = 0, 0
		case s.table != nil:
			v := s.table[in[i]]
			x.out[at], x.out[at+1] = byte(v), byte(v>>8)
		default:
			x.out[at], x.out[at+1] = in[2*i], in[2*i+1]
		}
	}
	return nil
}

// decoded is fill for a coded side, have samples of which are there.
func (x *File) decoded(ch int, first, have, n int64) error {
	step := x.spec.FrameBytes()
	at := ch * x.spec.Format.SampleBytes()
	for i := int64(0); i < n; {
		if i >= have {
			x.out[at], x.out[at+1] = 0, 0
			i, at = i+1, at+step
			continue
		}
		pcm, err := x.sides[ch].coded.at(first + i)
		if err != nil {
			return err
		}
		for _, v := range pcm[:min(int64(len(pcm)), have-i)] {
			x.out[at], x.out[at+1] = byte(v), byte(v>>8)
			i, at = i+1, at+step
		}
	}
	return nil
}

// Channels is how many there are in it, Frames how many samples each has.
func (x *File) Channels() int { return len(x.sides) }

// Frames is the number of samples of each channel; of one side as recorded, those
// of the whole side.
func (x *File) Frames() int64 { return x.frames }

// Close closes the sides.
func (x *File) Close() error {
	var all []*archive.Audio
	for _, s := range x.sides {
		all = append(all, s.audio)
	}
	return closeAll(all)
}

func closeAll(audio []*archive.Audio) error {
	var errs []error
	for _, a := range audio {
		errs = append(errs, a.Close())
	}
	return errors.Join(errs...)
}
