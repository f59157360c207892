package dahdi

import (
	"time"

	"vaad/driver"
)

// A settling board flushes its channels group by group, each between two of its
// chunks: then it is known for every channel at which chunk it begins anew,
// however many there are. What is between is a gap in front of its audio.
const (
	groupSize   = 8
	settleTries = 8
	edgeWait    = 20 * time.Millisecond
	edgePause   = 100 * time.Microsecond // the kernel gives spans their chunk one after another, around the tick
)

// settle makes all live channels begin anew. At the start of the board that is
// position 0; later what was lost is known by the clock. Where the edges that were
// counted on the way are not those that the clock knows, it begins again.
func (b *Board) settle(first bool) {
	for try := 1; !b.trySettle(first) && try < settleTries; try++ {
		b.log.Info("DAHDI channels are flushed again: ticks were miscounted meanwhile", "board", b.id)
	}
	b.rebase()
	for _, c := range b.channels {
		if c.state == laneLive {
			b.anew(c)
			c.in.told = b.seq == 0
		}
	}
	b.anyOver = false
	b.chooseLead()
}

// trySettle flushes all live channels and notes at which chunk each begins.
func (b *Board) trySettle(first bool) (sure bool) {
	e := edges{b: b}
	inStep := b.drivesRuler()
	e.begin(first, inStep && (first || b.inStep))
	b.inStep = inStep
	var group [groupSize]*channel
	n := 0
	for _, c := range b.channels {
		if c.state != laneLive || c == e.pilot {
			continue
		}
		group[n] = c
		if n++; n == groupSize {
			b.flush(&e, group[:n])
			n = 0
		}
	}
	if n > 0 {
		b.flush(&e, group[:n])
	}
	return e.end()
}

// rebase moves the ruler's zero where by the ruler a channel would begin before
// the end of what it has received: the ruler's clock is not quite the board's.
func (b *Board) rebase() {
	var short int64
	for _, c := range b.channels {
		if c.state == laneLive {
			short = max(short, b.pos+int64(c.in.have())-c.start)
		}
	}
	if short = (short + chunk - 1) / chunk; short == 0 {
		return
	}
	b.zero -= short
	b.clock.shift(short)
	for _, c := range b.channels {
		c.start += short * chunk
	}
}

// anew makes a channel go on at c.start: what lies between is a gap.
func (b *Board) anew(c *channel) {
	if gap := c.start - b.pos - int64(c.in.have()); gap > 0 {
		c.in.gap += int(gap)
		c.in.told = false
	}
	c.phase = phase(c.start)
	c.over, c.left, c.under = false, 0, false
}

// flush empties a group within one chunk and notes at which.
func (b *Board) flush(e *edges, group []*channel) {
	for try := 1; ; try++ {
		at := e.chunk()
		for _, c := range group {
			_ = c.flush(flushRead)
		}
		if whole := e.same(at); whole || try == settleTries {
			if !whole {
				b.log.Warn("DAHDI channels could not be flushed within one tick; they may stand apart", "board", b.id, "channels", len(group))
			}
			for _, c := range group {
				b.drainEvents(c, b.at) // what overran until now was thrown away
				c.start = at * chunk
			}
			return
		}
		e.next()
	}
}

func (b *Board) pause(d time.Duration) { _, _ = b.k.ready(b.bell, 0, d) }

// recover comes after an overrun: all that was received is fetched, and all
// channels begin anew together. It waits until what was fetched before is used.
func (b *Board) recover() {
	if !b.anyOver {
		return
	}
	for _, c := range b.channels {
		if c.state == laneLive && (c.in.gap > 0 || c.in.bytes() > (buffers+1)*driver.Block) {
			return
		}
	}
	for _, c := range b.channels {
		if c.state == laneLive {
			b.slurp(c)
		}
	}
	b.settle(false)
}

// longLoss is the loss from which whole frames are left out (a step of Seq and
// Pos) instead of given as silence.
const longLoss = 10 * driver.Rate

// skip leaves out whole frames in which nothing was received on any line.
func (b *Board) skip(rx *driver.Frame) {
	least := 0
	for _, c := range b.channels {
		if c.state != laneLive {
			continue
		}
		if c.in.bytes() > 0 || c.in.gap < longLoss {
			return
		}
		if least == 0 || c.in.gap < least {
			least = c.in.gap
		}
	}
	frames := least / driver.Block
	for _, c := range b.channels {
		if c.state == laneLive {
			c.in.gap -= frames * driver.Block
		}
	}
	b.seq += uint64(frames)
	b.pos += int64(frames) * driver.Block
	rx.Seq, rx.Pos = b.seq, b.pos
}

// takeIn lets channels join whose position is not known: at the lead's block,
// when they have shown that they receive.
func (b *Board) takeIn() {
	if b.lead != nil && b.lead.in.have() > driver.Block {
		return
	}
	joined := false
	for i, c := range b.channels {
		if c.state != laneAstray || !b.has(c) {
			continue
		}
		b.join(c)
		joined = true
		if c.away {
			c.away = false
			b.rx.Event(driver.ChannelAlarm, i, b.at, 0, nil)
		}
	}
	if joined {
		b.chooseLead()
	}
}

// join makes a channel of unknown position begin anew from now on.
func (b *Board) join(c *channel) {
	c.in.reset(0)
	c.out.end = 0
	b.retake(c)
	c.in.told = true // it was said that the line missed its blocks
}

// retake makes one channel begin anew from now on; what is missing is a gap. The
// kernel has thrown away what it had received, or is made to.
func (b *Board) retake(c *channel) {
	if c.fd < 0 {
		return
	}
	for range settleTries {
		c.start = b.here()
		_ = c.flush(flushRead)
		if b.here() == c.start {
			break
		}
	}
	b.drainEvents(c, b.at)
	b.anew(c)
	c.state = laneLive
}

// refill goes on with channels that a command has emptied.
func (b *Board) refill() {
	some := false
	for _, c := range b.channels {
		if c.emptied && c.state == laneLive {
			c.out.end = 0
			b.retake(c)
			some = true
		}
		c.emptied = false
	}
	if some {
		b.chooseLead()
	}
}

// phase is by how much blocks that begin at a position are complete later than
// the frame that they end in.
func phase(start int64) int { return int(((start % driver.Block) + driver.Block) % driver.Block) }

// chooseLead finds the channel whose block is complete last: of those with the
// largest phase the last one, as the kernel takes channels in order.
func (b *Board) chooseLead() {
	var lead *channel
	for _, c := range b.channels {
		if c.state == laneLive && (lead == nil || c.phase >= lead.phase) {
			lead = c
		}
	}
	if lead == b.lead {
		return
	}
	if b.lead != nil && b.lead.fd >= 0 {
		_ = b.k.watch(b.ep, b.lead.fd, pollPri, b.lead.key)
	}
	if b.lead = lead; lead != nil {
		_ = b.k.watch(b.ep, lead.fd, pollIn|pollPri, lead.key)
	}
}
