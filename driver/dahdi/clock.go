package dahdi

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// A clock follows a board that does not drive the ruler: another card does, or
// the kernel itself, and two crystals are up to 100 ppm apart. The board's chunks
// are told from the machine's clock: the least delay of the blocks of a second
// does not depend on when the process was woken, and how it moves is the drift.
type clock struct {
	now   delay // least of this window
	n     int
	last  delay // of the last whole window
	first delay // of the first one
	known bool
}

// A delay is by how much a block came later than nominal.
type delay struct{ at, by time.Duration }

const (
	clockWindow = 50 // blocks
	perChunk    = chunk * time.Second / driver.Rate
	maxDrift    = 1e-3
)

// note is told that the board's chunk m was complete at that time, or a little
// before.
func (c *clock) note(at time.Duration, m int64) {
	d := delay{at, at - time.Duration(m)*perChunk}
	if c.n == 0 || d.by < c.now.by {
		c.now = d
	}
	if c.n++; c.n < clockWindow {
		return
	}
	c.last, c.n = c.now, 0
	if !c.known {
		c.first, c.known = c.last, true
	}
}

// shift says that all chunks are so many later.
func (c *clock) shift(chunks int64) {
	for _, d := range []*delay{&c.now, &c.last, &c.first} {
		d.by -= time.Duration(chunks) * perChunk
	}
}

// expect is the delay of a block at that time.
func (c *clock) expect(at time.Duration) time.Duration {
	span := c.last.at - c.first.at
	if span < 2*time.Second {
		return c.last.by
	}
	drift := min(max(float64(c.last.by-c.first.by)/float64(span), -maxDrift), maxDrift)
	return c.last.by + time.Duration(drift*float64(at-c.last.at))
}

// chunks is how many the board has completed at that time. False: it is not
// known yet.
func (c *clock) chunks(at time.Duration) (int64, bool) {
	if !c.known {
		return 0, false
	}
	return int64((at - c.expect(at) + perChunk/50) / perChunk), true
}

// edge is the same for a time at which a chunk has just become complete.
func (c *clock) edge(at time.Duration) (int64, bool) {
	if !c.known {
		return 0, false
	}
	return int64((at - c.expect(at) + perChunk/2) / perChunk), true
}

const masterSpan = "sys/bus/dahdi_spans/drivers/generic_lowlevel/master_span"

// drivesRuler reports whether the kernel's timers move with this board: one of
// its spans is DAHDI's master, or it has no clock of its own.
func (b *Board) drivesRuler() bool {
	if b.monitors || b.clockless {
		return true
	}
	text, err := fs.ReadFile(b.k.files(), masterSpan)
	n, bad := strconv.Atoi(strings.TrimSpace(string(text)))
	return err != nil || bad != nil || slices.ContainsFunc(b.channels, func(c *channel) bool { return c.span == n })
}

// edges finds moments just after a chunk of the board. A board that drives the
// ruler has them at the ruler's ticks. For another one, a channel is the pilot:
// with buffers of two chunks it tells its time itself.
type edges struct {
	b     *Board
	pilot *channel // nil: the ruler tells
	base  int64    // chunks at the pilot's first edge
	twos  int64    // edges since
	at    time.Duration
}

const (
	pilotBytes = 2 * chunk
	edgeLasts  = perChunk * 45 / 100 // how long after an edge it is sure that no chunk came: the kernel needs part of a tick to give all channels theirs
)

func (e *edges) begin(first, inStep bool) {
	b := e.b
	for _, c := range b.channels {
		if c.state == laneLive && !inStep {
			e.pilot = c // the last one: the kernel takes it last
		}
	}
	if e.pilot == nil {
		e.next()
		if first {
			b.zero = b.ruler.count()
		}
		return
	}
	_ = e.pilot.setBuffers(pilotBytes)
	e.next()
	n := b.ruler.count()
	e.twos = 0
	switch at, known := b.clock.edge(e.at); {
	case first:
		b.zero = n
	case known:
		e.base = at
	default:
		e.base = n - b.zero
	}
}

// next waits for an edge.
func (e *edges) next() {
	b := e.b
	if e.pilot == nil {
		b.ruler.edge(edgeWait)
		e.at = b.k.now()
		b.pause(edgePause)
		return
	}
	e.fetch()
	for end := b.k.now() + edgeWait; ; {
		got, err := b.k.ready(e.pilot.fd, pollIn|pollPri, edgeWait)
		if e.at = b.k.now(); e.fetch() > 0 || err != nil || got == 0 || e.at > end {
			return
		}
	}
}

// fetch counts the edges that the pilot has told.
func (e *edges) fetch() (edges int) {
	var two [pilotBytes]byte
	for {
		n, err := e.b.k.read(e.pilot.fd, two[:])
		switch {
		case err == unix.Errno(errEventsWaiting):
			e.b.drainEvents(e.pilot, e.b.at)
			continue
		case err != nil || n == 0:
			e.twos += int64(edges)
			return edges
		}
		edges++
	}
}

// chunk is the board's at the last edge.
func (e *edges) chunk() int64 {
	if e.pilot == nil {
		return e.b.ruler.count() - e.b.zero
	}
	return e.base + 2*e.twos
}

// same reports whether no chunk came since.
func (e *edges) same(at int64) bool {
	return e.chunk() == at && e.b.k.now()-e.at < edgeLasts
}

// end gives the pilot its buffers back, which flushes it too. False: the clock
// tells of another number of edges since begin than the pilot.
func (e *edges) end() (sure bool) {
	if e.pilot == nil {
		return true
	}
	e.next()
	at := e.chunk()
	by, known := e.b.clock.edge(e.at)
	_ = e.pilot.setBuffers(blockBytes)
	e.pilot.start, e.pilot.out.end = at*chunk, 0
	e.b.zero = e.b.ruler.count() - at
	e.b.drainEvents(e.pilot, e.b.at)
	return !known || by == at
}
