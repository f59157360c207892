package console

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what the server counts. Labels never name a path, a line's
// number of a caller, or a person.
type metrics struct {
	requests  *prometheus.CounterVec
	watchers  prometheus.Gauge
	listeners prometheus.Gauge
	resyncs   prometheus.Counter
}

func newMetrics(reg prometheus.Registerer, version string) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_http_requests_total",
			Help: "HTTP requests answered, by class of status: 2xx, 3xx, 4xx, 5xx."}, []string{"status"}),
		watchers: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_live_watchers",
			Help: "Readers of the live feed that are connected now."}),
		listeners: prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_live_audio_listeners",
			Help: "Pages that hear a line live now."}),
		resyncs: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_live_resyncs_total",
			Help: "Times that a reader of the live feed fell behind or came back too late and was given a snapshot."}),
	}
	for _, class := range []string{"2xx", "3xx", "4xx", "5xx"} {
		m.requests.WithLabelValues(class)
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_build_info",
		Help: "1, labelled with the daemon's version.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	if reg != nil {
		reg.MustRegister(build, m.requests, m.watchers, m.listeners, m.resyncs)
	}
	return m
}

// count counts answers by their status.
func (m *metrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cw := &countingWriter{ResponseWriter: w, status: http.StatusOK}
		defer func() { m.requests.WithLabelValues(strconv.Itoa(cw.status/100) + "xx").Inc() }()
		next.ServeHTTP(cw, r)
	})
}

type countingWriter struct {
	http.ResponseWriter
	status int
}

func (w *countingWriter) WriteHeader(status int) {
	if status >= http.StatusOK { // 1xx go before the answer
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *countingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
