package route

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/alarm"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// Alarms are what is told, and where a route's own failure goes: [alarm.Manager].
type Alarms interface {
	Active() []alarm.Alarm
	History(before uint64, limit int) ([]alarm.Alarm, error)
	Subscribe() (changes <-chan struct{}, cancel func())
	Raise(code, subject string, args map[string]string)
	Clear(code, subject string)
}

// Config is what a Router stands on. All but Registerer, Wake, Now and Logger is required.
type Config struct {
	DB         *store.DB
	Alarms     Alarms
	Routes     func() []Route // those in use; asked again and again
	Words      func(alarm.Alarm) Words
	Box        func() Box
	Wake       <-chan struct{} // rings when routes have changed: what failed is tried at once
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time // nil = time.Now
}

const (
	firstRetry = 10 * time.Second
	lastRetry  = 15 * time.Minute
	failAfter  = 3                  // tries of one message until AlarmFailed is raised
	keepFor    = 3 * 24 * time.Hour // an older message is given up
	maxWaiting = 1000               // messages of one route; then the oldest is given up
	lookEvery  = 30 * time.Second   // for quiet hours that end and clocks that were set
	restarted  = 2 * time.Minute    // conditions that ended by a restart are over if they do not come up again
	maxFresh   = 2000               // alarms that are looked at which came up since the last look
)

// ErrNone says that there is no such route.
var ErrNone = errors.New("there is no such route")

// A Router watches alarms and sends messages. All methods may be called from any goroutine.
type Router struct {
	cfg     Config
	metrics *metrics
	disk    saver
	results chan result

	mu    sync.Mutex
	known map[string]*box // by route
	seen  uint64          // newest alarm that was looked at
	fresh bool            // nothing was remembered
	next  uint64          // number of the next message
}

// box is what is known of one route.
type box struct {
	items  map[uint64]item // by alarm
	queue  []queued        // oldest first
	busy   bool            // the first of the queue is being sent
	sent   []time.Time     // messages within FloodTime
	digest time.Time       // the last one
	state  standing
}

// item is one alarm for one route.
type item struct {
	Alarm uint64    `json:"alarm"`
	Code  string    `json:"code"`
	Of    string    `json:"subject"`
	Due   time.Time `json:"due"`
	Told  bool      `json:"told"`
	Last  time.Time `json:"last,omitzero"` // when it was told last
}

// queued is one message that waits.
type queued struct {
	N       uint64    `json:"n"`
	Message Message   `json:"message"`
	Tries   int       `json:"tries"`
	Next    time.Time `json:"next,omitzero"`
}

// standing is what became of a route's messages.
type standing struct {
	Delivered time.Time `json:"delivered,omitzero"` // the last that arrived
	Failed    time.Time `json:"failed,omitzero"`    // the last try that failed
	Error     string    `json:"error,omitempty"`    // of that; "" = the last try went well
	Dropped   int       `json:"dropped,omitempty"`  // messages given up
}

type result struct {
	route string
	n     uint64
	err   error
}

// New reads what was to be told when the last run ended.
func New(cfg Config) (*Router, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Router{cfg: cfg, metrics: newMetrics(cfg.Registerer), results: make(chan result, 64), known: map[string]*box{}, next: 1}
	r.disk = saver{db: cfg.DB, logger: cfg.Logger, bell: make(chan struct{}, 1), dirty: map[string]change{}}
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

// Run tells of alarms until ctx ends. It returns when all that goes on has ended.
func (r *Router) Run(ctx context.Context) error {
	changes, cancel := r.cfg.Alarms.Subscribe()
	defer cancel()
	var wg, sent sync.WaitGroup
	defer r.disk.flush() // what was noted last
	defer wg.Wait()
	wg.Go(func() { r.disk.run(ctx) })
	defer r.last(&sent)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait, start := r.look()
		for _, s := range start {
			sent.Go(func() {
				err := s.way.Send(ctx, s.message)
				if err != nil && ctx.Err() != nil { // our end, not the route's fault
					return
				}
				r.results <- result{s.message.Route, s.n, err}
			})
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changes:
		case <-r.cfg.Wake:
			r.hurry()
		case res := <-r.results:
			r.done(res)
		case <-timer.C:
		}
	}
}

