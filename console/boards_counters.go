package console

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"vaad/api"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// boardCounters are the metrics of boards and spans that people are shown, and
// whether what they count should not happen. A metric with a kind has the code
// CODE-KIND.
var boardCounters = map[string]struct {
	code  string
	fault bool
}{
	"vaad_board_late_frames_total":       {"late", true},
	"vaad_board_lost_samples_total":      {"lost-samples", true},
	"vaad_board_slipped_blocks_total":    {"slipped", true},
	"vaad_board_missed_blocks_total":     {"missed", true},
	"vaad_board_underrun_samples_total":  {"underrun-samples", true},
	"vaad_board_clock_jumps_total":       {"clock-jumps", true},
	"vaad_board_abandoned_total":         {"hung", true},
	"vaad_board_rx_overruns_total":       {"overruns", true},
	"vaad_board_tx_underruns_total":      {"underruns", true},
	"vaad_board_irq_misses_total":        {"irq-misses", true},
	"vaad_board_unexpected_inputs_total": {"unexpected", false},
	"vaad_board_ticks_total":             {"blocks", false},
	"vaad_board_dchannel_messages_total": {"dchannel-messages", false},
	"vaad_board_dchannel_errors_total":   {"dchannel", true},
	"vaad_span_bpv_total":                {"bpv", true},
	"vaad_span_crc_total":                {"crc", true},
	"vaad_span_ebit_total":               {"ebit", true},
	"vaad_span_fas_total":                {"fas", true},
	"vaad_span_errored_seconds_total":    {"errored-seconds", true},
	"vaad_span_slips_total":              {"slips", true},
	"vaad_span_hdlc_errors_total":        {"hdlc", true},
	"vaad_link_messages_total":           {"link", false},
}

const (
	counterEvery  = 10 * time.Second
	counterLooks  = 361  // an hour of them, and one
	maxCounted    = 4096 // counters that are followed: far above what boards have
	counterMinute = time.Minute
)

// counters remembers what boards counted in the last hour.
type counters struct {
	from prometheus.Gatherer // nil: nothing is counted
	now  func() time.Time

	mu  sync.Mutex
	all map[counterKey]*counted
}

type counterKey struct {
	board, code string
	span        int
}

// counted is one counter as it was at the last looks, oldest first.
type counted struct {
	fault bool
	looks []look
}

type look struct {
	at    time.Time
	value float64
}

func newCounters(from prometheus.Gatherer, now func() time.Time) *counters {
	return &counters{from: from, now: now, all: map[counterKey]*counted{}}
}

// run looks until ctx ends.
func (c *counters) run(ctx context.Context) {
	if c.from == nil {
		return
	}
	tick := time.NewTicker(counterEvery)
	defer tick.Stop()
	for {
		c.look()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look notes what all counters are now.
func (c *counters) look() {
	families, err := c.from.Gather()
	if err != nil && len(families) == 0 {
		return
	}
	at := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range families {
		of, shown := boardCounters[f.GetName()]
		if !shown || f.GetType() != dto.MetricType_COUNTER {
			continue
		}
		for _, m := range f.GetMetric() {
			k := counterKey{code: of.code}
			fault := of.fault
			for _, l := range m.GetLabel() {
				switch l.GetName() {
				case "board":
					k.board = l.GetValue()
				case "span":
					k.span, _ = strconv.Atoi(l.GetValue()) // of a label that we made
				case "kind":
					k.code += "-" + l.GetValue()
					fault = fault || of.code == "link" && (l.GetValue() == "bad" || l.GetValue() == "lost" || l.GetValue() == "unexpected")
				}
			}
			n := c.all[k]
			if n == nil {
				if len(c.all) >= maxCounted {
					continue
				}
				n = &counted{fault: fault}
				c.all[k] = n
			}
			if len(n.looks) == counterLooks {
				n.looks = append(n.looks[:0], n.looks[1:]...)
			}
			n.looks = append(n.looks, look{at, m.GetCounter().GetValue()})
		}
	}
}

// of are the counters of a board, its own first, then those of its spans.
func (c *counters) of(board string) []api.BoardCounter {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []api.BoardCounter{}
	for k, n := range c.all {
		if k.board != board {
			continue
		}
		newest := n.looks[len(n.looks)-1]
		v := api.BoardCounter{Code: k.code, Span: k.span, Total: newest.value, Fault: n.fault}
		v.Minute, _ = n.since(newest.at.Add(-counterMinute))
		hour, from := n.since(newest.at.Add(-time.Hour))
		v.Hour, v.Watched = hour, round(newest.at.Sub(from).Seconds(), 0)
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b api.BoardCounter) int { return cmp.Or(a.Span-b.Span, cmp.Compare(a.Code, b.Code)) })
	return out
}

// since is by how much it grew since a moment, or since the first look after it.
func (n *counted) since(moment time.Time) (grown float64, from time.Time) {
	i, _ := slices.BinarySearchFunc(n.looks, moment, func(l look, at time.Time) int { return l.at.Compare(at) })
	i = min(i, len(n.looks)-1)
	return n.looks[len(n.looks)-1].value - n.looks[i].value, n.looks[i].at
}
