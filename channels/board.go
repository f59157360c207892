package channels

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"vaad/driver"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	watchEvery  = 250 * time.Millisecond
	hungAfter   = 8                // looks at which a loop that did not move is hung: 2 s
	hungVirtual = 60               // … on a virtual clock, where a peer may take 5 s: 15 s
	closeLooks  = 12               // looks after which a loop that was told to stop is given up: 3 s
	retryFirst  = time.Second      // pause before a board is opened again
	retryLast   = 30 * time.Second // it doubles up to this
	retryApart  = 8                // boards of one bus are opened up to this part of the pause earlier, each by chance
	settled     = 10 * time.Second // a board that ran this long begins with the first pause again
	openSlow    = 20 * time.Second // opening that takes longer is reported
	blindAfter  = 10 * time.Second // a supervisor that has not looked for so long is broken itself
)

// A board is one configured board: its supervisor, and what outlives each
// opening of it.
type board struct {
	cfg      BoardConfig
	sys      *System
	log      *slog.Logger
	marks    marks
	fed      atomic.Int64
	clock    lineClock
	queue    *queue
	holds    *holds
	captures atomic.Pointer[[]*Capture] // of its D-channels
	stats    *stats
	counts   counts

	change sync.Mutex   // serialises opening and Configure
	mu     sync.RWMutex // guards the next three; never taken by the loop
	loop   *loop        // nil while the board does not run
	last   *loop        // the newest loop that ran, for the flight recorder
	status boardFacts   //
	runs   []*lineRun   // of the last loop; the supervisor's
	prio   atomic.Value // string: priority of the loop's thread
	drift  atomic.Int64 // of the clock, parts per 1e12
	beat   atomic.Int64 // when the supervisor last looked, ns since the System began
	stuck  atomic.Bool  // the loop does not move and is not in the driver
	leaked atomic.Bool  // it never ended: its memory must stay

	expected expectation // its hardware has just come

	droppedSeen uint64 // events; the feed's
	woken       int64  // position at which readers were last woken; the feed's
	owed        int64  // position at which they must be woken again: they were told of what lies before it; 0: none; the feed's
}

// boardFacts are what the supervisor says about its board.
type boardFacts struct {
	info   driver.Info
	state  BoardState
	reason string
	detail string
	since  time.Time
}

func newBoard(s *System, c BoardConfig) *board {
	b := &board{cfg: c, sys: s, log: s.log.With("board", c.ID), queue: newQueue(queueSize), holds: newHolds(),
		stats: s.metrics.loop.of(c.ID)}
	b.stats.overruns.m = s.metrics.feed.overruns
	b.stats.abandoned.m = s.metrics.board.abandoned.WithLabelValues(c.ID)
	for _, result := range []string{"ok", "failed"} { // from 0, so that a first failure shows as an increase
		s.metrics.board.openings.WithLabelValues(c.ID, result)
	}
	s.metrics.feed.dropped.WithLabelValues(c.ID)
	b.status.state, b.status.since = BoardOpening, s.cfg.Now()
	b.stats.up.Set(0)
	return b
}

func (m *loopMetrics) of(id string) *stats {
	st := &stats{tick: m.tick.WithLabelValues(id), lateness: m.lateness.WithLabelValues(id),
		drift: m.drift.WithLabelValues(id), up: m.up.WithLabelValues(id)}
	for c, v := range map[*counter]*prometheus.CounterVec{&st.ticks: m.ticks, &st.late: m.late, &st.lost: m.lost,
		&st.slips: m.slips, &st.missed: m.missed, &st.underrun: m.underrun, &st.jumps: m.jumps, &st.busy: m.busy, &st.bad: m.bad, &st.ignored: m.ignored} {
		c.m = v.WithLabelValues(id)
	}
	return st
}

// current returns the running loop, or nil.
func (b *board) current() *loop {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.loop
}

func (b *board) info() driver.Info {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.status.info
}

// supervise opens the board, watches it, and opens it again, until the context
// ends. Each change is one line in the log.
func (b *board) supervise(ctx context.Context) {
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	wait := retryFirst
	for {
		b.alive()
		l := b.open(ctx, look.C)
		if l != nil {
			began := time.Now()
			b.watch(ctx, l, look.C)
			if time.Since(began) >= settled {
				wait = retryFirst
			}
		}
		pause := retryLast
		if l != nil || !needsPerson(b.reason()) {
			pause = wait - rand.N(wait/retryApart)
			wait = min(2*wait, retryLast)
		}
		if !b.pause(ctx, pause, look.C) {
			return
		}
	}
}

// reason is the code of why the board does not run.
func (b *board) reason() string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.status.reason
}

func (b *board) alive() { b.beat.Store(int64(time.Since(b.sys.began))) }

// pause waits, looking. False: the context has ended.
func (b *board) pause(ctx context.Context, d time.Duration, look <-chan time.Time) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	begun := time.Now()
	for {
		b.alive()
		if b.soon() && time.Since(begun) >= retryFirst {
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
			return true
		case <-look:
		}
	}
}

