package drivertest

import (
	"time"

	"vaad/driver"
)

// ticks is how long so many samples last.
func ticks(samples int64) time.Duration {
	return time.Duration(samples) * (time.Second / driver.Rate)
}

// keepsTime: on a real clock a board never runs ahead of the time since it was
// opened. (That it is not slow cannot be seen on a busy machine; nor can single
// ticks be timed there, as overdue ones come at once.)
func keepsTime(s *bench) {
	if s.in.Virtual {
		s.t.Skip("the board has a virtual clock")
	}
	s.step(s.b)
	pos := s.rx.Pos
	for range 25 {
		s.step(s.b)
		line, wall := ticks(s.rx.Pos-pos), time.Since(s.before)
		if ahead := line - wall; ahead > 3*driver.Tick {
			s.t.Fatalf("after %v of line time only %v have passed", line, wall)
		}
	}
}

// catchesUp: after the loop was held up, a real board delivers what has piled
// up at once, marked as late, or says by Seq that it was lost; its position
// then is where the clock is again.
func catchesUp(s *bench) {
	if s.in.Virtual {
		s.t.Skip("the board has a virtual clock")
	}
	s.check.mayLose = true
	s.step(s.b)
	from, pos := time.Now(), s.rx.Pos
	const stall = 240 * time.Millisecond
	<-time.After(stall)
	for end := from.Add(stall + time.Minute); ; { // a machine may stand still
		called := time.Now()
		s.step(s.b)
		// The end of the frame's last sample, as late as it can have been.
		due := from.Add(ticks(s.rx.Pos - pos))
		if called.Sub(due) > 5*driver.Tick && !s.rx.Late {
			s.t.Fatalf("a frame that is %v old is not marked as late", called.Sub(due))
		}
		if time.Since(due) < 3*driver.Tick {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%v after a stall of %v the board is still %v behind", time.Since(from)-stall, stall, time.Since(due))
		}
	}
}
