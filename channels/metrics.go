package channels

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// A counter is a metric that statuses show too.
type counter struct {
	n atomic.Uint64
	m prometheus.Counter
}

func (c *counter) Add(n uint64) {
	c.n.Add(n)
	c.m.Add(float64(n))
}

func (c *counter) Inc() { c.Add(1) }

// A factory makes metrics and registers them, if there is a registerer. The
// metrics themselves are declared beside the code that moves them.
type factory struct{ promauto.Factory }

func (f factory) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return f.NewCounterVec(prometheus.CounterOpts{Name: "vaad_" + name, Help: help}, labels)
}

func (f factory) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return f.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_" + name, Help: help}, labels)
}

func (f factory) seconds(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return f.NewHistogramVec(prometheus.HistogramOpts{Name: "vaad_" + name + "_seconds", Help: help, Buckets: buckets}, labels)
}

// metrics are all metrics of a System.
type metrics struct {
	loop    loopMetrics
	board   boardMetrics
	counter counterMetrics
	feed    feedMetrics
}

func newMetrics(r prometheus.Registerer) *metrics {
	f := factory{promauto.With(r)}
	return &metrics{loop: newLoopMetrics(f), board: newBoardMetrics(f), counter: newCounterMetrics(f), feed: newFeedMetrics(f)}
}
