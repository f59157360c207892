// Package recorder decides what is recorded and writes it: from the rings of
// the lines to files in the archive.
//
//	channels.Reader ─▶ decide (one goroutine) ─▶ recording{from, to, story} ─▶ write (one goroutine) ─▶ archive
//	Start, Stop, Configure ─▲                                                   ▲                         │
//	channels.Line ── ring, 60 s ── Read ────────────────────────────────────────┤                  sync, once a second
//	                                 └─▶ Listen ─▶ streaming WAV
//
// In: the feed of channels and the rings of its lines, settings per line,
// wishes of people. Out: recordings in the archive, rows of what is being
// recorded for the index, reasons for the call journal, alarms, metrics.
// Callers: cmd/vaad makes and runs it, console starts, stops and listens.
//
// # Exact recording
//
// A recording is the audio of one line from one position to another. Who
// decides reads a position that the line is fed to, then all events, acts on
// them, and only then lets the writer have audio up to that position. So
// decisions may be late and are still exact to the sample, also when they
// concern the past: the ring has it.
//
// # Two goroutines
//
// Deciding never touches a disk; writing may hang in one for as long as it
// likes. Requests are therefore answered and events read while a disk stalls,
// and a recording has its ID, and takes part in calls and segments, before it
// has a file. What the disk refuses stays in the ring and is tried again. Only
// what is older than the ring is lost: it stands as silence in the file, so that
// file time stays line time, as a gap in the story, and as an alarm.
//
// # What begins and ends a recording
//
//   - continuous: from the board's opening until it is gone.
//   - voltage: from off-hook, less the pre-roll, until the call ends: on-hook is
//     confirmed, the feed is lost, or a tone says that the call is over. Calls
//     that nobody answered make none.
//   - manual: from a request, less the pre-roll, until a request; if the line was
//     off-hook at the beginning, also when its call ends, so that a forgotten
//     button does not record the calls after it.
//
// A start while the line is recorded is a mark in the story, and keeps that
// recording however short it gets. A stop ends any recording until the line's
// next call. At the maximum length a recording goes on in a linked segment; the
// segments joined are the line sample for sample.
package recorder
