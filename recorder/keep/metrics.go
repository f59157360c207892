package keep

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	trashed, erased, bytes *prometheus.CounterVec
	waiting, heldOff, last prometheus.Gauge
	failed                 prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	byReason := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"reason"})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		trashed: byReason("vaad_keep_trashed_total", "Recordings that retention has put into the trash, by reason."),
		erased:  byReason("vaad_keep_erased_total", "Recordings that retention has erased, by reason."),
		bytes:   byReason("vaad_keep_erased_bytes_total", "Bytes of recordings that retention has erased, by reason."),
		waiting: gauge("vaad_keep_waiting_recordings", "Recordings that are due and wait until they are backed up."),
		heldOff: gauge("vaad_keep_held_off", "1 while nothing is deleted as the clock or the index cannot be trusted."),
		last:    gauge("vaad_keep_last_run_timestamp_seconds", "End of the last run that was not held off."),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "vaad_keep_failures_total",
			Help: "Recordings that could not be put into the trash or erased when they were due."}),
	}
	if r != nil {
		r.MustRegister(m.trashed, m.erased, m.bytes, m.waiting, m.heldOff, m.last, m.failed)
	}
	return m
}
