package adpcm

import (
	"encoding/binary"
	"errors"
	"strconv"
)

var ima = makeSteps(imaStep[:], perTerm, 1, -1, 32767)

const (
	// IMABlock is the block length that all programs write at 8 kHz: 505
	// samples in 256 bytes.
	IMABlock = 256

	imaHead  = 4
	imaFirst = 0 // the first sample of a byte is in its low nibble
)

// IMASamples is the number of samples in a block of that many bytes: one in
// its head, two in each byte behind.
func IMASamples(blockBytes int) int { return 2*(blockBytes-imaHead) + 1 }

func checkBlock(bytes int) error {
	if bytes > imaHead && bytes < 1<<16 {
		return nil
	}
	return errors.New("adpcm: IMA blocks of " + strconv.Itoa(bytes) + " bytes: a block has 5 to 65535, " +
		strconv.Itoa(IMABlock) + " at 8 kHz")
}

// IMAEncoder makes the blocks of a WAV file.
type IMAEncoder struct {
	c     coder
	block int
	at    int // byte of the block that comes next
	held  int16
	holds bool
}

// NewIMAEncoder makes an encoder of blocks of that many bytes, which is
// IMABlock unless there is a reason.
func NewIMAEncoder(blockBytes int) (*IMAEncoder, error) {
	return &IMAEncoder{block: blockBytes}, checkBlock(blockBytes)
}

// Encode appends the code of src to dst. One sample is held back when a byte
// is half full.
func (e *IMAEncoder) Encode(dst []byte, src []int16) []byte {
	for len(src) > 0 {
		if e.at == 0 {
			e.c.prediction = int32(src[0])
			dst = binary.LittleEndian.AppendUint16(dst, uint16(src[0]))
			dst = append(dst, byte(e.c.row/16), 0)
			e.at, src = imaHead, src[1:]
			continue
		}
		if e.holds {
			dst = e.pairs(dst, []int16{e.held, src[0]}, 1)
			e.holds, src = false, src[1:]
			continue
		}
		if len(src) == 1 {
			e.held, e.holds = src[0], true
			break
		}
		n := min(len(src)/2, e.block-e.at)
		dst = e.pairs(dst, src, n)
		src = src[2*n:]
	}
	return dst
}

func (e *IMAEncoder) pairs(dst []byte, src []int16, n int) []byte {
	old := len(dst)
	dst = grow(dst, n)
	ima.encodePairs(&e.c, dst[old:], src, imaFirst)
	if e.at += n; e.at == e.block {
		e.at = 0
	}
	return dst
}

// Flush fills up the block that was begun, repeating the last sample. How many
// samples are real is for the fact chunk to say.
func (e *IMAEncoder) Flush(dst []byte) []byte {
	last := int16(e.c.prediction)
	if e.holds {
		last = e.held
		dst = e.Encode(dst, []int16{last})
	}
	for e.at > 0 {
		dst = e.Encode(dst, []int16{last, last})
	}
	return dst
}

// IMADecoder reads the blocks of a WAV file.
type IMADecoder struct {
	c     coder
	block int
	at    int
	head  [imaHead]byte
}

// NewIMADecoder makes a decoder of blocks of that many bytes, as the file's
// head says.
func NewIMADecoder(blockBytes int) (*IMADecoder, error) {
	return &IMADecoder{block: blockBytes}, checkBlock(blockBytes)
}

// Decode appends the samples of src to dst. Blocks may be cut anywhere between
// calls; a block that ends early gives the samples that it has. A step index
// beyond the table's end counts as the last.
func (d *IMADecoder) Decode(dst []int16, src []byte) []int16 {
	for len(src) > 0 {
		if d.at < imaHead {
			d.head[d.at] = src[0]
			d.at, src = d.at+1, src[1:]
			if d.at == imaHead {
				first := int16(binary.LittleEndian.Uint16(d.head[:]))
				d.c = coder{int32(first), 16 * min(uint32(d.head[2]), uint32(len(imaStep)-1))}
				dst = append(dst, first)
			}
			continue
		}
		n, old := min(len(src), d.block-d.at), len(dst)
		dst = grow(dst, 2*n)
		ima.decodeBytes(&d.c, dst[old:], src[:n], imaFirst)
		src = src[n:]
		if d.at += n; d.at == d.block {
			d.at = 0
		}
	}
	return dst
}
