// Package alarm keeps what is wrong now, what was wrong, and who has seen it.
//
//	domains, through cmd/vaad ─Raise, Clear─▶ Manager ─▶ Active, Subscribe ─▶ console
//	                                            │  └──▶ vaad_alarm_active{code}
//	                                            └─▶ own goroutine ─▶ state.db (history), log
//
// In: codes of [Table] with a subject (a board, a line, a file) and arguments.
// Out: one [Alarm] per code and subject, counted while it repeats, with first
// and last time; its text is made by console from the code and the arguments.
// Callers: whoever finds a fault, through a small interface of its own that
// cmd/vaad fills; console lists and acknowledges.
//
// A condition lasts until it is cleared. A momentary alarm (something happened)
// lasts until it is acknowledged, or 24 h. Raise and Clear never wait for the
// disk: a full or dead disk must be able to raise its own alarm.
package alarm
