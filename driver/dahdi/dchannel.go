package dahdi

import (
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// A dchannel is the D channel of a digital span. The kernel (dchan, fcshdlc in
// system.conf) or the card (hardhdlc) finds the frames and checks them; both
// hand the two FCS bytes over with a frame, and both want two more bytes, of any
// value, with one that is to be sent.
type dchannel struct {
	channel
	index int // into Info.Spans

	aborts, badFCS, overruns atomic.Uint64

	buf [frameBytes]byte
}

const fcsBytes = 2

var (
	errNoDChannel  = errors.New("the span has no D channel: set dchan or hardhdlc in /etc/dahdi/system.conf")
	errFrameLength = fmt.Errorf("a frame has 1 to %d bytes", frameBytes-fcsBytes)
	errQueueFull   = fmt.Errorf("%d frames wait to be sent already", buffers)
)

// receive puts what has come into rx; at is the offset in that frame.
func (d *dchannel) receive(b *Board, rx *driver.Frame, at int) {
	b.rx = rx
	for range 2 * buffers {
		if d.fd < 0 {
			return
		}
		n, err := d.k.read(d.fd, d.buf[:])
		switch {
		case err == nil && n > fcsBytes:
			rx.Event(driver.DChannel, d.index, at, 0, d.buf[:n-fcsBytes])
		case err == nil: // no frame is as short as its FCS
		case err == unix.Errno(errEventsWaiting):
			d.drain(b, at)
		case err == unix.ENODEV:
			b.removed(&d.channel)
			return
		default: // EAGAIN: that was all
			return
		}
	}
}

// drain takes the events of a D channel. The span's alarms are read elsewhere.
func (d *dchannel) drain(b *Board, at int) {
	for range queueSize {
		e, err := d.nextEvent()
		switch e {
		case evNone:
			return
		case evAbort:
			d.spoilt(b, at, driver.DErrAbort, &d.aborts)
		case evBadFCS:
			d.spoilt(b, at, driver.DErrFCS, &d.badFCS)
		case evOverrun, evReadOverrun:
			d.spoilt(b, at, driver.DErrOverrun, &d.overruns)
		case evRemoved:
			b.removed(&d.channel)
		}
		if err != nil {
			return
		}
	}
}

func (d *dchannel) spoilt(b *Board, at int, how int32, n *atomic.Uint64) {
	n.Add(1)
	b.rx.Event(driver.DChannelErr, d.index, at, how, nil)
}

// send passes a frame to the kernel, which sends it when the ones before it are
// out. It never blocks.
func (d *dchannel) send(b *Board, frame []byte) error {
	switch {
	case d.tap:
		return driver.ErrTap
	case d.fd < 0:
		return errNotOpen
	case len(frame) < 1 || len(frame) > frameBytes-fcsBytes:
		return errFrameLength
	}
	n := copy(d.buf[:], frame)
	clear(d.buf[n : n+fcsBytes])
	_, err := d.k.write(d.fd, d.buf[:n+fcsBytes])
	if err == unix.Errno(errEventsWaiting) {
		d.drain(b, 0)
		_, err = d.k.write(d.fd, d.buf[:n+fcsBytes])
	}
	switch {
	case err == unix.EAGAIN:
		return errQueueFull
	case err != nil:
		return because("send a frame", err, otherBusy)
	}
	return nil
}
