package channels

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"vaad/driver"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	requestQueue = 256 // requests that may wait for one tick
	levelTicks   = 5   // levels are taken over 100 ms
	learntTicks  = 50  // what taps have learnt is shown once a second

	// maxJump is the largest step of a board's counter taken for a loss. More
	// is a counter that cannot be trusted.
	maxJump = 3600 * driver.Rate
)

var (
	errStopped   = errors.New("stopped")
	errAbandoned = errors.New("abandoned")
	errFrames    = errors.New("the board's sample counter cannot be trusted")
)

// A loop is one opening of a board: it exchanges a frame every 20 ms, stores
// audio, steps the tables and takes requests. Everything in it belongs to its
// goroutine until that has ended or was abandoned; then to the supervisor.
type loop struct {
	b    *board
	raw  driver.Board
	dev  *driver.Guarded
	info driver.Info
	out  emitter

	tx, rx       *driver.Frame
	runs         []*lineRun
	refs         []ref // by line of the board
	tap, tapSpan []bool
	parting      []int // lines that are ours no more, but for what goes with the next frame
	partingSpans []int
	trace        *trace
	code         [driver.Block]byte

	base, next int64 // added to the board's counter; position of the next frame, with which goes what is wanted now
	opened     bool  // the first frame was seen
	ticks      uint64
	worked     time.Duration // on the last frame
	held       holdCache

	spans      []*spanRun // by span
	links      []*link    // of tapped spans
	plans      []SpanConfig
	trunkLinks []*trunkLink                       // spans whose signalling is ours
	mixes      []*mixer                           // that live here
	faults     atomic.Pointer[[]driver.LineFault] // lines that do not work; written by inspect

	requests chan item
	stop     chan struct{} // closed: end soon
	stopping atomic.Bool   // the same, for the loop to see without a lock
	ended    chan struct{} // closed by the loop, unless it was abandoned
	over     chan struct{} // closed by the supervisor: nobody answers requests any more
	phase    phase
	err      error // why it ended; read after ended
}

// A ref says whose audio and events a line of the board carries.
type ref struct {
	run  *lineRun // nil: nobody's
	side int
}

// run is the goroutine. It ends when Exchange fails, when it is told to stop,
// or, if it was abandoned, whenever the driver lets it go.
func (l *loop) run() {
	ownThread()
	if !l.info.Virtual {
		l.b.prio.Store(raise())
	} else {
		l.b.prio.Store("normal")
	}
	err := l.work()
	if err == errAbandoned {
		_ = l.raw.Close() // nobody is left to tell
		return
	}
	l.err = err
	l.phase.enter(inside)
	if cerr := l.raw.Close(); cerr != nil && err == errStopped {
		l.err = fmt.Errorf("close: %w", cerr)
	}
	if !l.phase.leave() {
		return
	}
	l.phase.enter(done)
	close(l.ended)
}

// work ticks until something ends it. A panic, in a driver or here, costs the
// board and not the house.
func (l *loop) work() (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		if l.phase.v.Load()&phaseMask != outside && !l.phase.leave() {
			err = errAbandoned
		}
	}()
	for err == nil {
		err = l.tick()
	}
	return err
}

func (l *loop) tick() error {
	begin := time.Now()
	l.takeRequests()
	if l.info.Virtual {
		if !l.await() {
			return errStopped
		}
	}
	if l.stopping.Load() {
		return errStopped
	}
	l.speakAll()
	l.tx.Seq++
	l.tx.Pos = l.next - l.base
	l.b.stats.tick.Observe((time.Since(begin) + l.worked).Seconds())

	l.phase.enter(inside)
	err := l.dev.Exchange(l.tx, l.rx)
	if !l.phase.leave() {
		return errAbandoned
	}
	if err != nil {
		return err
	}
	l.tx.Reset() // what is wanted from here on goes with the next frame
	l.partings()
	begin = time.Now()
	if err := l.receive(l.b.sys.cfg.Now().UnixNano()); err != nil {
		return err
	}
	l.worked = time.Since(begin)
	return nil
}

// speakAll fills what is sent with the next frame. The board drops it where the
// last one was late: what is played waits then, and silence is what was sent.
func (l *loop) speakAll() {
	if l.opened {
		l.blend()
	}
	late := l.rx.Late
	for _, r := range l.runs {
		if r.speech != nil {
			l.speak(r, late)
		}
	}
}

// receive takes in one frame that was there at wall (ns since 1970).
func (l *loop) receive(wall int64) error {
	b, rx := l.b, l.rx
	if !l.opened {
		l.base = l.next - rx.Pos
	}
	pos := l.base + rx.Pos
	if pos < l.next || pos-l.next > maxJump {
		return fmt.Errorf("%w: it went from %d to %d", errFrames, l.next-l.base, rx.Pos)
	}
	end := pos + driver.Block
	if !l.opened {
		l.open(pos, end, wall)
	}
	l.keepTime(end, wall)

	b.marks.writing.Store(end)
	if pos > l.next {
		l.jumped(l.next, pos)
	}
	l.next, l.out.now = end, end
	l.holes()
	for _, r := range l.runs {
		l.audio(r, pos, end)
	}
	for i := range rx.Events {
		l.route(&rx.Events[i], pos)
	}
	l.follow(end)
	l.runLinks(end)
	for _, r := range l.runs {
		l.hear(r, pos, end)
		if r.table != nil {
			r.table.tick(&l.out, end)
			if t, ok := r.table.(active); ok {
				l.perform(r, t, "")
			}
		}
		if r.speech != nil {
			l.cardEcho(r, r.talks())
		}
		if d := r.digital(); d != nil {
			if d.hush(&l.out, l.still(r), end) {
				l.idle(r, end)
			}
		}
	}
	l.tidy()
	b.marks.pos.Store(end) // whoever sees it finds audio and events before it
	l.ticks++
	l.snapshot()
	b.stats.ticks.Inc()
	b.sys.feed.poke()
	return nil
}

