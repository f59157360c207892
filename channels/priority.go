package channels

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	loopRT   = 10  // SCHED_RR priority: above all ordinary threads, below kernel threads that serve hardware
	loopNice = -15 // where real-time scheduling is not allowed
)

// raise gives the calling thread, which the caller has locked to its
// goroutine, the best priority it is allowed to have, and says which. Threads
// made from it do not inherit it.
func raise() string {
	rr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Flags: unix.SCHED_FLAG_RESET_ON_FORK, Priority: loopRT}
	if unix.SchedSetAttr(0, &rr, 0) == nil {
		return "round-robin"
	}
	if unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), loopNice) == nil {
		return fmt.Sprintf("nice %d", loopNice)
	}
	return "normal"
}

// ownThread ties the calling goroutine to a thread that ends with it, so that
// no other goroutine ever runs with a raised priority.
func ownThread() { runtime.LockOSThread() }
