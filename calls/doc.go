// Package calls keeps the journal of all calls: one row for each, missed and
// unrecorded ones included, with how its answer and its end were known.
//
//	channels.Reader ─▶ Journal.Run ─ every ≤ 200 ms ─▶ state.db ─▶ Query ─▶ console, vaactl calls
//	                        ▲
//	recorder ─ Attach ──────┘   (which recordings a call has, and why it has none)
//
// In: the lossless feed of channels, and from the recorder the recordings of a
// call or the reason for none. Out: rows by time, newest first, within the lines
// that the asker may see. Callers: cmd/vaad wires it, console queries it.
//
// A row is open from call-begin to call-end. Rows that are open when vaad starts
// belong to a run that was cut off: they end as "restart", at the last time that
// run was alive; a call that still runs gets a new row, linked to the old one
// when the recorder finds that it continues. While the database cannot be
// written, rows wait in memory and queries show them.
package calls
