package index

import (
	"encoding/binary"
	"math/bits"
	"sort"
)

// A packed column holds one number per row. Blocks of 256 rows store their
// smallest value and how many bits each row needs above it, so that any row is
// read at once and a block of equal values takes no bits.
//
//	u32 rows; per block: u64 smallest, u8 bits, u32 offset; then the bits, 8 spare bytes
type packed struct {
	n    int
	head []byte
	bits []byte
}

const (
	blockRows = 256
	blockHead = 8 + 1 + 4
	wideBits  = 57 // wider values are not read with one load: they take 64
)

func packNumbers(vals []uint64) []byte {
	blocks := (len(vals) + blockRows - 1) / blockRows
	head := make([]byte, 0, 4+blocks*blockHead)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(vals)))
	var body []byte
	for from := 0; from < len(vals); from += blockRows {
		block := vals[from:min(from+blockRows, len(vals))]
		least, most := block[0], block[0]
		for _, v := range block {
			least, most = min(least, v), max(most, v)
		}
		width := bits.Len64(most - least)
		if width > wideBits {
			width = 64
		}
		head = binary.LittleEndian.AppendUint64(head, least)
		head = append(head, byte(width))
		head = binary.LittleEndian.AppendUint32(head, uint32(len(body)))
		body = appendBits(body, block, least, width)
	}
	return append(append(head, body...), make([]byte, 8)...)
}

func appendBits(b []byte, block []uint64, least uint64, width int) []byte {
	if width == 64 {
		for _, v := range block {
			b = binary.LittleEndian.AppendUint64(b, v-least)
		}
		return b
	}
	var acc uint64 // bits not written yet
	have := 0
	for _, v := range block {
		acc |= (v - least) << have
		for have += width; have >= 8; have -= 8 {
			b = append(b, byte(acc))
			acc >>= 8
		}
	}
	if have > 0 {
		b = append(b, byte(acc))
	}
	return b
}

func openPacked(b []byte) (p packed, ok bool) {
	if len(b) < 4 {
		return p, false
	}
	p.n = int(binary.LittleEndian.Uint32(b))
	heads := 4 + (p.n+blockRows-1)/blockRows*blockHead
	if p.n > maxRows || len(b) < heads+8 {
		return p, false
	}
	p.head, p.bits = b[4:heads], b[heads:]
	return p, true
}

func (p *packed) block(i int) (least uint64, width int, b []byte) {
	h := p.head[i*blockHead:]
	return binary.LittleEndian.Uint64(h), int(h[8]), p.bits[binary.LittleEndian.Uint32(h[9:]):]
}

func (p *packed) at(i int) uint64 {
	least, width, b := p.block(i / blockRows)
	switch i %= blockRows; width {
	case 0:
		return least
	case 64:
		return least + binary.LittleEndian.Uint64(b[i*8:])
	}
	bit := i * width
	return least + binary.LittleEndian.Uint64(b[bit>>3:])>>(bit&7)&(1<<width-1)
}

// rows is how many rows block i has.
func (p *packed) rows(i int) int { return min(blockRows, p.n-i*blockRows) }

// unpack writes the values of block i, less the smallest, into to.
func unpack(b []byte, width int, to []uint64) {
	mask := uint64(1)<<width - 1
	bit, per := 0, 57/width // a load has so many whole values, wherever they begin in its first byte
	for ; len(to) >= per; to = to[per:] {
		v := binary.LittleEndian.Uint64(b[bit>>3:]) >> (bit & 7)
		bit += per * width
		for i := range to[:per] {
			to[i] = v & mask
			v >>= width
		}
	}
	for i := range to {
		to[i] = binary.LittleEndian.Uint64(b[bit>>3:]) >> (bit & 7) & mask
		bit += width
	}
}

// pick sets the rows whose value has a true entry in yes. Values beyond it are no.
func (p *packed) pick(yes []bool, to *set) {
	var buf [blockRows]uint64
	for i := 0; i*blockRows < p.n; i++ {
		least, width, b := p.block(i)
		n := p.rows(i)
		if width == 0 {
			if least < uint64(len(yes)) && yes[least] {
				to.fill(i*blockRows, i*blockRows+n)
			}
			continue
		}
		if width == 64 {
			continue // codes are small
		}
		vals := buf[:n]
		unpack(b, width, vals)
		for k, v := range vals {
			if v += least; v < uint64(len(yes)) && yes[v] {
				to.add(i*blockRows + k)
			}
		}
	}
}

// between sets the rows with from ≤ value ≤ upto.
func (p *packed) between(from, upto uint64, to *set) {
	var buf [blockRows]uint64
	for i := 0; i*blockRows < p.n; i++ {
		least, width, b := p.block(i)
		n, first := p.rows(i), i*blockRows
		most := least
		if width == 64 {
			most = 1<<64 - 1
		} else if width > 0 {
			most = least + (1<<width - 1)
		}
		switch {
		case most < from || least > upto:
		case least >= from && most <= upto:
			to.fill(first, first+n)
		case width == 64:
			for k := range n {
				if v := p.at(first + k); v >= from && v <= upto {
					to.add(first + k)
				}
			}
		default:
			unpack(b, width, buf[:n])
			for k, v := range buf[:n] {
				if v += least; v >= from && v <= upto {
					to.add(first + k)
				}
			}
		}
	}
}

// search returns the first row whose value is not below v, where values ascend.
func (p *packed) search(v uint64) int {
	return sort.Search(p.n, func(i int) bool { return p.at(i) >= v })
}
