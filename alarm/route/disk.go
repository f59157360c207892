package route

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// What is remembered stands in one bucket of state.db. Docs: docs/formats/state.md.
func remembered() store.Bucket[json.RawMessage] {
	return store.NewBucket[json.RawMessage]("alarm.routes")
}

const (
	cursorKey = "seen"
	itemKeys  = "item\x00"
	queueKeys = "message\x00"
	stateKeys = "state\x00"
)

func itemKey(route string, id uint64) string { return itemKeys + route + "\x00" + store.Key(id) }
func messageKey(n uint64) string             { return queueKeys + store.Key(n) }
func stateKey(route string) string           { return stateKeys + route }

// load takes what was to be told when the last run ended. What cannot be read is left out:
// alarms of now are worth more than messages of before.
func (r *Router) load() error {
	r.fresh = true
	return r.cfg.DB.View(func(tx *store.Tx) error {
		return remembered().Range(tx, "", "", func(key string, v json.RawMessage) bool {
			switch {
			case key == cursorKey:
				r.fresh = json.Unmarshal(v, &r.seen) != nil
			case strings.HasPrefix(key, itemKeys):
				route := key[len(itemKeys):max(len(itemKeys), len(key)-9)]
				var it item
				if json.Unmarshal(v, &it) == nil && it.Alarm > 0 {
					r.of(route).items[it.Alarm] = it
				}
			case strings.HasPrefix(key, queueKeys):
				var q queued
				if json.Unmarshal(v, &q) == nil && q.N > 0 {
					b := r.of(q.Message.Route)
					b.queue = append(b.queue, q)
					r.next = max(r.next, q.N+1)
				}
			case strings.HasPrefix(key, stateKeys):
				_ = json.Unmarshal(v, &r.of(key[len(stateKeys):]).state) // else it stands empty
			}
			return true
		})
	})
}

// change is a new value of a key; nothing: it goes.
type change struct{ value json.RawMessage }

// A saver writes changes by a goroutine of its own: a disk that is full or dead keeps no
// message from being sent.
type saver struct {
	db     *store.DB
	logger *slog.Logger
	bell   chan struct{}

	mu    sync.Mutex
	dirty map[string]change
}

// put notes a new value, nil for none.
func (s *saver) put(key string, v any) {
	var c change
	if v != nil {
		b, err := json.Marshal(v)
		if err != nil {
			s.logger.Error("what is remembered of alarm routes cannot be written", "error", err)
			return
		}
		c.value = b
	}
	s.mu.Lock()
	s.dirty[key] = c
	s.mu.Unlock()
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

func (s *saver) run(ctx context.Context) {
	for {
		select {
		case <-s.bell:
		case <-ctx.Done():
			s.flush()
			return
		}
		for !s.flush() {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				s.flush()
				return
			}
		}
	}
}

// flush writes what has changed and says whether it could.
func (s *saver) flush() bool {
	s.mu.Lock()
	mine := s.dirty
	s.dirty = map[string]change{}
	s.mu.Unlock()
	if len(mine) == 0 {
		return true
	}
	err := s.db.Update(func(tx *store.Tx) error {
		for _, key := range slices.Sorted(maps.Keys(mine)) {
			var err error
			if v := mine[key].value; v != nil {
				err = remembered().Put(tx, key, v)
			} else {
				err = remembered().Delete(tx, key)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, c := range mine {
		if _, newer := s.dirty[key]; !newer {
			s.dirty[key] = c
		}
	}
	return false
}

type metrics struct {
	messages *prometheus.CounterVec
	waiting  *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_alarm_route_messages_total",
			Help: "Messages about alarms, by route and by what became of a try: delivered, failed (tried again) or dropped."}, []string{"route", "result"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_alarm_route_waiting_messages",
			Help: "Messages about alarms that wait to be delivered, by route."}, []string{"route"}),
	}
	if reg != nil {
		reg.MustRegister(m.messages, m.waiting)
	}
	return m
}

func (m *metrics) gone(route string) {
	m.waiting.DeleteLabelValues(route)
	m.messages.DeletePartialMatch(prometheus.Labels{"route": route})
}
