package channels

import (
	"sync/atomic"
	"time"
)

// An expectation is until when a board is tried again every second.
type expectation struct{ until atomic.Int64 } // ns since the System began

// Expect says that hardware of a driver's boards has just come, or will within d:
// those that do not run are tried every second meanwhile, not ever more seldom.
func (s *System) Expect(driver string, d time.Duration) {
	for _, b := range s.boards {
		if b.cfg.Driver.Name == driver {
			b.expected.until.Store(int64(time.Since(s.began) + d))
		}
	}
}

// soon says whether the board is expected now.
func (b *board) soon() bool {
	return time.Since(b.sys.began) < time.Duration(b.expected.until.Load())
}
