package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vaad/driver"
)

var (
	errHung     = errors.New("the board hung inside the driver and was given up")
	errOpenSlow = errors.New("opening the board takes very long; still waiting")
)

// reason is the code that the driver gives an error, or else the general one.
func reason(err error, general string) string {
	var f *driver.FaultError
	if errors.As(err, &f) && f.Code != "" {
		return f.Code
	}
	if errors.Is(err, errFrames) {
		return "bad-frames"
	}
	return general
}

// needsPerson reports a reason that does not go away by waiting.
func needsPerson(reason string) bool {
	switch reason {
	case "dahdi-permission", "dahdi-ambiguous", "modem-permission", "modem-ambiguous", "modem-no-voice", "modem-no-format":
		return true
	}
	return false
}

// open tries once to open the board and to make its loop. Nil: it could not,
// and the reason was said.
func (b *board) open(ctx context.Context, look <-chan time.Time) *loop {
	raw, err := b.opened(ctx, look)
	if ctx.Err() != nil {
		if raw != nil {
			_ = raw.Close() // never used
		}
		return nil
	}
	if err != nil {
		b.failed(reason(err, "open-failed"), err)
		return nil
	}
	l, err := b.begin(raw)
	if err != nil {
		_ = raw.Close() // what was wrong before matters
		b.failed("plan-failed", err)
		return nil
	}
	b.sys.metrics.board.openings.WithLabelValues(b.cfg.ID, "ok").Inc()
	return l
}

// failed says why the board could not be opened.
func (b *board) failed(reason string, err error) {
	b.sys.metrics.board.openings.WithLabelValues(b.cfg.ID, "failed").Inc()
	b.mu.RLock()
	ran := b.last != nil
	b.mu.RUnlock()
	if ran {
		b.say(BoardGone, reason, err)
	} else {
		b.say(BoardFailed, reason, err)
	}
}

// opened calls the driver in a goroutine of its own, so that a driver that
// hangs takes nothing with it. It is never called twice at a time.
func (b *board) opened(ctx context.Context, look <-chan time.Time) (driver.Board, error) {
	type result struct {
		board driver.Board
		err   error
	}
	got := make(chan result)
	go func() {
		raw, err := b.cfg.Driver.Open(ctx, b.cfg.Candidate, b.cfg.Config)
		select {
		case got <- result{raw, err}:
		case <-ctx.Done(): // nobody takes it any more
			if err == nil {
				_ = raw.Close()
			}
		}
	}()
	slow := time.NewTimer(openSlow)
	defer slow.Stop()
	for {
		b.alive()
		select {
		case r := <-got:
			return r.board, r.err
		case <-slow.C:
			b.failed("open-slow", errOpenSlow)
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-look:
		}
	}
}

// begin makes the loop of a board that was just opened: lines get their
// numbers and uses, rings and tables.
func (b *board) begin(raw driver.Board) (*loop, error) {
	info := raw.Info()
	plan, err := b.sys.cfg.Plan.Lines(b.cfg.ID, info)
	if err != nil {
		return nil, fmt.Errorf("number the lines of board %s: %w", b.cfg.ID, err)
	}
	tr, err := newTrace(info, b.sys.cfg.RingSeconds)
	if err != nil {
		return nil, err
	}
	n := len(info.Lines)
	l := &loop{b: b, raw: raw, info: info, trace: tr, out: emitter{q: b.queue, board: b.cfg.ID},
		tx: driver.NewFrame(info), rx: driver.NewFrame(info), refs: make([]ref, n), tap: make([]bool, n),
		tapSpan: make([]bool, len(info.Spans)), next: b.marks.pos.Load(), requests: make(chan item, requestQueue),
		links: links(info),
		stop:  make(chan struct{}), ended: make(chan struct{}), over: make(chan struct{})}
	l.out.loop = l
	for i, s := range info.Spans {
		l.spans = append(l.spans, b.sys.metrics.loop.span(b.cfg.ID, s))
		l.tapSpan[i] = s.Tap
	}
	for i := range l.tap {
		l.tap[i] = true // until the lines take their places
	}
	for _, k := range l.links {
		k.stats = b.sys.metrics.loop.ofLink(b.cfg.ID, info.Spans[k.spans[0]].Number)
	}
	l.plans = b.sys.cfg.Plan.Spans(b.cfg.ID, info)
	b.change.Lock()
	defer b.change.Unlock()
	l.runs = b.populate(info, plan)
	l.dev = driver.Guard(raw, l.tap, l.tapSpan)

	b.counts.opened()
	b.mu.Lock()
	old := b.last
	b.loop, b.last = l, l
	b.status.info = info
	if old != nil {
		old.trace.free()
	}
	b.mu.Unlock()
	return l, nil
}

// populate turns a plan into lines that can run. A line that cannot serve its
// use is kept as unused and says why.
func (b *board) populate(info driver.Info, plan []LineConfig) []*lineRun {
	runs := make([]*lineRun, 0, len(plan)+8)
	ports := map[int]int{}
	for _, c := range plan {
		c.Board = b.cfg.ID
		line, err := b.sys.adopt(b, c, Unknown)
		if err != nil {
			b.log.Error("line is left out", "line", c.Number, "err", err)
			continue
		}
		var old *lineRun
		for _, r := range b.runs {
			if r.line == line && r.view.cfg.Port == c.Port {
				old = r
			}
		}
		for _, p := range []int{c.Port, c.LocalPort} {
			if n, taken := ports[p]; taken && p != 0 && c.Use != driver.Unused {
				b.log.Error("two lines want the same port; the second is not used", "port", p, "line", c.Number, "first", n)
				c.Use = driver.Unused
			}
		}
		if c.Use != driver.Unused {
			ports[c.Port], ports[c.LocalPort] = c.Number, c.Number
		}
		r, err := prepare(info, line, c, old)
		if err != nil {
			b.log.Error("line cannot be used as configured", "line", c.Number, "use", c.Use.String(), "err", err)
		}
		if t, ok := r.table.(*tapTable); ok {
			t.tap.Configure(tapConfig(c))
		}
		runs = append(runs, r)
	}
	b.runs = nil
	for _, line := range b.sys.linesOf(b) {
		if !slices.ContainsFunc(runs, func(r *lineRun) bool { return r.line == line }) {
			line.retire()
		}
	}
	return runs
}

// retire says that the board no longer has a line.
func (l *Line) retire() {
	v := *l.view.Load()
	v.use, v.sides = driver.Unused, nil
	v.reason = "the board's plan no longer names this line"
	l.view.Store(&v)
}
