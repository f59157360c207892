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
//
// # The switch
//
// [Switch] owns what spans lines: legs, which are the calls of trunks and stations,
// and bridges, in which legs hear each other.
//
//	channels.Reader ─▶ Switch.Run ─▶ legs, bridges ─ per line, in order ─▶ Lines: Wish, Play, Join, …
//	                       ▲                └─▶ Watcher, Legs, Bridges ─▶ console
//	operations, PBX ───────┘                └─▶ Noter (the journal): who began it, conversation, transfers
//
// In: the lossless feed, operations (Call, Bridge, Transfer, …), and a [PBX] that
// says what stations may dial and who rings for calls that come in. Out: wishes of
// lines. It keeps nothing over a restart: lines own their calls, and legs that are
// up at the start are shown as they are. A leg that is told to end, or has ended,
// leaves all that it was part of at once, whatever its line does then; so nobody
// stays in a bridge alone, and nothing rings or is seized for nobody.
package calls
