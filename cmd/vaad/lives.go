package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

const (
	shortLife   = time.Minute
	quickStarts = 5           // after so many short lives in a row it waits
	firstPause  = time.Second // … so long, then twice that
	lastPause   = 30 * time.Second
)

const alarmCrashLoop = "crash-loop"

// lives says how the service's last lives ended. systemd starts the daemon again at once, whatever it was that
// ended it: a call that goes on is cut by a second only. Where life after life is short, it is the daemon itself
// that waits ever longer, as what systemd has for that (RestartSteps, 254 and newer) also slows the one restart
// of a year down, once there have been some in the years before.
type lives struct {
	Boot  string        `json:"boot"`            // start of the machine
	Short int           `json:"short,omitempty"` // how many in a row ended within shortLife, by themselves
	Began time.Duration `json:"began"`           // of this one: ns since the machine's start, pause included
}

// next are the lives once another one begins, and how long it waits before.
func (l lives) next(boot string, now time.Duration) (lives, time.Duration) {
	if l.Boot != boot || now-l.Began >= shortLife {
		l.Short = 0
	} else {
		l.Short++
	}
	var pause time.Duration
	if over := l.Short - quickStarts; over >= 0 {
		pause = min(firstPause<<min(over, 10), lastPause)
	}
	return lives{Boot: boot, Short: l.Short, Began: now + pause}, pause
}

// beginLife notes in the service's folder that a life begins, and waits where those before were short. What it
// returns is to be called when a life ends in order. A folder that cannot be written keeps nobody from starting.
func beginLife(ctx context.Context, folder string, log *slog.Logger) (short int, inOrder func()) {
	if folder == "" { // no service: a person sees it end
		return 0, func() {}
	}
	file := filepath.Join(folder, "lives.json")
	var l lives
	if b, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(b, &l) // half a file of a power cut: as none
	}
	l, pause := l.next(bootID(), sinceBoot())
	b, err := json.Marshal(l)
	if err == nil {
		err = os.WriteFile(file, b, 0o640)
	}
	if err != nil {
		log.Warn("how long this run lasts cannot be noted: should it end soon, the next one does not wait", "error", err)
	}
	if pause > 0 {
		why := strconv.Itoa(l.Short) + " times in a row it ended within a minute: it waits " + pause.String()
		log.Error("vaad has ended again and again soon after its start; it waits before it starts", "times", l.Short, "seconds", pause.Seconds())
		_, _ = daemon.SdNotify(false, "STATUS="+why) // for systemctl status; there may be no systemd
		wait := time.NewTimer(pause)
		defer wait.Stop()
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		_, _ = daemon.SdNotify(false, "STATUS=")
	}
	return l.Short, func() { _ = os.Remove(file) } // if it stays, the next start may wait: no harm
}

// tellShortLives has an alarm until this life is no short one.
func (d *running) tellShortLives(ctx context.Context) error {
	if d.short < quickStarts {
		d.alarms.Clear(alarmCrashLoop, "")
		return nil
	}
	d.alarms.Raise(alarmCrashLoop, "", map[string]string{"count": strconv.Itoa(d.short)})
	select {
	case <-ctx.Done():
	case <-time.After(shortLife):
		d.alarms.Clear(alarmCrashLoop, "")
	}
	return nil
}

// bootID names a start of the machine, "" where /proc does not.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// sinceBoot goes on while clocks are set.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
