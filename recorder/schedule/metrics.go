package schedule

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	lastOK *prometheus.GaugeVec
	runs   *prometheus.CounterVec
	took   *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		lastOK: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_job_last_ok_timestamp_seconds",
			Help: "When the job last ended well; 0 if it never did."}, []string{"job"}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_job_runs_total",
			Help: "Runs of the job, by what became of them."}, []string{"job", "result"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "vaad_job_seconds",
			Help: "How long runs of the job took.", Buckets: []float64{0.1, 1, 10, 60, 600, 3600, 6 * 3600, 24 * 3600}}, []string{"job"}),
	}
	if r != nil {
		r.MustRegister(m.lastOK, m.runs, m.took)
	}
	return m
}

// known shows a job before its first run.
func (m *metrics) known(job string, rec Record) {
	at := 0.0
	if !rec.LastOK.IsZero() {
		at = float64(rec.LastOK.Unix())
	}
	m.lastOK.WithLabelValues(job).Set(at)
	for _, result := range []string{OK, Failed} {
		m.runs.WithLabelValues(job, result)
	}
}

func (m *metrics) ended(o Outcome) {
	m.runs.WithLabelValues(o.Job, o.Result).Inc()
	m.took.WithLabelValues(o.Job).Observe(o.Took.Seconds())
	if o.Result == OK {
		m.lastOK.WithLabelValues(o.Job).Set(float64(o.Began.Add(o.Took).Unix()))
	}
}

func (m *metrics) gone(job string) {
	of := prometheus.Labels{"job": job}
	m.lastOK.DeletePartialMatch(of)
	m.runs.DeletePartialMatch(of)
	m.took.DeletePartialMatch(of)
}
