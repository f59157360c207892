package sim

import (
	"golang.org/x/sys/unix"

	"vaad/driver"
)

const (
	keepBlocks = 3  // received blocks that wait for their tick
	roomBlocks = 8  // a power of two: more wait while a stalled board catches up
	maxEvents  = 64 // events that wait for their block

	// reportEvery spaces Slip and Missed events of one line, each with the
	// number of blocks since the last.
	reportEvery = 1 * driver.Rate
)

// port is the board's end of a line's socket and what waits there. Blocks are
// numbered as they arrive; each event carries the number of the block that
// follows it.
type port struct {
	fd   int  // -1: nobody is connected
	next int  // a peer that waits until the one before, who has left, is used up; -1
	left bool // the peer is gone; what it sent before is still to be taken

	heard   bool   // it has sent a block: from then on missing ones count
	arrived uint64 // blocks
	taken   uint64
	blocks  [roomBlocks][2 * driver.Block]byte
	events  []message // in the order of their arrival

	slips, missed int32
	reportAt      int64
}

func newPort() port { return port{fd: -1, next: -1, events: make([]message, 0, maxEvents)} }

// connected reports whether a peer is there, or one whose blocks are not used up.
func (p *port) connected() bool { return p.fd >= 0 || p.left }

// connect gives the port a new peer.
func (p *port) connect(fd int) {
	p.fd, p.left, p.heard = fd, false, false
	p.arrived, p.taken, p.events = 0, 0, p.events[:0]
}

// hang closes the socket; the blocks that came before remain.
func (p *port) hang() {
	if p.fd >= 0 {
		_ = unix.Close(p.fd)
		p.fd, p.left = -1, true
	}
}

// close gives up all sockets.
func (p *port) close() {
	p.hang()
	if p.next >= 0 {
		_ = unix.Close(p.next)
		p.next = -1
	}
}

func (p *port) waiting() int { return int(p.arrived - p.taken) }

// drain takes what has come, for a tick of the real clock. Of the blocks, the
// newest keep are left waiting, but while backlog ticks are already due the
// blocks for those are kept as well: here as far as there is room, the rest in
// the socket. reason says why the peer must be closed.
func (p *port) drain(in *inbox, kind driver.Kind, backlog int64) (reason error) {
	keep := int(min(keepBlocks+backlog, roomBlocks))
	for range 64 { // ends even where a peer sends faster than it is read
		if backlog > 0 && p.waiting() > roomBlocks-batch {
			break
		}
		n, errno := in.receive(p.fd, batch)
		if errno == unix.EAGAIN {
			break
		}
		if reason = p.accept(in, n, errno, kind); reason != nil || p.left {
			break
		}
		if n < batch && errno == 0 {
			break
		}
	}
	for p.waiting() > keep {
		p.taken++
		p.slips++
	}
	return reason
}

// accept files n packets of the inbox, or the error that came instead.
func (p *port) accept(in *inbox, n int, errno unix.Errno, kind driver.Kind) (reason error) {
	switch errno {
	case 0:
	case unix.ECONNRESET: // the peer has closed without reading all; what it sent is still there
		return nil
	case unix.EINTR:
		return nil
	default:
		p.hang()
		return nil
	}
	for i := range n {
		b, cut := in.packet(i)
		if len(b) == 0 { // closed; an empty packet looks the same
			p.hang()
			return nil
		}
		if cut {
			return errTooLong
		}
		if reason = p.file(b, kind); reason != nil {
			return reason
		}
	}
	return nil
}

// file puts one packet where it waits for its tick.
func (p *port) file(b []byte, kind driver.Kind) (reason error) {
	switch b[0] {
	case kindAudio:
		if len(b) != audioBytes {
			return errBlock(len(b))
		}
		if p.waiting() == roomBlocks {
			p.taken++
			p.slips++
		}
		copy(p.blocks[p.arrived%roomBlocks][:], b[1:])
		p.arrived++
		p.heard = true
		return nil
	case kindEvent:
		m, err := parseEvent(kind, b[1:])
		if err != nil {
			return err
		}
		if len(p.events) == maxEvents {
			return errEvents
		}
		m.block = p.arrived
		p.events = append(p.events, m)
		return nil
	}
	return errKind(b[0])
}

// take removes the block of this tick, nil where none has come, and the events
// that take effect in it: those that arrived before the block, and all where no
// block waits. The events are in order of their offset.
func (p *port) take(dst []message) (block *[2 * driver.Block]byte, events []message) {
	number := p.taken
	if p.waiting() > 0 {
		block = &p.blocks[number%roomBlocks]
		p.taken++
	}
	n := 0
	for n < len(p.events) && (block == nil || p.events[n].block <= number) {
		n++
	}
	dst = append(dst[:0], p.events[:n]...)
	p.events = p.events[:copy(p.events, p.events[n:])]
	for i := 1; i < len(dst); i++ { // few and nearly always in order
		for j := i; j > 0 && dst[j].at < dst[j-1].at; j-- {
			dst[j], dst[j-1] = dst[j-1], dst[j]
		}
	}
	return block, dst
}

// report makes events of what was lost, at most once a second.
func (p *port) report(pos int64, line int, rx *driver.Frame) {
	if p.slips == 0 && p.missed == 0 || pos < p.reportAt {
		return
	}
	if p.slips > 0 {
		rx.Event(driver.Slip, line, 0, p.slips, nil)
	}
	if p.missed > 0 {
		rx.Event(driver.Missed, line, 0, p.missed, nil)
	}
	p.slips, p.missed = 0, 0
	p.reportAt = pos + reportEvery
}
