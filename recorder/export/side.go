package export

import (
	"errors"
	"fmt"
	"io"

	"vaad/dsp/adpcm"
	"vaad/dsp/g711"
	"vaad/dsp/gsm"
	"vaad/recorder/archive"
)

// A side is one side of the recording that is exported.
type side struct {
	audio *archive.Audio
	table *[256]int16 // decodes G.711; nil for the others
	law   g711.Law
	coded *decoder // of a codec whose samples do not stand for themselves
}

func newSide(a *archive.Audio) (side, error) {
	s := side{audio: a}
	switch a.Codec {
	case archive.G711A:
		s.law, s.table = g711.ALaw, g711.DecodeTable(g711.ALaw)
	case archive.G711U:
		s.law, s.table = g711.MuLaw, g711.DecodeTable(g711.MuLaw)
	case archive.PCM16:
	case archive.IMA, archive.GSM:
		s.coded = newDecoder(a)
	default:
		return s, fmt.Errorf("side %s: codec %q is not known", a.Side, a.Codec)
	}
	return s, nil
}

// raw reads the stored samples from first on, of a codec whose samples stand
// for themselves.
func (s *side) raw(b []byte, first int64) error {
	if len(b) == 0 {
		return nil
	}
	_, err := s.audio.Data().ReadAt(b, first*s.audio.Codec.SampleBytes())
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

const (
	pieceBlocks = 16  // decoded at once
	snapEvery   = 640 // blocks between two states of a decoder that are kept: 26 s of GSM
)

// A decoder gives the samples of a coded side, from any place on and always the
// same ones. Blocks of IMA each stand for themselves; what GSM decodes to
// depends on all that was before, so that it is decoded from the beginning, or
// from the last state kept.
type decoder struct {
	audio       *archive.Audio
	data        io.ReaderAt
	size, per   int64 // of a block: bytes, samples
	ima         *adpcm.IMADecoder
	gsm         *gsm.Decoder
	kept        []gsm.Decoder // states before block 0, snapEvery, 2·snapEvery…
	next        int64         // block that the decoder comes to next
	first       int64         // block that pcm begins with
	pcm         []int16
	compressed  []byte
	totalBlocks int64
}

func newDecoder(a *archive.Audio) *decoder {
	size, per := a.Codec.Block()
	d := &decoder{audio: a, data: a.Data(), size: size, per: per, totalBlocks: a.DataBytes / size,
		compressed: make([]byte, pieceBlocks*size), pcm: make([]int16, 0, pieceBlocks*per)}
	d.reset()
	return d
}

// reset goes back to the beginning.
func (d *decoder) reset() {
	d.next = 0
	if d.audio.Codec == archive.GSM {
		d.gsm = gsm.NewDecoder(gsm.WAV49)
	}
}

// at returns samples from first on, at least one.
func (d *decoder) at(first int64) ([]int16, error) {
	block := first / d.per
	for len(d.pcm) == 0 || block < d.first || first >= d.first*d.per+int64(len(d.pcm)) {
		if err := d.decode(block); err != nil {
			return nil, err
		}
	}
	return d.pcm[first-d.first*d.per:], nil
}

// decode makes the next piece on the way to a block.
func (d *decoder) decode(block int64) error {
	d.pcm = d.pcm[:0]
	if d.audio.Codec == archive.IMA {
		d.next = block
		d.ima, _ = adpcm.NewIMADecoder(int(d.size)) // the archive's blocks are none that it refuses
	} else if at := min(block/snapEvery, int64(len(d.kept))-1); d.next > block || at*snapEvery > d.next {
		d.reset()
		if at >= 0 {
			*d.gsm, d.next = d.kept[at], at*snapEvery
		}
	}
	n := min(pieceBlocks, d.totalBlocks-d.next)
	if n <= 0 {
		return io.ErrUnexpectedEOF
	}
	b := d.compressed[:n*d.size]
	if k, err := d.data.ReadAt(b, d.next*d.size); k < len(b) {
		return err
	}
	if d.first = d.next; d.ima != nil {
		d.pcm = d.ima.Decode(d.pcm, b)
	} else {
		if d.next == snapEvery*int64(len(d.kept)) {
			d.kept = append(d.kept, *d.gsm)
		}
		d.pcm = d.gsm.Decode(d.pcm, b)
	}
	d.next += n
	return nil
}
