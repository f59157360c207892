package recorder

import "golang.org/x/sys/unix"

// ClockSynced asks the kernel whether the wall clock follows a time source
// (adjtimex(2): STA_UNSYNC).
func ClockSynced() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t) // asks only: no mode is set
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}
