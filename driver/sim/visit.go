package sim

import (
	"log/slog"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// admit seats the peers that have connected since the last tick.
func (b *Board) admit() {
	for {
		select {
		case a := <-b.doors.arrivals:
			if a.index < len(b.lines) {
				b.admitLine(&b.lines[a.index], a.fd)
			} else {
				s := &b.spans[a.index-len(b.lines)]
				if seat(&s.fd, &s.next, a.fd) {
					b.journal.note(a.index, "peer connected", nil)
				} else {
					b.journal.note(a.index, "peer closed", errSecond)
				}
			}
		default:
			return
		}
	}
}

func (b *Board) admitLine(l *line, fd int) {
	p := &l.port
	if p.left { // the one before has left blocks behind
		if p.next < 0 {
			p.next = fd
			return
		}
		_ = unix.Close(fd)
		b.journal.note(l.index, "peer closed", errSecond)
		return
	}
	old := p.fd
	if !seat(&p.fd, &p.next, fd) {
		b.journal.note(l.index, "peer closed", errSecond)
		return
	}
	if old < 0 {
		b.welcome(l, fd)
	}
}

// welcome gives a line to a peer.
func (b *Board) welcome(l *line, fd int) {
	if l.actor != nil {
		l.actor.leave(b.pos)
		l.reset(b.pos, b.on(l.index))
	}
	l.port.connect(fd)
	l.greet(b.on(l.index))
	b.journal.note(l.index, "peer connected", nil)
}

// dismiss ends a peer's time on a line at t: all it sent has been used.
func (b *Board) dismiss(l *line, t int64, out *emitter) {
	l.port.left, l.port.heard = false, false
	l.reset(t, out)
	b.journal.note(l.index, "peer left", nil)
	if fd := l.port.next; fd >= 0 {
		l.port.next = -1
		b.welcome(l, fd)
	}
}

// seat gives fd the free place *at, or *next if the peer there has hung up but
// has not been read to its end. Otherwise it closes fd: one peer at a time.
func seat(at, next *int, fd int) bool {
	switch {
	case *at < 0:
		*at = fd
	case *next < 0 && hungUp(*at):
		*next = fd
	default:
		_ = unix.Close(fd)
		return false
	}
	return true
}

// journal writes the log in its own goroutine, so that Exchange never waits for
// a disk or a terminal.
type journal struct {
	log   *slog.Logger
	info  driver.Info
	notes chan entry
	done  chan struct{}

	complain func(port int, reason error)
}

type entry struct {
	index  int // lines, then spans; -1 for the board
	what   string
	reason error
}

func newJournal(m maker, board string, info driver.Info) *journal {
	j := &journal{log: m.log.With("board", board), info: info,
		complain: func(port int, reason error) { m.complain(board, port, reason) }, notes: make(chan entry, 256), done: make(chan struct{})}
	go j.run()
	return j
}

// note logs what happened at a line or span, or at the board. It never waits:
// where the log is slower than the peers, entries are left out.
func (j *journal) note(index int, what string, reason error) {
	select {
	case j.notes <- entry{index, what, reason}:
	default:
	}
}

func (j *journal) run() {
	defer close(j.done)
	for e := range j.notes {
		var attrs []any
		switch n := len(j.info.Lines); {
		case e.index < 0:
		case e.index < n:
			attrs = append(attrs, "line", j.info.Lines[e.index].Port)
			if e.reason != nil {
				j.complain(j.info.Lines[e.index].Port, e.reason)
			}
		default:
			attrs = append(attrs, "span", j.info.Spans[e.index-n].Number)
		}
		if e.reason == nil {
			j.log.Info(e.what, attrs...)
		} else {
			j.log.Warn(e.what, append(attrs, "reason", e.reason)...)
		}
	}
}

func (j *journal) close() {
	close(j.notes)
	<-j.done
}
