package recorder

import (
	"fmt"
	"strings"

	"vaad/channels"

	"github.com/prometheus/client_golang/prometheus"
)

// pauseKeyed takes a key that may be one of the sequences that pause and resume. As
// with those that begin recordings, only the line's own party may key them where
// sides tell the parties apart.
func (w *watch) pauseKeyed(e *channels.Event) {
	c := &w.own
	if c.PauseKey == "" && c.ResumeKey == "" || !w.up || len(w.line.Sides()) > 1 && e.Side != local {
		return
	}
	k := &w.pauseKeys
	k.add(e.Digit(), e.Pos, e.Pos+e.Value)
	toggle := c.PauseKey == c.ResumeKey
	first := k.first
	switch {
	case (w.paused == nil || !toggle) && k.take(c.PauseKey):
		var v *veil
		if w.paused == nil {
			v = w.r.newVeilAt(w.line, max(first, w.base))
		}
		if err := w.pause(v, PauseWish{Reason: pauseReason}, pausedByKey, nil); err != nil {
			if v != nil {
				w.undraw(v)
			}
			w.r.c.Logger.Info("a pause was keyed where there is nothing to pause", "line", w.line.Number(), "err", err)
		}
	case w.paused != nil && k.take(c.ResumeKey):
		w.resumeAll(resumedByKey, "")
	}
}

// badPause is what is wrong with the settings of pauses.
func (c LineConfig) badPause() (errs []error) {
	within := func(key string, v, lo, hi int) {
		if v < lo || v > hi {
			errs = append(errs, fmt.Errorf("%s: %d: must be %d…%d", key, v, lo, hi))
		}
	}
	within("pause_max_s", c.PauseMaxS, 1, int(mostPause.Seconds()))
	within("pause_alarm_s", c.PauseAlarmS, 0, int(mostPause.Seconds()))
	within("pause_back_ms", c.PauseBackMS, 0, int(mostBack.Milliseconds()))
	for _, s := range []struct{ key, v string }{{"pause_key", c.PauseKey}, {"resume_key", c.ResumeKey}} {
		if s.v == "" {
			continue
		}
		if bad := goodSequence(s.v); bad != "" {
			errs = append(errs, fmt.Errorf("%s: %q: %s", s.key, s.v, bad))
		}
		for _, o := range []struct{ key, v string }{{"key_start", c.KeyStart}, {"key_stop", c.KeyStop}} {
			if c.Trigger == Key && (strings.HasPrefix(s.v, o.v) || strings.HasPrefix(o.v, s.v)) {
				errs = append(errs, fmt.Errorf("%s: %q and %s %q: neither may be the other's beginning", s.key, s.v, o.key, o.v))
			}
		}
	}
	if a, b := c.PauseKey, c.ResumeKey; a != "" && b != "" && a != b && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a)) {
		errs = append(errs, fmt.Errorf("resume_key: %q and pause_key %q: neither may be the other's beginning, but they may be the same", b, a))
	}
	if c.PauseKey == "" && c.ResumeKey != "" {
		errs = append(errs, fmt.Errorf("resume_key: %q: it needs pause_key", c.ResumeKey))
	}
	return errs
}

// pauseMetrics are what pauses and masked keys move.
func pauseMetrics() (paused *prometheus.GaugeVec, masked *prometheus.CounterVec) {
	paused = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_recording_paused",
		Help: "1 while recording is paused on the line. Lines that were never paused have none."}, []string{"line"})
	masked = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_masked_seconds_total",
		Help: "Seconds of lines that were kept out of rings and recordings on purpose, by reason."}, []string{"reason"})
	for _, by := range []string{channels.ByPause.String(), channels.ByRule.String(), channels.ByKeys} {
		masked.WithLabelValues(by)
	}
	return paused, masked
}