// last takes what became of messages that were on their way when the run ended: one that
// arrived is not sent again by the next run.
func (r *Router) last(sent *sync.WaitGroup) {
	over := make(chan struct{})
	go func() { sent.Wait(); close(over) }()
	for {
		select {
		case res := <-r.results:
			r.done(res)
			continue
		case <-over:
		}
		for len(r.results) > 0 {
			r.done(<-r.results)
		}
		return
	}
}

// sending is one message on its way.
type sending struct {
	way     Way
	n       uint64
	message Message
}

// look does what is due, says what is to be sent and when to look again.
func (r *Router) look() (wait time.Duration, start []sending) {
	routes := r.cfg.Routes()
	now := r.cfg.Now()
	active := r.cfg.Alarms.Active()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(routes)
	seen := r.seen
	all := r.since(active)
	next := now.Add(lookEvery)
	for i := range routes {
		rt := &routes[i]
		b := r.of(rt.Name)
		r.take(rt, b, all.fresh)
		next = earlier(next, r.due(rt, b, all, now))
		if s, at, ok := b.first(rt, now); ok {
			start = append(start, s)
		} else {
			next = earlier(next, at)
		}
		r.metrics.waiting.WithLabelValues(rt.Name).Set(float64(len(b.queue)))
	}
	if r.seen != seen { // last: a kill before tells again what was taken, a kill after loses none
		r.disk.put(cursorKey, r.seen)
	}
	return max(next.Sub(now), 0), start
}

func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// of is what is known of a route.
func (r *Router) of(name string) *box {
	b := r.known[name]
	if b == nil {
		b = &box{items: map[uint64]item{}}
		r.known[name] = b
	}
	return b
}

// forget drops what is known of routes that are gone.
func (r *Router) forget(routes []Route) {
	for name, b := range r.known {
		if slices.ContainsFunc(routes, func(rt Route) bool { return rt.Name == name }) || b.busy {
			continue
		}
		for id := range b.items {
			r.disk.put(itemKey(name, id), nil)
		}
		for _, q := range b.queue {
			r.disk.put(messageKey(q.N), nil)
		}
		r.disk.put(stateKey(name), nil)
		delete(r.known, name)
		r.metrics.gone(name)
		r.cfg.Alarms.Clear(AlarmFailed, name)
	}
}

// first is the message to send now, or when to look for it again.
func (b *box) first(rt *Route, now time.Time) (s sending, at time.Time, ok bool) {
	if b.busy || len(b.queue) == 0 {
		return s, at, false
	}
	q := &b.queue[0]
	if q.Next.After(now) {
		if q.Next.Sub(now) > lastRetry { // the clock was set back
			q.Next = now.Add(lastRetry)
		}
		return s, q.Next, false
	}
	b.busy = true
	return sending{rt.Way, q.N, q.Message}, at, true
}

// done takes what became of a message.
func (r *Router) done(res result) {
	now := r.cfg.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.of(res.route)
	b.busy = false
	if len(b.queue) == 0 || b.queue[0].N != res.n {
		return
	}
	q := &b.queue[0]
	if res.err == nil {
		b.state.Delivered, b.state.Error = now, ""
		r.drop(b)
		r.metrics.messages.WithLabelValues(res.route, "delivered").Inc()
		r.cfg.Alarms.Clear(AlarmFailed, res.route)
	} else {
		q.Tries++
		q.Next = now.Add(min(firstRetry<<min(q.Tries-1, 10), lastRetry))
		b.state.Failed, b.state.Error = now, cut(res.err.Error())
		r.metrics.messages.WithLabelValues(res.route, "failed").Inc()
		r.cfg.Logger.Warn("a message about alarms could not be delivered; it is tried again", "route", res.route, "kind", q.Message.Kind, "tries", q.Tries, "error", res.err)
		if q.Tries >= failAfter {
			r.cfg.Alarms.Raise(AlarmFailed, res.route, map[string]string{"route": res.route, "reason": b.state.Error})
		}
		if age := now.Sub(q.Message.Time); age > keepFor {
			b.state.Dropped++
			r.metrics.messages.WithLabelValues(res.route, "dropped").Inc()
			r.drop(b)
		} else {
			r.disk.put(messageKey(q.N), *q)
		}
	}
	r.disk.put(stateKey(res.route), b.state)
}

