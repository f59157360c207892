package recorder

import (
	"encoding/binary"

	"vaad/channels"
	"vaad/dsp/adpcm"
	"vaad/dsp/g711"
	"vaad/dsp/gsm"
	"vaad/dsp/mix"
	"vaad/recorder/archive"
)

// An encoder turns the bytes of a line's rings into those of a recording's
// files. It belongs to one goroutine, and keeps what the codec keeps from one
// call to the next: each sample is to be encoded once, in order.
type encoder struct {
	laws  []g711.Law // of the line's sides
	mixed bool       // all sides in one file
	codec archive.Codec
	names []string // of the files
	block int64    // samples that a codec codes together
	pcm   [2][]int16
	out   [][]byte // by file
	ima   []*adpcm.IMAEncoder
	gsm   []*gsm.Encoder
}

// newEncoder makes an encoder for a line's sides; nil when it has none.
func newEncoder(sides []channels.Side, c LineConfig) *encoder {
	if len(sides) == 0 {
		return nil
	}
	e := &encoder{mixed: c.Sides == Mixed && len(sides) > 1}
	same := true
	for _, s := range sides {
		e.laws = append(e.laws, g711.Law(s.Law))
		e.names = append(e.names, s.Name)
		same = same && s.Law == sides[0].Law
	}
	if e.mixed {
		e.names = []string{Mixed}
	}
	switch {
	case c.Codec == IMA:
		e.codec = archive.IMA
	case c.Codec == GSM:
		e.codec = archive.GSM
	case c.Codec == PCM, !same: // one recording has one codec
		e.codec = archive.PCM16
	case e.laws[0] == g711.MuLaw:
		e.codec = archive.G711U
	default:
		e.codec = archive.G711A
	}
	size, block := e.codec.Block()
	e.block, e.out = block, make([][]byte, len(e.names))
	for range e.names {
		switch e.codec {
		case archive.IMA:
			one, err := adpcm.NewIMAEncoder(int(size))
			if err != nil { // no such block; the archive's own are
				return nil
			}
			e.ima = append(e.ima, one)
		case archive.GSM:
			e.gsm = append(e.gsm, gsm.NewEncoder(gsm.WAV49))
		}
	}
	return e
}

// alike says whether two make files of the same kind.
func (e *encoder) alike(o *encoder) bool { return e.codec == o.codec && e.mixed == o.mixed }

// encode gives the bytes of one file. raw holds the bytes of all sides, equally
// long: whole blocks, but at the end of the recording, where last has the last
// one filled up. What it returns is valid until the next call for that file, or
// as long as raw.
func (e *encoder) encode(file int, raw [][]byte, last bool) []byte {
	if e.same() {
		return raw[file] // bit for bit
	}
	return e.code(file, e.linear(file, raw), last)
}

// quiet gives the bytes of n samples of silence in one file.
func (e *encoder) quiet(file int, n int64, last bool) []byte {
	if e.same() {
		return e.fill(file, n, g711.Silence(e.laws[file]))
	}
	a := e.room(0, int(n))
	clear(a)
	return e.code(file, a, last)
}

// whole cuts a number of samples to whole blocks.
func (e *encoder) whole(n int64) int64 { return n - n%e.block }

// same says that files hold what the rings hold.
func (e *encoder) same() bool {
	return !e.mixed && (e.codec == archive.G711A || e.codec == archive.G711U)
}

func (e *encoder) room(i, n int) []int16 {
	if cap(e.pcm[i]) < n {
		e.pcm[i] = make([]int16, n)
	}
	return e.pcm[i][:n]
}

// linear is what one file is to hold, uncoded.
func (e *encoder) linear(file int, raw [][]byte) []int16 {
	n := len(raw[0])
	a := e.room(0, n)
	if !e.mixed {
		g711.Decode(a, raw[file], e.laws[file])
		return a
	}
	b := e.room(1, n)
	g711.Decode(a, raw[0], e.laws[0])
	g711.Decode(b, raw[1], e.laws[1])
	mix.Mix(a, a, b)
	return a
}

func (e *encoder) code(file int, a []int16, last bool) []byte {
	out := e.out[file][:0]
	switch e.codec {
	case archive.IMA:
		if out = e.ima[file].Encode(out, a); last {
			out = e.ima[file].Flush(out)
		}
	case archive.GSM:
		if out = e.gsm[file].Encode(out, a); last {
			out = e.gsm[file].Flush(out)
		}
	case archive.PCM16:
		for _, s := range a {
			out = binary.LittleEndian.AppendUint16(out, uint16(s))
		}
	default:
		out = e.fill(file, int64(len(a)), 0)
		g711.Encode(out, a, e.laws[0])
	}
	e.out[file] = out
	return out
}

// fill gives n bytes of a file.
func (e *encoder) fill(file int, n int64, b byte) []byte {
	if int64(cap(e.out[file])) < n {
		e.out[file] = make([]byte, n)
	}
	out := e.out[file][:n]
	for i := range out {
		out[i] = b
	}
	return out
}
