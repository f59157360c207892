package doctor

import (
	"fmt"
	"time"
)

const gib = 1 << 30

func (c *checker) checkMachine() {
	c.checkDisk()
	if c.Clock == nil {
		c.skipped("clock", errNotGiven)
		return
	}
	clock, err := c.Clock()
	switch {
	case err != nil:
		c.skipped("clock", err)
	case clock.Synchronised:
		c.add("clock", "error", clock.MaxError.Round(time.Millisecond).String())
	default:
		c.add("clock-not-synchronised")
	}
}

// checkDisk wants 10 % or 20 GiB, and at the very least 1 GiB: 20 GiB are 700
// hours of one line in 8 bit.
func (c *checker) checkDisk() {
	if c.Disk == nil || c.Recordings == "" {
		c.skipped("disk", errNotGiven)
		return
	}
	u, err := c.Disk(c.Recordings)
	if err != nil {
		c.skipped("disk", err)
		return
	}
	args := []string{"folder", c.Recordings, "free", fmt.Sprintf("%.1f GiB", float64(u.FreeBytes)/gib), "of", fmt.Sprintf("%.1f GiB", float64(u.Bytes)/gib)}
	switch {
	case u.FreeBytes < gib:
		c.add("disk-full", args...)
	case u.FreeBytes < 20*gib && u.FreeBytes < u.Bytes/10:
		c.add("disk-low", args...)
	default:
		c.add("disk", args...)
	}
	if u.Inodes > 0 && u.FreeInodes < u.Inodes/20 { // some file systems count none
		c.add("inodes-low", "folder", c.Recordings, "free", fmt.Sprint(u.FreeInodes), "of", fmt.Sprint(u.Inodes))
	}
}

func (c *checker) checkDaemon() {
	d := c.Daemon
	if d == nil {
		return
	}
	if d.Unreachable != "" {
		c.add("daemon-unreachable", "where", d.Where, "reason", d.Unreachable)
		return
	}
	c.add("daemon", "version", d.Version)
	for _, b := range d.Boards {
		c.add("daemon-board", "board", b.Board, "reason", b.Reason, "remedy", b.Remedy)
	}
	for _, l := range d.Lines {
		c.add("daemon-line", "line", l.Line, "reason", l.Reason, "remedy", l.Remedy)
	}
	c.checkStrays()
	for _, a := range d.Alarms {
		code := "daemon-alarm"
		if a.Critical {
			code = "daemon-alarm-critical"
		}
		c.add(code, "text", a.Text, "remedy", a.Remedy)
	}
}
