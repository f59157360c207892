package main

import (
	"context"
	"path/filepath"

	"vaad/console/history"
)

// openHistory opens the history of metrics. Without it everything else works.
func (d *running) openHistory(opened *undo) {
	k, err := history.Open(history.Config{Dir: filepath.Join(d.cfg.Root, "history"), Series: d.series(), Gatherer: d.reg, Logger: d.log})
	if err != nil {
		d.log.Error("there is no history of metrics in this run", "error", err)
		return
	}
	d.history = k
	opened.add(k.Close)
}

// keepHistory samples until ctx ends.
func (d *running) keepHistory(ctx context.Context) {
	if d.history != nil {
		d.history.Run(ctx)
	}
}

// series are the metrics whose history is kept. Names are those of files, and of the
// catalogue's series.NAME.
func (d *running) series() []history.Series {
	const count, bytes, seconds, ratio, pace = "count", "bytes", "seconds", "ratio", "bytes-per-second"
	free := func() (float64, bool) {
		sp, err := d.archive.Space()
		return float64(sp.FreeBytes), err == nil
	}
	recordings := func() (float64, bool) { return float64(len(d.rec.Active())), true }
	return []history.Series{
		{Name: "lines-used", Unit: count, Read: history.Gauge("vaad_lines", "state", "!idle", "state", "!unused", "state", "!gone", "state", "!no-battery", "state", "!unknown")},
		{Name: "recordings", Unit: count, Read: history.Func(recordings)},
		{Name: "calls", Unit: count, Read: history.Gauge("vaad_calls_open")},
		{Name: "ring-fill", Unit: seconds, Read: history.Gauge("vaad_recorder_behind_seconds")},
		{Name: "written", Unit: pace, Read: history.Rate("vaad_recorder_written_bytes_total")},
		{Name: "write-latency", Unit: seconds, Read: history.Mean("vaad_recorder_write_seconds")},
		{Name: "sync-latency", Unit: seconds, Read: history.Mean("vaad_archive_sync_seconds")},
		{Name: "commit-latency", Unit: seconds, Read: history.Mean("vaad_store_commit_seconds", "db", "state")},
		{Name: "disk-free", Unit: bytes, Read: history.Func(free)},
		{Name: "tick-late", Unit: seconds, Read: history.Mean("vaad_board_tick_lateness_seconds")},
		{Name: "late-frames", Unit: count, Read: history.Rate("vaad_board_late_frames_total")},
		{Name: "cpu", Unit: ratio, Read: history.Rate("process_cpu_seconds_total")},
		{Name: "memory", Unit: bytes, Read: history.Gauge("process_resident_memory_bytes")},
		{Name: "goroutines", Unit: count, Read: history.Gauge("go_goroutines")},
		{Name: "requests", Unit: count, Read: history.Rate("vaad_http_requests_total")},
		{Name: "watchers", Unit: count, Read: history.Gauge("vaad_live_watchers")},
	}
}
