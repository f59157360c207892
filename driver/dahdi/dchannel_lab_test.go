//go:build lab

package dahdi_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/driver/dahdi/labtest"
)

// frame makes LAPD frame n: address and control of an information frame
// (Q.921 clause 2), the number, and noise; 9 to 260 octets (N201).
func frame(dst []byte, n uint32) []byte {
	x := n*2654435761 + 12345
	length := 9 + int(x>>16)%252
	dst = append(dst[:0], 0x02, 0x01, byte(n<<1), 0x00)
	dst = binary.BigEndian.AppendUint32(dst, n)
	for len(dst) < length {
		x = x*1664525 + 1013904223 // LCG, Numerical Recipes
		dst = append(dst, byte(x>>24))
	}
	return dst
}

// A far D channel takes frames and answers with its own, from the test's own
// goroutine: both sides always have 32 buffers.
type farD struct {
	c    *labtest.Channel
	fcs  int // octets of FCS that a read ends in, and that a write needs
	got  uint32
	sent uint32
	bad  []int // events
	t    *testing.T
	buf  [1024]byte
	out  []byte
}

func newFarD(t *testing.T, c *labtest.Channel, fcs int) *farD {
	t.Helper()
	must(t, c.Buffers(32, 1024, false))
	must(t, c.LossEvents(true))
	_, err := c.Events()
	must(t, err)
	return &farD{c: c, fcs: fcs, t: t}
}

// receive takes all that has come and compares it.
func (d *farD) receive() {
	d.t.Helper()
	var want [300]byte
	for {
		n, err := d.c.Read(d.buf[:], func(e int) { d.bad = append(d.bad, e) })
		if err == unix.EAGAIN {
			return
		}
		must(d.t, err)
		if f := frame(want[:], d.got); !bytes.Equal(f, d.buf[:max(n-d.fcs, 0)]) {
			d.t.Fatalf("frame %d of the board arrives as % x, sent was % x", d.got, d.buf[:max(n-d.fcs, 0)], f)
		}
		d.got++
	}
}

// send sends as many frames as there is room for, at most to number last.
func (d *farD) send(last uint32) {
	d.t.Helper()
	for d.sent < last {
		d.out = frame(d.out, d.sent)
		n, err := d.c.Write(append(d.out, make([]byte, d.fcs)...), func(e int) { d.bad = append(d.bad, e) })
		if err == unix.EAGAIN {
			return
		}
		must(d.t, err)
		if n != len(d.out)+d.fcs {
			d.t.Fatalf("the kernel took %d of %d bytes", n, len(d.out)+d.fcs)
		}
		d.sent++
	}
}

func TestLabDChannelFramesCrossWithoutLoss(t *testing.T) {
	a, b := spans(t, "9", 4, labtest.Clear, labtest.Clear, labtest.ALaw)
	configure(t, a, 3, 3, labtest.HDLCFCS, 0)
	configure(t, b, 3, 3, labtest.HDLCFCS, 0)
	s := open(t, device(`, "use": "trunk"`, a))
	if len(s.in.Lines) != 3 || len(s.in.Spans) != 1 || s.in.Spans[0].DChannel != 3 || s.in.Lines[2].Timeslot != 4 {
		t.Fatalf("%+v", s.in)
	}
	frames := counts(uint32(300), 10000)
	d := newFarD(t, far(t, b, 3), 2)
	began := time.Now()
	cross(s, d, frames)
	t.Logf("%d frames each way in %v", frames, time.Since(began).Round(time.Millisecond))
	if len(d.bad) > 0 {
		t.Errorf("events at the far end: %v", d.bad)
	}
	s.none(driver.DChannelErr, driver.Refused, driver.Lost)
	if c := s.spanCounters(0); c.HDLCAborts+c.HDLCBadFCS+c.HDLCOverruns != 0 {
		t.Errorf("counted: %+v", c)
	}
}

