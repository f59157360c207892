// Package index finds recordings: by time, line, number, length and words.
//
//	archive.Lines (start-up, rebuild) ─┐
//	archive.Subscribe (each new line) ─┴─▶ rows ─▶ index.db ─▶ Query, Get ─▶ console
//	recorder (what is being recorded) ───────────────────────────▲
//
// In: the lines of the day journals. Out: rows, newest first, in pages. Callers:
// recorder adds what is being recorded now, console asks, cmd/vaad wires it and
// runs [Index.Rebuild] for "vaad reindex".
//
// The index is a pure function of the day journals. It may be deleted at any
// time; whatever is missing from it, because it is new, damaged, of another
// form, or was behind when the power went, is read again from the journals while
// the daemon already serves. Nothing outside this package knows how rows are
// kept: docs/formats/index.md tells the form of today.
//
// A line that was applied is seen by the next question, and is in the file at
// most 100 ms later, many lines in one transaction.
//
// # Caveats
//
// While the index is being rebuilt, answers lack what has not been read yet;
// [Page.Rebuilding] says so. Acts on such a recording show when it is done.
package index
