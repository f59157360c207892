package calls

import (
	"vaad/channels"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	total        *prometheus.CounterVec
	open         prometheus.Gauge
	wait         prometheus.Gauge
	lost, strays prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_calls_total",
			Help: "Calls that have ended, by direction and outcome."}, []string{"direction", "outcome"}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_calls_open",
			Help: "Calls that are up."}),
		wait: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_calls_unwritten",
			Help: "Rows of the call journal that wait for the disk."}),
		lost: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_calls_lost_total",
			Help: "Calls without a row, because too many rows wait for the disk."}),
		strays: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_calls_strays_total",
			Help: "Times the recorder spoke of a call that the feed never began."}),
	}
	for _, d := range []string{"in", "out", "unknown"} {
		for _, o := range []string{"answered", "missed", "unanswered", "interrupted"} {
			m.total.WithLabelValues(d, o)
		}
	}
	if reg != nil {
		reg.MustRegister(m.total, m.open, m.wait, m.lost, m.strays)
	}
	return m
}

// ended counts a row. Its labels are taken from fixed lists, whatever the row says.
func (m *metrics) ended(r Row) {
	d := r.Direction
	if d != "in" && d != "out" {
		d = "unknown"
	}
	o := "unanswered"
	switch {
	case r.EndedBy == EndedByRestart || r.EndedBy == EndedByOverflow || r.EndedBy == EndedByNext || r.EndedBy == "board-gone" || r.EndedBy == channels.EndReconfigured:
		o = "interrupted"
	case r.Missed:
		o = "missed"
	case !r.Answered.IsZero():
		o = "answered"
	}
	m.total.WithLabelValues(d, o).Inc()
}
