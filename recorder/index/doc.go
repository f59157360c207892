// Package index finds recordings by everything that is known of them.
//
//	archive.Lines (start-up, rebuild) ─┐
//	archive.Subscribe (each new line) ─┴─▶ loose rows ─▶ segments of columns ─▶ Query, Get ─▶ console
//	recorder, archive.Acts (what is being recorded) ──────────────────────────────▲
//
// In: the lines of the day journals. Out: rows, newest or oldest first, in pages.
// Callers: recorder adds what is being recorded now, console asks, cmd/vaad wires
// it and runs [Index.Rebuild] for "vaad reindex".
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
// # How a question is answered
//
// Recordings lie in segments of up to 65,536, one value of the file per column.
// Each thing that is asked for becomes a set of rows of a segment: values of a
// field are looked up once per different value, numbers and words through
// postings of three digits and two letters, and what is left is compared. The
// sets are cut, counted, and the newest rows of all segments merged into a page.
// The few thousand newest rows, and those that something was done to after their
// segment was written, are loose: kept in memory, compared one by one, and folded
// into segments when there are many. All of it happens in one look at the loose
// rows and the list of segments, and one transaction after it, so that an answer
// is of one moment: segments never change, and where one of the list is gone from
// the file by then, the question is put anew. A count that
// would take more than 30 ms is cut short and says so.
//
// The caller's scope is part of the question ([Filter.Lines]), so rows of other
// lines are neither found nor counted.
//
// # Order of locks
//
// A slot of the pool, then the lock of the index, then a transaction of the file;
// each may be left out, none taken while a later one is held. Acts look up old
// rows in the file under the lock of the index. A file that grows waits until no
// transaction reads it and holds up those that would begin: whoever waited for
// the lock within a transaction would close a circle with these two. The archive
// and the recorder are asked with a slot at most; what they tell is applied under
// the lock.
//
// # Measured
//
// docs/proof/search.md, made by "make prove-search": a million recordings.
//
// # Caveats
//
// While the index is being rebuilt, answers lack what has not been read yet;
// [Page.Rebuilding] says so. Acts on such a recording show when it is done.
//
// Columns are verified against their checksum when they are first used, and beside
// the questions within the hour: what rots on the disk in between may give wrong answers for as
// long, and no fault.
//
// Acts on very many recordings of all ages at once make many segments be
// written anew, each in about half a second of the processor.
package index
