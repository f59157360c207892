package schedule

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Config is what a Runner stands on. Only Memory is needed.
type Config struct {
	Memory     Memory
	Zone       func() *time.Location  // of schedules; nil: time.Local
	Now        func() time.Time       // the clock on the wall; nil: time.Now
	Settle     time.Duration          // nothing runs by itself so long after the start
	Hold       time.Duration          // nor so long after the clock was set by more than 5 min: it may be set back
	Ended      func(Outcome)          // told of each run that ended; may be nil
	Jumped     func(by time.Duration) // told that the clock was set; may be nil
	Logger     *slog.Logger           // nil: none
	Registerer prometheus.Registerer  // nil: none
}

const (
	poll      = time.Minute     // live settings and the clock are looked at so often
	jumpLeast = 2 * time.Second // a clock that is off by more than this was set
	jumpFar   = 5 * time.Minute
	punctual  = 2 * time.Minute // a run that begins later was missed
)

// Runner runs jobs. Its methods may be called at any time, by anybody.
type Runner struct {
	cfg     Config
	metrics *metrics
	bell    chan struct{}

	mu      sync.Mutex
	jobs    map[string]*entry
	records map[string]Record // of jobs that are not there (yet)
	classes map[string]bool   // busy
	running sync.WaitGroup
	life    context.Context // of runs; nil before Run and after its end

	wall  time.Time // at the last look, without the monotonic clock
	mono  time.Time
	quiet time.Time // monotonic: nothing runs by itself before

	readings []reading // of Run's goroutine
}

// entry is a job and what it is at.
type entry struct {
	job     Job
	rec     Record
	seen    bool // its schedule was read
	text    string
	zone    *time.Location
	plan    *Schedule // nil if the text is faulty
	fault   error
	planned bool     // when it is due was worked out, and nothing happened since
	again   bool     // its last run was cut off
	wish    *Trigger // it shall run as soon as it may
	wished  time.Time
	retry   time.Time // monotonic: when to try again what failed; zero: not at all
	running bool
	cancel  context.CancelCauseFunc
	gone    bool // removed; forgotten when its run ends
}

var (
	errStopped = errors.New("the daemon is ending")
	errAsked   = errors.New("it was cancelled")
)

// New makes a Runner that remembers what Memory holds.
func New(cfg Config) (*Runner, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = func() *time.Location { return time.Local }
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	records, err := cfg.Memory.Load()
	if err != nil {
		return nil, fmt.Errorf("load what is remembered of jobs: %w", err)
	}
	if records == nil {
		records = map[string]Record{}
	}
	return &Runner{cfg: cfg, metrics: newMetrics(cfg.Registerer), bell: make(chan struct{}, 1),
		jobs: map[string]*entry{}, records: records, classes: map[string]bool{}}, nil
}

// Set adds a job, or takes another of its name out of use; a run of that one goes on.
// Names have at most 64 bytes of letters, digits, dots, dashes and underscores.
func (r *Runner) Set(j Job) error {
	if len(j.Name) == 0 || len(j.Name) > 64 || strings.ContainsFunc(j.Name, strange) || j.Run == nil || j.Schedule == nil {
		return fmt.Errorf("job %q: it needs a name of letters, digits, dots, dashes and underscores, a schedule and something to run", j.Name)
	}
	if j.Class == "" {
		j.Class = "job " + j.Name
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e, known := r.jobs[j.Name]
	if !known {
		e = &entry{rec: r.records[j.Name]}
		e.again = (e.rec.Result == Running || e.rec.Result == CutOff) && e.rec.Tries < maxTries
		r.jobs[j.Name] = e
		delete(r.records, j.Name)
		r.metrics.known(j.Name, e.rec)
	}
	e.job, e.gone, e.seen, e.planned = j, false, false, false
	if j.Retry > 0 && (e.rec.Result == Failed || e.rec.Result == TimedOut) && e.retry.IsZero() {
		e.retry = time.Now().Add(j.Retry)
	}
	r.Wake()
	return nil
}

func strange(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", c)
}

// Remove takes a job out; its run is cancelled. What is remembered of it stays.
func (r *Runner) Remove(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.jobs[name]
	if !ok {
		return
	}
	e.gone, e.wish = true, nil
	if e.running {
		e.cancel(errAsked)
		return
	}
	r.forget(e)
}

// forget drops a job that does not run. Called with r.mu held.
func (r *Runner) forget(e *entry) {
	r.records[e.job.Name] = e.rec
	delete(r.jobs, e.job.Name)
	r.metrics.gone(e.job.Name)
}

// Wake has schedules looked at now, because settings changed.
func (r *Runner) Wake() {
	select {
	case r.bell <- struct{}{}:
	default:
	}
}

// Ask has a job run now, or as soon as another of its class has ended. It does not wait
// for the run.
func (r *Runner) Ask(name, by string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.jobs[name]
	switch {
	case !ok || e.gone:
		return ErrUnknown
	case e.running:
		return ErrRunning
	case e.wish == nil || e.wish.Why != Asked:
		e.wish, e.wished = &Trigger{Why: Asked, By: by}, time.Now()
	}
	r.Wake()
	return nil
}

// Cancel stops a job that runs, or that waits to. It does not wait for its end.
func (r *Runner) Cancel(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.jobs[name]
	switch {
	case !ok || e.gone:
		return ErrUnknown
	case e.running:
		e.cancel(errAsked)
	case e.wish != nil && e.wish.Why == Asked:
		e.wish = nil
	default:
		return ErrIdle
	}
	return nil
}

// Jobs are all jobs, by name.
func (r *Runner) Jobs() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Status
	for _, name := range slices.Sorted(maps.Keys(r.jobs)) {
		if e := r.jobs[name]; !e.gone {
			all = append(all, e.status())
		}
	}
	return all
}

// Job is one of them.
func (r *Runner) Job(name string) (Status, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.jobs[name]
	if !ok || e.gone {
		return Status{}, false
	}
	return e.status(), true
}

func (e *entry) status() Status {
	last := e.rec
	last.Spans = nil // the Runner's own
	last.Report.Values = maps.Clone(last.Report.Values)
	return Status{Name: e.job.Name, Schedule: e.text, Fault: e.fault, Next: e.rec.Next, Running: e.running, Waiting: e.wish != nil, Last: last}
}

func keysOf(m map[string]string) iter.Seq[string] { return maps.Keys(m) }

// cut shortens text to at most n bytes of whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
