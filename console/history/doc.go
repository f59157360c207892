// Package history keeps 30 days of chosen metrics on the box, so that somebody
// who comes after a fault sees what was before it, without any other machine.
//
//	prometheus.Gatherer ─ every 10 s ─▶ Keeper ─▶ ROOT/history/NAME.history, one file of fixed size per series
//	                                      └──▶ Query(series, from, to, points) ─▶ console ─▶ charts
//
// In: what /metrics shows, and functions for the rest. Out: least, mean and
// greatest value per moment. Callers: cmd/vaad runs a [Keeper], console asks it.
//
// A file holds three rings: every 10 s of a day, every minute of a week, every
// 10 minutes of 30 days; 720 KiB in all, whatever happens. It is never synced:
// history is no recording. What a crash leaves of a record does not verify and
// is a gap. A clock that was set back writes over what it has written before;
// what lies ahead of it is not shown.
//
// The format is described in docs/formats/history.md.
package history
