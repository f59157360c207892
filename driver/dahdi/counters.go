package dahdi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"vaad/driver"
)

const (
	alarmPeriod  = 250 * time.Millisecond
	countEvery   = 4 // alarm periods: a second
	maxSpanProc  = 1 << 16
	procOfSpan   = "proc/dahdi/%d"
	slipsKeyword = "Timing slips:"
)

// A spanWatch reads alarms and counters of a board's spans, through a file of its
// own. DAHDI tells its channels of an alarm, but not which one, and never counts.
type spanWatch struct {
	k       kernel
	ctl     int
	spans   []int // the kernel's numbers, by index into Info.Spans
	analog  []int // of analog cards: they have interrupts to miss
	mail    mailbox
	alarms  []int32 // last said
	turn    int
	arg     [spanStatSize]byte
	text    []byte
	parents map[string]int // device → the one of its spans whose count of missed interrupts is taken

	mu     sync.Mutex
	counts driver.Counters
	irqs   map[int]wrapped
}

// wrapped makes a counter of 64 bits of one of 32 that may wrap or begin anew.
type wrapped struct {
	last  uint32
	known bool
	total uint64
}

func (w *wrapped) add(now uint32) {
	switch {
	case !w.known:
		w.known = true // what was before the board was opened is not its own
	case now >= w.last:
		w.total += uint64(now - w.last)
	default:
		w.total += uint64(now) // the card's driver was loaded again
	}
	w.last = now
}

// newSpanWatch opens its own file. Digital spans are by index into Info.Spans.
func newSpanWatch(k kernel, digital, analog []int) (*spanWatch, error) {
	fd, err := k.open(ctlPath, false)
	if err != nil {
		return nil, fmt.Errorf("open %s for the alarms of spans: %w", ctlPath, err)
	}
	return &spanWatch{k: k, ctl: fd, spans: digital, analog: analog, alarms: make([]int32, len(digital)),
		parents: map[string]int{}, irqs: map[int]wrapped{}, counts: driver.Counters{Spans: make([]driver.SpanCounters, len(digital))}}, nil
}

func (w *spanWatch) box() *mailbox { return &w.mail }
func (w *spanWatch) finish()       { _ = w.k.close(w.ctl) }

func (w *spanWatch) step() time.Duration {
	counting := w.turn%countEvery == 0
	w.turn++
	for i, n := range w.spans {
		if !w.stat(n) {
			continue
		}
		if a := alarmsOf(w.word(spanAlarms)); a != w.alarms[i] {
			w.alarms[i] = a
			w.mail.put(fact{kind: driver.SpanAlarm, line: i, value: a, when: w.k.now()})
		}
		if counting {
			w.count(i, n)
		}
	}
	if counting {
		for _, n := range w.analog {
			if w.stat(n) {
				w.missed(n)
			}
		}
	}
	return alarmPeriod
}

// stat asks for one span. It fails when the span has gone: its channels say so.
func (w *spanWatch) stat(n int) bool {
	clear(w.arg[:])
	binary.LittleEndian.PutUint32(w.arg[:], uint32(n))
	return w.k.ioctl(w.ctl, reqSpanStat, w.arg[:]) == nil
}

func (w *spanWatch) word(at int) uint32 { return binary.LittleEndian.Uint32(w.arg[at:]) }

// alarmsOf makes the contract's alarms of DAHDI's. A span that recovers cannot be
// used yet.
func alarmsOf(dahdi uint32) (a int32) {
	for _, m := range []struct {
		dahdi uint32
		alarm int32
	}{{alarmRed | alarmRecover | alarmLOS | alarmLFA, driver.AlarmRed}, {alarmYellow, driver.AlarmYellow},
		{alarmBlue, driver.AlarmBlue}, {alarmLoopback, driver.AlarmLoopback}} {
		if dahdi&m.dahdi != 0 {
			a |= m.alarm
		}
	}
	return a
}

// count takes the counters of the span that stat has asked for.
func (w *spanWatch) count(i, n int) {
	slips := w.slips(n)
	w.missed(n)
	w.mu.Lock()
	defer w.mu.Unlock()
	c := &w.counts.Spans[i]
	c.SyncSource = int(int32(w.word(spanSyncSource)))
	c.BPV, c.CRC = uint64(w.word(spanBPV)), uint64(w.word(spanCRC4))
	c.EBit, c.FAS = uint64(w.word(spanEBit)), uint64(w.word(spanFAS))
	c.ErroredSeconds, c.Slips = uint64(w.word(spanErrSec)), slips
}

// missed adds a card's missed interrupts, once for all of its spans.
func (w *spanWatch) missed(n int) {
	place := text(w.arg[spanLocation : spanLocation+40])
	if first, ok := w.parents[place]; ok && first != n {
		return
	}
	w.parents[place] = n
	w.mu.Lock()
	defer w.mu.Unlock()
	of := w.irqs[n]
	of.add(w.word(spanIRQMisses))
	w.irqs[n] = of
	w.counts.IRQMisses = 0
	for _, v := range w.irqs {
		w.counts.IRQMisses += v.total
	}
}

// slips reads the one counter that only /proc shows; 0 where it says nothing.
func (w *spanWatch) slips(n int) uint64 {
	f, err := w.k.files().Open(fmt.Sprintf(procOfSpan, n))
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	return parseSlips(w.readAll(f))
}

// readAll reads a file of /proc into the space that the last one had.
func (w *spanWatch) readAll(f fs.File) []byte {
	w.text = w.text[:0]
	for len(w.text) < maxSpanProc {
		if len(w.text) == cap(w.text) {
			w.text = append(w.text, make([]byte, 4096)...)[:len(w.text)]
		}
		n, err := f.Read(w.text[len(w.text):cap(w.text)])
		w.text = w.text[:len(w.text)+n]
		if err == io.EOF || err != nil {
			break
		}
	}
	return w.text
}

// parseSlips finds "Timing slips: N" among the lines of /proc/dahdi/SPAN.
func parseSlips(text []byte) (n uint64) {
	_, after, ok := bytes.Cut(text, []byte(slipsKeyword))
	if !ok {
		return 0
	}
	for _, c := range bytes.TrimLeft(after, " \t") {
		if c < '0' || c > '9' || n > 1<<40 {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// fill adds what spans count to to.
func (w *spanWatch) fill(to *driver.Counters) {
	w.mu.Lock()
	defer w.mu.Unlock()
	to.IRQMisses = w.counts.IRQMisses
	to.Spans = append(to.Spans[:0], w.counts.Spans...)
}

// Counters implements driver.Counting.
func (b *Board) Counters(to *driver.Counters) {
	to.Overruns, to.Underruns = b.overruns.Load(), b.underruns.Load()
	to.IRQMisses, to.Spans = 0, to.Spans[:0]
	if b.watch.spans != nil {
		b.watch.spans.fill(to)
	}
	for _, d := range b.dchannels {
		if d.index < len(to.Spans) {
			s := &to.Spans[d.index]
			s.HDLCAborts, s.HDLCBadFCS, s.HDLCOverruns = d.aborts.Load(), d.badFCS.Load(), d.overruns.Load()
		}
	}
}