// drop takes the first message off the queue.
func (r *Router) drop(b *box) {
	r.disk.put(messageKey(b.queue[0].N), nil)
	b.queue = slices.Delete(b.queue, 0, 1)
}

// add queues a message.
func (r *Router) add(rt *Route, b *box, kind string, alarms []alarm.Alarm, now time.Time) {
	m := r.message(rt.Name, kind, now)
	for _, a := range alarms[:min(len(alarms), maxTold)] {
		m.Alarms = append(m.Alarms, told(&a, r.cfg.Words(a), rt.Console))
	}
	m.More = max(0, len(alarms)-maxTold)
	if len(b.queue) >= maxWaiting {
		at := 0
		if b.busy {
			at = 1
		}
		r.disk.put(messageKey(b.queue[at].N), nil)
		b.queue = slices.Delete(b.queue, at, at+1)
		b.state.Dropped++
		r.disk.put(stateKey(rt.Name), b.state)
		r.metrics.messages.WithLabelValues(rt.Name, "dropped").Inc()
	}
	q := queued{N: r.next, Message: m}
	r.next++
	b.queue = append(b.queue, q)
	r.disk.put(messageKey(q.N), q)
}

func (r *Router) message(route, kind string, now time.Time) Message {
	return Message{V: 1, ID: strings.ToLower(rand.Text()), Kind: kind, Route: route, Time: now.UTC().Truncate(time.Second), Box: r.cfg.Box(), Alarms: []Told{}}
}

// hurry has all that failed tried now.
func (r *Router) hurry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range r.known {
		for i := range b.queue {
			b.queue[i].Next = time.Time{}
		}
	}
}

// Test sends a message without alarms, at once and once only, and says what became of it.
func (r *Router) Test(ctx context.Context, route string) error {
	for _, rt := range r.cfg.Routes() {
		if rt.Name == route {
			err := rt.Way.Send(ctx, r.message(route, Test, r.cfg.Now()))
			if err == nil {
				r.hurry() // it works now
			}
			return err
		}
	}
	return ErrNone
}

// A State is how a route is.
type State struct {
	Route     string
	Kind      string // of its way
	Waiting   int    // messages
	Watched   int    // alarms that it has told of, or will, and that are not over
	Next      time.Time
	Delivered time.Time // when a message arrived last
	Failed    time.Time
	Error     string // of the last try, "" = it went well
	Dropped   int
}

// States are the routes in use, by name.
func (r *Router) States() []State {
	routes := r.cfg.Routes()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]State, 0, len(routes))
	for _, rt := range routes {
		s := State{Route: rt.Name, Kind: rt.Way.Kind()}
		if b := r.known[rt.Name]; b != nil {
			s.Waiting, s.Watched = len(b.queue), len(b.items)
			s.Delivered, s.Failed, s.Error, s.Dropped = b.state.Delivered, b.state.Failed, b.state.Error, b.state.Dropped
			if len(b.queue) > 0 {
				s.Next = b.queue[0].Next
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b State) int { return strings.Compare(a.Route, b.Route) })
	return out
}

// cut keeps what is remembered of an error short.
func cut(s string) string {
	if len(s) > 500 {
		return strings.ToValidUTF8(s[:500], "") + "…"
	}
	return s
}

// sorted are the alarms that a route watches, in the order they came up.
func (b *box) sorted() []uint64 { return slices.Sorted(maps.Keys(b.items)) }
