package sim

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// A Clock is what a board ticks by: nanoseconds since some moment, never
// falling.
type Clock interface {
	Now() time.Duration

	// Sleep returns at until, or earlier when the file descriptor wake becomes
	// readable. It is called from one goroutine per board.
	Sleep(until time.Duration, wake int)
}

// System returns the monotonic clock of the machine.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail: the clock exists on every Linux
	return time.Duration(ts.Nano())
}

// nap is how long one system call may wait. The Go scheduler takes the processor
// from a call that lasts over 10 ms, and looks for such calls every 20 µs for a
// while each time it has taken one: that was over half of what an idle daemon
// used. Shorter calls are left alone, and it looks every 10 ms.
const nap = 8 * time.Millisecond

func (s system) Sleep(until time.Duration, wake int) {
	for left := until - s.Now(); left > 0; left = until - s.Now() {
		if waitReadable(min(left, nap), wake, -1) != 0 {
			return
		}
		if left > nap {
			runtime.Gosched()
		}
	}
}

// waitReadable waits until one of two descriptors is readable or closed (-1 is
// none) and returns bit 0 for a, bit 1 for b; 0 when the time is over or a
// signal came.
func waitReadable(d time.Duration, a, b int) int {
	fds := [2]unix.PollFd{{Fd: int32(a), Events: unix.POLLIN}, {Fd: int32(b), Events: unix.POLLIN}}
	ts := unix.NsecToTimespec(int64(max(d, 0)))
	n, err := unix.Ppoll(fds[:], &ts, nil)
	if n <= 0 || err != nil {
		return 0
	}
	ready := 0
	for i := range fds {
		if fds[i].Revents != 0 {
			ready |= 1 << i
		}
	}
	return ready
}

// ticker counts a board's ticks. Deadlines are computed from the first, so they
// never drift from it.
type ticker struct {
	clock  Clock
	period float64 // nanoseconds of wall time per tick
	start  time.Duration
	n      int64 // ticks since start
}

// newTicker makes a ticker whose clock is ppm parts per million fast.
func newTicker(c Clock, ppm float64) ticker {
	return ticker{clock: c, period: float64(driver.Tick) / (1 + ppm/1e6), start: c.Now()}
}

// restart lets the next tick be due one period from now.
func (t *ticker) restart() { t.start, t.n = t.clock.Now(), 0 }

// deadline is when the next tick is due.
func (t *ticker) deadline() time.Duration {
	return t.start + time.Duration(t.period*float64(t.n+1))
}

// wait returns at the next tick. It does not wait for a tick that is overdue;
// then it says how many further ticks are due already.
func (t *ticker) wait(wake int) (overdue bool, backlog int64) {
	due := t.deadline()
	now := t.clock.Now()
	t.n++
	if now < due {
		t.clock.Sleep(due, wake)
		return false, 0
	}
	return true, int64(float64(now-due) / t.period)
}
