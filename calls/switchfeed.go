package calls

import (
	"slices"
	"strings"
)

// ChangeKind is the stable code of a kind of change.
type ChangeKind string

const (
	LegChanged    ChangeKind = "leg"          // Leg: begun or changed; in its last one its State is "ended"
	BridgeChanged ChangeKind = "bridge"       // Bridge: begun or changed
	BridgeEnded   ChangeKind = "bridge-ended" // Bridge: its legs are those it had
	PlayEnded     ChangeKind = "played"       // Leg; Request: of Play; Text: "end", "stopped", "key 5"
	KeysWereSent  ChangeKind = "keys-sent"    // Leg; Request: of Keys
	KeyPressed    ChangeKind = "key"          // Leg; Text: the key
	Failed        ChangeKind = "failed"       // Leg where there is one; Failure: something that the switch did by itself, or after an operation had returned
	Resync        ChangeKind = "resync"       // changes were lost to this watcher: fetch Legs and Bridges anew
)

// A Change is something that became different. What it points to never changes.
type Change struct {
	Kind    ChangeKind
	Leg     *Leg
	Bridge  *Bridge
	Request string
	Text    string
	Failure *Failure
}

// A Watcher gets the changes of a Switch: as many as it takes, up to 1,024 behind;
// then Resync.
type Watcher struct {
	s *Switch
	c chan Change
}

const watcherChanges = 1024

// C gives the changes. It is closed by Close and when the Switch ends.
func (w *Watcher) C() <-chan Change { return w.c }

// Close ends the watching.
func (w *Watcher) Close() {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	if w.s.watchers[w] {
		delete(w.s.watchers, w)
		close(w.c)
	}
}

// Watch begins to watch. Where the Switch has ended nothing comes.
func (s *Switch) Watch() *Watcher {
	w := &Watcher{s: s, c: make(chan Change, watcherChanges)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[w] = true
	return w
}

// put gives a change; where there is no room, all that waits becomes one Resync.
func (w *Watcher) put(c Change) {
	select {
	case w.c <- c:
		return
	default:
	}
	for len(w.c) > 0 {
		select {
		case <-w.c:
		default:
		}
	}
	w.c <- Change{Kind: Resync} // who puts holds the lock: there is room
}

// touch notes that a leg has changed.
func (s *Switch) touch(l *leg) {
	if !slices.Contains(s.touched, l) {
		s.touched = append(s.touched, l)
	}
}

// move notes that a bridge has changed.
func (s *Switch) move(b *bridge) {
	if !slices.Contains(s.shifted, b) {
		s.shifted = append(s.shifted, b)
	}
}

// tell hands out what has changed.
func (s *Switch) tell() {
	for _, l := range s.touched {
		if l.shown != l.State {
			if l.shown != "" {
				s.metrics.legs.WithLabelValues(string(l.shown)).Dec()
			}
			if l.shown = l.State; l.State != LegEndedNow {
				s.metrics.legs.WithLabelValues(string(l.State)).Inc()
			} else {
				l.shown = ""
			}
		}
		s.hand(Change{Kind: LegChanged, Leg: l.snapshot()})
	}
	for _, b := range s.shifted {
		kind := BridgeChanged
		if b.over {
			kind = BridgeEnded
		}
		snapshot := b.snapshot()
		s.hand(Change{Kind: kind, Bridge: &snapshot})
	}
	for _, c := range s.changes {
		s.hand(c)
	}
	s.metrics.bridges.Set(float64(len(s.bridges)))
	s.touched, s.shifted, s.changes = s.touched[:0], s.shifted[:0], s.changes[:0]
}

func (s *Switch) hand(c Change) {
	for w := range s.watchers {
		w.put(c)
	}
}

// Legs is a snapshot of all legs, in order of their IDs.
func (s *Switch) Legs() []Leg {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Leg, 0, len(s.legs))
	for _, l := range s.legs {
		all = append(all, l.Leg)
	}
	slices.SortFunc(all, func(a, b Leg) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Leg is a snapshot of one.
func (s *Switch) Leg(id string) (Leg, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.legs[id]; l != nil {
		return l.Leg, true
	}
	return Leg{}, false
}

// Bridges is a snapshot of all bridges, in order of their IDs.
func (s *Switch) Bridges() []Bridge {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Bridge, 0, len(s.bridges))
	for _, b := range s.bridges {
		all = append(all, b.snapshot())
	}
	slices.SortFunc(all, func(a, b Bridge) int { return strings.Compare(a.ID, b.ID) })
	return all
}
