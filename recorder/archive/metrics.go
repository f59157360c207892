package archive

import "github.com/prometheus/client_golang/prometheus"

func register(r prometheus.Registerer, cs ...prometheus.Collector) {
	if r != nil {
		r.MustRegister(cs...)
	}
}

// errorMetric counts errors by what was tried and why it failed; both labels
// come from the fixed lists at [Error] and [Reason].
type errorMetric struct{ total *prometheus.CounterVec }

func newErrorMetric(r prometheus.Registerer) *errorMetric {
	m := &errorMetric{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vaad_archive_errors_total",
		Help: "Failed operations on recordings, by operation and reason.",
	}, []string{"op", "reason"})}
	register(r, m.total)
	return m
}

// wrap counts err and says where it happened. nil stays nil.
func (m *errorMetric) wrap(op, id string, err error) error {
	if err == nil {
		return nil
	}
	m.total.WithLabelValues(op, Reason(err)).Inc()
	return &Error{Op: op, ID: id, Err: err}
}
