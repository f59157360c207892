package emulator

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

const (
	maxMessage = 4096
	audioBytes = 1 + 2*driver.Block
	maxEvents  = 64 // before one block
	waiting    = 3  // blocks that wait for their tick
)

// A block is 20 ms from the exchange with what happens in it.
type block struct {
	pcm  [driver.Block]int16
	what []happening
}

// socket is the line side: docs/line-socket.md, of one fxo line. One peer at a
// time is the exchange.
type socket struct {
	folder *os.File
	door   *net.UnixListener

	mu     sync.Mutex
	peer   *net.UnixConn
	queue  []block
	next   []happening // before the block that comes next
	spoken bool        // the peer has sent a block
	idle   []happening // what a peer's leaving means
	rung   bool
	said   string // hook, as a new peer is told
	slips  int64
	missed int64
	ready  chan struct{}
}

// listen makes the folder and the socket in it.
func listen(dir string) (*socket, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for the line socket: %w", err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder for the line socket: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("something else serves the line socket in %s; give each modem a folder: %w", dir, err)
	}
	path := filepath.Join(dir, "line-001.sock")
	if st, err := os.Lstat(path); err == nil && st.Mode()&os.ModeSocket != 0 {
		_ = os.Remove(path)
	}
	door, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: path, Net: "unixpacket"})
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("line socket: %w", err)
	}
	return &socket{folder: f, door: door, said: "on-hook", ready: make(chan struct{}, 1)}, nil
}

func (s *socket) close() {
	_ = s.door.Close() // and the socket is removed
	s.mu.Lock()
	s.hang()
	s.mu.Unlock()
	_ = s.folder.Close()
}

// serve lets peers in until the door is closed.
func (s *socket) serve(log func(string)) {
	for {
		c, err := s.door.AcceptUnix()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.peer != nil {
			s.mu.Unlock()
			_ = c.Close()
			continue
		}
		s.peer, s.spoken = c, false
		if s.said == "off-hook" {
			s.write([]byte("C" + s.said))
		}
		s.mu.Unlock()
		go s.read(c, log)
	}
}

// read takes what a peer sends.
func (s *socket) read(c *net.UnixConn, log func(string)) {
	buf := make([]byte, maxMessage+1)
	for {
		n, err := c.Read(buf)
		if err == nil && n > 0 {
			err = s.file(buf[:n])
			if err != nil {
				log("the peer is closed: " + err.Error())
			}
		}
		if err != nil || n == 0 {
			s.mu.Lock()
			if s.peer == c {
				s.hang()
			}
			s.mu.Unlock()
			return
		}
	}
}

// hang is the end of a peer: a ring ends, the voltage is normal.
func (s *socket) hang() {
	if s.peer == nil {
		return
	}
	_ = s.peer.Close()
	s.peer, s.next = nil, nil
	if s.rung {
		s.idle = append(s.idle, happening{what: "ring-end"})
		s.rung = false
	}
	s.idle = append(s.idle, happening{what: "volts", value: -48})
}

// file takes one message.
func (s *socket) file(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(b) > maxMessage {
		return errors.New("a message of more than 4096 bytes")
	}
	switch b[0] {
	case 'A':
		if len(b) != audioBytes {
			return fmt.Errorf("a block of %d bytes", len(b))
		}
		x := block{what: s.next}
		for i := range x.pcm {
			x.pcm[i] = int16(binary.LittleEndian.Uint16(b[1+2*i:]))
		}
		s.next, s.spoken = nil, true
		s.queue = append(s.queue, x)
		select {
		case s.ready <- struct{}{}:
		default:
		}
	case 'E':
		h, err := parse(string(b[1:]))
		if err != nil {
			return err
		}
		if len(s.next) == maxEvents {
			return errors.New("more than 64 events before a block")
		}
		if h.what == "ring" || h.what == "ring-end" {
			s.rung = h.what == "ring"
		}
		s.next = append(s.next, h)
	default:
		return fmt.Errorf("a message of kind %q", b[0])
	}
	return nil
}

// parse reads an event: WORD [ARGUMENT] [@OFFSET].
func parse(text string) (happening, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return happening{}, errors.New("an event without a word")
	}
	h := happening{what: words[0]}
	rest := words[1:]
	if n := len(rest); n > 0 && rest[n-1][0] == '@' {
		at, err := strconv.Atoi(rest[n-1][1:])
		if err != nil || at < 0 || at >= driver.Block {
			return h, fmt.Errorf("event %.40q: only @0 to @%d may follow", text, driver.Block-1)
		}
		h.at, rest = at, rest[:n-1]
	}
	most, needs := 0.0, false
	switch h.what {
	case "ring", "ring-end", "reversal", "loop", "done":
	case "loop-break":
		most = 60000
	case "volts":
		most, needs = 200, true
	default:
		return h, fmt.Errorf("event %.40q is not known on a line of kind fxo", text)
	}
	if len(rest) > 1 || len(rest) == 1 && most == 0 || len(rest) == 0 && needs {
		return h, fmt.Errorf("event %.40q: wrong number of arguments", text)
	}
	if len(rest) == 1 {
		v, err := strconv.ParseFloat(rest[0], 64)
		if err != nil || !(v >= -most && v <= most) || h.what == "loop-break" && v < 1 {
			return h, fmt.Errorf("event %.40q: wrong argument", text)
		}
		h.value = v
	}
	return h, nil
}

// write sends a message, or drops it where the peer does not read.
func (s *socket) write(b []byte) {
	c, err := s.peer.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Write(func(fd uintptr) bool { // a deadline may have passed before anything is tried
		_, _ = unix.Write(int(fd), b)
		return true
	})
}

// due says whether the block of the tick that is due is here, and whether a peer is to
// send it yet.
func (s *socket) due() (has, awaited bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	has = len(s.queue) > 0
	return has, !has && s.peer != nil && s.spoken
}

// take is the block of this tick. due is how many more ticks are due already: so
// many blocks may wait besides the usual ones.
func (s *socket) take(due int) (b block) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > waiting+due+1 {
		s.queue[1].what = append(slices.Clip(s.queue[0].what), s.queue[1].what...)
		s.queue = s.queue[1:]
		s.slips++
	}
	switch {
	case len(s.queue) > 0:
		b = s.queue[0]
		s.queue = slices.Delete(s.queue, 0, 1)
	case s.peer == nil:
		b.what, s.idle = s.idle, nil
	default: // events without a block take effect at once
		b.what, s.next = s.next, nil
		if s.spoken {
			s.missed++
		}
	}
	return b
}

// give sends the block and the wishes of this tick.
func (s *socket) give(pcm []int16, wishes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range wishes {
		if w == "off-hook" || w == "on-hook" {
			s.said = w
		}
		if s.peer != nil {
			s.write([]byte("C" + w))
		}
	}
	if s.peer == nil {
		return
	}
	var b [audioBytes]byte
	b[0] = 'A'
	for i, v := range pcm {
		binary.LittleEndian.PutUint16(b[1+2*i:], uint16(v))
	}
	s.write(b[:])
}
