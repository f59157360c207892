package sim

import (
	"encoding/binary"

	"vaad/driver"
	"vaad/dsp/g711"
)

// A stretch holds samples as a line of one law delivers them.
type stretch struct {
	pcm  [driver.Block]int16
	code [driver.Block]byte
}

var (
	zeroBlock   [2 * driver.Block]byte
	silentBlock = &[audioBytes]byte{kindAudio}
	quiet       = quietBlocks()
)

// quietBlocks makes a silent block for each law.
func quietBlocks() (q [driver.Linear + 1]stretch) {
	for _, l := range []driver.Law{driver.ALaw, driver.MuLaw} {
		s := &q[l]
		for i := range s.code {
			s.code[i] = l.Silence()
		}
		g711.Decode(s.pcm[:], s.code[:], g711.Law(l))
	}
	return q
}

// putSamples writes samples as little-endian bytes.
func putSamples(dst []byte, src []int16) {
	dst = dst[:2*len(src)]
	for i, s := range src {
		binary.LittleEndian.PutUint16(dst[2*i:], uint16(s))
	}
}

// getSamples reads little-endian samples.
func getSamples(dst []int16, src *[2 * driver.Block]byte) {
	dst = dst[:driver.Block]
	for i := range dst {
		dst[i] = int16(binary.LittleEndian.Uint16(src[2*i:]))
	}
}
