package recorder

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"vaad/recorder/archive"
)

// Alarms that the recorder raises; the subject of the disk's is subject.
const (
	AlarmGap       = "recorder-gap"         // subject: the line
	AlarmFailed    = "recorder-failed"      // subject: the line
	AlarmRecovered = "recovered-recordings" //
	AlarmSlow      = "disk-slow"
	AlarmLow       = "disk-low"
	AlarmFull      = "disk-full"
	AlarmFewInodes = "inodes-low"
	AlarmNoInodes  = "inodes-full"
	AlarmReadOnly  = "disk-read-only"
	AlarmDisk      = "disk-error"

	subject = "recordings"
)

// A disk knows what is wrong with the disk of recordings, from all who write to
// it, and raises and clears its alarms.
type disk struct {
	r *Recorder

	mu     sync.Mutex
	up     map[string]map[string]bool // alarm → who says so
	refuse string                     // why new recordings do not begin
	space  archive.Space
	known  bool
}

func newDisk(r *Recorder) *disk { return &disk{r: r, up: map[string]map[string]bool{}} }

// refuses returns the code of why no new recording may begin, or "".
func (d *disk) refuses() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refuse
}

// failed notes that who could not write.
func (d *disk) failed(who string, err error) {
	reason := archive.Reason(err)
	d.r.metrics.faults.WithLabelValues(reason).Inc()
	args := map[string]string{"reason": err.Error()}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch reason {
	case "no-space":
		if s := d.space; d.known && s.TotalInodes > 0 && s.FreeInodes < 16 {
			d.raise(AlarmNoInodes, who, args)
		} else {
			d.raise(AlarmFull, who, args)
		}
	case "read-only":
		d.raise(AlarmReadOnly, who, args)
	default:
		d.raise(AlarmDisk, who, args)
	}
}

// worked notes that who could write again.
func (d *disk) worked(who string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, code := range slices.Collect(maps.Keys(d.up)) {
		d.clear(code, who)
	}
}

func (d *disk) raise(code, who string, args map[string]string) {
	if d.up[code] == nil {
		d.up[code] = map[string]bool{}
		d.r.c.Alarms.Raise(code, subject, args)
	}
	d.up[code][who] = true
}

func (d *disk) clear(code, who string) {
	if !d.up[code][who] {
		return
	}
	if delete(d.up[code], who); len(d.up[code]) == 0 {
		delete(d.up, code)
		d.r.c.Alarms.Clear(code, subject)
	}
}

// byReserve is who the look at the free space is, among those who write.
const byReserve = "reserve"

// look compares what is free with the reserve. A reserve that was reached must
// be exceeded by a twentieth before new recordings begin again; twice of it is low.
func (d *disk) look(s archive.Space, keep Reserve) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.space, d.known = s, true
	was := d.refuse
	d.refuse = ""
	level := func(low, full, code string, free, keep int64, text string) {
		if keep <= 0 {
			d.clear(low, byReserve)
			d.clear(full, byReserve)
			return
		}
		limit := keep
		if was == code {
			limit += keep / 20
		}
		args := map[string]string{"free": text}
		if free < limit {
			d.raise(full, byReserve, args)
			d.refuse = code
		} else {
			d.clear(full, byReserve)
		}
		if free < 2*keep {
			d.raise(low, byReserve, args)
		} else if free > 2*keep+keep/10 {
			d.clear(low, byReserve)
		}
	}
	if s.TotalInodes > 0 {
		level(AlarmFewInodes, AlarmNoInodes, WhyInodes, s.FreeInodes, keep.Inodes, strconv.FormatInt(s.FreeInodes, 10))
	}
	level(AlarmLow, AlarmFull, WhyDiskFull, s.FreeBytes, keep.Bytes, human(s.FreeBytes))
}

func human(n int64) string {
	if n < 10<<30 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d GB", n>>30)
}

// tooSlow is what the disk may take for one sync or one write.
const tooSlow = time.Second

// goodSyncs in a row clear the alarm of a slow disk.
const goodSyncs = 10

// slowness notices an operation that takes too long while it still hangs.
type slowness struct {
	limit time.Duration
	timer *time.Timer
	began time.Time
}

// newSlowness makes one that calls slow while an operation takes longer than limit.
func newSlowness(limit time.Duration, slow func(time.Duration)) *slowness {
	s := &slowness{limit: limit}
	s.timer = time.AfterFunc(time.Hour, func() { slow(limit) })
	s.timer.Stop()
	return s
}

func (s *slowness) begin() {
	s.began = time.Now()
	s.timer.Reset(s.limit)
}

// end returns whether it was in time.
func (s *slowness) end() bool {
	s.timer.Stop()
	return time.Since(s.began) < s.limit
}
