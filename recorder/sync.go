package recorder

import (
	"context"
	"errors"
	"strconv"
	"time"

	"vaad/recorder/archive"
)

// syncs makes what was written durable once a second, and looks at the space.
func (r *Recorder) syncs(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	watch := newSlowness(tooSlow, r.slow)
	for {
		if s, err := r.c.Archive.Space(); err == nil {
			r.disk.look(s, r.c.Reserve())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if !r.writer.dirty.Swap(false) {
			continue
		}
		watch.begin()
		_, err := r.c.Archive.Sync()
		inTime := watch.end()
		if gone := (*archive.RemovedError)(nil); errors.As(err, &gone) { // the disk itself is well
			err = nil
			select {
			case r.removed <- gone.IDs:
			case <-r.ended:
			case <-ctx.Done():
			}
		}
		switch {
		case err != nil:
			r.writer.dirty.Store(true)
			r.disk.failed("sync", err)
		default:
			r.disk.worked("sync")
		}
		if inTime && err == nil {
			r.quick()
		}
	}
}

// slow raises the alarm of a slow disk, once what takes so long has taken too long.
func (r *Recorder) slow(took time.Duration) {
	r.slowMu.Lock()
	defer r.slowMu.Unlock()
	r.good = 0
	if !r.late {
		r.late = true
		r.c.Alarms.Raise(AlarmSlow, subject, map[string]string{"seconds": "> " + strconv.Itoa(int(took.Seconds()))})
	}
}

// quick clears it after some syncs in time.
func (r *Recorder) quick() {
	r.slowMu.Lock()
	defer r.slowMu.Unlock()
	if r.good++; r.late && r.good >= goodSyncs {
		r.late = false
		r.c.Alarms.Clear(AlarmSlow, subject)
	}
}
