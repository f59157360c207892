package wav

// Format is how samples are stored.
type Format byte

// ALaw, MuLaw and PCM16 are sample formats: every sample stands for itself. The
// others are coded; they are always mono, and dsp/adpcm, dsp/g726 and dsp/gsm
// know their codes.
const (
	ALaw     Format = iota + 1 // ITU-T G.711 A-law, one byte a sample
	MuLaw                      // ITU-T G.711 µ-law, one byte a sample
	PCM16                      // 16-bit linear, little-endian
	IMA                        // IMA ADPCM, blocks of 505 samples in 256 bytes
	VOX                        // Dialogic or OKI ADPCM, two samples in a byte; the head does not tell the dialect
	G726At16                   // ITU-T G.726 at 16 kbit/s, first code in the high bits
	G726At24
	G726At32
	G726At40
	GSM // GSM 06.10 in pairs of frames (WAV49), 320 samples in 65 bytes
)

// Registered wFormatTag values (Microsoft mmreg.h; RFC 2361).
const (
	tagPCM         = 0x0001
	tagALaw        = 0x0006
	tagMuLaw       = 0x0007
	tagOKI         = 0x0010
	tagIMA         = 0x0011
	tagDialogicOKI = 0x0017
	tagGSM         = 0x0031
	tagSharpG726   = 0x0045
	tagG726        = 0x0064
	tagExtensible  = 0xFFFE
)

// trait is what the head of a file says of a format. A block is the smallest
// piece that can be decoded, of one channel.
type trait struct {
	name    string
	tag     uint16
	bits    int // of a sample, as the head has it
	block   int // bytes
	samples int // of a block
	long    bool
}

func traits(f Format) trait {
	switch f {
	case ALaw:
		return trait{name: "alaw", tag: tagALaw, bits: 8, block: 1, samples: 1}
	case MuLaw:
		return trait{name: "ulaw", tag: tagMuLaw, bits: 8, block: 1, samples: 1}
	case PCM16:
		return trait{name: "pcm16", tag: tagPCM, bits: 16, block: 2, samples: 1}
	case IMA:
		return trait{name: "ima", tag: tagIMA, bits: 4, block: 256, samples: 505, long: true}
	case VOX:
		return trait{name: "vox", tag: tagDialogicOKI, bits: 4, block: 1, samples: 2}
	case G726At16:
		return trait{name: "g726-16", tag: tagG726, bits: 2, block: 2, samples: 8}
	case G726At24:
		return trait{name: "g726-24", tag: tagG726, bits: 3, block: 3, samples: 8}
	case G726At32:
		return trait{name: "g726-32", tag: tagG726, bits: 4, block: 4, samples: 8}
	case G726At40:
		return trait{name: "g726-40", tag: tagG726, bits: 5, block: 5, samples: 8}
	case GSM:
		return trait{name: "gsm", tag: tagGSM, block: 65, samples: 320, long: true}
	}
	return trait{name: "unknown"}
}

// extra is the number of bytes of the fmt chunk behind cbSize: formats of long
// blocks say how many samples a block has.
func extra(f Format) int {
	if traits(f).long {
		return 2
	}
	return 0
}

func (f Format) String() string { return traits(f).name }

// Coded says that samples do not stand for themselves.
func (f Format) Coded() bool { return f > PCM16 && f <= GSM }

// SampleBytes is the size of one sample, 0 for coded formats.
func (f Format) SampleBytes() int {
	if f.Coded() {
		return 0
	}
	return max(1, traits(f).block)
}

func (s Spec) blockBytes() int {
	if s.Format.Coded() {
		return traits(s.Format).block
	}
	return s.FrameBytes()
}

func (s Spec) blockSamples() int { return max(1, traits(s.Format).samples) }

func (s Spec) samplesIn(bytes int64) int64 {
	return samplesIn(s.Format, bytes, s.blockBytes(), s.blockSamples())
}

// samplesIn is the number of samples of each channel that so many bytes hold,
// or -1 where the bytes are not known.
func samplesIn(f Format, bytes int64, block, samples int) int64 {
	if bytes < 0 || block < 1 {
		return -1
	}
	n := bytes / int64(block) * int64(samples)
	rest := bytes % int64(block)
	switch {
	case f == IMA && rest >= 4: // a block that ends early: head and nibbles
		n += 2*(rest-4) + 1
	case f == G726At16 || f == G726At24 || f == G726At32 || f == G726At40:
		n += rest * 8 / int64(block) // as many bytes as bits
	}
	return n
}
