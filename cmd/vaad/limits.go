package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// How full something may be, as a share of its limit, and what follows (docs/degradation.md).
const (
	limitsEvery = 15 * time.Second
	highAt      = 0.80 // an alarm, a profile, and nothing new that can be refused
	fineAt      = 0.70 // then that is over
	lastAt      = 0.95 // for lastLooks looks: it is started again, before the kernel ends it
	lastLooks   = 4
	young       = time.Hour       // a process that fills up so soon is not helped by another start
	relieveNot  = time.Minute     // between two attempts to give memory back
	goShare     = 0.90            // of the memory limit, less what lies beside the heap, is Go's
	goLeast     = int64(64 << 20) // below this Go would only collect garbage
	leakMany    = 256             // goroutines more than the quietest hour of this run has had
	leakFine    = 128             //
	leakAtOnce  = 20_000          // whatever the hour
	perSocket   = 4               // goroutines that a connection explains
	perBoard    = 12              // … and a board
	hour        = int(time.Hour / limitsEvery)
)

// Codes of the alarms about limits.
const (
	alarmMemory      = "memory-high"
	alarmDescriptors = "descriptors-high"
	alarmGoroutines  = "goroutines-high"
	alarmRestart     = "self-restart"
)

// limits watches what this process takes: memory, descriptors, goroutines. It acts in the
// order of what costs least, so that the kernel need not.
type limits struct {
	log    *slog.Logger
	alarms interface {
		Raise(code, subject string, args map[string]string)
		Clear(code, subject string)
	}
	read    func() usage
	boards  func() int
	relieve func()                // gives back what is not needed
	goal    func(bytes int64)     // for Go's heap; nil: the operator has set one
	profile func(of string) error // what holds it, for the support bundle
	again   func(actor string)    // starts the daemon again; nil: nobody would start it
	metrics limitMetrics

	spared atomic.Pointer[string] // what is short, "" or nil: nothing

	began    time.Time
	relieved time.Time
	goes     int64 // goal that was set last
	up       map[string]bool
	last     map[string]int // looks in a row at which something was nearly full

	looks       int // of this hour
	least, base int // goroutines that nothing explains: least of this hour, of the quietest one
}

// limitMetrics are what it moves.
type limitMetrics struct {
	used  *prometheus.GaugeVec
	bound prometheus.Gauge
}

func newLimitMetrics(reg prometheus.Registerer) limitMetrics {
	m := limitMetrics{
		used: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_limit_used_ratio",
			Help: "How much of its limit this process has taken, by limit: memory, descriptors. 1: all."}, []string{"limit"}),
		bound: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_memory_limit_bytes",
			Help: "Memory that this process may take: the least of its control groups' limits and the machine's memory."}),
	}
	m.used.WithLabelValues("memory")
	m.used.WithLabelValues("descriptors")
	reg.MustRegister(m.used, m.bound)
	return m
}

// openLimits makes the watch of this process.
func (d *running) openLimits() {
	system := os.DirFS("/")
	d.limits = &limits{log: d.log, alarms: d.alarms, read: func() usage { return readUsage(system) }, boards: func() int { return len(d.sys.Boards()) },
		relieve: debug.FreeOSMemory, again: d.restarts(), profile: profiles{filepath.Join(d.cfg.Root, "log"), time.Now}.write, metrics: newLimitMetrics(d.reg)}
	if os.Getenv("GOMEMLIMIT") == "" {
		d.limits.goal = func(bytes int64) { debug.SetMemoryLimit(bytes) }
	}
}

