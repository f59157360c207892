package archive

import "vaad/dsp/wav"

// Codec says how samples are stored. Every codec is mono at 8000 samples/s per side.
type Codec string

const (
	G711A Codec = "g711a" // ITU-T G.711 A-law, the line's own bytes
	G711U Codec = "g711u" // ITU-T G.711 µ-law, the line's own bytes
	PCM16 Codec = "pcm16" // signed 16-bit little-endian
	IMA   Codec = "ima"   // IMA ADPCM, blocks of 505 samples in 256 bytes
	GSM   Codec = "gsm"   // GSM 06.10 in pairs of frames (WAV49), 320 samples in 65 bytes
)

// codecTrait is what the formats on disk need to know of a codec.
type codecTrait struct {
	format         wav.Format
	number         byte // in checkpoint files
	bytes, samples int64
}

func (c Codec) trait() codecTrait {
	switch c {
	case G711A:
		return codecTrait{wav.ALaw, 1, 1, 1}
	case G711U:
		return codecTrait{wav.MuLaw, 2, 1, 1}
	case PCM16:
		return codecTrait{wav.PCM16, 3, 2, 1}
	case IMA:
		return codecTrait{wav.IMA, 4, 256, 505}
	case GSM:
		return codecTrait{wav.GSM, 5, 65, 320}
	}
	return codecTrait{}
}

// codecs lists all.
func codecs() []Codec { return []Codec{G711A, G711U, PCM16, IMA, GSM} }

// Block is the smallest piece that a file of the codec can be cut at: its bytes,
// and the samples in it. Both are 0 for a codec that is not known.
func (c Codec) Block() (bytes, samples int64) {
	t := c.trait()
	return t.bytes, t.samples
}

// Coded says that samples do not stand for themselves: files are written in
// blocks of several, and the last block may be filled up.
func (c Codec) Coded() bool { return c.trait().samples > 1 }

// SampleBytes is the size of one sample, 0 for a codec that is not known or has
// blocks of several.
func (c Codec) SampleBytes() int64 {
	if t := c.trait(); t.samples == 1 {
		return t.bytes
	}
	return 0
}

// Samples is how many samples so many bytes hold, whole blocks only.
func (c Codec) Samples(bytes int64) int64 {
	t := c.trait()
	return bytes / max(1, t.bytes) * t.samples
}

// Bytes is what so many samples take, the last block filled up.
func (c Codec) Bytes(samples int64) int64 {
	t := c.trait()
	n := max(1, t.samples)
	return (samples + n - 1) / n * t.bytes
}

// real is how many of the samples that so many bytes hold belong to the
// recording, where somebody noted a number: the last block may be filled up. A
// number that cannot be right does not count.
func (c Codec) real(bytes, noted int64) int64 {
	all := c.Samples(bytes)
	if c.Coded() && noted >= 0 && noted <= all && noted > all-c.trait().samples {
		return noted
	}
	return all
}

// whole cuts a number of bytes to whole blocks.
func (c Codec) whole(bytes int64) int64 { return bytes - bytes%max(1, c.trait().bytes) }

func wavFormat(c Codec) wav.Format {
	if f := c.trait().format; f != 0 {
		return f
	}
	return wav.PCM16
}

// codecOf is the codec of a file, "" for none of ours.
func codecOf(in *wav.Any) Codec {
	for _, c := range codecs() {
		t := c.trait()
		if t.format == in.Format && (!c.Coded() || int64(in.Block) == t.bytes && int64(in.BlockSamples) == t.samples) {
			return c
		}
	}
	return ""
}

// header is the head of a sealed file.
func header(c Codec, bytes, samples int64) []byte {
	return wav.Spec{Format: wavFormat(c), Rate: wav.Rate, Channels: 1}.HeaderOf(bytes, samples)
}
