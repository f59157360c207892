package history

import (
	"time"

	dto "github.com/prometheus/client_model/go"
)

// A Series is one line of a chart.
type Series struct {
	Name string // a word of a-z, 0-9 and hyphens; also of its file
	Unit string // of its values, a word
	Read Source
}

// A Source takes a value out of what was gathered. ok false: there is none now.
type Source func(g *Gathered) (v float64, ok bool)

// Gathered is what was gathered at one moment.
type Gathered struct {
	families map[string]*dto.MetricFamily
	since    time.Duration     // after the last time, by the monotonic clock; 0 = this is the first
	before   map[string]number // totals of the last time
	now      map[string]number
}

type number struct{ sum, count float64 }

// total adds up a metric whose labels are as wanted: pairs of name and value, a value
// beginning with ! stands for all others.
func (g *Gathered) total(metric string, labels []string) (n number, ok bool) {
	f := g.families[metric]
	if f == nil {
		return n, false
	}
	for _, m := range f.GetMetric() {
		if !fits(m, labels) {
			continue
		}
		ok = true
		switch {
		case m.GetGauge() != nil:
			n.sum += m.GetGauge().GetValue()
		case m.GetCounter() != nil:
			n.sum += m.GetCounter().GetValue()
		case m.GetHistogram() != nil:
			n.sum += m.GetHistogram().GetSampleSum()
			n.count += float64(m.GetHistogram().GetSampleCount())
		default:
			n.sum += m.GetUntyped().GetValue()
		}
	}
	return n, ok
}

func fits(m *dto.Metric, labels []string) bool {
	for i := 0; i+1 < len(labels); i += 2 {
		name, want := labels[i], labels[i+1]
		not := want != "" && want[0] == '!'
		if not {
			want = want[1:]
		}
		for _, l := range m.GetLabel() {
			if l.GetName() == name && (l.GetValue() == want) == not {
				return false
			}
		}
	}
	return true
}

// step is how much a total has grown since the last time.
func (g *Gathered) step(metric string, labels []string) (d number, ok bool) {
	n, ok := g.total(metric, labels)
	if !ok {
		return d, false
	}
	key := metric
	for _, l := range labels {
		key += "\x00" + l
	}
	g.now[key] = n
	was, known := g.before[key]
	if !known || g.since <= 0 || n.sum < was.sum || n.count < was.count {
		return d, false
	}
	return number{n.sum - was.sum, n.count - was.count}, true
}

// Gauge is the sum of a metric's values.
func Gauge(metric string, labels ...string) Source {
	return func(g *Gathered) (float64, bool) {
		n, ok := g.total(metric, labels)
		return n.sum, ok
	}
}

// Rate is how fast a counter grows, per second.
func Rate(metric string, labels ...string) Source {
	return func(g *Gathered) (float64, bool) {
		d, ok := g.step(metric, labels)
		if !ok {
			return 0, false
		}
		return d.sum / g.since.Seconds(), true
	}
}

// Mean is the mean of what a histogram took since the last time.
func Mean(metric string, labels ...string) Source {
	return func(g *Gathered) (float64, bool) {
		d, ok := g.step(metric, labels)
		if !ok || d.count == 0 {
			return 0, false
		}
		return d.sum / d.count, true
	}
}

// Func is a value that no metric has.
func Func(f func() (float64, bool)) Source { return func(*Gathered) (float64, bool) { return f() } }
