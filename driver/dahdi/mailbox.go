package dahdi

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vaad/driver"
)

// A fact is what a poller has found out and when.
type fact struct {
	kind  driver.EventKind
	line  int // of the span, where kind.OnSpan
	value int32
	when  time.Duration // kernel.now
}

// factGone says that the channel of a line is not there any more.
const factGone driver.EventKind = 0

// A mailbox brings facts from one goroutine that finds them to the one that calls
// Exchange, without a lock. When it is full, facts are thrown away: there will be
// others.
type mailbox struct {
	slots      [512]fact
	head, tail atomic.Uint64 // next to be taken, next to be put
}

func (m *mailbox) put(f fact) {
	tail := m.tail.Load()
	if tail-m.head.Load() == uint64(len(m.slots)) {
		return
	}
	m.slots[tail%uint64(len(m.slots))] = f
	m.tail.Store(tail + 1)
}

func (m *mailbox) take() (f fact, ok bool) {
	head := m.head.Load()
	if head == m.tail.Load() {
		return fact{}, false
	}
	f = m.slots[head%uint64(len(m.slots))]
	m.head.Store(head + 1)
	return f, true
}

// collect puts the facts of all pollers into rx, where they were found in its
// time. A late frame waits for its turn: what was found after the stall belongs
// to the last one.
func (b *Board) collect(rx *driver.Frame) {
	if rx.Late {
		return
	}
	for _, p := range b.watch.list {
		for f, ok := p.box().take(); ok; f, ok = p.box().take() {
			at := inFrame(driver.Block - int((b.blockEnd-f.when)*driver.Rate/time.Second))
			switch f.kind {
			case factGone:
				b.removed(b.channels[f.line])
			case driver.Volts:
				b.measured(b.channels[f.line], at, f.value)
			default:
				rx.Event(f.kind, f.line, at, f.value, nil)
			}
		}
	}
}

// A poller finds facts in a goroutine of its own: step does one piece of work and
// returns how long it rests. It is never called again after finish.
type poller interface {
	box() *mailbox
	step() time.Duration
	finish()
}

// watching is what a board's pollers are, and that they run.
type watching struct {
	list  []poller
	spans *spanWatch // one of list; nil: there is none
	quit  chan struct{}
	all   sync.WaitGroup
}

// start lets them run until stop.
func (w *watching) start() {
	quit := make(chan struct{})
	w.quit = quit
	for _, p := range w.list {
		w.all.Add(1)
		go func() {
			defer w.all.Done()
			defer p.finish()
			rest := time.NewTimer(p.step())
			defer rest.Stop()
			for {
				select {
				case <-quit:
					return
				case <-rest.C:
					rest.Reset(p.step())
				}
			}
		}()
	}
}

// stop waits until none runs any more.
func (w *watching) stop() {
	if w.quit != nil {
		close(w.quit)
		w.quit = nil
		w.all.Wait()
	}
}

// findPollers finds what there is to be asked beside the audio, and says of each
// line how often its voltage is known and whether it has an echo canceller. The channels are open, Info is not told
// to anybody yet.
func (b *Board) findPollers(in Inventory) error {
	spans, positions := map[int]string{}, map[int]int{}
	for _, d := range in.Devices {
		for _, s := range d.Spans {
			spans[s.Number] = s.Name
			for _, c := range s.Channels {
				positions[c.Number] = c.Position
			}
		}
	}
	b.findEchoCancellers()
	var analog []int
	for _, c := range b.channels {
		if c.analog && !slices.Contains(analog, c.span) {
			analog = append(analog, c.span)
		}
	}
	if b.monitors {
		w, err := newMonitorWatch(b.k, b.channels)
		if err != nil {
			return err
		}
		b.watch.list = append(b.watch.list, w)
	}
	w, err := newSpanWatch(b.k, b.spanOf, analog)
	if err != nil {
		return err
	}
	b.watch.spans = w
	b.watch.list = append(b.watch.list, w)
	if v, every := findVolts(b.k, b.channels); v != nil {
		b.watch.list = append(b.watch.list, v)
		for _, c := range v.lines {
			b.measures(c.line, every)
		}
	}
	if a, every := findAstribank(b.k, b.channels, spans, positions); a != nil {
		b.watch.list = append(b.watch.list, a)
		for _, f := range a.files {
			for _, line := range f.lines {
				if line >= 0 {
					b.measures(line, every)
				}
			}
		}
	}
	return nil
}

func (b *Board) measures(line, every int) {
	l := &b.info.Lines[line]
	l.Caps |= driver.CapVolts
	l.VoltsEvery = every
}
