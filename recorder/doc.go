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
//   - voice: from when somebody speaks, less the pre-roll. Where calls or the hook are
//     known, until they say that it is over, so that all that is said in one
//     off-hook period is one recording; elsewhere until nobody has spoken for the
//     hang-over. What is too quiet beside the hum of the mains begins none.
//   - key: from a sequence of keys, or from the beginning of the call it is keyed
//     in as far as the ring has it, until another sequence or the end of the call.
//     Where a line has sides only the local party may key them; on a parallel tap
//     nobody can tell the parties apart, and either may.
//   - call: from its first ring or the lifting of the receiver until its end.
//     Missed calls are thrown away, and those of which another leg's recording has
//     all that was said (Config.Legs).
//     On a line without volts nothing shows whether ringing was answered: where it
//     stops while somebody speaks, or within the hang-over, what is recorded by
//     voice, key or call goes on with its call and numbers until nobody has spoken
//     for the hang-over, or the line rings again. So end recordings by key there
//     that were begun without a call.
//   - manual: from a request, less the pre-roll, until a request; if the line was
//     off-hook at the beginning, also when its call ends, so that a forgotten
//     button does not record the calls after it.
//
// Rules (Config.Rules) change this by call: whether it is recorded, and by which
// trigger, codec and sides. They are asked when a call begins, whenever more is known
// of it, and when it ends. While a rule that needs a number may yet decide, what any of
// them wants is recorded; what is then denied is thrown away, and what is wanted only
// then begins where the call began, as far as the ring has it.
//
// A start while the line is recorded is a mark in the story, and keeps that
// recording however short it gets. A stop ends any recording until the line's
// next call. A fax or a modem that is heard makes a recording in a lossy codec go
// on in G.711, in a linked segment, or ends it, as the line's settings say. At the maximum length a recording goes on in a linked segment; the
// segments joined are the line sample for sample.
package recorder
