package voicemodem

import (
	"errors"
	"fmt"
	"io"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// A link is the way to a modem. One goroutine uses it; wake is for any.
type link interface {
	// wait returns when something can be read, or written where out is set, when
	// wake was called, or after d. An error: the link is broken.
	wait(d time.Duration, out bool) error
	read(p []byte) (int, error)  // 0: nothing is there
	write(p []byte) (int, error) // 0: there is no room
	dtr(on bool) error           // errNoLines: the link has no modem lines
	wake()
	close()
}

var (
	errLocked  = errors.New("the port is locked")
	errNoLines = errors.New("the port has no modem lines")
)

// A tty is a serial port. The serial library opens it and sets what it must be
// like; bytes go through a file of our own, which never blocks: the library's
// Read cannot have a descriptor above 1023, its Write may never return, and its
// Close does not end either.
type tty struct {
	fd, bell int
	port     serial.Port
	polls    [2]unix.PollFd
}

func openTTY(path string, baud int) (_ *tty, err error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	t := &tty{fd: fd, bell: -1}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	// Exclusive use is not kept by the kernel where root opens the port.
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%w: %w", errLocked, err)
	}
	if t.port, err = serial.Open(path, &serial.Mode{BaudRate: baud}); err != nil {
		var known *serial.PortError
		if errors.As(err, &known) && known.Code() == serial.PortBusy {
			return nil, fmt.Errorf("%w: %w", errLocked, err)
		}
		return nil, err
	}
	if t.bell, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return nil, err
	}
	t.hardwareFlow()
	_ = unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIOFLUSH) // what lay there was nobody's
	_ = t.dtr(true)
	return t, nil
}

// hardwareFlow sets what the library has no word for. Ports without modem lines
// do not mind.
func (t *tty) hardwareFlow() {
	if s, err := unix.IoctlGetTermios(t.fd, unix.TCGETS); err == nil {
		s.Cflag |= unix.CRTSCTS
		_ = unix.IoctlSetTermios(t.fd, unix.TCSETS, s)
	}
}

func (t *tty) wait(d time.Duration, out bool) error {
	t.polls[0] = unix.PollFd{Fd: int32(t.fd), Events: unix.POLLIN}
	if out {
		t.polls[0].Events |= unix.POLLOUT
	}
	t.polls[1] = unix.PollFd{Fd: int32(t.bell), Events: unix.POLLIN}
	n, err := unix.Poll(t.polls[:], int((d+time.Millisecond-1)/time.Millisecond))
	switch {
	case err == unix.EINTR, n == 0:
		return nil
	case err != nil:
		return err
	}
	if t.polls[1].Revents != 0 {
		var b [8]byte
		_, _ = unix.Read(t.bell, b[:])
	}
	if r := t.polls[0].Revents; r&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 && r&unix.POLLIN == 0 {
		return unix.EIO
	}
	return nil
}

func (t *tty) read(p []byte) (int, error) {
	n, err := unix.Read(t.fd, p)
	switch {
	case err == unix.EAGAIN, err == unix.EINTR:
		return 0, nil
	case err != nil:
		return 0, err
	case n == 0: // hung up
		return 0, io.EOF
	}
	return n, nil
}

func (t *tty) write(p []byte) (int, error) {
	n, err := unix.Write(t.fd, p)
	switch {
	case err == unix.EAGAIN, err == unix.EINTR:
		return 0, nil
	case err != nil:
		return 0, err
	}
	return n, nil
}

// dtr raises or drops the line that says that we are there; a pty has none.
func (t *tty) dtr(on bool) error {
	if err := t.port.SetDTR(on); err != nil {
		if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
			return errNoLines
		}
		return err
	}
	return nil
}

func (t *tty) wake() {
	one := [8]byte{1}
	_, _ = unix.Write(t.bell, one[:])
}

func (t *tty) close() {
	_ = unix.IoctlSetInt(t.fd, unix.TCFLSH, unix.TCIOFLUSH) // a modem that reads nothing would make close wait
	if t.port != nil {
		_ = t.port.Close()
	}
	_ = unix.Close(t.fd)
	if t.bell >= 0 {
		_ = unix.Close(t.bell)
	}
}
