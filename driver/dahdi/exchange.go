package dahdi

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/dsp/g711"
)

const (
	stoppedAfter = time.Second          // without audio on any line: the card's interrupts have ended
	mutedAfter   = 3 * driver.Tick      // without audio on the lead: another channel leads
	patience     = 2 * time.Millisecond // for channels that have no block yet when the lead has
)

// Exchange is one tick: see the package comment.
func (b *Board) Exchange(tx, rx *driver.Frame) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended == nil && b.closing.Load() {
		b.ended = driver.ErrGone
	}
	if b.ended == nil {
		b.ended = b.exchange(tx, rx)
	}
	return b.ended
}

func (b *Board) exchange(tx, rx *driver.Frame) error {
	b.rx = rx
	rx.Reset()
	rx.Seq, rx.Pos = b.seq, b.pos
	if b.seq == 0 {
		b.begin(rx)
	}
	b.skip(rx)
	b.admit()
	b.carryOut(tx, rx)
	b.refill()
	b.send(tx)
	if err := b.await(); err != nil {
		return err
	}
	b.suspectOverruns()
	b.recover()
	b.assemble(rx)
	b.pos += driver.Block
	b.seq++
	b.recover()
	if b.releases && !b.behind() {
		b.letAllGo()
		b.refill()
	}
	b.takeIn()
	rx.Late = b.behind()
	b.late = rx.Late
	if !b.late && b.lead != nil {
		b.blockEnd = b.woke
	}
	if !b.late && b.waited && b.lead != nil {
		b.clock.note(b.blockEnd, (b.pos+int64(b.lead.in.have()))/chunk)
	}
	b.collect(rx)
	inOrder(rx.Events)
	return nil
}

// begin is done before the first frame: what the lines are like, and all of them
// at the same sample.
func (b *Board) begin(rx *driver.Frame) {
	for i, c := range b.channels {
		if c.fd >= 0 {
			c.learn()
		}
		rx.Event(driver.State, i, 0, c.bits(), nil)
		if c.fd >= 0 {
			c.state = laneLive
		}
	}
	b.settle(true)
	b.overruns.Store(0) // what ran over before was nobody's
	b.blockEnd = b.k.now()
}

// await returns when the lead has a block, or at once when nothing of the kernel
// is needed. Events are taken meanwhile.
func (b *Board) await() error {
	begun := b.k.now()
	b.woke, b.waited = begun, false
	for pause := time.Duration(0); ; {
		n, err := b.k.wait(b.ep, b.got[:], pause)
		if err != nil {
			return fault(CodeStopped, "wait for the audio of board %q: %w; this is a fault of vaad or of the machine", b.id, err)
		}
		now := b.k.now()
		arrived := false
		b.at = inFrame(int((now - b.blockEnd) * driver.Rate / time.Second))
		for _, g := range b.got[:n] {
			switch {
			case g.key == bellKey:
				return driver.ErrGone
			case int(g.key) >= len(b.channels):
				b.frames(int(g.key)-len(b.channels), g.events)
			default:
				c := b.channels[g.key]
				if g.events&unix.EPOLLPRI != 0 {
					b.drainEvents(c, b.at)
				}
				if g.events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
					b.removed(c)
				}
				arrived = arrived || c == b.lead && g.events&unix.EPOLLIN != 0
			}
		}
		if b.part(); !b.alive() {
			return fmt.Errorf("%w: %w", driver.ErrGone, fault(CodeRemoved, "exchange with board %q: all its channels are gone: the card or its module was removed; it is opened again when it comes back", b.id))
		}
		if arrived || b.lead != nil && b.lead.in.have() >= driver.Block {
			b.woke, b.waited = now, pause > 0 && arrived
			return nil
		}
		pause = mutedAfter
		switch waited := now - begun; {
		case waited >= stoppedAfter:
			return fault(CodeStopped, "exchange with board %q: no audio for %v: the card's interrupts have ended, or no span gives the clock; look at the kernel's log and at /proc/interrupts", b.id, stoppedAfter)
		case waited >= mutedAfter:
			b.newLead()
		}
	}
}

// alive reports whether a channel is open.
func (b *Board) alive() bool {
	for _, c := range b.channels {
		if c.fd >= 0 {
			return true
		}
	}
	return false
}

// part takes leave of channels that were removed.
func (b *Board) part() {
	for i, c := range b.channels {
		if c.absent && c.fd >= 0 {
			b.leave(c)
			c.away = true
			b.rx.Event(driver.ChannelAlarm, i, b.at, 1, nil)
		}
	}
	for _, d := range b.dchannels {
		if d.absent && d.fd >= 0 {
			b.leave(&d.channel)
		}
	}
}

