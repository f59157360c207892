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
	forgot          atomic.Int64 // not 0: what was before is to be forgotten, since then
}

// take takes a voltage that follows was.
func (x *extremes) take(was, mv int64, c *lineClock, at int64) {
	switch forgot := x.forgot.Swap(0); {
	case was == noVolts || x.since.Load() == 0:
		x.min.Store(mv)
		x.max.Store(mv)
		x.since.Store(c.Time(at).UnixNano())
		return
	case forgot != 0:
		x.min.Store(was)
		x.max.Store(was)
		x.since.Store(forgot)
	}
	x.min.Store(min(mv, x.min.Load()))
	x.max.Store(max(mv, x.max.Load()))
}

// now is what is known while the line has mv.
func (x *extremes) now(mv int) Extremes {
	since := x.since.Load()
	if forgot := x.forgot.Load(); forgot != 0 {
		return Extremes{Min: mv, Max: mv, Since: time.Unix(0, forgot).UTC()}
	}
	if since == 0 {
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
	l.reached.forgot.Store(s.cfg.Now().UnixNano())
	return nil
}