// open does what the first frame allows: the clock is anchored, so lines can
// take their places and say so.
func (l *loop) open(pos, end, wall int64) {
	l.opened = true
	l.next, l.out.now = pos, pos
	for _, s := range l.spans {
		s.calm.Store(pos)
	}
	l.b.clock.open(l.info.Virtual, pos, end, wall)
	for _, r := range l.runs {
		l.place(r, pos)
	}
	l.out.emit(Event{Pos: pos, Known: pos, Kind: BoardUp, Text: l.info.Model}) // whoever hears it finds the lines' sides
	for _, r := range l.runs {
		l.show(r, pos)
	}
	l.rewire()
	l.b.stats.up.Set(1)
}

// keepTime shows the clock this tick, and says what it found out.
func (l *loop) keepTime(end, wall int64) {
	b := l.b
	if l.rx.Late {
		b.stats.late.Inc()
	}
	jump, late := b.clock.tick(end, wall, !l.rx.Late)
	if l.info.Virtual {
		return
	}
	b.stats.lateness.Observe(float64(max(late, 0)) / 1e9)
	if jump != 0 {
		b.stats.jumps.Inc()
		l.out.emit(Event{Pos: end, Known: end, Kind: Anchored, Value: jump})
	}
	if l.ticks%clockWindow == 0 {
		b.drift.Store(int64(b.clock.drift() * 1e12))
		b.stats.drift.Set(b.clock.drift())
	}
}

// loopMetrics are what loops move; stats is one board's part of them.
type loopMetrics struct {
	ticks, late, lost, slips, missed, underrun, jumps, busy, bad, ignored *prometheus.CounterVec
	dchannel, dchannelErr                                                 *prometheus.CounterVec
	tick, lateness                                                        *prometheus.HistogramVec
	drift, up, alarm                                                      *prometheus.GaugeVec
	link                                                                  *prometheus.CounterVec
	linkUp, linkSwapped                                                   *prometheus.GaugeVec
}

type stats struct {
	ticks, late, lost, slips, missed, underrun, jumps, busy, bad, ignored, overruns, abandoned counter
	tick, lateness                                                                             prometheus.Observer
	drift, up                                                                                  prometheus.Gauge
}

func newLoopMetrics(f factory) loopMetrics {
	return loopMetrics{
		ticks:       f.counters("board_ticks_total", "Blocks of 20 ms exchanged with the board.", "board"),
		late:        f.counters("board_late_frames_total", "Frames whose time had passed after a stall.", "board"),
		lost:        f.counters("board_lost_samples_total", "Audio samples lost, all lines of the board together.", "board"),
		slips:       f.counters("board_slipped_blocks_total", "Blocks dropped because they came too late.", "board"),
		missed:      f.counters("board_missed_blocks_total", "Blocks that never came; the line was given silence.", "board"),
		jumps:       f.counters("board_clock_jumps_total", "Times the wall clock jumped against the board's line time.", "board"),
		busy:        f.counters("board_requests_refused_total", "Requests refused because the board's queue was full.", "board"),
		bad:         f.counters("board_unknown_events_total", "Events of the board about lines or spans it does not have.", "board"),
		ignored:     f.counters("board_unexpected_inputs_total", "Inputs that a line's state table had no row for: what a line did and nobody expects.", "board"),
		underrun:    f.counters("board_underrun_samples_total", "Samples of silence that were sent because nothing else was there, all lines together.", "board"),
		dchannel:    f.counters("board_dchannel_messages_total", "D-channel messages received on the board's spans.", "board", "span"),
		dchannelErr: f.counters("board_dchannel_errors_total", "D-channel frames received that were bad, as the board told of each.", "board", "span", "kind"),
		tick: f.seconds("board_tick", "Time the loop worked on one block, without waiting for the board.",
			[]float64{10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3}, "board"),
		lateness: f.seconds("board_tick_lateness", "Time by which a block was received after it should have been; virtual clocks are not measured.",
			[]float64{1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 200e-3, 500e-3, 1, 2}, "board"),
		drift:       f.gauges("board_clock_drift_ratio", "How much faster the wall clock runs than the board's clock.", "board"),
		up:          f.gauges("board_up", "1 while the board exchanges blocks.", "board"),
		link:        f.counters("link_messages_total", "What the D-channels of a tapped link brought, by what became of it.", "board", "span", "kind"),
		linkUp:      f.gauges("link_up", "1 while the data link of a tapped link is up.", "board", "span"),
		linkSwapped: f.gauges("link_swapped", "1 while the two directions of a tapped link are the other way round than configured.", "board", "span"),
		alarm:       f.gauges("span_alarm", "1 while the span has that alarm.", "board", "span", "alarm"),
	}
}