// cross sends frames both ways, as fast as 64 kbit/s take them, and compares
// what arrives.
func cross(s *session, d *farD, frames uint32) {
	s.t.Helper()
	var sent, got uint32
	s.run(200 * time.Millisecond) // flags, by which the far end finds frames
	room := 0                     // octets that the channel has taken by now, less those given
	var out []byte
	var want [300]byte
	for end := s.pos + int64(frames)*2400 + 80000; got < frames || d.got < frames; {
		for room = min(room+driver.Block, 2000); sent < frames; sent++ {
			if out = frame(out, sent); len(out)+6 > room {
				break
			}
			room -= len(out) + 6 // FCS, flag, stuffing
			s.do(driver.SendDChannel, 0, 0, out)
		}
		d.send(frames)
		s.step()
		d.receive()
		for _, e := range s.said {
			switch {
			case e.Kind == driver.DChannel:
				if f := frame(want[:], got); !bytes.Equal(f, e.Data) {
					s.t.Fatalf("frame %d arrives as % x, sent was % x", got, e.Data, f)
				}
				got++
			case e.Kind == driver.Refused || e.Kind == driver.DChannelErr:
				s.t.Fatalf("after %d frames sent, %d received: %v", sent, got, e)
			}
		}
		s.said = s.said[:0]
		if s.pos > end {
			s.t.Fatalf("of %d frames %d were told and %d arrived", frames, got, d.got)
		}
	}
}

func TestLabDamagedDChannelFramesAreCounted(t *testing.T) {
	a, b := spans(t, "9", 3, labtest.Clear, labtest.Clear, labtest.ALaw)
	configure(t, a, 3, 3, labtest.HDLCFCS, 0)
	configure(t, b, 3, 3, labtest.HDLCRaw, 0) // frames without an FCS
	s := open(t, device(`, "use": "trunk"`, a))
	c := far(t, b, 3)
	must(t, c.Buffers(32, 1024, false))
	_, err := c.Events()
	must(t, err)

	const bad = 20
	for n := range bad {
		_, err := c.Write(frame(nil, uint32(n)), nil)
		must(t, err)
		s.run(60 * time.Millisecond)
	}
	s.run(500 * time.Millisecond)
	fcs := 0
	for _, e := range s.said {
		switch {
		case e.Kind == driver.DChannelErr && e.Value == driver.DErrFCS:
			fcs++
		case e.Kind == driver.DChannel:
			t.Errorf("a frame with a wrong FCS is told: %v", e)
		}
	}
	if n := s.spanCounters(0).HDLCBadFCS; fcs != bad || n != bad {
		t.Errorf("%d frames with a wrong FCS: %d told, %d counted", bad, fcs, n)
	}

	// Frames longer than what any buffer holds are lost whole.
	long := make([]byte, 1024)
	for i := range long {
		long[i] = byte(i)
	}
	s.forget()
	must(t, c.Buffers(4, 4096, false))
	long = append(long, long...)
	for range 3 {
		_, err = c.Write(long, nil)
		must(t, err)
		s.run(600 * time.Millisecond)
	}
	over := s.spanCounters(0).HDLCOverruns
	told := 0
	for _, e := range s.said[s.seen:] {
		if e.Kind == driver.DChannelErr && e.Value == driver.DErrOverrun {
			told++
		}
	}
	if told == 0 || uint64(told) != over {
		t.Errorf("frames of 2048 octets: %d overruns told, %d counted", told, over)
	}

	// The far end turns into a voice channel that sends ones only.
	must(t, c.Close())
	configure(t, b, 3, 3, labtest.Clear, labtest.ALaw)
	s.forget()
	ones := far(t, b, 3)
	must(t, ones.Audio())
	must(t, ones.Buffers(4, 160, false))
	broken := bytes.Repeat([]byte{0x7E, 0x11, 0x22, 0x33, 0xFF, 0xFF}, 26) // a flag, three octets, more than seven ones
	for range 10 {
		_, err = ones.Write(broken, nil)
		must(t, err)
		s.run(20 * time.Millisecond)
	}
	s.run(200 * time.Millisecond)
	told = 0
	for _, e := range s.said[s.seen:] {
		if e.Kind == driver.DChannelErr && e.Value == driver.DErrAbort {
			told++
		}
	}
	if n := s.spanCounters(0).HDLCAborts; told == 0 || uint64(told) != n {
		t.Errorf("ones instead of flags: %d aborts told, %d counted", told, n)
	}

	// And frames are heard again.
	must(t, ones.Close())
	configure(t, b, 3, 3, labtest.HDLCFCS, 0)
	s.run(200 * time.Millisecond)
	s.said, s.seen = nil, 0
	cross(s, newFarD(t, far(t, b, 3), 2), 20)
}
