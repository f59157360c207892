package archive

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// syncer lets many callers share one syncfs. A caller never joins one that is
// already running, as that may have passed its files; it shares the next.
type syncer struct {
	disk Disk
	m    *syncMetrics

	mu   sync.Mutex
	next *flight
	run  sync.Mutex // held while syncfs runs
}

type flight struct {
	done chan struct{}
	took time.Duration
	err  error
}

func (s *syncer) sync() (time.Duration, error) {
	s.mu.Lock()
	f := s.next
	lead := f == nil
	if lead {
		f = &flight{done: make(chan struct{})}
		s.next = f
	}
	s.mu.Unlock()
	if !lead {
		<-f.done
		return f.took, f.err
	}
	s.run.Lock()
	s.mu.Lock()
	s.next = nil
	s.mu.Unlock()
	from := time.Now()
	f.err = s.disk.SyncFS()
	f.took = time.Since(from)
	s.run.Unlock()
	s.m.seconds.Observe(f.took.Seconds())
	close(f.done)
	return f.took, f.err
}

type syncMetrics struct {
	seconds prometheus.Histogram
}

func newSyncMetrics(r prometheus.Registerer) *syncMetrics {
	m := &syncMetrics{prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "vaad_archive_sync_seconds",
		Help:    "Time one syncfs of the recordings' file system took.",
		Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30},
	})}
	register(r, m.seconds)
	return m
}
