package voicemodem

import (
	"sync/atomic"

	"vaad/driver"
)

// tally is what a board has counted.
type tally struct {
	overruns, underruns atomic.Uint64
	rungs               [nRung]atomic.Uint64
}

func (t *tally) climbed(r rung) { t.rungs[r].Add(1) }

// Counters implements driver.Counting.
func (b *Board) Counters(to *driver.Counters) {
	to.Overruns, to.Underruns = b.counts.overruns.Load(), b.counts.underruns.Load()
	to.IRQMisses, to.Spans = 0, to.Spans[:0]
	n := func(r rung) uint64 { return b.counts.rungs[r].Load() }
	to.Recovered = driver.Recoveries{Ping: n(rungPing), Reset: n(rungReset), Reopen: n(rungReopen), USBReset: n(rungUSB)}
}

// Faults implements driver.Faulter.
func (b *Board) Faults(dst []driver.LineFault) []driver.LineFault {
	b.lane.mu.Lock()
	defer b.lane.mu.Unlock()
	if b.lane.faulty != "" {
		dst = append(dst, driver.LineFault{Line: 0, Code: CodeTrouble, Detail: b.lane.faulty})
	}
	return dst
}
