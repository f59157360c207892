package emulator

import (
	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/resample"
)

// A coder turns samples of the line into voice data and back, in one format at
// one rate.
type coder struct {
	coding   coding
	rate     int
	out, in  ima
	half     bool // of a byte of ADPCM towards the host
	nibble   byte
	up, down *resample.Converter // line → host, host → line; nil at 8000 Hz
	pcm      []int16
}

func newCoder(c coding, rate int) (*coder, error) {
	k := &coder{coding: c, rate: rate}
	if rate == dsp.Rate {
		return k, nil
	}
	var err error
	if k.up, err = resample.New(dsp.Rate, rate); err != nil {
		return nil, err
	}
	k.down, err = resample.New(rate, dsp.Rate)
	return k, err
}

// encode appends the voice data of samples of the line, not yet shielded.
func (k *coder) encode(dst []byte, src []int16) []byte {
	if k.up != nil {
		k.pcm = k.up.Process(k.pcm[:0], src)
		src = k.pcm
	}
	for _, s := range src {
		switch k.coding {
		case unsigned8:
			dst = append(dst, byte(eight(s)+128))
		case signed8:
			dst = append(dst, byte(eight(s)))
		case linear16:
			dst = append(dst, byte(s), byte(s>>8))
		case ulaw:
			dst = append(dst, g711.EncodeSample(s, g711.MuLaw))
		case alaw:
			dst = append(dst, g711.EncodeSample(s, g711.ALaw))
		case ima4:
			if n := k.out.encode(s); k.half {
				dst = append(dst, k.nibble|n<<4)
			} else {
				k.nibble = n
			}
			k.half = !k.half
		}
	}
	return dst
}

// eight rounds a sample to 8 bits.
func eight(s int16) int { return min(127, (int(s)+128)>>8) }

// width is how many bytes make a sample, of ADPCM how many make two.
func (k *coder) width() int {
	if k.coding == linear16 {
		return 2
	}
	return 1
}

// decode appends the samples of voice data whose length is a multiple of width.
func (k *coder) decode(dst []int16, src []byte) []int16 {
	k.pcm = k.pcm[:0]
	for i := 0; i+k.width() <= len(src); i += k.width() {
		b := src[i]
		switch k.coding {
		case unsigned8:
			k.pcm = append(k.pcm, (int16(b)-128)<<8)
		case signed8:
			k.pcm = append(k.pcm, int16(int8(b))<<8)
		case linear16:
			k.pcm = append(k.pcm, int16(b)|int16(src[i+1])<<8)
		case ulaw:
			k.pcm = append(k.pcm, g711.DecodeTable(g711.MuLaw)[b])
		case alaw:
			k.pcm = append(k.pcm, g711.DecodeTable(g711.ALaw)[b])
		case ima4:
			k.pcm = append(k.pcm, k.in.decode(b&15), k.in.decode(b>>4))
		}
	}
	if k.down != nil {
		return k.down.Process(dst, k.pcm)
	}
	return append(dst, k.pcm...)
}

// need is how many bytes, a multiple of width, give that many samples of the line.
func (k *coder) need(samples int) int {
	n := samples
	if k.down != nil {
		n = (samples*k.rate + dsp.Rate - 1) / dsp.Rate
	}
	if k.coding == ima4 {
		return (n + 1) / 2
	}
	return n * k.width()
}

// ima is IMA ADPCM as a stream without blocks: IMA's recommended practices of 1992.
type ima struct{ value, index int }

var imaIndex = [8]int{-1, -1, -1, -1, 2, 4, 6, 8}

// imaSteps are the sizes of a step, as RFC 3551, clause 4.5.1, has them.
var imaSteps = [89]int{
	7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118,
	130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166,
	1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845,
	8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
}

func (c *ima) decode(n byte) int16 {
	step := imaSteps[c.index]
	d := step >> 3
	for bit, s := 4, step; bit > 0; bit, s = bit>>1, s>>1 {
		if int(n)&bit != 0 {
			d += s
		}
	}
	if n&8 != 0 {
		d = -d
	}
	c.value = max(-32768, min(32767, c.value+d))
	c.index = max(0, min(88, c.index+imaIndex[n&7]))
	return int16(c.value)
}

func (c *ima) encode(s int16) byte {
	d, n := int(s)-c.value, byte(0)
	if d < 0 {
		n, d = 8, -d
	}
	for bit, step := byte(4), imaSteps[c.index]; bit > 0; bit, step = bit>>1, step>>1 {
		if d >= step {
			n |= bit
			d -= step
		}
	}
	c.decode(n)
	return n
}
