package emulated

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Of the kernel's USB/IP protocol (Documentation/usb/usbip_protocol.rst).
const (
	cmdSubmit, cmdUnlink, retSubmit, retUnlink = 1, 2, 3, 4

	head       = 48
	speedHigh  = 3
	notIso     = 0xffffffff
	pipeError  = -32
	unlinked   = -104
	vhci       = "/sys/devices/platform/vhci_hcd.0/"
	portIsFree = "004"

	mostReady = 4096 // transfers of an endpoint that wait for the host; older ones are lost, as in a full FIFO

	freeWait  = 5 * time.Second
	leaveWait = 20 * time.Millisecond // the last answer arrives before the device goes
	awayWait  = 300 * time.Millisecond
)

// A Socket is a port of the kernel's virtual USB host that a Gadget is plugged into.
type Socket struct {
	number int
	gadget Gadget

	mu      sync.Mutex
	conn    *os.File // nil while the device is off the bus
	pulled  bool
	waiting map[byte][]urb    // transfers to the host that wait for data
	ready   map[byte][][]byte // data that waits for a transfer
	hung    []uint32
	given   chan struct{} // something may be delivered
	leaving sync.WaitGroup
}

type urb struct {
	seq    uint32
	length int
}

// Plug plugs a gadget into port number 0 to 14 of vhci_hcd's first bus, at high
// speed. It needs root, and the module loaded.
func Plug(number int, g Gadget) (*Socket, error) {
	s := &Socket{number: number, gadget: g}
	if err := s.attach(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Socket) attach() error {
	if err := s.free(); err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	// Ours is polled, so that closing it ends the reader.
	if err := unix.SetNonblock(pair[0], true); err != nil {
		return err
	}
	conn := os.NewFile(uintptr(pair[0]), "usbip")
	s.mu.Lock()
	s.conn, s.waiting, s.ready, s.hung, s.given = conn, map[byte][]urb{}, map[byte][][]byte{}, nil, make(chan struct{}, 1)
	go s.deliveries(conn, s.given)
	go s.serve(conn, s.given)
	s.mu.Unlock()
	// The kernel keeps its end.
	err = os.WriteFile(vhci+"attach", fmt.Appendf(nil, "%d %d %d %d", s.number, pair[1], 1<<16|s.number+2, speedHigh), 0)
	unix.Close(pair[1])
	if err != nil {
		conn.Close()
	}
	return err
}

// free waits until the port has nothing plugged in.
func (s *Socket) free() error {
	for deadline := time.Now().Add(freeWait); ; time.Sleep(5 * time.Millisecond) {
		b, err := os.ReadFile(vhci + "status")
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > 2 && f[0] == "hs" && f[1] == fmt.Sprintf("%04d", s.number) && f[2] == portIsFree {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("port %d is not free after %v", s.number, freeWait)
		}
	}
}

// Unplug pulls the plug: without power the device forgets everything.
func (s *Socket) Unplug() error {
	s.pull()
	s.leaving.Wait()
	return s.free()
}

func (s *Socket) pull() {
	s.mu.Lock()
	was := s.pulled
	s.pulled = true
	s.close()
	s.mu.Unlock()
	if !was {
		s.gadget.Off()
	}
}

// close takes the device off the bus. mu is held.
func (s *Socket) close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// Leave implements Port.
func (s *Socket) Leave() {
	s.leaving.Go(func() {
		time.Sleep(leaveWait)
		s.mu.Lock()
		s.close()
		s.mu.Unlock()
		time.Sleep(awayWait)
		s.mu.Lock()
		pulled := s.pulled
		s.mu.Unlock()
		if pulled {
			return
		}
		if err := s.attach(); err != nil {
			fmt.Fprintln(os.Stderr, "emulated: it cannot come back:", err)
		}
	})
}

// Send implements Port.
func (s *Socket) Send(endpoint byte, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return
	}
	all := append(s.ready[endpoint], data)
	s.ready[endpoint] = all[max(0, len(all)-mostReady):]
	give(s.given)
}

// give wakes the deliveries, if they are not woken already.
func give(given chan struct{}) {
	select {
	case given <- struct{}{}:
	default:
	}
}

// deliveries go to the kernel as they and transfers for them come, until the
// connection ends, which closes given.
func (s *Socket) deliveries(conn *os.File, given chan struct{}) {
	for range given {
		if !s.deliver(conn) {
			return
		}
	}
}

