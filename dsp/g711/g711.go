// Package g711 compands: ITU-T G.711 A-law and µ-law, by tables.
//
//	codes []byte ──Decode──▶ linear []int16 ──Encode──▶ codes []byte
//
// In and out: blocks of any length; nothing is allocated. Callers: drivers
// (what the card delivered, both as code and as samples), recorder and
// channels. Blocks of 16 samples are computed where the processor has AVX2, to
// the same result; the rest is looked up. The tables are made once from github.com/zaf/g711, which agrees
// with the ITU-T software tool library for all 65536 inputs; it allocates on
// each call, so it is used for nothing else.
//
// # All 256 codes survive decode and encode
//
// There is one departure. µ-law has two zeros, 0xFF (+0) and 0x7F (−0). Plain
// tables decode both to 0, which encodes to 0xFF: a line that sends 0x7F would
// not come back bit for bit. Here 0x7F decodes to −1, which encodes to 0x7F.
// The difference of one step of the 16-bit scale is a quarter of µ-law's own
// smallest step. A-law has no such loss.
package g711

import "github.com/zaf/g711"

// Law is a companding law. The values are those of driver.Law.
type Law byte

const (
	ALaw  Law = 1
	MuLaw Law = 2
)

// A-law distinguishes the upper 12 bits of a 16-bit sample, µ-law the upper 14.
const (
	aShift = 4
	uShift = 2
)

var (
	aDecode = decodeTable(g711.DecodeAlawFrame)
	uDecode = withMinusZero(decodeTable(g711.DecodeUlawFrame))
	aEncode = encodeTable[[1 << (16 - aShift)]byte](g711.EncodeAlawFrame, aShift)
	uEncode = encodeTable[[1 << (16 - uShift)]byte](g711.EncodeUlawFrame, uShift)
)

func decodeTable(decode func(byte) int16) *[256]int16 {
	t := new([256]int16)
	for c := range t {
		t[c] = decode(byte(c))
	}
	return t
}

func withMinusZero(t *[256]int16) *[256]int16 {
	t[0x7F] = -1
	return t
}

func encodeTable[T [1 << 12]byte | [1 << 14]byte](encode func(int16) byte, shift uint) *T {
	t := new(T)
	for i := range len(*t) {
		(*t)[i] = encode(int16(uint16(i) << shift))
	}
	return t
}

// DecodeTable returns the 256 linear values of a law. It is shared: only read
// it. Any value but MuLaw means A-law, here and below.
func DecodeTable(l Law) *[256]int16 {
	if l == MuLaw {
		return uDecode
	}
	return aDecode
}

// Decode expands the codes of src into dst, which must be as long as src.
func Decode(dst []int16, src []byte, l Law) {
	dst = dst[:len(src)]
	n := decodeFast(dst, src, l)
	decode(dst[n:], src[n:], l)
}

func decode(dst []int16, src []byte, l Law) {
	dst = dst[:len(src)]
	t := DecodeTable(l)
	for i, c := range src {
		dst[i] = t[c]
	}
}

// Encode compresses the samples of src into dst, which must be as long as src.
func Encode(dst []byte, src []int16, l Law) {
	dst = dst[:len(src)]
	n := encodeFast(dst, src, l)
	encode(dst[n:], src[n:], l)
}

func encode(dst []byte, src []int16, l Law) {
	dst = dst[:len(src)]
	if l == MuLaw {
		for i, s := range src {
			dst[i] = uEncode[uint16(s)>>uShift]
		}
		return
	}
	for i, s := range src {
		dst[i] = aEncode[uint16(s)>>aShift]
	}
}

// EncodeSample compresses one sample.
func EncodeSample(s int16, l Law) byte {
	if l == MuLaw {
		return uEncode[uint16(s)>>uShift]
	}
	return aEncode[uint16(s)>>aShift]
}

// Silence is the code of +0, as an idle line carries it.
func Silence(l Law) byte {
	if l == MuLaw {
		return 0xFF
	}
	return 0xD5
}
