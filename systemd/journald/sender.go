package journald

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"golang.org/x/sys/unix"
)

const (
	socket = "/run/systemd/journal/socket"

	// What waits while journald does not keep up.
	maxWaiting      = 4096 // records
	maxWaitingBytes = 8 << 20

	again = 20 * time.Millisecond // until a socket that was full is tried again
)

// sender brings entries to journald in their order. The net package is of no use: its
// sockets wait where the reader is slow, and for a socket that is not connected nothing
// says when to go on. A connected one would not outlive a restart of journald.
type sender struct {
	cfg    Config
	stderr io.Writer // takes what the socket does not; must not wait

	mu       sync.Mutex
	fd       int // not connected: journald may come back with another socket; -1 = none
	to       unix.Sockaddr
	wait     []entry // in their order; with one in it all go through it
	bytes    int     // of wait
	draining bool
	lost     int // entries that nobody took, not yet told
	ended    bool

	end    chan struct{} // closed when it has ended
	drains sync.WaitGroup
}

func newSender(c Config, socket string, stderr io.Writer) *sender {
	s := &sender{cfg: c, stderr: stderr, to: &unix.SockaddrUnix{Name: socket}, end: make(chan struct{})}
	var err error
	if s.fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
		s.fd = -1
	}
	return s
}

func (s *sender) send(e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wait) == 0 && s.deliver(&e) {
		return
	}
	size := len(e.message) + len(e.fields)
	if len(s.wait) == maxWaiting || s.bytes+size > maxWaitingBytes {
		s.lost++
		return
	}
	s.wait = append(s.wait, e)
	s.bytes += size
	if !s.draining {
		s.draining = true
		s.drains.Go(s.drain)
	}
}

// deliver brings an entry to the socket or to standard error; false: it has to wait, as
// journald does not keep up. mu is held.
func (s *sender) deliver(e *entry) bool {
	err := s.put(e)
	if full(err) {
		return false
	}
	if err != nil {
		if _, err := s.stderr.Write(e.line()); err != nil {
			s.lost++
			return true
		}
	}
	if n := s.lost; n > 0 {
		s.lost = 0
		told := entry{priority: journal.PriWarning, message: fmt.Sprintf("log lines are missing here: the journal did not take them lines=%d", n),
			fields: field(nil, name(s.cfg.Prefix, "lines"), strconv.Itoa(n))}
		if err := s.put(&told); err != nil {
			if _, err := s.stderr.Write(told.line()); err != nil {
				s.lost = n
			}
		}
	}
	return true
}

// put gives an entry to journald. mu is held.
func (s *sender) put(e *entry) error {
	for {
		err := unix.Sendto(s.fd, e.packet(s.cfg.Identifier), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, s.to)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// full tells whether a socket's reader, not the socket, is in the way.
func full(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS) }

// drain delivers what waits, and ends when nothing does.
func (s *sender) drain() {
	for {
		select {
		case <-time.After(again):
		case <-s.end:
		}
		s.mu.Lock()
		for len(s.wait) > 0 && s.deliver(&s.wait[0]) {
			s.bytes -= len(s.wait[0].message) + len(s.wait[0].fields)
			s.wait[0] = entry{}
			s.wait = s.wait[1:]
		}
		if len(s.wait) == 0 {
			s.wait, s.draining = nil, false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

func (s *sender) close(limit time.Duration) {
	for end := time.Now().Add(limit); s.waiting() && time.Now().Before(end); {
		time.Sleep(again)
	}
	s.mu.Lock()
	if !s.ended {
		s.ended = true
		unix.Close(s.fd)
		s.fd = -1 // standard error takes what waits, and all that comes
		close(s.end)
	}
	s.mu.Unlock()
	s.drains.Wait()
}

func (s *sender) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wait) > 0
}

// stream is a socket that is given what it takes at once: journald's end of standard error.
type stream struct {
	fd    int
	begun bool // the last line is there in part
}

func (s *stream) Write(b []byte) (int, error) {
	if s.begun {
		b = append([]byte{'\n'}, b...)
	}
	for n := 0; ; {
		m, err := unix.SendmsgN(s.fd, b[n:], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch n += max(m, 0); {
		case errors.Is(err, unix.EINTR):
		case err != nil || n == len(b):
			s.begun = n > 0 && n < len(b) || n == 0 && s.begun
			return n, err
		}
	}
}