// watch runs a loop and returns when it has ended, was stopped, or was found
// hanging in the driver and abandoned.
func (b *board) watch(ctx context.Context, l *loop, look <-chan time.Time) {
	b.say(BoardRunning, "", nil)
	go l.run()
	go b.inspect(l)
	hung := hungAfter
	if l.info.Virtual {
		hung = hungVirtual
	}
	var seen uint64
	same, quit := 0, ctx.Done()
	for {
		select {
		case <-l.ended:
			if quit == nil {
				l.err = errStopped // whatever Close made Exchange say
			}
			b.finish(l, l.err)
			return
		case <-quit:
			quit = nil
			same, hung = 0, closeLooks
			l.stopping.Store(true)
			close(l.stop)
			go func() { _ = l.raw.Close() }() // makes Exchange return; the loop reports what Close says
			continue
		case <-look:
		}
		b.alive()
		now := l.phase.v.Load()
		if now != seen {
			seen, same = now, 0
			b.stuck.Store(false)
			continue
		}
		if same++; same < hung {
			continue
		}
		switch now & phaseMask {
		case inside:
			if l.phase.abandon(now) {
				b.stats.abandoned.Inc()
				go func() { _ = l.raw.Close() }()
				b.finish(l, errHung)
				return
			}
		case outside:
			b.stuck.Store(true)
			if quit == nil {
				b.log.Error("the board's loop does not end; its memory is not given back")
				b.leaked.Store(true)
				close(l.over)
				return
			}
		}
	}
}

// finish says that a loop is over: calls end, lines are gone, whoever waits
// for an answer gets ErrGone. The loop's own things are the supervisor's now.
func (b *board) finish(l *loop, err error) {
	b.stuck.Store(false)
	b.stats.up.Set(0)
	b.mu.Lock()
	b.loop = nil
	b.mu.Unlock()
	close(l.over)
	if l.opened {
		pos := b.marks.pos.Load()
		for _, r := range l.runs {
			l.hush(r)
			r.gone(&l.out, pos)
		}
		l.unmix()
		l.out.emit(Event{Pos: pos, Known: pos, Kind: BoardLost, Text: err.Error()})
		b.sys.feed.poke()
	}
	b.runs = l.runs
	for _, s := range l.spans {
		s.raise(0) // nothing is known of it any more
	}
	for _, k := range l.links {
		k.stats.gone()
	}
	why := reason(err, "gone")
	switch err {
	case errStopped:
		why = "stopped"
	case errHung:
		why = "hung"
	}
	b.say(BoardGone, why, err)
}

// gone ends what is up on a line.
func (r *lineRun) gone(out *emitter, pos int64) {
	line := r.line
	for i := range r.hears {
		r.deafen(out, i, pos)
	}
	line.volts.Store(noVolts)
	for i := range line.levels {
		line.levels[i].Store(0)
	}
	switch {
	case r.view.use == driver.Unused:
	case r.table != nil:
		r.table.gone(out, pos)
	case line.shown != GoneState:
		out.emit(Event{Line: line.number, Pos: pos, Known: pos, Kind: LineState, From: line.shown, To: GoneState})
		line.shown = GoneState
	}
}

// say notes what the board is doing, and logs it if that is new.
func (b *board) say(state BoardState, reason string, err error) {
	detail := ""
	if err != nil {
		detail = err.Error()
	}
	b.mu.Lock()
	old := b.status
	b.status.state, b.status.reason, b.status.detail = state, reason, detail
	if old.state != state {
		b.status.since = b.sys.cfg.Now()
	}
	b.mu.Unlock()
	if old.state == state && old.reason == reason {
		return
	}
	switch {
	case state == BoardRunning:
		b.log.Info("board is running", "model", old.info.Model, "lines", len(old.info.Lines))
	case reason == "stopped":
		b.log.Info("board is closed")
	default:
		b.log.Warn("board does not run", "state", string(state), "reason", reason, "err", detail)
	}
}

// healthy reports a loop that is stuck outside the driver, or a supervisor
// that does not look.
func (b *board) healthy() error {
	if b.stuck.Load() {
		return fmt.Errorf("board %s: its loop has been busy with one block for 2 s", b.cfg.ID)
	}
	if blind := time.Since(b.sys.began) - time.Duration(b.beat.Load()); blind > blindAfter {
		return fmt.Errorf("board %s: its supervisor has not looked for %s s", b.cfg.ID, strconv.Itoa(int(blind.Seconds())))
	}
	return nil
}

// boardMetrics are what supervisors move.
type boardMetrics struct {
	openings, abandoned *prometheus.CounterVec
}

func newBoardMetrics(f factory) boardMetrics {
	return boardMetrics{
		openings:  f.counters("board_openings_total", "Attempts to open the board.", "board", "result"),
		abandoned: f.counters("board_abandoned_total", "Times the board hung for 2 s and was given up.", "board"),
	}
}
