package recorder

import (
	"encoding/binary"

	"vaad/channels"
	"vaad/dsp/g711"
	"vaad/dsp/mix"
	"vaad/recorder/archive"
)

// An encoder turns the bytes of a line's rings into those of a recording's
// files. It belongs to one goroutine.
type encoder struct {
	laws  []g711.Law // of the line's sides
	mixed bool       // all sides in one file
	codec archive.Codec
	names []string // of the files
	pcm   [2][]int16
	out   []byte
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
	case c.Codec == PCM, !same: // one recording has one codec
		e.codec = archive.PCM16
	case e.laws[0] == g711.MuLaw:
		e.codec = archive.G711U
	default:
		e.codec = archive.G711A
	}
	return e
}

// encode gives the bytes of one file. raw holds the bytes of all sides, equally
// long. What it returns is valid until the next call.
func (e *encoder) encode(file int, raw [][]byte) []byte {
	if !e.mixed && e.codec != archive.PCM16 {
		return raw[file] // bit for bit
	}
	n := len(raw[0])
	for i := range e.pcm {
		if cap(e.pcm[i]) < n {
			e.pcm[i] = make([]int16, n)
		}
	}
	a, b := e.pcm[0][:n], e.pcm[1][:n]
	if e.mixed {
		g711.Decode(a, raw[0], e.laws[0])
		g711.Decode(b, raw[1], e.laws[1])
		mix.Mix(a, a, b)
	} else {
		g711.Decode(a, raw[file], e.laws[file])
	}
	e.out = e.out[:0]
	if e.codec == archive.PCM16 {
		for _, s := range a {
			e.out = binary.LittleEndian.AppendUint16(e.out, uint16(s))
		}
		return e.out
	}
	if cap(e.out) < n {
		e.out = make([]byte, n)
	}
	e.out = e.out[:n]
	g711.Encode(e.out, a, e.laws[0])
	return e.out
}

// silence fills b with what stands in a file where audio is missing.
func (e *encoder) silence(b []byte) {
	s := byte(0)
	if e.codec != archive.PCM16 {
		s = g711.Silence(e.laws[0])
	}
	for i := range b {
		b[i] = s
	}
}
