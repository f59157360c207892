package sim

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/dsp/g711"
)

// Board is an open simulated board whose lines are sockets and scenes.
type Board struct {
	info     driver.Info
	peers    bool // the clock waits for the peers
	patience time.Duration
	catchUp  time.Duration
	gate     *gate
	doors    *doors
	journal  *journal

	until  time.Duration // peers are waited for in this tick; 0: not at all
	looked time.Duration // at the time, while one is

	tick  ticker
	paced bool // the last tick was in real time
	late  bool // the last frame was: what answers it is dropped
	seq   uint64
	pos   int64

	lines []line
	spans []span
	stage *stage // nil: no scene
	in    *inbox
	out   emitter
	msgs  []message
	audio [audioBytes]byte
}

func (m maker) openBoard(cfg driver.Config, o options, info driver.Info) (driver.Board, error) {
	g, err := newGate()
	if err != nil {
		return nil, fmt.Errorf("open simulated board %q: %w", cfg.ID, err)
	}
	b := &Board{info: info, peers: o.peersClock(), patience: m.patience, catchUp: catchUp, gate: g, tick: newTicker(m.clock, o.PPM),
		in: newInbox(), msgs: make([]message, 0, maxEvents), paced: true}
	if o.scene != nil {
		b.stage = newStage(o.scene, info.Lines)
	}
	var paths []string
	for i, l := range info.Lines {
		b.lines = append(b.lines, line{index: i, def: l, law: g711.Law(l.Law), port: newPort(),
			fxo: newFXO(o.scene, int64(i)*voltsEvery/int64(len(info.Lines))), fxs: newFXS(o)})
		paths = append(paths, lineSocket(o.Dir, l.Port))
	}
	for _, s := range info.Spans {
		b.spans = append(b.spans, span{def: s, fd: -1, next: -1})
		path := ""
		if s.DChannel != 0 {
			path = spanSocket(o.Dir, s.Number)
		}
		paths = append(paths, path)
	}
	if b.doors, err = openDoors(o.Dir, paths); err != nil {
		g.close(func() {})
		return nil, fmt.Errorf("open simulated board %q: %w", cfg.ID, err)
	}
	b.journal = newJournal(m, cfg.ID, info)
	go b.doors.serve(g.wake, b.journal.note)
	return b, nil
}

// Info says what the board is.
func (b *Board) Info() driver.Info { return b.info }

// Close removes the sockets; peers see their connections end.
func (b *Board) Close() error {
	b.gate.close(func() {
		b.doors.close()
		for i := range b.lines {
			b.lines[i].port.close()
		}
		for i := range b.spans {
			b.spans[i].close()
		}
		b.journal.close()
	})
	return nil
}

// Exchange is one tick: see the package comment.
func (b *Board) Exchange(tx, rx *driver.Frame) error {
	if err := b.gate.enter(); err != nil {
		return err
	}
	b.exchange(tx, rx)
	return b.gate.leave()
}

func (b *Board) exchange(tx, rx *driver.Frame) {
	rx.Reset()
	rx.Seq, rx.Pos = b.seq, b.pos
	b.out.rx, b.out.base, b.out.sent = rx, b.pos, false
	if b.seq == 0 {
		for i := range b.lines {
			b.on(i).event(driver.State, b.pos, b.lines[i].state())
		}
	}
	b.admit()
	b.carryOut(tx)
	b.send(tx)
	b.out.sent = true
	if b.stage != nil {
		b.stage.cue(b)
	}
	backlog, patience := b.wait()
	rx.Late = backlog > 0
	b.until = 0
	if patience > 0 {
		b.looked = System().Now()
		b.until = b.looked + patience
	}
	for i := range b.lines {
		b.receive(&b.lines[i], backlog, rx)
		if b.gate.closing() {
			return
		}
	}
	for i := range b.spans {
		b.spans[i].receive(i, b.in, b.journal, rx)
	}
	inOrder(rx.Events)
	b.seq++
	b.pos += driver.Block
	b.late = rx.Late
}

// on directs the emitter to a line.
func (b *Board) on(i int) *emitter {
	b.out.line = &b.lines[i]
	return &b.out
}

// carryOut does what the commands of tx say, and what the cadences of ringing
// telephones say, so that the peers know before the block that it concerns.
func (b *Board) carryOut(tx *driver.Frame) {
	for _, c := range tx.Commands {
		if reason := b.command(c); reason != "" {
			b.out.rx.Event(driver.Refused, c.Line, c.At, int32(c.Kind), []byte(reason))
		}
	}
	for i := range b.lines {
		if b.lines[i].fxs.ringing {
			b.lines[i].fxs.cadenceTo(b.pos+driver.Block, b.on(i))
		}
	}
}

func (b *Board) command(c driver.Command) (refused string) {
	if c.Kind.OnSpan() {
		if c.Line < 0 || c.Line >= len(b.spans) { // an error of the caller; an event could not name it
			return ""
		}
		return b.spans[c.Line].send(c.Data)
	}
	if c.Line < 0 || c.Line >= len(b.lines) {
		return ""
	}
	at := int64(min(max(c.At, 0), driver.Block-1))
	return b.lines[c.Line].command(c, b.pos+at, b.on(c.Line))
}

