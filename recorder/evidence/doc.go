// Package evidence makes every later change to recordings and their journals
// visible: journal lines are the leaves of a hash tree whose head is signed.
//
//	archive ── a line is durable ──▶ Log ──▶ evidence/leaves, evidence/hashes
//	                                  └──▶ every 10 minutes and at a day's end: checkpoints, anchors
//	vaactl ── Verify ──▶ journals, files, tree, checkpoints, anchors compared: findings
//	keep ─── ProveErased ──▶ the erase lines of recordings with their proofs, which CheckErasure checks anywhere
//	vaactl ── Export ──▶ one recording with its proof, which CheckBundle checks anywhere
//
// In: the day journals as they stand on disk, and a key. Out: an append-only tree,
// signed notes, and findings that say exactly what was changed, removed, added or
// reordered. Callers: cmd/vaad runs a [Log]; vaactl verifies, with or without the
// daemon. The archive knows nothing of this package: it rings a bell.
//
// # Promises
//
//   - The tree is no cache. Where journal and tree disagree it is said, never
//     repaired: what was signed is not written again.
//   - A crash at any point costs no leaf: what a journal has and the tree has not
//     yet is taken at the next start.
//   - A checkpoint is signed only when all that it covers is durable.
//   - Lawful erasure never looks like tampering, and tampering never like erasure:
//     what is gone must have an erase line in the tree.
//   - Simulated recordings, and what is done to them, have no leaves.
//
// # Caveats
//
// Who has the key and the disk can make a new tree. That is what anchors are for:
// a checkpoint that is kept where the box cannot reach it. Lines that follow the
// last checkpoint are not protected yet.
//
// The formats are in docs/formats/evidence.md.
package evidence
