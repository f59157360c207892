package e2e

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// A Peer is the other end of one simulated line: it answers every block of the
// board with one of its own. It is written from docs/line-socket.md and shares
// no code with the board.
type Peer struct {
	Line int

	// Next fills block n (from 0) and returns events to send before it, such
	// as "ring" or "volts -8". It runs on the goroutine of Peers.Run. Returning
	// done ends the peer: it hangs up its socket after this block.
	Next func(n uint32, dst []int16) (events []string, done bool)

	// Heard, where not nil, is given every block the board sends.
	Heard func(n uint32, block []int16)

	// Ahead is how many blocks, at most 2, are sent before the board asks: where the
	// peer is late by as many ticks nothing is missed.
	Ahead int

	Sent     atomic.Uint32 // blocks that the board's socket has taken
	Late     int           // blocks of the board that were not answered, as the peer came too late
	Commands []string      // what the board asked of the line
	Err      error         // why it ended; nil after done

	fd    int
	heard uint32
	full  atomic.Uint32 // blocks the socket refused: lost on our side, never counted as sent
}

// Full says how many blocks the board's socket could not take.
func (p *Peer) Full() uint32 { return p.full.Load() }

// Peers plays many lines from one goroutine.
type Peers struct {
	list   []*Peer
	epoll  int
	closed atomic.Bool
}

// Dial connects every peer to its line socket in dir.
func Dial(dir string, list ...*Peer) (*Peers, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	ps := &Peers{list: list, epoll: ep}
	for i, p := range list {
		p.fd = -1
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			p.fd = fd
			err = connect(fd, filepath.Join(dir, fmt.Sprintf("line-%03d.sock", p.Line)))
		}
		if err == nil {
			err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)})
		}
		if err != nil {
			ps.Close()
			return nil, fmt.Errorf("line %d: %w", p.Line, err)
		}
	}
	return ps, nil
}

// connect waits up to a minute for a socket to be there: the API answers
// before boards are open.
func connect(fd int, path string) error {
	for end := time.Now().Add(time.Minute); ; {
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: path})
		again := err == unix.ENOENT || err == unix.ECONNREFUSED || err == unix.EAGAIN || err == unix.EINTR // EAGAIN: its backlog is full
		if !again || time.Now().After(end) {
			return err
		}
		<-time.After(20 * time.Millisecond)
	}
}

// Close hangs up all sockets.
func (ps *Peers) Close() {
	if ps.closed.Swap(true) {
		return
	}
	for _, p := range ps.list {
		if p.fd >= 0 {
			unix.Close(p.fd)
		}
	}
	unix.Close(ps.epoll)
}

// Run plays until every peer is done, the board has closed all sockets, or ctx
// ends. It returns what ended peers before they were done.
func (ps *Peers) Run(ctx context.Context) error {
	defer ps.Close()
	// A telephone exchange is never late; nor should its stand-in be on a busy
	// machine. The thread must live on: processes that it started die with it.
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -15) // where allowed
	defer func() {
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 0)
		runtime.UnlockOSThread()
	}()
	open := len(ps.list)
	events := make([]unix.EpollEvent, 128)
	buf := make([]byte, 4096)
	out := make([]byte, 1+2*driver.Block)
	pcm := make([]int16, driver.Block)
	end := func(p *Peer, err error) {
		p.Err = err
		unix.EpollCtl(ps.epoll, unix.EPOLL_CTL_DEL, p.fd, nil)
		unix.Close(p.fd)
		p.fd = -1
		open--
	}
	for open > 0 && ctx.Err() == nil {
		n, err := unix.EpollWait(ps.epoll, events, 100)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			p := ps.list[e.Fd]
			if p.fd < 0 {
				continue
			}
			fresh, err := p.listen(buf, pcm)
			done := false
			for ; fresh > 0 && err == nil && !done; fresh-- {
				done, err = p.answer(out, pcm)
			}
			if err != nil || done {
				end(p, err)
			}
		}
	}
	var errs []error
	for _, p := range ps.list {
		if p.Err != nil {
			errs = append(errs, fmt.Errorf("line %d after %d blocks: %w", p.Line, p.Sent.Load(), p.Err))
		}
	}
	return errors.Join(errs...)
}

// listen reads everything that waits and returns how many blocks are to be
// answered. A peer that was kept from its processor finds several; it answers the
// newest only, as the board has given silence to its line for the others: so
// every block that is sent is sent in time. One that is ahead answers as many as
// the board has taken of what was there.
func (p *Peer) listen(buf []byte, pcm []int16) (fresh int, err error) {
	defer func() { fresh = min(fresh, 1+p.Ahead) }()
	if p.heard == 0 && p.Ahead > 0 {
		fresh = p.Ahead
	}
	for {
		n, err := unix.Read(p.fd, buf)
		switch {
		case err == unix.EAGAIN:
			return fresh, nil
		case err == unix.EINTR:
			continue
		case err != nil:
			return fresh, err
		case n == 0:
			return fresh, errors.New("the board closed the socket")
		case buf[0] == 'C':
			p.Commands = append(p.Commands, string(buf[1:n]))
		case buf[0] != 'A' || n != 1+2*driver.Block:
			return fresh, fmt.Errorf("the board sent %d bytes of kind %q", n, buf[0])
		default:
			if fresh > p.Ahead {
				p.Late++
			}
			fresh++
			if p.Heard != nil {
				for i := range pcm {
					pcm[i] = int16(binary.LittleEndian.Uint16(buf[1+2*i:]))
				}
				p.Heard(p.heard, pcm)
			}
			p.heard++
		}
	}
}

// answer sends the next block and the events before it.
func (p *Peer) answer(out []byte, pcm []int16) (done bool, err error) {
	clear(pcm)
	evs, done := p.Next(p.Sent.Load(), pcm)
	for _, e := range evs {
		if err := unix.Send(p.fd, append([]byte{'E'}, e...), unix.MSG_NOSIGNAL); err != nil {
			return done, fmt.Errorf("send %q: %w", e, err)
		}
	}
	out[0] = 'A'
	for i, s := range pcm {
		binary.LittleEndian.PutUint16(out[1+2*i:], uint16(s))
	}
	err = unix.Send(p.fd, out, unix.MSG_NOSIGNAL)
	switch {
	case errors.Is(err, unix.EAGAIN):
		p.full.Add(1)
		return done, nil
	case err != nil:
		return done, err
	}
	p.Sent.Add(1)
	return done, nil
}

// Numbered is a Next that sends numbered blocks for ever.
func Numbered(line int) func(uint32, []int16) ([]string, bool) {
	return func(n uint32, dst []int16) ([]string, bool) {
		FillBlock(dst, line, n)
		return nil, false
	}
}

// A Step is one thing of a scripted line: the events at its start, then audio
// for so long.
type Step struct {
	Events []string
	For    time.Duration
	Audio  func(n uint32, dst []int16) // nil: silence
}

// Script is a Next that plays steps in order and then ends.
func Script(steps ...Step) func(uint32, []int16) ([]string, bool) {
	i, left, begun := 0, 0, false
	return func(n uint32, dst []int16) ([]string, bool) {
		var evs []string
		for {
			if i == len(steps) {
				return evs, true
			}
			if !begun {
				evs = append(evs, steps[i].Events...)
				left, begun = int(steps[i].For/driver.Tick), true
			}
			if left > 0 {
				break
			}
			i, begun = i+1, false
		}
		left--
		if a := steps[i].Audio; a != nil {
			a(n, dst)
		}
		if left == 0 {
			i, begun = i+1, false
		}
		return evs, i == len(steps)
	}
}