func (b *Board) leave(c *channel) {
	c.absent = false
	c.fault = channelFault(c.number, unix.ENODEV)
	c.close()
	c.state, c.over, c.under = laneAbsent, false, false
	b.nursery.lost(c)
	if c == b.lead {
		b.chooseLead()
	}
}

// frames takes what a D channel has.
func (b *Board) frames(i int, events uint32) {
	d := b.dchannels[i]
	if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		b.removed(&d.channel)
		return
	}
	d.receive(b, b.rx, b.at)
}

// newLead is called when the lead has nothing for long: where others have, it
// has stopped and one of them leads.
func (b *Board) newLead() {
	some := false
	for _, c := range b.channels {
		some = some || c.state != laneAbsent && b.has(c)
	}
	if !some {
		return
	}
	for _, c := range b.channels {
		if c.state == laneLive && !b.has(c) {
			c.state = laneAstray
		}
	}
	if b.chooseLead(); b.lead == nil { // only channels have audio that are still to be taken in
		for _, c := range b.channels {
			if c.state == laneAstray && b.has(c) {
				b.join(c)
			}
		}
		b.chooseLead()
	}
}

func (b *Board) has(c *channel) bool {
	if c.in.have() >= driver.Block {
		return true
	}
	r, err := b.k.ready(c.fd, pollIn, 0)
	return err == nil && r&pollIn != 0
}

// behind reports whether another frame can be had at once.
func (b *Board) behind() bool { return b.lead != nil && (b.anyOver || b.has(b.lead)) }

// assemble fills the audio of a frame.
func (b *Board) assemble(rx *driver.Frame) {
	b.spare = patience
	for i, c := range b.channels {
		code := rx.LineCode(i)
		n := 0
		switch c.state {
		case laneLive:
			n = b.fill(c, code)
		case laneAstray:
			rx.Event(driver.Missed, i, 0, 1, nil)
		}
		for ; n < len(code); n++ {
			code[n] = c.law.Silence()
		}
		g711.Decode(rx.LinePCM(i), code, g711.Law(c.law))
	}
}

// fill takes a channel's audio; less than all: it had no more.
func (b *Board) fill(c *channel, code []byte) int {
	n := b.pour(c, code)
	if n == len(code) {
		return n
	}
	if c.over {
		b.slurp(c)
	} else {
		b.fetch(c)
	}
	if n += b.pour(c, code[n:]); n < len(code) {
		c.state = laneAstray
		b.rx.Event(driver.Missed, c.line, n, 1, nil)
	}
	return n
}

// pour moves what needs nothing of the kernel, and says where audio is missing.
func (b *Board) pour(c *channel, code []byte) int {
	if c.in.gap > 0 && !c.in.told && c.in.bytes() < len(code) {
		at := driver.Block - len(code) + c.in.bytes()
		n := c.in.gap
		if n >= longLoss { // the rest of it is left out
			n = driver.Block - at
		}
		b.rx.Event(driver.Lost, c.line, at, int32(n), nil)
		c.in.told = c.in.gap < longLoss
	}
	return c.in.take(code, c.law.Silence())
}

// fetch reads one block, waiting a little for it.
func (b *Board) fetch(c *channel) {
	for range 4 { // each turn takes events away or uses up the patience
		room := c.in.room()
		n, err := b.k.read(c.fd, room)
		switch err {
		case nil:
			c.in.filled(n)
			return
		case unix.Errno(errEventsWaiting):
			b.drainEvents(c, b.at)
			if c.over {
				b.slurp(c)
				return
			}
		case unix.EAGAIN:
			before := b.k.now()
			_, _ = b.k.ready(c.fd, pollIn|pollPri, max(b.spare, 0))
			if b.spare -= b.k.now() - before; b.spare <= 0 {
				b.spare = 0
			}
		default:
			b.removed(c)
			return
		}
	}
}

// slurp reads all that lies in the kernel up to a gap, as far as there is room.
func (b *Board) slurp(c *channel) {
	for !c.over || c.left > 0 {
		room := c.in.room()
		if room == nil {
			return
		}
		n, err := b.k.read(c.fd, room)
		switch err {
		case nil:
			c.in.filled(n)
			if c.over {
				c.left--
			}
		case unix.Errno(errEventsWaiting):
			b.drainEvents(c, b.at)
		case unix.EAGAIN:
			c.left = 0
			return
		default:
			b.removed(c)
			return
		}
	}
}

// inOrder sorts events by their place in the frame; those of one place keep
// their order.
func inOrder(e []driver.Event) {
	for i := 1; i < len(e); i++ {
		for k := i; k > 0 && e[k].At < e[k-1].At; k-- {
			e[k], e[k-1] = e[k-1], e[k]
		}
	}
}
