package dahdi

import "vaad/driver"

// A stream is the audio of one channel on its way from the kernel into frames:
// first bytes that were read already, then a gap, then what the kernel has
// next. Its first sample stands at the board's position.
type stream struct {
	buf      [(2*buffers + 2) * driver.Block]byte
	from, to int
	gap      int  // samples of silence that follow the bytes
	told     bool // the gap is no news: it was said, or the line was away
}

// have is the number of samples that need nothing of the kernel.
func (s *stream) have() int { return s.to - s.from + s.gap }

func (s *stream) bytes() int { return s.to - s.from }

// room returns where the next block from the kernel goes; nil: there is no room.
func (s *stream) room() []byte {
	if s.from == s.to {
		s.from, s.to = 0, 0
	}
	if s.to+driver.Block > len(s.buf) {
		s.to = copy(s.buf[:], s.buf[s.from:s.to])
		s.from = 0
	}
	if s.to+driver.Block > len(s.buf) {
		return nil
	}
	return s.buf[s.to : s.to+driver.Block]
}

// filled says that so many bytes were put where room said.
func (s *stream) filled(n int) { s.to += n }

// take moves samples that are there into dst.
func (s *stream) take(dst []byte, silence byte) int {
	n := copy(dst, s.buf[s.from:s.to])
	s.from += n
	for s.gap > 0 && n < len(dst) {
		dst[n] = silence
		s.gap--
		n++
	}
	return n
}

// reset empties the stream and puts a gap there.
func (s *stream) reset(gap int) { s.from, s.to, s.gap, s.told = 0, 0, max(gap, 0), true }
