package alarm

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// Config of a Manager. DB is required.
type Config struct {
	DB         *store.DB
	Registerer prometheus.Registerer // nil: metrics are not registered
	Keep       int                   // ended alarms kept in the history; default 10,000
	Now        func() time.Time      // default time.Now
	Log        *slog.Logger          // told of what begins and ends; nil: nobody is
}

const (
	expiry      = 24 * time.Hour // of a momentary alarm that nobody acknowledged
	maxSubjects = 100            // active alarms of one code; further subjects share one
	others      = "…"            // the subject they share
)

// A Manager keeps all alarms. All methods may be called from any goroutine;
// none but History waits for the disk.
type Manager struct {
	cfg     Config
	metrics *metrics

	mu     sync.Mutex
	active map[key]*Alarm
	shared shared
	next   uint64           // ID of the next alarm
	dirty  map[uint64]Alarm // rows that the disk does not have yet
	onWay  map[uint64]Alarm // rows that are being written
	subs   map[chan struct{}]bool

	writing sync.Mutex // one write at a time, so that an older row never follows a newer
	teller  teller     // guarded by writing

	work   chan struct{} // dirty has something
	closed chan struct{}
	done   chan struct{}
	err    error // of the last write, guarded by mu
}

type key struct{ code, subject string }

// New reads what stood when vaad stopped: momentary alarms that nobody has seen
// stay; conditions end, as whoever watches them raises them again. Close ends its goroutine.
func New(cfg Config) (*Manager, error) {
	if cfg.Keep <= 0 {
		cfg.Keep = 10_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	m := &Manager{cfg: cfg, active: map[key]*Alarm{}, shared: shared{}, dirty: map[uint64]Alarm{}, subs: map[chan struct{}]bool{},
		work: make(chan struct{}, 1), closed: make(chan struct{}), done: make(chan struct{}), teller: teller{cfg.Log, map[uint64]string{}}}
	m.metrics = newMetrics(cfg.Registerer)
	if err := m.load(); err != nil {
		return nil, err
	}
	go m.run()
	return m, nil
}

// Raise says that something is wrong. Said again of the same subject, it counts
// up the alarm that stands. subject and the values of args are kept as they are given.
func (m *Manager) Raise(code, subject string, args map[string]string) {
	kind, _ := Find(code)
	now := m.cfg.Now().UTC()
	m.metrics.raised(code)
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.active[key{code, subject}]
	switch {
	case a != nil:
	case m.count(code) < maxSubjects:
		m.alone(code, subject)
	default:
		if !kind.Momentary {
			m.shared.add(code, subject)
		}
		subject = others
		a = m.active[key{code, subject}]
	}
	if a == nil {
		a = &Alarm{ID: m.next, Code: code, Subject: subject, Severity: kind.Severity, Momentary: kind.Momentary, First: now}
		m.next++
		m.active[key{code, subject}] = a
	}
	a.Count++
	a.Last = now
	a.Args = maps.Clone(args)
	m.changed(a)
}

// Clear says that a condition is over. Nothing happens when it did not stand, or
// when it is momentary: what has happened stays until somebody has seen it.
func (m *Manager) Clear(code, subject string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.alone(code, subject)
	m.over(code, subject)
}

// Ack notes that somebody has seen an active alarm, and what they say of it; nothing
// said leaves what was. A momentary one ends by it. The error is [ErrNone].
func (m *Manager) Ack(id uint64, actor, comment string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.active {
		if a.ID != id {
			continue
		}
		a.AckedBy, a.Acked = actor, m.cfg.Now().UTC()
		if comment != "" {
			a.Comment = comment
		}
		if a.Momentary {
			m.end(a, "acknowledged", a.Acked)
		} else {
			m.changed(a)
		}
		return nil
	}
	return ErrNone
}

// Active lists what stands: critical ones first, then the newest first.
func (m *Manager) Active() []Alarm {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	out := make([]Alarm, 0, len(m.active))
	for _, a := range m.active {
		out = append(out, copyOf(a))
	}
	slices.SortFunc(out, func(a, b Alarm) int {
		if a.Severity != b.Severity {
			return cmp.Compare(rank(a.Severity), rank(b.Severity))
		}
		return cmp.Compare(b.ID, a.ID)
	})
	return out
}

func rank(s Severity) int {
	if s == Critical {
		return 0
	}
	return 1
}

// Subscribe returns a channel that has a value after something has changed:
// several changes may give one. cancel ends it.
func (m *Manager) Subscribe() (changes <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	m.mu.Lock()
	m.subs[c] = true
	m.mu.Unlock()
	return c, func() {
		m.mu.Lock()
		delete(m.subs, c)
		m.mu.Unlock()
	}
}

// The functions below are called with mu held.

func (m *Manager) changed(a *Alarm) {
	m.dirty[a.ID] = copyOf(a)
	m.metrics.active(a.Code, m.count(a.Code))
	poke(m.work)
	for c := range m.subs {
		poke(c)
	}
}

// alone takes a condition out of the alarm that it may share with others.
func (m *Manager) alone(code, subject string) {
	if m.shared.remove(code, subject) {
		m.over(code, others)
	}
}

// over ends the alarm of a condition, if there is one.
func (m *Manager) over(code, subject string) {
	if a := m.active[key{code, subject}]; a != nil && !a.Momentary {
		m.end(a, "cleared", m.cfg.Now().UTC())
	}
}

func (m *Manager) end(a *Alarm, by string, at time.Time) {
	a.Ended, a.EndedBy = at, by
	delete(m.active, key{a.Code, a.Subject})
	m.changed(a)
}

// expire ends momentary alarms that have stood for a day.
func (m *Manager) expire() {
	now := m.cfg.Now().UTC()
	for _, a := range m.active {
		if a.Momentary && now.Sub(a.Last) >= expiry {
			m.end(a, "expired", now)
		}
	}
}

func (m *Manager) count(code string) int {
	n := 0
	for k := range m.active {
		if k.code == code {
			n++
		}
	}
	return n
}

func copyOf(a *Alarm) Alarm {
	c := *a
	c.Args = maps.Clone(a.Args)
	return c
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
