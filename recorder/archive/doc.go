// Package archive keeps recordings as plain files that survive crashes, full
// disks and power cuts, and journals everything that happens to them later.
//
//	recorder ── Begin, Append, Checkpoint, Log ──▶ open/<id>.<side>.wav  .jsonl  .ckpt
//	                    Finish ──▶ committer ──▶ YYYY/MM/DD/<id>.<side>.wav  .jsonl
//	console ─── Act (note, mark, …) ──▶ committer ──▶ YYYY/MM/DD/day.jsonl
//	keep ────── ActAll, EraseAll ─▶ committer: the line first, then the files are removed
//	index   ◀── Lines, Subscribe ◀───────────────── YYYY/MM/DD/day.jsonl
//	start-up ── Recover ──▶ what a crash left in open/ is cut, sealed, journaled
//	idle ────── Reconcile ─▶ files nobody journaled are adopted, missing ones reported
//
// In: coded audio per side in whole blocks, checkpoints, story lines, later acts. Out: WAV
// files that any player opens, a story beside them, one journal per day folder
// from which an index can be built. Callers: recorder writes; index and console
// read; vaactl reads offline through [OpenReadOnly]; cmd/vaad wires it up.
//
// # Promises
//
//   - What was checkpointed before the last completed Sync is there after a
//     power cut, byte for byte.
//   - Every recording is sealed exactly once: one "sealed" or "adopted" line in
//     the journal of its day, whatever crashed when.
//   - A sealed recording's files never change. Later acts are journal lines.
//   - An erasure is done whole or not at all: its line is durable before the first
//     file goes, and what a crash left of it the next start does. Where people are
//     to be forgotten, all lines of a day that speak of them are replaced in one step.
//   - An error leaves the writer usable: the same bytes may be appended again,
//     or the recording ended.
//
// # Caveats
//
// Audio is never fsynced: durability comes from [Archive.Sync] (one syncfs for
// all lines), which the recorder calls once a second. Sides of one recording are
// expected to be of equal length; recovery cuts them at the same checkpoint.
// Only one process may open an archive for writing; the root is locked.
//
// The formats have one page each in docs/formats: recording, story, checkpoint,
// day-journal.
package archive
