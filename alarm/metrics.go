package alarm

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	standing *prometheus.GaugeVec
	total    *prometheus.CounterVec
	known    map[string]bool
}

// newMetrics exports every code of the table from the start, so that a rule can
// tell "never raised" from "not watched".
func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		standing: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_alarm_active",
			Help: "Alarms that stand now, by code."}, []string{"code"}),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_alarm_raised_total",
			Help: "Times an alarm was raised, repeats included, by code."}, []string{"code"}),
		known: map[string]bool{},
	}
	for _, k := range Table() {
		m.known[k.Code] = true
		m.standing.WithLabelValues(k.Code)
		m.total.WithLabelValues(k.Code)
	}
	if reg != nil {
		reg.MustRegister(m.standing, m.total)
	}
	return m
}

// label keeps the number of series bounded whatever is raised.
func (m *metrics) label(code string) string {
	if m.known[code] {
		return code
	}
	return "other"
}

func (m *metrics) raised(code string) { m.total.WithLabelValues(m.label(code)).Inc() }
func (m *metrics) active(code string, n int) {
	m.standing.WithLabelValues(m.label(code)).Set(float64(n))
}
