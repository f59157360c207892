package wav

import "encoding/binary"

// Format is how samples are stored.
type Format byte

const (
	ALaw  Format = iota + 1 // ITU-T G.711 A-law, one byte a sample
	MuLaw                   // ITU-T G.711 µ-law, one byte a sample
	PCM16                   // 16-bit linear, little-endian
)

// Rate is the sampling rate of everything that is written, in samples per second.
const Rate = 8000

// Registered wFormatTag values (Microsoft mmreg.h; RFC 2361).
const (
	tagPCM        = 0x0001
	tagALaw       = 0x0006
	tagMuLaw      = 0x0007
	tagExtensible = 0xFFFE
)

// Unknown is the size that says "as far as the data goes".
const Unknown = 0xFFFFFFFF

// maxRIFF is the largest size a RIFF header can say; Unknown itself is kept.
const maxRIFF = Unknown - 1

const (
	riffLen = 12     // RIFF size WAVE
	ds64Len = 8 + 28 // JUNK or ds64
	fmtG711 = 8 + 18 // with cbSize, as non-PCM formats must have
	fmtPCM  = 8 + 16
	factLen = 8 + 4
	dataLen = 8

	g711Len = riffLen + ds64Len + fmtG711 + factLen + dataLen // 94
	pcmLen  = riffLen + ds64Len + fmtPCM + dataLen            // 80
)

func (f Format) String() string {
	switch f {
	case ALaw:
		return "alaw"
	case MuLaw:
		return "ulaw"
	case PCM16:
		return "pcm16"
	}
	return "unknown"
}

// SampleBytes is the size of one sample.
func (f Format) SampleBytes() int {
	if f == PCM16 {
		return 2
	}
	return 1
}

// HeaderLen is the length of every mono or stereo header of that format, and
// so the offset of the first sample.
func HeaderLen(f Format) int {
	if f == PCM16 {
		return pcmLen
	}
	return g711Len
}

// Pad is the number of zero bytes, 0 or 1, that belong behind the data: RIFF
// chunks lie on even offsets.
func Pad(dataBytes int64) int { return int(dataBytes & 1) }

// Header returns the head of an 8 kHz mono file with that much data.
func Header(f Format, dataBytes int64) []byte {
	return Spec{Format: f, Rate: Rate, Channels: 1}.Header(dataBytes)
}

// StreamHeader returns the head of an 8 kHz mono stream without end, or of a
// file that still grows: both sizes are 0xFFFFFFFF, which players take for "to
// the end".
func StreamHeader(f Format) []byte {
	return Spec{Format: f, Rate: Rate, Channels: 1}.Header(-1)
}

// Spec says what kind of samples a file holds.
type Spec struct {
	Format   Format
	Rate     int // samples per second and channel
	Channels int // samples of all channels lie interleaved
}

// FrameBytes is the size of one sample of all channels.
func (s Spec) FrameBytes() int { return s.Channels * s.Format.SampleBytes() }

// Header returns the head of a file with that much data; less than 0 means
// not known, as StreamHeader.
func (s Spec) Header(dataBytes int64) []byte {
	h := make([]byte, 0, g711Len)
	le := binary.LittleEndian
	total := int64(HeaderLen(s.Format)) - 8 + dataBytes + int64(Pad(dataBytes))
	big := total > maxRIFF
	riff, data, fact := uint32(total), uint32(dataBytes), uint32(0)
	frames := int64(-1)
	if dataBytes >= 0 && s.FrameBytes() > 0 {
		frames = dataBytes / int64(s.FrameBytes())
	}
	fact = uint32(min(frames, Unknown))
	if dataBytes < 0 || big {
		riff, data, fact = Unknown, Unknown, Unknown
	}

	if big {
		h = append(h, "RF64"...)
	} else {
		h = append(h, "RIFF"...)
	}
	h = le.AppendUint32(h, riff)
	h = append(h, "WAVE"...)
	if big { // EBU Tech 3306: RIFF size, data size, sample count, no table
		h = append(h, "ds64"...)
		h = le.AppendUint32(h, 28)
		h = le.AppendUint64(h, uint64(total))
		h = le.AppendUint64(h, uint64(dataBytes))
		h = le.AppendUint64(h, uint64(frames))
		h = le.AppendUint32(h, 0)
	} else {
		h = append(h, "JUNK"...)
		h = le.AppendUint32(h, 28)
		h = append(h, make([]byte, 28)...)
	}

	tag, size := uint16(tagPCM), uint32(16)
	switch s.Format {
	case ALaw:
		tag, size = tagALaw, 18
	case MuLaw:
		tag, size = tagMuLaw, 18
	}
	h = append(h, "fmt "...)
	h = le.AppendUint32(h, size)
	h = le.AppendUint16(h, tag)
	h = le.AppendUint16(h, uint16(s.Channels))
	h = le.AppendUint32(h, uint32(s.Rate))
	h = le.AppendUint32(h, uint32(s.Rate*s.FrameBytes()))
	h = le.AppendUint16(h, uint16(s.FrameBytes()))
	h = le.AppendUint16(h, uint16(8*s.Format.SampleBytes()))
	if size == 18 {
		h = le.AppendUint16(h, 0)
		h = append(h, "fact"...)
		h = le.AppendUint32(h, 4)
		h = le.AppendUint32(h, fact)
	}
	h = append(h, "data"...)
	return le.AppendUint32(h, data)
}
