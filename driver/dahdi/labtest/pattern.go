package labtest

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// BlockSize is the length of a block of the pattern in samples: 20 ms.
const BlockSize = 160

// A block of the pattern says which line it was sent on and which block it was;
// the rest is noise made from both. It is compared byte for byte, as the law's
// codes, so that a recording alone tells what was lost or changed:
//
//	0–7    marker
//	8–11   number of the block, seven bits in each octet, below a one
//	12–13  line, likewise
//	14–159 noise
//
// No octet is −0 (0x55 in A-law, 0x7F in µ-law), as the kernel gives back +0
// for it where it mixes.
var marker = [...]byte{0x13, 0xEC, 0x2B, 0xD4, 0x31, 0xCE, 0x4D, 0xB2}

const (
	atNumber = len(marker)
	atLine   = atNumber + 4
	atNoise  = atLine + 2
)

// Fill writes block n of a line to dst, which has BlockSize bytes.
func Fill(dst []byte, line int, n uint32) {
	copy(dst, marker[:])
	put(dst[atNumber:atLine], n)
	put(dst[atLine:atNoise], uint32(line))
	x := uint64(line)<<32 | uint64(n) | 1<<63
	dst = dst[atNoise:BlockSize]
	for len(dst) > 0 {
		x ^= x << 13 // xorshift64, Marsaglia 2003
		x ^= x >> 7
		x ^= x << 17
		v := x&^0x0808080808080808 | 0x3030303030303030 // no code is loud, in either law
		if len(dst) < 8 {
			var rest [8]byte
			binary.LittleEndian.PutUint64(rest[:], v)
			copy(dst, rest[:])
			break
		}
		binary.LittleEndian.PutUint64(dst, v)
		dst = dst[8:]
	}
}

func put(dst []byte, v uint32) {
	for i := range dst {
		dst[len(dst)-1-i] = 0x80 | byte(v>>(7*i))
	}
}

func get(src []byte) (v uint32) {
	for _, b := range src {
		v = v<<7 | uint32(b&0x7F)
	}
	return v
}

// A Run is a stretch of blocks of the pattern that follow each other.
type Run struct {
	Line        int
	First, Last uint32 // numbers of blocks
	At          int    // where First begins
}

// Blocks is how many a run has.
func (r Run) Blocks() int { return int(r.Last-r.First) + 1 }

func (r Run) String() string {
	return fmt.Sprintf("line %d blocks %d–%d at %d", r.Line, r.First, r.Last, r.At)
}

// Runs finds all whole blocks of the pattern in codes. All of each block has
// been compared.
func Runs(codes []byte) []Run {
	var runs []Run
	var want [BlockSize]byte
	for at := 0; ; {
		if at+BlockSize > len(codes) || !bytes.HasPrefix(codes[at:], marker[:]) {
			next := bytes.Index(codes[min(at+1, len(codes)):], marker[:])
			if at == 0 && bytes.HasPrefix(codes, marker[:]) {
				next = -1 // shorter than a block
			}
			if next < 0 {
				return runs
			}
			at += 1 + next
			continue
		}
		n, line := get(codes[at+atNumber:at+atLine]), int(get(codes[at+atLine:at+atNoise]))
		Fill(want[:], line, n)
		if !bytes.Equal(want[:], codes[at:at+BlockSize]) {
			at++
			continue
		}
		k := len(runs) - 1
		if k >= 0 && runs[k].Line == line && runs[k].Last+1 == n && runs[k].At+runs[k].Blocks()*BlockSize == at {
			runs[k].Last = n
		} else {
			runs = append(runs, Run{Line: line, First: n, Last: n, At: at})
		}
		at += BlockSize
	}
}
