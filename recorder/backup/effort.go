package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"vaad/recorder/backup/target"
)

// manyFailures of the target, one after the other, end a run.
const manyFailures = 20

// defaultWaits lie between tries, where asking the target again may help. Targets
// have patience of their own; a run that gave up is made again by its job.
func defaultWaits() []time.Duration { return []time.Duration{time.Second, 5 * time.Second} }

// leave closes a target. What was put is durable already.
func leave(t target.Target) { _ = t.Close() }

// effort is how hard a target is tried.
type effort struct {
	waits []time.Duration
	fails atomic.Int32 // in a row
}

// try does something with the target, again where that may help.
func (e *effort) try(ctx context.Context, f func() error) error {
	for i := 0; ; i++ {
		err := f()
		if err == nil {
			e.fails.Store(0)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !target.Temporary(err) || i == len(e.waits) {
			if !errors.Is(err, fs.ErrNotExist) && e.fails.Add(1) >= manyFailures {
				return fmt.Errorf("%w: %d failures in a row: %w", target.ErrUnreachable, manyFailures, err)
			}
			return err
		}
		if !pause(ctx, e.waits[i]) {
			return ctx.Err()
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
