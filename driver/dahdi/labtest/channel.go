package labtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Channel is one open DAHDI channel. Reading, writing and asking may be
// done by different goroutines.
type Channel struct {
	Number int
	fd     int
}

// Open opens channel n of the machine; a listener cannot write, nor act.
func Open(n int, listener bool) (*Channel, error) {
	mode := unix.O_RDWR
	if listener {
		mode = unix.O_RDONLY
	}
	fd, err := unix.Open("/dev/dahdi/channel", mode|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open channel %d: %w", n, err)
	}
	c := &Channel{Number: n, fd: fd}
	if err := c.Int(ioSpecify, n); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open channel %d: %w", n, err)
	}
	return c, nil
}

// Close closes the channel; closing twice is allowed.
func (c *Channel) Close() error {
	if c.fd < 0 {
		return nil
	}
	fd := c.fd
	c.fd = -1
	return unix.Close(fd)
}

// ioctl passes arg, whose length must be that of the request.
func ioctl(fd int, req uint, arg []byte) error {
	for {
		_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(req), uintptr(unsafe.Pointer(&arg[0])))
		switch e {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return e
		}
	}
}

// Int carries out a request that takes one integer.
func (c *Channel) Int(req uint, v int) error {
	return ioctl(c.fd, req, binary.LittleEndian.AppendUint32(nil, uint32(v)))
}

// get carries out a request that returns one integer.
func (c *Channel) get(req uint) (int, error) {
	arg := make([]byte, 4)
	err := ioctl(c.fd, req, arg)
	return int(int32(binary.LittleEndian.Uint32(arg))), err
}

// Hook sets the hook state; that it takes its time is no error.
func (c *Channel) Hook(state int) error {
	if err := c.Int(ioHook, state); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("hook state %d on channel %d: %w", state, c.Number, err)
	}
	return nil
}

// Cadence sets the ringing from now on: ms on, ms off, and so on.
func (c *Channel) Cadence(ms ...int) error {
	arg := make([]byte, 64)
	for i, v := range ms {
		binary.LittleEndian.PutUint32(arg[4*i:], uint32(v))
	}
	return ioctl(c.fd, ioSetCadence, arg)
}

// Pulse dials digits by breaking the loop.
func (c *Channel) Pulse(digits string) error {
	arg := make([]byte, 260)
	arg[0] = 2 // in place of what is being dialled
	copy(arg[4:], "P"+digits)
	return ioctl(c.fd, ioDial, arg)
}

// Bits sets the signalling bits that are sent.
func (c *Channel) Bits(abcd int) error { return c.Int(ioSetTxBits, abcd) }

// RxBits are the received signalling bits. The lab's spans show those of the
// neighbour beside them, so only four are taken.
func (c *Channel) RxBits() (int, error) {
	v, err := c.get(ioGetRxBits)
	return v & 0xf, err
}

// Audio makes a clear channel one that carries audio.
func (c *Channel) Audio() error { return c.Int(ioAudioMode, 1) }

// Buffers sets so many buffers of that size; sending begins when all are full
// if whenFull is set, else with the first.
func (c *Channel) Buffers(n, size int, whenFull bool) error {
	arg := make([]byte, 24)
	if whenFull {
		arg[0] = 1
	}
	binary.LittleEndian.PutUint32(arg[8:], uint32(n))
	binary.LittleEndian.PutUint32(arg[12:], uint32(size))
	return ioctl(c.fd, ioSetBufInfo, arg)
}

// LossEvents says whether overruns and underruns are to be events.
func (c *Channel) LossEvents(on bool) error {
	v := 0
	if on {
		v = 1
	}
	return c.Int(ioBufEvents, v)
}

// Flush forgets everything that is buffered, events too.
func (c *Channel) Flush() error { return c.Int(ioFlush, 7) }

// Event takes the oldest event, 0 if there is none.
func (c *Channel) Event() (int, error) { return c.get(ioGetEvent) }

// Params are what GET_PARAMS tells.
func (c *Channel) Params() (Params, error) {
	arg := make([]byte, sizeParams)
	err := ioctl(c.fd, ioGetParams, arg)
	return params(arg), err
}

// Params are some of a channel's parameters.
type Params struct {
	Span, Sig, RxHook, Alarms int
	OffHook                   bool // as the kernel sees the far end
}

func params(b []byte) Params {
	at := func(o int) int { return int(int32(binary.LittleEndian.Uint32(b[o:]))) }
	return Params{at(offParamSpan), at(offParamSig), at(offRxHook), at(offChanAlarms), at(offParamHook) != 0}
}

// Write writes at most one buffer. While events wait it takes them: they go to
// lost if that is not nil.
func (c *Channel) Write(b []byte, lost func(event int)) (int, error) {
	return c.move(func() (int, error) { return unix.Write(c.fd, b) }, lost)
}

// Read reads at most one buffer, likewise.
func (c *Channel) Read(b []byte, lost func(event int)) (int, error) {
	return c.move(func() (int, error) { return unix.Read(c.fd, b) }, lost)
}

func (c *Channel) move(try func() (int, error), lost func(int)) (int, error) {
	for {
		n, err := try()
		switch {
		case err == unix.Errno(eLast):
			e, err := c.Event()
			if err != nil {
				return 0, err
			}
			if e != 0 && lost != nil {
				lost(e)
			}
		case err == unix.EINTR:
		default:
			return n, err
		}
	}
}

// Ready waits until one of the events (unix.POLLIN, …) is there, or so long.
func (c *Channel) Ready(events int16, d time.Duration) (int16, error) {
	f := []unix.PollFd{{Fd: int32(c.fd), Events: events}}
	for end := time.Now().Add(d); ; {
		_, err := unix.Poll(f, max(0, int(time.Until(end)/time.Millisecond)))
		if err != unix.EINTR {
			return f[0].Revents, err
		}
	}
}

// Await waits until the kernel tells the event want, ignoring others, and
// returns when that was.
func (c *Channel) Await(want int, d time.Duration) (time.Time, error) {
	var others []int
	for end := time.Now().Add(d); ; {
		re, err := c.Ready(unix.POLLPRI, time.Until(end))
		at := time.Now()
		if err != nil {
			return at, err
		}
		if re == 0 {
			break
		}
		e, err := c.Event()
		if err != nil {
			return at, err
		}
		if e == want {
			return at, nil
		}
		others = append(others, e)
	}
	return time.Time{}, fmt.Errorf("channel %d: no event %d within %v; others: %v", c.Number, want, d, others)
}

// Events takes all events that wait.
func (c *Channel) Events() (all []int, err error) {
	for {
		e, err := c.Event()
		if e == 0 || err != nil {
			return all, err
		}
		all = append(all, e)
	}
}
