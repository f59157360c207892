package g726

import (
	"errors"
	"strconv"
)

// Packing is how codes lie in bytes.
type Packing byte

const (
	// LSBFirst has the first code in the lowest bits, as RTP payload types
	// G726-16 to G726-40 (RFC 3551 clause 4.5.4). Other programs call it right
	// or little-endian packing.
	LSBFirst Packing = iota + 1
	// MSBFirst has the first code in the highest bits, as ITU-T I.366.2 and
	// RTP's AAL2-G726, and as WAV files. Also called left or big-endian.
	MSBFirst
)

func check(r Rate, p Packing) error {
	if r < Rate16 || r > Rate40 {
		return errors.New("g726: codes of " + strconv.Itoa(int(r)) + " bits: there are 2 to 5, for 16 to 40 kbit/s")
	}
	if p != LSBFirst && p != MSBFirst {
		return errors.New("g726: packing " + strconv.Itoa(int(p)) + " is neither LSBFirst nor MSBFirst")
	}
	return nil
}

// Encoder codes one line.
type Encoder struct {
	s     state
	first Packing
	acc   uint32 // codes that do not fill a byte
	n     uint   // bits in acc
}

// NewEncoder makes an encoder in the reset state of clause 4.2.
func NewEncoder(r Rate, p Packing) (*Encoder, error) {
	if err := check(r, p); err != nil {
		return nil, err
	}
	return &Encoder{s: start(r), first: p}, nil
}

// Encode appends the codes of src to dst, as many as fill bytes; the rest is
// held back. Of each sample the upper 14 bits count (Annex A).
func (e *Encoder) Encode(dst []byte, src []int16) []byte {
	for _, x := range src {
		code, _, _, _ := e.s.step(true, int32(x)>>2, 0)
		dst = e.put(dst, code)
	}
	return dst
}

func (e *Encoder) put(dst []byte, code uint32) []byte {
	if e.first == LSBFirst {
		e.acc |= code << (e.n & 31)
		if e.n += e.s.bits; e.n >= 8 {
			dst = append(dst, byte(e.acc))
			e.acc >>= 8
			e.n -= 8
		}
		return dst
	}
	e.acc = e.acc<<(e.s.bits&31) | code
	if e.n += e.s.bits; e.n >= 8 {
		e.n -= 8
		dst = append(dst, byte(e.acc>>(e.n&31)))
	}
	return dst
}

// Flush fills the last byte with zeros.
func (e *Encoder) Flush(dst []byte) []byte {
	if e.n > 0 {
		b := e.acc
		if e.first == MSBFirst {
			b <<= 8 - e.n
		}
		dst = append(dst, byte(b))
	}
	e.acc, e.n = 0, 0
	return dst
}

// Decoder decodes one line.
type Decoder struct {
	s     state
	first Packing
	acc   uint32
	n     uint
}

// NewDecoder makes a decoder in the reset state.
func NewDecoder(r Rate, p Packing) (*Decoder, error) {
	if err := check(r, p); err != nil {
		return nil, err
	}
	return &Decoder{s: start(r), first: p}, nil
}

// Decode appends the samples of src to dst. Bits that are not a whole code are
// held back.
func (d *Decoder) Decode(dst []int16, src []byte) []int16 {
	for _, b := range src {
		d.take(b)
		for d.n >= d.s.bits {
			_, sr, _, _ := d.s.step(false, 0, d.next())
			dst = append(dst, int16(min(max(sr, -8192), 8191)<<2)) // LIMO, Annex A
		}
	}
	return dst
}

func (d *Decoder) take(b byte) {
	if d.first == LSBFirst {
		d.acc |= uint32(b) << (d.n & 31)
	} else {
		d.acc = d.acc<<8 | uint32(b)
	}
	d.n += 8
}

func (d *Decoder) next() uint32 {
	d.n -= d.s.bits
	if d.first == LSBFirst {
		c := d.acc & (1<<(d.s.bits&31) - 1)
		d.acc >>= d.s.bits & 31
		return c
	}
	return d.acc >> (d.n & 31) & (1<<(d.s.bits&31) - 1)
}
