package wav

import "encoding/binary"

// Rate is the sampling rate of everything that is written, in samples per second.
const Rate = 8000

// Unknown is the size that says "as far as the data goes".
const Unknown = 0xFFFFFFFF

// maxRIFF is the largest size a RIFF header can say; Unknown itself is kept.
const maxRIFF = Unknown - 1

const (
	riffLen = 12     // RIFF size WAVE
	ds64Len = 8 + 28 // JUNK or ds64
	fmtPCM  = 8 + 16
	fmtLong = 8 + 18 // with cbSize, as formats other than PCM must have
	factLen = 8 + 4
	dataLen = 8

	g711Len = riffLen + ds64Len + fmtLong + factLen + dataLen // 94
	pcmLen  = riffLen + ds64Len + fmtPCM + dataLen            // 80
)

// HeaderLen is the length of every header of that format, and so the offset of
// the first sample.
func HeaderLen(f Format) int {
	if f == PCM16 {
		return pcmLen
	}
	return g711Len + extra(f)
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

// FrameBytes is the size of one sample of all channels, 0 for coded formats.
func (s Spec) FrameBytes() int { return s.Channels * s.Format.SampleBytes() }

// Header returns the head of a file with that much data; less than 0 means
// not known, as StreamHeader. Of a coded format all samples count that the data
// have room for: where the last block is padded, use HeaderOf.
func (s Spec) Header(dataBytes int64) []byte {
	return s.HeaderOf(dataBytes, s.samplesIn(dataBytes))
}

// HeaderOf is Header of a file whose number of samples of each channel is known.
func (s Spec) HeaderOf(dataBytes, samples int64) []byte {
	size := HeaderLen(s.Format)
	h := make([]byte, 0, size)
	le := binary.LittleEndian
	total := int64(size) - 8 + dataBytes + int64(Pad(dataBytes))
	big := total > maxRIFF
	riff, data, fact := uint32(total), uint32(dataBytes), uint32(min(samples, Unknown))
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
		h = le.AppendUint64(h, uint64(samples))
		h = le.AppendUint32(h, 0)
	} else {
		h = append(h, "JUNK"...)
		h = le.AppendUint32(h, 28)
		h = append(h, make([]byte, 28)...)
	}

	h = append(h, "fmt "...)
	h = s.appendFormat(h)
	if s.Format != PCM16 {
		h = append(h, "fact"...)
		h = le.AppendUint32(h, 4)
		h = le.AppendUint32(h, fact)
	}
	h = append(h, "data"...)
	return le.AppendUint32(h, data)
}

// appendFormat appends size and content of the fmt chunk.
func (s Spec) appendFormat(h []byte) []byte {
	le := binary.LittleEndian
	t, block, perBlock := traits(s.Format), s.blockBytes(), s.blockSamples()
	size := uint32(fmtLong - 8 + extra(s.Format))
	if s.Format == PCM16 {
		size = fmtPCM - 8
	}
	h = le.AppendUint32(h, size)
	h = le.AppendUint16(h, t.tag)
	h = le.AppendUint16(h, uint16(s.Channels))
	h = le.AppendUint32(h, uint32(s.Rate))
	h = le.AppendUint32(h, uint32(s.Rate*block/max(1, perBlock)))
	h = le.AppendUint16(h, uint16(block))
	h = le.AppendUint16(h, uint16(t.bits))
	if s.Format == PCM16 {
		return h
	}
	h = le.AppendUint16(h, uint16(extra(s.Format)))
	if extra(s.Format) > 0 {
		h = le.AppendUint16(h, uint16(perBlock))
	}
	return h
}
