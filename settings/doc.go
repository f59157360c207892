// Package settings holds everything about vaad that may change while it runs, as
// one document of typed sections, and every version it ever had.
//
//	file of the operator ──fixed──┐
//	console, vaactl ─Set,Import─▶ Document ─validate whole─▶ state.db (versions) ─▶ journal file
//	                               │
//	                               └─Subscribe─▶ recorder, channels, alarm … (applied at once, in order)
//
// In: sections registered by cmd/vaad, each with the defaults and the validation
// of the package that uses it; changes by path ("lines.3.trigger") or of the whole.
// Out: typed values that never hold a fault, told to subscribers in order. Callers:
// cmd/vaad wires it; the domains read and subscribe; console changes it.
//
// Stored is only what was set: what equals its default follows a later
// release's default. A change that leaves any fault anywhere is refused as a whole,
// with all faults, each naming its key. Keys that the operator's file gives are
// fixed: they win and cannot be changed here.
//
// The versions are rows in state.db; the journal file beside it repeats them, so
// that a lost or older database is brought up to date from the journal at start.
// Both are described in docs/formats/state.md.
//
// Caveat: a subscriber runs inside the change and must not change settings itself.
package settings