// serve answers what the kernel asks, until the connection ends.
func (s *Socket) serve(conn *os.File, given chan struct{}) {
	defer func() {
		s.mu.Lock()
		if s.conn == conn { // the kernel's end was closed
			s.close()
		}
		close(given) // nobody sends any more: conn is not this one
		s.mu.Unlock()
	}()
	be, le := binary.BigEndian, binary.LittleEndian
	h, from := make([]byte, head), bufio.NewReader(conn)
	for {
		if _, err := io.ReadFull(from, h); err != nil {
			return
		}
		command, seq, toHost, number := be.Uint32(h), be.Uint32(h[4:]), be.Uint32(h[12:]) == 1, byte(be.Uint32(h[16:]))
		if command == cmdUnlink {
			s.unlink(conn, seq, be.Uint32(h[20:]))
			continue
		}
		length := int(be.Uint32(h[24:]))
		if command != cmdSubmit || length < 0 || length > 1<<20 {
			return
		}
		var out []byte
		if !toHost {
			out = make([]byte, length)
			if _, err := io.ReadFull(from, out); err != nil {
				return
			}
		}
		fate, in, pending := Works, []byte(nil), false
		switch {
		case number == 0:
			in, fate = s.control(Setup{h[40], h[41], le.Uint16(h[42:]), le.Uint16(h[44:]), le.Uint16(h[46:])}, out)
			length = min(length, max(len(in), len(out)))
		case toHost:
			s.mu.Lock()
			s.waiting[number|0x80] = append(s.waiting[number|0x80], urb{seq, length})
			s.mu.Unlock()
			give(given)
			pending = true
		default:
			fate = s.gadget.Out(s, number, out)
		}
		if !pending && !s.finish(conn, seq, fate, length, in) {
			return
		}
	}
}

// deliver gives data to the transfers that wait for it.
func (s *Socket) deliver(conn *os.File) bool {
	for {
		var u urb
		var data []byte
		var endpoint byte
		s.mu.Lock()
		if s.conn != conn { // it is off the bus, or on it anew
			s.mu.Unlock()
			return false
		}
		for e, waiting := range s.waiting {
			if len(waiting) > 0 && len(s.ready[e]) > 0 {
				endpoint, u, data = e, waiting[0], s.ready[e][0]
				s.waiting[e], s.ready[e] = waiting[1:], s.ready[e][1:]
				break
			}
		}
		s.mu.Unlock()
		if endpoint == 0 {
			return true
		}
		data = data[:min(len(data), u.length)]
		if !s.finish(conn, u.seq, s.gadget.In(endpoint, data), len(data), data) {
			return false
		}
	}
}

// finish ends a transfer as its fate is.
func (s *Socket) finish(conn *os.File, seq uint32, fate Fate, length int, in []byte) bool {
	switch fate {
	case Stalls:
		return s.reply(conn, retSubmit, seq, pipeError, 0, nil)
	case Hangs:
		s.mu.Lock()
		s.hung = append(s.hung, seq)
		s.mu.Unlock()
		return true
	case Unplugs:
		s.pull()
		return false
	}
	return s.reply(conn, retSubmit, seq, 0, length, in[:min(len(in), length)])
}

func (s *Socket) reply(conn *os.File, what, seq uint32, status int32, length int, in []byte) bool {
	be := binary.BigEndian
	b := make([]byte, head, head+len(in))
	be.PutUint32(b, what)
	be.PutUint32(b[4:], seq)
	be.PutUint32(b[20:], uint32(status))
	be.PutUint32(b[24:], uint32(length))
	if what == retSubmit {
		be.PutUint32(b[32:], notIso)
	}
	_, err := conn.Write(append(b, in...))
	return err == nil
}

// unlink gives a transfer back that the host does not wait for any more.
func (s *Socket) unlink(conn *os.File, seq, victim uint32) {
	status := int32(0) // it was answered before
	s.mu.Lock()
	for e, waiting := range s.waiting {
		if i := slices.IndexFunc(waiting, func(u urb) bool { return u.seq == victim }); i >= 0 {
			s.waiting[e], status = slices.Delete(waiting, i, i+1), unlinked
		}
	}
	if i := slices.Index(s.hung, victim); i >= 0 {
		s.hung, status = slices.Delete(s.hung, i, i+1), unlinked
	}
	s.mu.Unlock()
	s.reply(conn, retUnlink, seq, status, 0, nil)
}
