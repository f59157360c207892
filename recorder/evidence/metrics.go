package evidence

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	leaves, signed, time, broken prometheus.Gauge
	errors                       prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_" + name, Help: help})
	}
	m := &metrics{
		leaves: gauge("evidence_leaves", "Journal lines in the evidence log."),
		signed: gauge("evidence_signed_leaves", "Journal lines that the newest checkpoint covers."),
		time:   gauge("evidence_checkpoint_timestamp_seconds", "When the newest checkpoint was signed."),
		broken: gauge("evidence_findings", "What the last audit found changed, removed, added or reordered."),
		errors: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_evidence_errors_total",
			Help: "Times that leaves, checkpoints or their copies could not be written."}),
	}
	if r != nil {
		r.MustRegister(m.leaves, m.signed, m.time, m.broken, m.errors)
	}
	return m
}
