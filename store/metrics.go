package store

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of one DB, told apart by the label db.
type metrics struct {
	reg     prometheus.Registerer
	all     []prometheus.Collector
	commits prometheus.Histogram
	failed  prometheus.Counter
	harmed  prometheus.Counter
	copied  prometheus.Gauge
	noCopy  prometheus.Counter
}

func newMetrics(opt Options) *metrics {
	l := prometheus.Labels{"db": opt.Name}
	m := &metrics{
		reg: opt.Registerer,
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vaad_store_commit_seconds", ConstLabels: l,
			Help: "Time of a commit, sync included.", Buckets: []float64{.0005, .002, .01, .05, .2, 1, 5}}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_store_commit_failures_total", ConstLabels: l,
			Help: "Commits that failed; their changes were not made."}),
		harmed: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_store_damaged_total", ConstLabels: l,
			Help: "Times the file was found damaged and replaced."}),
		copied: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_store_copy_timestamp_seconds", ConstLabels: l,
			Help: "When the newest verified hot copy was made, as Unix time; 0 none by this process."}),
		noCopy: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_store_copy_failures_total", ConstLabels: l,
			Help: "Hot copies that failed."}),
	}
	if m.reg != nil {
		for _, c := range []prometheus.Collector{m.commits, m.failed, m.harmed, m.copied, m.noCopy} {
			if m.reg.Register(c) == nil {
				m.all = append(m.all, c)
			}
		}
	}
	return m
}

func (m *metrics) commit(d time.Duration, ok bool) {
	if !ok {
		m.failed.Inc()
		return
	}
	m.commits.Observe(d.Seconds())
}

func (m *metrics) damaged(r Report) {
	if r.Damaged != nil {
		m.harmed.Inc()
	}
}

func (m *metrics) copy(at time.Time, err error) {
	if err != nil {
		m.noCopy.Inc()
		return
	}
	m.copied.Set(float64(at.UnixMilli()) / 1e3)
}

func (m *metrics) close() {
	for _, c := range m.all {
		m.reg.Unregister(c)
	}
	m.all = nil
}
