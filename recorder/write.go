package recorder

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"vaad/recorder/archive"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	retryEvery = 250 * time.Millisecond // after the disk refused
	lastTry    = 5 * time.Second        // how long the end waits for the disk
)

// A writer carries out all recordings, one after the other, from one goroutine.
// The disk may hold it up for as long as it likes.
type writer struct {
	r     *Recorder
	wake  chan struct{} // there is audio, or an end
	moved chan struct{} // something was written: virtual boards may go on
	dirty atomic.Bool   // something was written since the last sync

	mu    sync.Mutex
	fresh []*recording

	patience time.Duration // at the end

	jobs []*job // the goroutine's own
	bufs buffers
	slow *slowness
}

func newWriter(r *Recorder) *writer {
	return &writer{r: r, wake: make(chan struct{}, 1), moved: make(chan struct{}, 1), patience: lastTry, slow: newSlowness(tooSlow, r.slow)}
}

func (wr *writer) add(rec *recording) {
	wr.mu.Lock()
	wr.fresh = append(wr.fresh, rec)
	wr.mu.Unlock()
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes until the context ends, and then until everything that has an end
// is written, but not longer than its patience.
func (wr *writer) run(ctx context.Context) {
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	var over <-chan time.Time
	stop := ctx.Done()
	for {
		again, failed := wr.pass()
		if over != nil && len(wr.jobs) == 0 {
			return
		}
		if again {
			poke(wr.wake)
		}
		if failed {
			retry.Reset(retryEvery)
		}
		select {
		case <-wr.wake:
		case <-retry.C:
		case <-stop:
			stop = nil
			t := time.NewTimer(wr.patience)
			defer t.Stop()
			over = t.C
		case <-over:
			wr.r.c.Logger.Error("the disk did not take everything in time; the recordings will be repaired at the next start", "recordings", len(wr.jobs))
			return
		}
	}
}

// pass gives every recording its turn.
func (wr *writer) pass() (again, failed bool) {
	wr.mu.Lock()
	for _, rec := range wr.fresh {
		wr.jobs = append(wr.jobs, &job{rec: rec, r: wr.r, pos: rec.from, hole: none, gap: rec.from, bufs: &wr.bufs})
	}
	clear(wr.fresh)
	wr.fresh = wr.fresh[:0]
	wr.mu.Unlock()
	kept := wr.jobs[:0]
	now := time.Now()
	for _, j := range wr.jobs {
		if now.Before(j.retry) {
			failed = true
			kept = append(kept, j)
			continue
		}
		begin, pos := time.Now(), j.pos
		wr.slow.begin()
		more, done, err := j.step(wr.r.c.Archive)
		wr.slow.end()
		if j.pos != pos || done {
			wr.dirty.Store(true)
			wr.r.metrics.write.Observe(time.Since(begin).Seconds())
		}
		again = again || more
		switch {
		case err != nil && errors.Is(err, archive.ErrClosed):
			wr.r.c.Logger.Error("recording given up: the archive is closed", "line", j.rec.line.Number(), "recording", j.rec.id)
			wr.r.closed(j.rec, j.w != nil)
			continue
		case err != nil:
			failed = true
			j.retry = time.Now().Add(retryEvery)
			wr.ill(j, err)
		case j.ill:
			j.ill = false
			wr.r.disk.worked(strconv.Itoa(j.rec.line.Number()))
		}
		if done && err == nil {
			wr.r.closed(j.rec, j.w != nil)
			continue
		}
		kept = append(kept, j)
	}
	clear(wr.jobs[len(kept):])
	wr.jobs = kept
	poke(wr.moved)
	return again, failed
}

func (wr *writer) ill(j *job, err error) {
	wr.r.disk.failed(strconv.Itoa(j.rec.line.Number()), err)
	if !j.ill {
		j.ill = true
		wr.r.c.Logger.Error("a recording cannot be written; its audio waits in memory", "line", j.rec.line.Number(), "recording", j.rec.id, "err", err)
	}
}

type metrics struct {
	started, ended, refused, gaps, faults *prometheus.CounterVec
	discarded, bytes, lost, overflows     prometheus.Counter
	write                                 prometheus.Histogram
	listeners                             prometheus.Gauge
	paused                                *prometheus.GaugeVec
	masked                                *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer, active, behind func() float64) *metrics {
	vec := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
	}
	one := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string, f func() float64) prometheus.GaugeFunc {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	m := &metrics{
		started:   vec("vaad_recordings_started_total", "Recordings begun, linked segments included, by trigger.", "trigger"),
		ended:     vec("vaad_recordings_ended_total", "Recordings ended, by what ended them.", "reason"),
		refused:   vec("vaad_recordings_refused_total", "Recordings that were not begun, by reason.", "reason"),
		gaps:      vec("vaad_recorder_gap_samples_total", "Samples that are silence in a recording because they were lost: on the line, or in the recorder when the disk refused for too long.", "by"),
		faults:    vec("vaad_recorder_disk_faults_total", "Writes of recordings that failed and are tried again, by reason.", "reason"),
		discarded: one("vaad_recordings_discarded_total", "Recordings thrown away because they were shorter than wanted."),
		bytes:     one("vaad_recorder_written_bytes_total", "Bytes of audio written."),
		lost:      one("vaad_recordings_lost_total", "Recordings of which nothing could be written before it had left the ring."),
		overflows: one("vaad_recorder_overflows_total", "Times the recorder lost events, closed what it recorded and began anew."),
		write: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vaad_recorder_write_seconds",
			Help: "Time to write what is new in one recording.", Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9)}),
		listeners: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_listeners", Help: "Live streams being listened to."}),
	}
	m.paused, m.masked = pauseMetrics()
	// Counters begin at 0, so that a first fault shows as an increase.
	for v, values := range map[*prometheus.CounterVec][]string{m.started: {Manual, Voltage, Continuous, Voice, Key, Call}, m.refused: {WhyDiskFull, WhyInodes},
		m.gaps: {"line", "recorder"}, m.faults: {"no-space", "read-only", "io"}} {
		for _, label := range values {
			v.WithLabelValues(label)
		}
	}
	if reg != nil {
		reg.MustRegister(m.started, m.ended, m.refused, m.gaps, m.faults, m.discarded, m.bytes, m.lost, m.overflows, m.write, m.listeners, m.paused, m.masked,
			gauge("vaad_recordings_active", "Recordings being made.", active),
			gauge("vaad_recorder_behind_seconds", "How far the recording that is most behind is behind its line.", behind))
	}
	return m
}
