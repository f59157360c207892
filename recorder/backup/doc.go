// Package backup copies sealed recordings, their journals and the appliance's
// state to a target, proves that the copies are right, and brings them back.
//
//	day journals ── Engine.Run ──▶ what is new ──▶ files ──▶ journal ──▶ evidence ──▶ state bundle
//	                                │ read back and compared with the seal
//	                                └──▶ ROOT/backup/NAME.state: how far each day is
//	keep ◀── Backed, Covered, OldestUnbacked
//	target ── RestoreAll ──▶ a new root     Restore ──▶ a folder     Engine.PutBack ──▶ the archive
//	target ── Engine.Drill ──▶ random recordings restored, compared, opened: a report
//
// In: journals and files of an archive, a [target.Target], age recipients. Out: a
// plain mirror that anybody can open without vaad, or the same with each file
// encrypted; reports of what was copied, found damaged or restored. Callers:
// cmd/vaad makes one [Engine] per target and runs it as a job; vaactl restores
// without a daemon by [RestoreAll] and [Restore].
//
// # Promises
//
//   - A journal is put only after the files that its new lines name: whatever is
//     on a target can be restored, at any moment.
//   - Nothing counts as backed up before it was read back, as far as
//     [Options.Verify] says, and the journal that names it is there too.
//   - A crash, or a target that vanishes, costs no copy: what is there and right
//     is not sent again.
//   - A damaged local file is told and never copied over a good one. A journal on
//     the target is never replaced by one that has fewer lines.
//   - What was erased is removed from the target, and never restored.
//   - Restoring only reads the target, says what is missing or damaged by name,
//     and goes on with the rest.
//
// # Caveats
//
// Memory grows with the new lines of one day, not with the archive. On encrypted
// targets that the box cannot decrypt, files are compared by the hash of what was
// sent; when the state file is lost too, they are sent again. Lines journaled
// while a run ends are in the backup before the evidence tree has them: the
// daemon takes them in when it starts on the restored root.
//
// The format is in docs/formats/backup.md.
package backup
