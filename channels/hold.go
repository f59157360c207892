package channels

import (
	"math"
	"sync"
	"sync/atomic"

	"vaad/driver"
)

// holds are the readers that a virtual board waits for. Real boards never look.
type holds struct {
	mu    sync.Mutex
	done  map[*Reader]map[*Line]int64 // per line, what the reader needs no more
	gen   atomic.Uint32               // changes with the set of readers
	moved chan struct{}               // something a waiting loop may want to look at
}

func newHolds() *holds {
	return &holds{done: map[*Reader]map[*Line]int64{}, moved: make(chan struct{}, 1)}
}

func (h *holds) poke() {
	select {
	case h.moved <- struct{}{}:
	default:
	}
}

func (h *holds) add(r *Reader) {
	h.mu.Lock()
	if h.done[r] == nil {
		h.done[r] = map[*Line]int64{}
	}
	h.mu.Unlock()
	h.gen.Add(1)
	h.poke()
}

func (h *holds) remove(r *Reader) {
	h.mu.Lock()
	delete(h.done, r)
	h.mu.Unlock()
	h.gen.Add(1)
	h.poke()
}

func (h *holds) set(r *Reader, line *Line, pos int64) {
	h.mu.Lock()
	if lines := h.done[r]; lines != nil {
		lines[line] = max(lines[line], pos)
	}
	h.mu.Unlock()
	h.poke()
}

// floor is the lowest position that a reader still needs of any used line. A
// line that a reader never spoke of counts from pos, where it is first seen.
func (h *holds) floor(runs []*lineRun, pos int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	low := int64(math.MaxInt64)
	for _, lines := range h.done {
		for _, r := range runs {
			if r.view.use == driver.Unused {
				continue
			}
			p, known := lines[r.line]
			if !known {
				lines[r.line], p = pos, pos
			}
			low = min(low, p)
		}
	}
	return low
}

// A holdCache remembers how far a loop may go before it must look again.
type holdCache struct {
	upto int64
	gen  uint32
	set  bool
}

// await makes the loop of a virtual board wait until readers that hold it are
// near enough, and until the feed has caught up. False: it was told to stop.
func (l *loop) await() bool {
	lead := int64(l.b.sys.cfg.RingSeconds) * driver.Rate / 4
	for !l.mayGo(lead) {
		l.phase.enter(waiting)
		select {
		case <-l.b.holds.moved:
		case <-l.stop:
		}
		l.phase.leave()
		if l.stopping.Load() {
			return false
		}
	}
	return true
}

func (l *loop) mayGo(lead int64) bool {
	h, q := l.b.holds, l.out.q
	if l.next-l.b.fed.Load() > lead || q.len() > len(q.slots)/2 {
		l.b.sys.feed.poke()
		return false
	}
	if gen := h.gen.Load(); !l.held.set || l.held.gen != gen || l.next+driver.Block > l.held.upto {
		low := h.floor(l.runs, l.next)
		if low < math.MaxInt64-lead {
			low += lead
		}
		l.held = holdCache{upto: low, gen: gen, set: true}
	}
	return l.next+driver.Block <= l.held.upto
}
