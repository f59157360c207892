package emulator

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dte is the host's end: two goroutines read and write, so that a host that does
// not read holds nothing up.
type dte struct {
	rw    io.ReadWriteCloser
	in    chan []byte
	out   chan []byte
	gone  chan struct{}
	once  sync.Once
	rest  []byte // read, and not taken yet
	fresh []byte // to be written next
}

func open(rw io.ReadWriteCloser) *dte {
	d := &dte{rw: rw, in: make(chan []byte), out: make(chan []byte), gone: make(chan struct{})}
	go d.read()
	go d.write()
	return d
}

// close ends both goroutines. A dte that is nil is closed.
func (d *dte) close() {
	if d != nil {
		d.once.Do(func() {
			close(d.gone)
			_ = d.rw.Close()
		})
	}
}

// ways are the channels that can be served now.
func (d *dte) ways(c *modem) (in <-chan []byte, out chan<- []byte, chunk []byte) {
	if d == nil {
		c.out = c.out[:0]
		return nil, nil, nil
	}
	if len(d.rest) == 0 {
		in = d.in
	}
	if len(d.fresh) == 0 {
		d.fresh = c.take(nil)
	}
	if len(d.fresh) > 0 {
		out = d.out
	}
	return in, out, d.fresh
}

func (d *dte) read() {
	defer d.close()
	leave := hurry()
	defer leave()
	for {
		b := make([]byte, 1024)
		n, err := d.rw.Read(b)
		dropped := errors.Is(err, errDropped)
		if n > 0 || dropped { // nothing stands for a port that was closed
			select {
			case d.in <- b[:n]:
			case <-d.gone:
				return
			}
		}
		if err != nil && !dropped {
			return
		}
	}
}

func (d *dte) write() {
	defer d.close()
	leave := hurry()
	defer leave()
	for {
		select {
		case b := <-d.out:
			if _, err := d.rw.Write(b); err != nil {
				return
			}
		case <-d.gone:
			return
		}
	}
}

// errDropped says that the host has closed its end and may open it again: what a
// serial line tells by dropping DTR.
var errDropped = errors.New("the host has closed the port")

// A PTY is a pseudo terminal: the host opens Name.
type PTY struct {
	Name string
	f    *os.File
	used bool // since the host closed it last
}

// OpenPTY makes a pseudo terminal that passes all bytes on as they are.
func OpenPTY() (*PTY, error) {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open a pseudo terminal: %w", err)
	}
	c, err := f.SyscallConn()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	n := 0
	fail := c.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			if n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err == nil {
				err = raw(int(fd))
			}
		}
	})
	if err = errors.Join(fail, err); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("set up a pseudo terminal: %w", err)
	}
	return &PTY{Name: "/dev/pts/" + strconv.Itoa(n), f: f}, nil
}

// Read waits also while no host has the terminal open. That it was closed is told
// once.
func (p *PTY) Read(b []byte) (int, error) {
	for {
		n, err := p.f.Read(b)
		switch {
		case n > 0 || !errors.Is(err, syscall.EIO):
			p.used = p.used || n > 0
			return n, err
		case p.used:
			p.used = false
			return 0, errDropped
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *PTY) Write(b []byte) (int, error) { return p.f.Write(b) }

// Close unplugs: the host's end reads errors.
func (p *PTY) Close() error { return p.f.Close() }

// OpenTTY opens a terminal that exists, as /dev/ttyGS0 of a USB gadget.
func OpenTTY(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	c, err := f.SyscallConn()
	if err == nil {
		fail := c.Control(func(fd uintptr) { err = raw(int(fd)) })
		err = errors.Join(fail, err)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// raw lets all bytes through as they are.
func raw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8 | unix.CREAD | unix.CLOCAL
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
