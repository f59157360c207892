package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Every is how often is sampled.
const Every = 10 * time.Second

// Span is how far back history reaches.
const Span = 30 * 24 * time.Hour

// Config of a Keeper. Dir, Series and Gatherer are required.
type Config struct {
	Dir      string // made if missing
	Series   []Series
	Gatherer prometheus.Gatherer
	Logger   *slog.Logger
	Now      func() time.Time // nil = time.Now
}

// A Keeper samples, and answers. Its methods may be called from any goroutine.
type Keeper struct {
	cfg    Config
	before map[string]number // of Run's goroutine
	last   time.Time
	failed bool

	mu     sync.RWMutex
	rings  map[string]*ring // of those whose file could be opened
	closed bool
}

// ErrNone says that there is no such series.
var ErrNone = errors.New("there is no such series")

// Open opens the files of all series, and makes those that are missing. Those that it
// cannot, as on a full disk, are tried again with each sample.
func Open(cfg Config) (*Keeper, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{cfg: cfg, rings: map[string]*ring{}, before: map[string]number{}}
	for _, s := range cfg.Series {
		if s.Name == "" || len(s.Name) > maxNameLen || strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return nil, fmt.Errorf("history: %q is no name of a series", s.Name)
		}
	}
	if err := k.open(); err != nil {
		cfg.Logger.Error("metrics' history cannot be kept; it is tried again", "error", err)
	}
	return k, nil
}

// open opens the files that are not.
func (k *Keeper) open() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || len(k.rings) == len(k.cfg.Series) {
		return nil
	}
	if err := os.MkdirAll(k.cfg.Dir, 0o750); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	for _, s := range k.cfg.Series {
		if k.rings[s.Name] != nil {
			continue
		}
		r, made, err := openRing(filepath.Join(k.cfg.Dir, s.Name+".history"), s.Name)
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		if made {
			k.cfg.Logger.Debug("a file of metrics' history begins", "series", s.Name)
		}
		k.rings[s.Name] = r
	}
	return nil
}

// Close closes the files.
func (k *Keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, r := range k.rings {
		errs = append(errs, r.close())
	}
	k.rings, k.closed = map[string]*ring{}, true
	return errors.Join(errs...)
}

// Run samples every 10 s until ctx ends: in the middle of slots, so that none is missed
// and none is hit twice.
func (k *Keeper) Run(ctx context.Context) {
	for {
		k.sample()
		now := k.cfg.Now()
		timer := time.NewTimer(now.Truncate(Every).Add(Every + Every/2).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// sample takes one value of every series. What cannot be gathered or written is a gap.
func (k *Keeper) sample() {
	all, err := k.cfg.Gatherer.Gather() // with an error it still has what went well
	err = errors.Join(err, k.open())
	now := time.Now()
	g := &Gathered{families: make(map[string]*dto.MetricFamily, len(all)), before: k.before, now: map[string]number{}}
	for _, f := range all {
		g.families[f.GetName()] = f
	}
	if !k.last.IsZero() {
		g.since = now.Sub(k.last)
	}
	k.last = now
	unix := k.cfg.Now().Unix()
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, s := range k.cfg.Series {
		if v, ok := s.Read(g); ok && k.rings[s.Name] != nil {
			err = errors.Join(err, k.rings[s.Name].add(unix, v))
		}
	}
	k.before = g.now
	if err != nil && !k.failed {
		k.cfg.Logger.Warn("metrics' history has a gap", "error", err)
	}
	k.failed = err != nil
}

// A Point is what was in one stretch of time.
type Point struct {
	Time           time.Time // its beginning
	Min, Mean, Max float64
}

// A Curve is the answer to a query. Stretches without any sample are left out.
type Curve struct {
	Series Series
	Step   time.Duration // of one point
	Points []Point
}

// Series are all series, in their order.
func (k *Keeper) Series() []Series { return slices.Clone(k.cfg.Series) }

// Query is a series from a moment to another, in at most so many points (1 to 5000), by the finest
// ring that reaches so far back.
func (k *Keeper) Query(name string, from, to time.Time, points int) (Curve, error) {
	i := slices.IndexFunc(k.cfg.Series, func(s Series) bool { return s.Name == name })
	if i < 0 {
		return Curve{}, ErrNone
	}
	points = min(max(points, 1), 5000)
	now := k.cfg.Now()
	from = later(from, now.Add(-Span))
	if to.After(now) {
		to = now.Add(time.Second) // what is now is in it
	}
	c := Curve{Series: k.cfg.Series[i], Points: []Point{}}
	which, step := choose(from, to, now, points)
	c.Step = time.Duration(step) * time.Second
	if !from.Before(to) {
		return c, nil
	}
	t := tiers()[which]
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.closed {
		return c, os.ErrClosed
	}
	r := k.rings[name]
	if r == nil { // there is none yet
		return c, nil
	}
	var n float64
	err := r.read(which, max(from.Unix(), 0)/t.Step, (to.Unix()-1)/t.Step, func(x record) {
		begin := time.Unix(x.slot*t.Step/step*step, 0).UTC()
		if last := len(c.Points) - 1; last >= 0 && c.Points[last].Time.Equal(begin) {
			p := &c.Points[last]
			p.Min, p.Max = math.Min(p.Min, float64(x.min)), math.Max(p.Max, float64(x.max))
			n += float64(x.n)
			p.Mean += (float64(x.mean) - p.Mean) * float64(x.n) / n
			return
		}
		n = float64(x.n)
		c.Points = append(c.Points, Point{begin, float64(x.min), float64(x.mean), float64(x.max)})
	})
	return c, err
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// choose is the ring for a query, and the seconds of one point, a multiple of its step.
func choose(from, to, now time.Time, points int) (which int, step int64) {
	begin, end := max(from.Unix(), 0), max(to.Unix(), 1)
	need := func(step int64) int64 { return (end-1)/step - begin/step + 1 } // points
	all := tiers()
	for which = 0; which < len(all)-1; which++ {
		t := all[which]
		reaches := now.Unix()-begin <= t.Slots*t.Step
		if reaches && need(all[which+1].Step) < int64(points) {
			break
		}
	}
	t := all[which]
	for step = t.Step; need(step) > int64(points) && step < end-begin+2*t.Step; {
		step += t.Step
	}
	return which, step
}
