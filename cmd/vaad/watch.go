package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"vaad/channels"
	"vaad/driver"
)

// watch turns what boards and lines say about themselves into alarms, once a
// second: channels does not know alarm, and alarm does not know channels.
type watch struct {
	sys    *channels.System
	alarms interface {
		Raise(code, subject string, args map[string]string)
		Clear(code, subject string)
	}
	unfit      func(channels.LineStatus) error // why a line cannot be recorded as its settings want
	synced     func() bool                     // whether a time source disciplines the wall clock
	complaints <-chan complaint
	up         map[[2]string]string // alarms that this watch has raised: code and subject; what it said of them
	late       map[string]uint64    // late frames of a board a minute ago
	at         time.Time
	began      map[int]beginning // of the states of lines
}

// A beginning is when a line was first seen in the state that it has had since some line time.
type beginning struct {
	since time.Time
	seen  time.Time
}

// A line that is off-hook after its call was over for so long was left so; one
// that is busy for so long may hang in a state that nobody sees.
const (
	abandonedLong = 10 * time.Minute
	activeLong    = 2 * time.Hour
	// lateMany late frames of a board in a minute are 2 % of all its frames.
	lateMany = 60
)

func (w *watch) run(ctx context.Context, feed *channels.Reader) {
	defer feed.Close()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	w.up, w.late = map[[2]string]string{}, map[string]uint64{}
	var evs []channels.Event
	for {
		select {
		case <-ctx.Done():
			return
		case <-feed.Wake():
		case c := <-w.complaints:
			w.alarms.Raise("peer-garbage", w.line(c.board, c.port), map[string]string{"board": c.board, "reason": c.reason.Error()})
		case <-tick.C:
			w.boards()
			w.lines()
			w.clock()
		}
		evs, _ = feed.Drain(evs[:0])
		for _, e := range evs {
			switch e.Kind {
			case channels.Anchored:
				w.alarms.Raise("clock-jump", "", map[string]string{"board": e.Board, "ms": strconv.FormatInt(e.Value/1e6, 10)})
			case channels.Overflow:
				w.alarms.Raise("feed-overflow", e.Text, map[string]string{"events": strconv.FormatInt(e.Value, 10)})
			}
		}
	}
}

// line is the number of the line on a port, or the port where it has none.
func (w *watch) line(board string, port int) string {
	for _, l := range w.sys.Lines() {
		if l.Board == board && l.Port == port {
			return strconv.Itoa(l.Number)
		}
	}
	return board + "/" + strconv.Itoa(port)
}

func (w *watch) boards() {
	minute := time.Since(w.at) > time.Minute
	for _, b := range w.sys.Boards() {
		args := map[string]string{"board": b.ID, "code": b.Reason, "reason": b.Detail}
		w.set(b.State == channels.BoardFailed, "board-failed", b.ID, args)
		w.set(b.State == channels.BoardGone && b.Reason != "hung", "board-gone", b.ID, args)
		w.set(b.State == channels.BoardGone && b.Reason == "hung", "board-hung", b.ID, args)
		for _, sp := range b.Spans {
			n := strconv.Itoa(sp.Number)
			tap := map[string]string{"board": b.ID, "span": n}
			w.set(sp.Silent, "tap-silent", b.ID+" span "+n, tap)
			w.set(sp.LinkDown, "link-down", b.ID+" span "+n, tap)
			w.set(sp.Swapped, "tap-swapped", b.ID+" span "+n, tap)
			w.set(len(sp.Alarms) > 0, "span-alarm", b.ID+" span "+n, map[string]string{"board": b.ID, "span": n, "alarms": strings.Join(sp.Alarms, ",")})
		}
		if minute {
			if last, ok := w.late[b.ID]; ok {
				n := b.Late - last
				w.set(n > lateMany, "board-late", b.ID, map[string]string{"board": b.ID, "frames": strconv.FormatUint(n, 10)})
			}
			w.late[b.ID] = b.Late
		}
	}
	if minute {
		w.at = time.Now()
	}
}

func (w *watch) lines() {
	for _, l := range w.sys.Lines() {
		n := strconv.Itoa(l.Number)
		reason := l.Reason
		if reason == "" {
			if err := w.unfit(l); err != nil {
				reason = err.Error()
			}
		}
		args := map[string]string{"line": n, "name": l.Name, "board": l.Board, "state": string(l.State), "reason": reason}
		lasted := w.lasted(&l)
		long := l.State == channels.Abandoned && lasted > abandonedLong
		switch l.State {
		case channels.OffHookIn, channels.OffHookOut, channels.Dialling, channels.Talking:
			long = lasted > activeLong
		}
		w.set(l.Fault.Code != "" && l.Use != driver.Unused, "line-fault", n,
			map[string]string{"line": n, "name": l.Name, "board": l.Board, "code": l.Fault.Code, "reason": l.Fault.Detail})
		w.set(l.State == channels.NoBattery, "line-no-battery", n, args)
		w.set(long, "line-off-hook-long", n, args)
		w.set(reason != "", "line-unfit", n, args)
	}
}

// lasted is for how long a line has been in its state, as far as it was seen: of a clock that is
// set meanwhile nothing has lasted longer.
func (w *watch) lasted(l *channels.LineStatus) time.Duration {
	b, known := w.began[l.Number]
	if !known || !b.since.Equal(l.Since) {
		if w.began == nil {
			w.began = map[int]beginning{}
		}
		b = beginning{l.Since, time.Now()}
		w.began[l.Number] = b
	}
	return time.Since(b.seen)
}

func (w *watch) clock() {
	w.set(!w.synced(), "clock-unsynchronised", "", nil)
}

// set raises an alarm when it begins to hold, again when its cause becomes
// another, and clears it when it ends.
func (w *watch) set(on bool, code, subject string, args map[string]string) {
	key := [2]string{code, subject}
	said, was := w.up[key]
	switch cause := args["code"] + args["alarms"]; {
	case on && (!was || said != cause):
		w.up[key] = cause
		w.alarms.Raise(code, subject, args)
	case was && !on:
		delete(w.up, key)
		w.alarms.Clear(code, subject)
	}
}
