package backup

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics of all engines of a process.
type Metrics struct {
	runs     *prometheus.CounterVec
	files    *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	ok       *prometheus.GaugeVec
	unbacked *prometheus.GaugeVec
	faults   *prometheus.GaugeVec
	drills   *prometheus.CounterVec
}

// NewMetrics registers them; r may be nil.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"target"}, labels...))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{"target"})
	}
	m := &Metrics{
		runs:     counter("vaad_backup_runs_total", "Runs of backups, by what became of them: ok, incomplete, failed.", "result"),
		files:    counter("vaad_backup_files_total", "Files, by what was done: sent, kept (there and right already), removed.", "done"),
		bytes:    counter("vaad_backup_bytes_total", "Bytes sent to the target, and read back from it.", "way"),
		ok:       gauge("vaad_backup_last_success_timestamp_seconds", "End of the last run that did everything; 0 = none yet."),
		unbacked: gauge("vaad_backup_oldest_unbacked_timestamp_seconds", "Time of the oldest that is not backed up; 0 = nothing waits."),
		faults:   gauge("vaad_backup_faults", "Things that were wrong in the last run."),
		drills:   counter("vaad_backup_drills_total", "Restore drills, by what became of them: ok, faulty, failed.", "result"),
	}
	if r != nil {
		r.MustRegister(m.runs, m.files, m.bytes, m.ok, m.unbacked, m.faults, m.drills)
	}
	return m
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func (m *Metrics) last(name string, ok time.Time)  { m.ok.WithLabelValues(name).Set(seconds(ok)) }
func (m *Metrics) oldest(name string, t time.Time) { m.unbacked.WithLabelValues(name).Set(seconds(t)) }

// Forget removes the series of a target that is there no more.
func (m *Metrics) Forget(name string) {
	for _, v := range []interface{ DeletePartialMatch(prometheus.Labels) int }{m.runs, m.files, m.bytes, m.ok, m.unbacked, m.faults, m.drills} {
		v.DeletePartialMatch(prometheus.Labels{"target": name})
	}
}
