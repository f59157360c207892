package calls

import "github.com/prometheus/client_golang/prometheus"

// switchMetrics are what the switch moves. Their labels are of fixed lists.
type switchMetrics struct {
	legs    *prometheus.GaugeVec
	bridges prometheus.Gauge
	failed  *prometheus.CounterVec
}

func newSwitchMetrics(reg prometheus.Registerer) *switchMetrics {
	m := &switchMetrics{
		legs: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_calls_legs",
			Help: "Calls of trunks and stations that are up, by state."}, []string{"state"}),
		bridges: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_calls_bridges",
			Help: "Bridges between calls."}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_calls_failures_total",
			Help: "Operations on calls that were not carried out, by reason."}, []string{"reason"}),
	}
	for _, st := range LegStates() {
		if st != LegEndedNow {
			m.legs.WithLabelValues(string(st))
		}
	}
	for _, c := range FailureCodes() {
		m.failed.WithLabelValues(c)
	}
	if reg != nil {
		reg.MustRegister(m.legs, m.bridges, m.failed)
	}
	return m
}
