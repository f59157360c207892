package channels

import (
	"sync/atomic"
	"time"
)

// louder is a block as it is heard and measured: with the line's gain where it was
// received. What stands in the ring, and so in recordings, is never changed.
func (r *lineRun) louder(src int, pcm []int16) []int16 {
	if r.gain == nil || src == sent {
		return pcm
	}
	n := copy(r.loud[:], pcm)
	r.gain.Process(r.loud[:n])
	return r.loud[:n]
}

// Extremes are the least and the largest voltage that a line has had, in mV, and
// since when they are taken. A zero Since: none was seen yet.
type Extremes struct {
	Min, Max int
	Since    time.Time
}

// extremes are written by the loop and read by anybody.
type extremes struct {
	min, max, since atomic.Int64 // mV; ns since 1970
	forget          atomic.Bool  // the next voltage begins anew
}

func (x *extremes) take(mv int64, c *lineClock, at int64) {
	if x.forget.CompareAndSwap(true, false) || x.since.Load() == 0 {
		x.min.Store(mv)
		x.max.Store(mv)
		x.since.Store(c.Time(at).UnixNano())
		return
	}
	x.min.Store(min(mv, x.min.Load()))
	x.max.Store(max(mv, x.max.Load()))
}

func (x *extremes) now() Extremes {
	since := x.since.Load()
	if since == 0 || x.forget.Load() {
		return Extremes{}
	}
	return Extremes{Min: int(x.min.Load()), Max: int(x.max.Load()), Since: time.Unix(0, since).UTC()}
}

// ForgetVolts begins anew with the least and the largest voltage of a line.
// Error: ErrNoLine.
func (s *System) ForgetVolts(number int) error {
	l, ok := s.Line(number)
	if !ok {
		return ErrNoLine
	}
	l.reached.forget.Store(true)
	return nil
}
