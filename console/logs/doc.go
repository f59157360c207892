// Package logs keeps the last lines of the daemon's log where people without a
// shell can read them.
//
//	slog ─▶ Book.Handler ─▶ the handler below (the journal, as before)
//	            └──▶ ring in memory ─▶ Find, Subscribe ─▶ console
//	                       └──▶ own goroutine ─▶ ROOT/log/vaad.log (rotated), read again at the next start
//
// In: records of slog. Out: the same lines, without secrets and telephone
// numbers, newest first, those of the last run too. Callers: cmd/vaad makes the
// [Book] and the daemon's logger from it, console reads it.
//
// Whoever logs never waits for the disk: what the disk does not take in time is
// in memory only. Memory and disk are bounded: [Ring] lines, and [Files] files of [FileBytes].
package logs
