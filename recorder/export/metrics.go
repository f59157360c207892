package export

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	total *prometheus.CounterVec
	bytes prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_exports_total",
			Help: "Files that recordings were taken away in, by format and result: ok, failed."}, []string{"format", "result"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_export_bytes_total",
			Help: "Bytes of audio and tables that were taken away."}),
	}
	if r != nil {
		r.MustRegister(m.total, m.bytes)
	}
	return m
}

func (m *metrics) exported(format, result string, bytes int64) {
	m.total.WithLabelValues(format, result).Inc()
	m.bytes.Add(float64(bytes))
}

// Count counts something that was taken away: a file of audio by its kind, a
// table as csv or xlsx. It is for who hands out what Make has made.
func (m *Maker) Count(format string, bytes int64, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.metrics.exported(format, result, bytes)
}
