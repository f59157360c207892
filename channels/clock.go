package channels

import (
	"runtime"
	"sync/atomic"
	"time"

	"vaad/driver"
)

const (
	nsPerSample  = int64(time.Second) / driver.Rate // 125000, exact
	clockWindow  = driver.Rate / driver.Block       // ticks between two looks at the wall clock
	clockJump    = int64(20 * time.Millisecond)     // more than this apart is not drift
	clockAlpha   = 0.1                              // settled gains of the filter: follows an
	clockBeta    = 0.005                            // offset in 10 s and a rate in 200 s
	clockHistory = 8                                // anchors kept, for positions before a jump
)

// An anchor says that position Pos was at wall time Wall, and holds from
// position From until the next anchor's.
type anchor struct{ from, pos, wall int64 } // samples, samples, ns since 1970

// A lineClock is a board's line time: its sample counter anchored to the wall
// clock. The loop shows it the wall clock at every tick; it follows the slow
// drift between the two and notices when the wall clock jumps. On a virtual
// board it is anchored once at each opening and never again.
//
// The end of a block is taken as the moment at which Exchange returned. That
// moment is often late and never early, so of the ticks of one second only the
// earliest is believed.
type lineClock struct {
	virtual bool

	// The filter; the loop's own.
	off      float64 // ns, wall minus line, at position at
	rate     float64 // ns of offset per second of line time: 1000 is 1 ppm
	at       int64   // samples
	windows  float64 // seen since the last anchor
	ticks    int
	best     int64 // ns, smallest offset in this window
	lastGood int64 // samples, end of the last tick that fitted
	suspect  int64 // ns, offset of a window that did not fit; 0 if the last one did
	doubt    bool

	// What others read: seq is odd while it changes.
	seq     atomic.Uint32
	n       atomic.Int32
	anchors [clockHistory]struct{ from, pos, wall atomic.Int64 }
}

// open anchors the clock anew: the block that ended at pos ended at wall. The
// anchor holds from position from.
func (c *lineClock) open(virtual bool, from, pos, wall int64) {
	c.virtual = virtual
	c.restart(pos, wall-pos*nsPerSample)
	c.rate = 0
	c.publish(true, anchor{from, pos, wall})
}

func (c *lineClock) restart(pos, off int64) {
	c.off, c.at, c.windows = float64(off), pos, 1
	c.ticks, c.best, c.lastGood, c.doubt = 0, off, pos, false
}

// predict returns the offset expected at pos, in ns.
func (c *lineClock) predict(pos int64) int64 {
	return int64(c.off + c.rate*float64(pos-c.at)/driver.Rate)
}

// tick is told that the block that ended at pos was received at wall. usable
// is false for backlog, whose time says nothing. It returns by how much the
// wall clock was found to have jumped, or 0, and how late this tick was.
func (c *lineClock) tick(pos, wall int64, usable bool) (jump, late int64) {
	if c.virtual {
		return 0, 0
	}
	off, want := wall-pos*nsPerSample, c.predict(pos)
	if !usable {
		return 0, off - want
	}
	if c.windows == 1 && off < int64(c.off) {
		// Not a jump: the tick that the anchor was taken from was late itself.
		c.off, c.at, want = float64(off), pos, off
		c.publish(false, anchor{pos: pos, wall: wall})
	}
	if d := off - want; d <= clockJump && d >= -clockJump {
		c.lastGood = pos
	}
	if c.ticks == 0 || off < c.best {
		c.best = off
	}
	if c.ticks++; c.ticks < clockWindow {
		return 0, off - want
	}
	c.ticks = 0
	return c.look(pos, want), off - want
}

// look judges one window. A window that does not fit must be confirmed by the
// next one, because a stall makes ticks late for a while.
func (c *lineClock) look(pos, want int64) (jump int64) {
	d := c.best - want
	switch {
	case d <= clockJump && d >= -clockJump:
		c.doubt = false
		c.follow(pos, float64(d))
		c.publish(false, anchor{pos: pos, wall: pos*nsPerSample + c.predict(pos)})
		return 0
	case c.doubt && c.best-c.suspect <= clockJump && c.best-c.suspect >= -clockJump:
		from := c.lastGood
		rate := c.rate
		c.restart(pos, c.best)
		c.rate = rate
		c.publish(true, anchor{from, pos, pos*nsPerSample + c.best})
		return d
	default:
		c.doubt, c.suspect = true, c.best
		return 0
	}
}

// follow moves offset and rate towards what was seen. Its gains begin as those
// of a straight line through all points and settle.
func (c *lineClock) follow(pos int64, d float64) {
	c.windows++
	n := c.windows
	alpha := max(clockAlpha, 2*(2*n-1)/(n*(n+1)))
	beta := max(clockBeta, 6/(n*(n+1)))
	seconds := float64(pos-c.at) / driver.Rate
	c.at = pos
	if n <= 2 || seconds <= 0 { // two points a second apart are no line yet
		c.off += c.rate*seconds + d
		return
	}
	c.off += c.rate*seconds + alpha*d
	c.rate += beta * d / seconds
}

// drift returns by how much the wall clock runs faster than the board, as a
// ratio (1e-6 is 1 ppm). The loop's own.
func (c *lineClock) drift() float64 { return c.rate / float64(time.Second) }

// publish adds an anchor, or moves the newest one.
func (c *lineClock) publish(add bool, a anchor) {
	n := int(c.n.Load())
	c.seq.Add(1)
	switch {
	case add && n == clockHistory:
		for i := 1; i < n; i++ {
			from, to := &c.anchors[i], &c.anchors[i-1]
			to.from.Store(from.from.Load())
			to.pos.Store(from.pos.Load())
			to.wall.Store(from.wall.Load())
		}
		n--
		fallthrough
	case add:
		c.anchors[n].from.Store(a.from)
		n++
	}
	c.anchors[n-1].pos.Store(a.pos)
	c.anchors[n-1].wall.Store(a.wall)
	c.n.Store(int32(n))
	c.seq.Add(1)
}

// Time returns the line time of a position, UTC; the zero time while the board
// has never been open. Any goroutine may call it.
func (c *lineClock) Time(pos int64) time.Time {
	for {
		seq := c.seq.Load()
		if seq%2 == 1 {
			runtime.Gosched()
			continue
		}
		i := int(c.n.Load()) - 1
		if i < 0 {
			return time.Time{}
		}
		for i > 0 && pos < c.anchors[i].from.Load() {
			i--
		}
		wall := c.anchors[i].wall.Load() + (pos-c.anchors[i].pos.Load())*nsPerSample
		if c.seq.Load() == seq {
			return time.Unix(0, wall).UTC()
		}
	}
}
