package channels

import (
	"strconv"
	"sync"
	"time"

	"vaad/driver"

	"github.com/prometheus/client_golang/prometheus"
)

// inspectEvery is how often a board is asked what does not work and what it has counted.
const inspectEvery = time.Second

// inspect asks a board that is open, until it is over. It has a goroutine of
// its own: a driver that hangs here must not keep the supervisor from finding
// that it hangs.
func (b *board) inspect(l *loop) {
	faulter, _ := l.raw.(driver.Faulter)
	counting, _ := l.raw.(driver.Counting)
	if faulter == nil && counting == nil {
		return
	}
	tick := time.NewTicker(inspectEvery)
	defer tick.Stop()
	var now driver.Counters
	for {
		if faulter != nil {
			f := faulter.Faults(nil)
			l.faults.Store(&f)
		}
		if counting != nil {
			counting.Counters(&now)
			b.count(l, &now)
		}
		select {
		case <-l.over:
			return
		case <-tick.C:
		}
	}
}

// fault is what is wrong with a line of the board that runs, or zero.
func (b *board) fault(v *view) LineFault {
	l := b.current()
	if l == nil || v.rx < 0 {
		return LineFault{}
	}
	all := l.faults.Load()
	if all == nil {
		return LineFault{}
	}
	for _, of := range []int{v.rx, v.local} {
		for _, f := range *all {
			if f.Line == of {
				return LineFault{Code: f.Code, Detail: f.Detail}
			}
		}
	}
	return LineFault{}
}

// A reading makes a counter that only grows of one that begins anew whenever
// the card's driver is loaded or the board is opened.
type reading struct {
	to    prometheus.Counter
	last  uint64
	known bool // last was read; else what was counted before us is not ours
}

func (r *reading) take(n uint64) {
	switch {
	case !r.known:
	case n >= r.last:
		r.to.Add(float64(n - r.last))
	default:
		r.to.Add(float64(n))
	}
	r.last, r.known = n, true
}

// Counts are what a board's counters were when they were read last. They
// outlive its openings.
type counts struct {
	mu                          sync.Mutex // an inspection that hung may end while another runs
	overruns, underruns, misses reading
	recoveries                  [len(recoverySteps)]reading
	spans                       map[int]*spanCounts // by number; nil before the first reading
}

// opened says that the board was opened and counts from 0 what it counts itself.
func (c *counts) opened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.overruns.last, c.overruns.known = 0, true
	c.underruns.last, c.underruns.known = 0, true
	for i := range c.recoveries {
		c.recoveries[i].last, c.recoveries[i].known = 0, true
	}
}

// recoverySteps are the values of the label step, in the order of driver.Recoveries.
var recoverySteps = [...]string{"ping", "reset", "reopen", "usb-reset"}

// recovered counts attempts to bring a board's hardware back. Boards that never
// need any have no series.
func (c *counts) recovered(to *prometheus.CounterVec, board string, now driver.Recoveries) {
	for i, n := range [len(recoverySteps)]uint64{now.Ping, now.Reset, now.Reopen, now.USBReset} {
		r := &c.recoveries[i]
		if n == 0 && r.to == nil {
			continue
		}
		if r.to == nil {
			r.to = to.WithLabelValues(board, recoverySteps[i])
		}
		r.take(n)
	}
}

type spanCounts struct {
	bpv, crc, ebit, fas, seconds, slips, aborts, fcs, overruns reading
	source                                                     prometheus.Gauge
}

// count takes in what a board has counted.
func (b *board) count(l *loop, now *driver.Counters) {
	c, m := &b.counts, &b.sys.metrics.counter
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.current() != l {
		return
	}
	if c.spans == nil {
		c.spans = map[int]*spanCounts{}
		c.overruns.to = m.overruns.WithLabelValues(b.cfg.ID)
		c.underruns.to = m.underruns.WithLabelValues(b.cfg.ID)
		c.misses.to = m.misses.WithLabelValues(b.cfg.ID)
	}
	c.overruns.take(now.Overruns)
	c.underruns.take(now.Underruns)
	c.misses.take(now.IRQMisses)
	c.recovered(m.recoveries, b.cfg.ID, now.Recovered)
	for i := range min(len(now.Spans), len(l.info.Spans)) {
		n := l.info.Spans[i].Number
		if c.spans[n] == nil {
			c.spans[n] = m.span(b.cfg.ID, n)
		}
		c.spans[n].take(&now.Spans[i])
		l.spans[i].source.Store(int64(now.Spans[i].SyncSource))
	}
}

func (c *spanCounts) take(n *driver.SpanCounters) {
	c.bpv.take(n.BPV)
	c.crc.take(n.CRC)
	c.ebit.take(n.EBit)
	c.fas.take(n.FAS)
	c.seconds.take(n.ErroredSeconds)
	c.slips.take(n.Slips)
	c.aborts.take(n.HDLCAborts)
	c.fcs.take(n.HDLCBadFCS)
	c.overruns.take(n.HDLCOverruns)
	c.source.Set(float64(n.SyncSource))
}

// counterMetrics are what boards count themselves.
type counterMetrics struct {
	overruns, underruns, misses, recoveries     *prometheus.CounterVec
	bpv, crc, ebit, fas, seconds, slips, frames *prometheus.CounterVec
	source                                      *prometheus.GaugeVec
}

func newCounterMetrics(f factory) counterMetrics {
	return counterMetrics{
		overruns:   f.counters("board_rx_overruns_total", "Times that received audio was lost because it was not fetched in time.", "board"),
		underruns:  f.counters("board_tx_underruns_total", "Times that a line fell silent because nothing was there to be sent.", "board"),
		misses:     f.counters("board_irq_misses_total", "Interrupts that the card's driver missed.", "board"),
		recoveries: f.counters("board_recoveries_total", "Attempts to bring back hardware that did not answer, by what was tried.", "board", "step"),
		bpv:        f.counters("span_bpv_total", "Bipolar violations.", "board", "span"),
		crc:        f.counters("span_crc_total", "CRC-4 or CRC-6 errors.", "board", "span"),
		ebit:       f.counters("span_ebit_total", "CRC-4 errors that the far end reports.", "board", "span"),
		fas:        f.counters("span_fas_total", "Frame alignment errors.", "board", "span"),
		seconds:    f.counters("span_errored_seconds_total", "Seconds with errors.", "board", "span"),
		slips:      f.counters("span_slips_total", "Slips of the receive buffer: the span's clock is not the card's.", "board", "span"),
		frames:     f.counters("span_hdlc_errors_total", "Bad frames of the D-channel, as the board counts them.", "board", "span", "kind"),
		source:     f.gauges("span_sync_source", "Number of the span that this one takes its clock from, as on the machine; 0: none.", "board", "span"),
	}
}

func (m *counterMetrics) span(board string, number int) *spanCounts {
	n := strconv.Itoa(number)
	of := func(v *prometheus.CounterVec, more ...string) reading {
		return reading{to: v.WithLabelValues(append([]string{board, n}, more...)...)}
	}
	return &spanCounts{bpv: of(m.bpv), crc: of(m.crc), ebit: of(m.ebit), fas: of(m.fas), seconds: of(m.seconds), slips: of(m.slips),
		aborts: of(m.frames, "abort"), fcs: of(m.frames, "fcs"), overruns: of(m.frames, "overrun"), source: m.source.WithLabelValues(board, n)}
}