// send gives every peer its block.
func (b *Board) send(tx *driver.Frame) {
	for i := range b.lines {
		l := &b.lines[i]
		if l.port.fd < 0 {
			continue
		}
		var pcm []int16
		if !b.late && l.hears(b.pos) {
			pcm = tx.LinePCM(i)
		}
		l.sendAudio(pcm, &b.audio)
	}
}

// catchUp is how long an overdue tick of the real clock waits for the peers: they
// answer what the board sends, and while it stalled it sent nothing. So a
// stalled board loses nothing of theirs, and still gains on the clock.
const catchUp = driver.Tick / 2

// wait returns at the tick and says how many further ticks are due already, and
// for how long the peers may be waited for. In the peers clock the tick is when
// the peers say, unless there is none, or a D-channel has one: its protocols
// run by wall time.
func (b *Board) wait() (backlog int64, patience time.Duration) {
	if b.peers && !b.inRealTime() {
		b.paced = false
		return 0, b.patience
	}
	if !b.paced {
		b.tick.restart()
		b.paced = true
	}
	overdue, backlog := b.tick.wait(b.gate.wake)
	switch {
	case b.peers:
		if backlog > 0 { // its positions are not bound to wall time: nothing to catch up
			b.tick.restart()
		}
		return 0, b.patience
	case overdue:
		return backlog, b.catchUp
	}
	return 0, 0
}

func (b *Board) inRealTime() bool {
	for i := range b.spans {
		if b.spans[i].fd >= 0 {
			return true
		}
	}
	for i := range b.lines {
		if b.lines[i].port.connected() {
			return false
		}
	}
	return true
}

// receive fills one line's part of rx.
func (b *Board) receive(l *line, backlog int64, rx *driver.Frame) {
	out := b.on(l.index)
	end := b.pos + driver.Block
	p := &l.port
	if !p.connected() {
		if l.actor != nil {
			l.actor.perform(b.pos, rx, out)
		} else {
			l.silence(rx)
		}
		l.runTimers(end, out)
		return
	}
	if p.fd >= 0 {
		var reason error
		if b.peers {
			reason = b.await(p, l.def.Kind)
		} else {
			reason = b.drain(p, l.def.Kind, backlog)
		}
		if reason != nil {
			b.journal.note(l.index, "peer closed", reason)
			p.hang()
		}
	}
	block, events := p.take(b.msgs)
	t := b.pos
	for _, m := range events {
		t = b.pos + int64(m.at)
		l.apply(m, t, out)
	}
	l.hear(block, rx)
	if block == nil && p.left {
		b.dismiss(l, t, out)
	} else if block == nil && p.heard {
		p.missed++
	}
	l.runTimers(end, out)
	p.report(b.pos, l.index, rx)
}

// drain takes what has come, and if nothing has, waits for it until then.
func (b *Board) drain(p *port, kind driver.Kind, backlog int64) (reason error) {
	for {
		reason = p.drain(b.in, kind, backlog)
		if reason != nil || b.until == 0 || p.waiting() > 0 || !p.heard || p.fd < 0 {
			return reason
		}
		if ready := waitReadable(b.until-System().Now(), p.fd, b.gate.wake); ready != 1 {
			return nil // time is up, or the board closes
		}
	}
}

// lookEvery is how often the time is looked at while a peer is waited for. A look
// that comes later than that by standstill says that the machine stood still.
const (
	lookEvery  = 100 * time.Millisecond
	standstill = time.Second
)

// left is for how long peers may be waited for yet. Time in which the machine
// stood still does not count: they could not answer.
func (b *Board) left() time.Duration {
	now := System().Now()
	if over := now - b.looked - lookEvery; over > standstill {
		b.until += over
	}
	b.looked = now
	return b.until - now
}

// await takes what a peer sends up to its next block. What it sends after that
// stays in the socket, so that the peers clock loses nothing.
func (b *Board) await(p *port, kind driver.Kind) (reason error) {
	for p.waiting() == 0 && p.fd >= 0 {
		n, errno := b.in.receive(p.fd, 1)
		if errno == unix.EAGAIN {
			left := b.left()
			if left <= 0 {
				return errSilent
			}
			if waitReadable(min(left, lookEvery), p.fd, b.gate.wake)&2 != 0 {
				return nil // the board closes
			}
			continue
		}
		if reason := p.accept(b.in, n, errno, kind); reason != nil {
			return reason
		}
	}
	return nil
}

// inOrder sorts events by offset and keeps the order of equal ones. There are
// few, and they are nearly in order.
func inOrder(ev []driver.Event) {
	for i := 1; i < len(ev); i++ {
		for j := i; j > 0 && ev[j].At < ev[j-1].At; j-- {
			ev[j], ev[j-1] = ev[j-1], ev[j]
		}
	}
}
