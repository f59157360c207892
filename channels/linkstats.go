package channels

import (
	"strconv"

	"vaad/channels/pri"

	"github.com/prometheus/client_golang/prometheus"
)

// A linkStats shows what one tapped link has counted. Its span is the one that
// hears the network.
type linkStats struct {
	shown       pri.Counts
	of          [7]prometheus.Counter // in the order of linkKinds
	up, swapped prometheus.Gauge
}

// linkKinds are the labels of a link's counts, and where they stand.
func linkKinds(c *pri.Counts) ([7]string, [7]*uint64) {
	return [7]string{"frame", "bad", "repeated", "lost", "unexpected", "unknown-call", "no-timeslot"},
		[7]*uint64{&c.Frames, &c.Bad, &c.Repeated, &c.Lost, &c.Unexpected, &c.UnknownCalls, &c.Unattributed}
}

func (m *loopMetrics) ofLink(board string, span int) *linkStats {
	n := strconv.Itoa(span)
	s := &linkStats{up: m.linkUp.WithLabelValues(board, n), swapped: m.linkSwapped.WithLabelValues(board, n)}
	names, _ := linkKinds(&s.shown)
	for i, name := range names {
		s.of[i] = m.link.WithLabelValues(board, n, name)
	}
	s.gone()
	return s
}

// show brings the counters up to what a tap has counted.
func (s *linkStats) show(t *pri.Tap) {
	now := t.Counts()
	_, was := linkKinds(&s.shown)
	_, is := linkKinds(&now)
	for i := range is {
		if n := *is[i] - *was[i]; n > 0 {
			s.of[i].Add(float64(n))
			*was[i] = *is[i]
		}
	}
	s.up.Set(oneIf(t.Up()))
	s.swapped.Set(oneIf(t.Swapped()))
}

// gone: nothing is known of the link any more.
func (s *linkStats) gone() {
	s.up.Set(0)
	s.swapped.Set(0)
}

func oneIf(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
