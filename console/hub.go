package console

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/channels"
)

const (
	linesEvery  = 100 * time.Millisecond // how often live values are looked at
	queueFacts  = 512                    // facts that wait for one watcher; more is a resync
	recentFacts = 1024                   // facts kept for watchers who come back
)

// A hub hands the live feed on to all who watch: one goroutine reads, each
// watcher has a bounded queue. Facts queue up; live values of a line do not,
// the newest replaces the one that waits. Who falls behind gets a resync and a
// snapshot, never a gap that nobody sees.
//
//	feed ─▶ run ─┬─▶ watcher: facts ≤ 512, changed lines ≤ number of lines,
//	lines, 10 Hz ┘            readings ≤ number of lines, so often as it asked ─▶ SSE
//
// Each line is encoded once, whoever watches; see readings.go.
type hub struct {
	s    *Server
	boot string

	mu       sync.Mutex
	seq      uint64            // of the last fact
	recent   []api.Fact        // oldest first
	last     map[int]told      // lines as last told
	looks    uint64            // how often lines were looked at
	watchers map[*watcher]bool // those who are told
}

func newHub(s *Server) *hub {
	return &hub{s: s, boot: s.cfg.Lines.BootID(), last: map[int]told{}, watchers: map[*watcher]bool{}}
}

// run reads the feed until ctx ends.
func (h *hub) run(ctx context.Context) error {
	tick := time.NewTicker(linesEvery)
	defer tick.Stop()
	var events []channels.Event
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.s.cfg.Feed.Wake():
			var lost bool
			events, lost = h.s.cfg.Feed.Drain(events[:0])
			h.facts(events, lost)
		case <-tick.C:
			h.look()
		}
	}
}

// facts tells all watchers what happened.
func (h *hub) facts(events []channels.Event, lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range events {
		e := &events[i]
		if e.Kind == channels.Resync {
			lost = true
			continue
		}
		f := factOf(h.boot, e)
		h.seq = max(h.seq, f.Seq)
		h.recent = append(h.recent, f)
		for w := range h.watchers {
			w.fact(f)
		}
	}
	if over := len(h.recent) - recentFacts; over > 0 {
		h.recent = append(h.recent[:0], h.recent[over:]...)
	}
	if lost {
		h.recent = h.recent[:0]
		for w := range h.watchers {
			w.fallBehind("slow")
		}
	}
}

func factOf(boot string, e *channels.Event) api.Fact {
	return api.Fact{
		Boot: boot, Seq: e.Seq, Time: e.Time.UTC(), Kind: string(e.Kind), Board: e.Board, Line: e.Line, Call: e.Call,
		From: string(e.From), To: string(e.To), Value: e.Value, Text: e.Text, Direction: string(e.Direction),
		AnsweredBy: e.AnsweredBy, EndedBy: e.EndedBy, Missed: e.Missed, Request: e.Request,
		Side: e.Side, By: e.By, Sure: e.Sure, Caller: e.Caller, Called: e.Called, Name: e.Name,
	}
}

// join adds a watcher who had everything up to a fact of a boot; ok is false
// when there are too many already.
// levels is how often a second it wants readings, 0 for never, or wholeLines.
func (h *hub) join(boot string, seq uint64, levels int) (w *watcher, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) >= maxWatchers {
		return nil, false
	}
	w = &watcher{wake: make(chan struct{}, 1), whole: levels == wholeLines, lines: map[int]string{}, readings: map[int]string{}, snapshot: true}
	if levels > 0 {
		w.every = uint64((looksPerSecond + levels - 1) / levels) // at most so often
	}
	switch {
	case boot == "":
	case boot != h.boot:
		w.resync = "restart"
	case seq < h.seq && (len(h.recent) == 0 || h.recent[0].Seq > seq+1):
		w.resync = "forgotten"
	default:
		for _, f := range h.recent {
			if f.Seq > seq {
				w.facts = append(w.facts, f)
			}
		}
	}
	w.wake <- struct{}{}
	h.watchers[w] = true
	h.s.metrics.watchers.Inc()
	return w, true
}

func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers[w] {
		delete(h.watchers, w)
		h.s.metrics.watchers.Dec()
	}
}

// snapshot is every line that the scope sees, and the last fact in it.
func (h *hub) snapshot(sc access.Scope, now time.Time) (uint64, []byte) {
	h.mu.Lock()
	seq := h.seq
	h.mu.Unlock()
	type snapshot struct { // api.Snapshot with lines that are encoded already
		Boot  string            `json:"boot"`
		Seq   uint64            `json:"seq"`
		Time  time.Time         `json:"time"`
		Lines []json.RawMessage `json:"lines"`
	}
	out := snapshot{h.boot, seq, now.UTC(), []json.RawMessage{}}
	for _, l := range h.s.allLines("") {
		if sc.Allows(access.ViewLines, l.Line) {
			out.Lines = append(out.Lines, json.RawMessage(h.encode(&l)))
		}
	}
	b, _ := json.Marshal(out) // made of what was encoded before
	return seq, b
}

// A watcher is the queue of one reader. Its methods never wait.
type watcher struct {
	wake  chan struct{}
	whole bool   // it is told lines whole whenever their levels move, and no readings
	every uint64 // looks from one message of readings to the next; 0: it wants none

	mu       sync.Mutex
	facts    []api.Fact
	lines    map[int]string
	readings map[int]string
	due      bool // readings are to be sent, even where none changed
	snapshot bool
	resync   string // reason; "" = none
}

func (w *watcher) note() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *watcher) fact(f api.Fact) {
	w.mu.Lock()
	if len(w.facts) >= queueFacts {
		w.facts, w.snapshot, w.resync = nil, true, "slow"
	} else if w.resync == "" {
		w.facts = append(w.facts, f)
	}
	w.mu.Unlock()
	w.note()
}

func (w *watcher) fallBehind(why string) {
	w.mu.Lock()
	w.facts, w.snapshot, w.resync = nil, true, why
	w.mu.Unlock()
	w.note()
}

// news is what waits for a watcher.
type news struct {
	facts           []api.Fact
	lines, readings map[int]string
	due, snapshot   bool
	resync          string
}

// take empties the queue.
func (w *watcher) take() news {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := news{w.facts, w.lines, nil, w.due, w.snapshot, w.resync}
	w.facts, w.lines, w.snapshot, w.resync = nil, map[int]string{}, false, ""
	if w.due {
		n.readings, w.readings, w.due = w.readings, map[int]string{}, false
	}
	return n
}
