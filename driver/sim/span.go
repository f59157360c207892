package sim

import (
	"golang.org/x/sys/unix"

	"vaad/driver"
)

// dchannelBytes is how much one D-channel carries per tick: 64 kbit/s.
const dchannelBytes = driver.Block

// span is a digital span: the board's end of its D-channel's socket.
type span struct {
	def  driver.Span
	fd   int // -1: nobody is connected
	next int // waits until the one before is read to its end
}

// send sends one LAPD frame to the peer. Without one it goes nowhere, as on a
// cable without an other end.
func (s *span) send(frame []byte) (refused string) {
	switch {
	case s.def.DChannel == 0:
		return "the span has no D-channel"
	case s.def.Tap:
		return driver.ErrTap.Error()
	case len(frame) == 0 || len(frame) > maxMessage:
		return "a D-channel message has 1 to 4096 bytes"
	}
	if s.fd >= 0 {
		_ = send(s.fd, frame) // lost where the peer does not read
	}
	return ""
}

// receive takes the frames that came, no faster than a D-channel carries them.
func (s *span) receive(index int, in *inbox, j *journal, rx *driver.Frame) {
	for carried := 0; s.fd >= 0 && carried < dchannelBytes; {
		n, errno := in.receive(s.fd, 1)
		switch {
		case errno == unix.EAGAIN:
			return
		case errno == unix.ECONNRESET || errno == unix.EINTR:
			continue
		}
		b, cut := in.packet(0)
		if n == 0 || errno != 0 || len(b) == 0 || cut {
			if cut {
				j.note(len(j.info.Lines)+index, "peer closed", errTooLong)
			} else {
				j.note(len(j.info.Lines)+index, "peer left", nil)
			}
			_ = unix.Close(s.fd)
			s.fd, s.next = s.next, -1
			continue
		}
		rx.Event(driver.DChannel, index, 0, 0, b)
		carried += len(b)
	}
}

func (s *span) close() {
	for _, fd := range []int{s.fd, s.next} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	s.fd, s.next = -1, -1
}
