package gsm

import "encoding/binary"

const (
	samples   = 160 // of a frame, 20 ms
	segment   = 40  // samples of a quarter frame
	pulses    = 13  // of a quarter frame
	maxLag    = 120
	minLag    = 40
	signature = 0xD // the upper half of a raw frame's first byte

	rawBytes  = 33
	pairBytes = 65
)

// frame holds the 76 parameters of clause 1.7, 260 bits.
type frame struct {
	lar     [8]uint8 // LARc: log area ratios
	quarter [4]quarter
}

type quarter struct {
	lag   uint8         // Nc, 40 to 120
	gain  uint8         // bc, 0 to 3
	grid  uint8         // Mc, 0 to 3
	max   uint8         // xmaxc, 0 to 63: the block amplitude
	pulse [pulses]uint8 // xMc, 0 to 7
	_     [3]uint8      // kernels move pulses 16 bytes at a time
}

var larBits = [8]uint{6, 6, 5, 5, 4, 4, 3, 3}

const larSum, quarterSum = 36, 56 // bits of all LARs, and of one quarter

// msb gives the bits of the LARs and of a quarter, each parameter with its
// highest bit first, the order of raw frames (RFC 3551 clause 4.5.8.1).
func (f *frame) msb() (lar uint64, quarters [4]uint64) {
	for i, v := range f.lar {
		lar = lar<<larBits[i] | uint64(v)
	}
	for i := range f.quarter {
		q := &f.quarter[i]
		b := uint64(q.lag)<<10 | uint64(q.gain)<<8 | uint64(q.grid)<<6 | uint64(q.max)
		first, last := binary.BigEndian.Uint64(q.pulse[:]), binary.BigEndian.Uint64(q.pulse[5:])
		quarters[i] = b<<39 | eights(first)<<15 | eights(last)&(1<<15-1)
	}
	return lar, quarters
}

// eights puts the lowest three bits of eight bytes side by side.
func eights(b uint64) uint64 {
	b = b&0x0007000700070007 | b&0x0700070007000700>>5
	b = b&0x0000003F0000003F | b&0x003F0000003F0000>>10
	return b&0xFFF | b>>20&0xFFF000
}

func (f *frame) setMSB(lar uint64, quarters [4]uint64) {
	for i := len(f.lar) - 1; i >= 0; i-- {
		f.lar[i] = uint8(lar & (1<<larBits[i] - 1))
		lar >>= larBits[i]
	}
	for i, b := range quarters {
		q := &f.quarter[i]
		for k := pulses - 1; k >= 0; k-- {
			q.pulse[k] = uint8(b & 7)
			b >>= 3
		}
		q.max, q.grid, q.gain, q.lag = uint8(b&63), uint8(b>>6&3), uint8(b>>8&3), uint8(b>>10&127)
	}
}

// lsb is msb with the first parameter in the lowest bits, the order of WAV49.
func (f *frame) lsb() (lar uint64, quarters [4]uint64) {
	for i := len(f.lar) - 1; i >= 0; i-- {
		lar = lar<<larBits[i] | uint64(f.lar[i])
	}
	for i := range f.quarter {
		q := &f.quarter[i]
		b := uint64(0)
		for k := pulses - 1; k >= 0; k-- {
			b = b<<3 | uint64(q.pulse[k])
		}
		quarters[i] = b<<17 | uint64(q.max)<<11 | uint64(q.grid)<<9 | uint64(q.gain)<<7 | uint64(q.lag)
	}
	return lar, quarters
}

func (f *frame) setLSB(lar uint64, quarters [4]uint64) {
	for i := range f.lar {
		f.lar[i] = uint8(lar & (1<<larBits[i] - 1))
		lar >>= larBits[i]
	}
	for i, b := range quarters {
		q := &f.quarter[i]
		q.lag, q.gain, q.grid, q.max = uint8(b&127), uint8(b>>7&3), uint8(b>>9&3), uint8(b>>11&63)
		b >>= 17
		for k := range q.pulse {
			q.pulse[k] = uint8(b & 7)
			b >>= 3
		}
	}
}

// appendRaw appends the 33 bytes of a raw frame.
func (f *frame) appendRaw(dst []byte) []byte {
	lar, q := f.msb()
	lar |= signature << larSum
	dst = append(dst, byte(lar>>32), byte(lar>>24), byte(lar>>16), byte(lar>>8), byte(lar))
	for _, b := range q {
		dst = append(dst, byte(b>>48), byte(b>>40), byte(b>>32), byte(b>>24), byte(b>>16), byte(b>>8), byte(b))
	}
	return dst
}

// parseRaw reads a raw frame and says whether it has the signature.
func (f *frame) parseRaw(b *[rawBytes]byte) bool {
	var q [4]uint64
	for i := range q {
		for _, v := range b[5+7*i : 12+7*i] {
			q[i] = q[i]<<8 | uint64(v)
		}
	}
	f.setMSB(uint64(b[0]&15)<<32|uint64(b[1])<<24|uint64(b[2])<<16|uint64(b[3])<<8|uint64(b[4]), q)
	return b[0]>>4 == signature
}

// appendHalf appends a frame of a WAV49 pair: 260 bits behind the lowest n bits
// of held, which are 0 before the first frame of a pair and 4 before the
// second. It returns the bits that do not fill a byte.
func (f *frame) appendHalf(dst []byte, held uint64, n uint) ([]byte, uint64) {
	lar, q := f.lsb()
	held |= lar << n
	n += larSum
	for i := 0; ; i++ {
		for ; n >= 8; n -= 8 {
			dst = append(dst, byte(held))
			held >>= 8
		}
		if i == len(q) {
			return dst, held
		}
		held |= q[i] << n
		n += quarterSum
	}
}

// parsePair reads both frames of a WAV49 pair. Every bit has a meaning, so
// every pair is one.
func parsePair(b *[pairBytes]byte) (f [2]frame) {
	at := 0
	take := func(n int) uint64 {
		v := uint64(0)
		for i := 0; i < n; i += 4 {
			v |= uint64(b[at>>3]>>(at&4)&15) << i
			at += 4
		}
		return v
	}
	for i := range f {
		f[i].setLSB(take(larSum), [4]uint64{take(quarterSum), take(quarterSum), take(quarterSum), take(quarterSum)})
	}
	return f
}
