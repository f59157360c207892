package main

import (
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"vaad/api"

	"golang.org/x/sys/unix"
)

// clockState is what the kernel says of the wall clock, and who disciplines it.
func clockState() api.Clock {
	now := time.Now()
	zone, _ := now.Zone()
	c := api.Clock{Now: now.UTC(), Zone: zone}
	if name := now.Location().String(); name != "Local" {
		c.Zone = name
	} else if link, err := os.Readlink("/etc/localtime"); err == nil {
		if _, name, ok := strings.Cut(link, "zoneinfo/"); ok {
			c.Zone = name
		}
	}
	var t unix.Timex
	if state, err := unix.Adjtimex(&t); err == nil { // asks only: no mode is set
		c.Synchronised = state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
		unit := 1e-6
		if t.Status&unix.STA_NANO != 0 {
			unit = 1e-9
		}
		c.Offset = float64(t.Offset) * unit
		c.MaxError = float64(t.Maxerror) * 1e-6
		c.Frequency = float64(t.Freq) / 65536
	}
	return c
}

// timeSource is which program disciplines the clock, and by what. It is asked again after a
// minute only: that takes a process.
type timeSource struct {
	mu                  sync.Mutex
	asked               time.Time
	service, source     string
	stratum             int
	offset              float64
	knowsOffset, asking bool
}

// sourcePatience is how long a program that answers of the clock is waited for.
const sourcePatience = 2 * time.Second

// fill adds what is known, and asks anew beside the caller where that is old.
func (t *timeSource) fill(c *api.Clock) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.asking && (t.asked.IsZero() || time.Since(t.asked) > time.Minute) {
		t.asking = true
		go t.ask()
	}
	c.Service, c.Source, c.Stratum = t.service, t.source, t.stratum
	if t.knowsOffset {
		c.Offset = t.offset
	}
}

func (t *timeSource) ask() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*sourcePatience)
	defer cancel()
	var n timeSource
	switch {
	case exists("/run/chrony/chronyd.pid") || exists("/run/chronyd.pid") || exists("/var/run/chrony/chronyd.pid"):
		n.service = "chrony"
		n.chrony(told(ctx, "chronyc", "-c", "tracking"))
	case exists("/run/systemd/timesync"):
		n.service = "systemd-timesyncd"
		n.source = strings.TrimSpace(told(ctx, "timedatectl", "show-timesync", "--property=ServerName", "--value"))
	case exists("/run/ntpd.pid") || exists("/var/run/ntpd.pid"):
		n.service = "ntpd"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asking, t.asked = false, time.Now()
	t.service, t.source, t.stratum, t.offset, t.knowsOffset = n.service, n.source, n.stratum, n.offset, n.knowsOffset
}

// chrony reads a line of `chronyc -c tracking`: reference, its name, stratum, reference time,
// and how far the system's time is off.
func (t *timeSource) chrony(line string) {
	f, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil || len(f) < 5 {
		return
	}
	t.source = f[1]
	t.stratum, _ = strconv.Atoi(f[2]) // 0 is not shown
	if v, err := strconv.ParseFloat(f[4], 64); err == nil {
		t.offset, t.knowsOffset = v, true
	}
}

// told is what a program prints; nothing if it is not there or fails.
func told(ctx context.Context, name string, args ...string) string {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}