// run looks until ctx ends.
func (l *limits) run(ctx context.Context) {
	l.began = time.Now()
	l.up, l.last = map[string]bool{}, map[string]int{}
	tick := time.NewTicker(limitsEvery)
	defer tick.Stop()
	for {
		l.look(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Spare is the code of the alarm why nothing should be taken on that can wait, "" if
// everything may.
func (l *limits) Spare() string {
	if s := l.spared.Load(); s != nil {
		return *s
	}
	return ""
}

func (l *limits) look(now time.Time) {
	u := l.read()
	l.steer(u)
	if share(u.memory, u.memoryMost) >= highAt && now.Sub(l.relieved) >= relieveNot { // what nobody holds is no shortage
		l.relieved = now
		l.relieve()
		u = l.read()
	}
	memory, files := share(u.memory, u.memoryMost), share(int64(u.files), int64(u.filesMost))
	l.metrics.bound.Set(float64(u.memoryMost))
	l.metrics.used.WithLabelValues("memory").Set(memory)
	l.metrics.used.WithLabelValues("descriptors").Set(files)
	l.set(alarmMemory, memory >= highAt, memory < fineAt, map[string]string{"used": mebibytes(u.memory), "limit": mebibytes(u.memoryMost)})
	l.set(alarmDescriptors, files >= highAt, files < fineAt, map[string]string{"used": strconv.Itoa(u.files), "limit": strconv.Itoa(u.filesMost)})
	l.leaks(u)
	short := ""
	switch {
	case l.up[alarmMemory]:
		short = alarmMemory
	case l.up[alarmDescriptors]:
		short = alarmDescriptors
	}
	l.spared.Store(&short)
	l.lastResort(now, alarmMemory, memory)
	l.lastResort(now, alarmDescriptors, files)
}

// steer tells Go's runtime what is left for it: rings and what C has taken lie beside the heap.
func (l *limits) steer(u usage) {
	if l.goal == nil || u.memoryMost == 0 {
		return
	}
	goes := max(goLeast, int64(goShare*float64(u.memoryMost))-u.beside)
	if change := goes - l.goes; change > 1<<20 || change < -1<<20 {
		l.goes = goes
		l.goal(goes)
	}
}

// set raises and clears an alarm; the first look of each takes a profile.
func (l *limits) set(code string, high, fine bool, args map[string]string) {
	switch {
	case high && !l.up[code]:
		l.up[code] = true
		l.alarms.Raise(code, "", args)
		if err := l.profile(code); err != nil {
			l.log.Warn("what holds it could not be written down", "alarm", code, "error", err)
		}
	case fine && l.up[code]:
		delete(l.up, code)
		l.alarms.Clear(code, "")
	}
}

// leaks compares the quietest moment of each hour with the quietest hour of this run: what
// connections and boards explain does not count, nor what comes and goes within an hour.
func (l *limits) leaks(u usage) {
	n := max(1, u.goroutines-perSocket*u.sockets-perBoard*l.boards())
	l.least = min(cmp.Or(l.least, n), n)
	args := map[string]string{"count": strconv.Itoa(u.goroutines), "usual": strconv.Itoa(cmp.Or(l.base, n))}
	if n > leakAtOnce {
		l.set(alarmGoroutines, true, false, args)
	}
	if l.looks++; l.looks < hour {
		return
	}
	l.base = min(cmp.Or(l.base, l.least), l.least)
	l.set(alarmGoroutines, l.least > l.base+leakMany, l.least < l.base+leakFine && n < leakAtOnce, args)
	l.looks, l.least = 0, 0
}

// lastResort starts the daemon again in order, so that what is recorded is sealed: the
// kernel would end it in the middle.
func (l *limits) lastResort(now time.Time, code string, used float64) {
	if used < lastAt {
		l.last[code] = 0
		return
	}
	if l.last[code]++; l.last[code] < lastLooks || l.again == nil || now.Sub(l.began) < young {
		return
	}
	l.last[code] = 0
	l.log.Error("starting again: nearly all that this process may take is taken", "alarm", code, "used", used)
	l.alarms.Raise(alarmRestart, code, map[string]string{"percent": strconv.Itoa(int(100 * used))})
	l.again("limits")
}

// share is how much of a limit is used; nothing where the limit is not known.
func share(used, most int64) float64 {
	if most <= 0 {
		return 0
	}
	return float64(used) / float64(most)
}

func mebibytes(n int64) string { return strconv.FormatInt(n>>20, 10) }
