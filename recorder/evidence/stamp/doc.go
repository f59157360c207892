// Package stamp has checkpoints of the evidence log stamped by a time stamp
// authority, and checks such stamps later (RFC 3161).
//
//	anchor ── Ask ──▶ HTTP ──▶ authority ──▶ DER response, kept as recordings/stamps/NUMBER.tsr
//	vaactl ── Verify ──▶ stamps against checkpoints and root certificates: findings
//
// In: a signed note. Out: what the authority answered, checked. A stamp says
// that a checkpoint, and by it everything in the tree, was there at a time, with
// the word of somebody who cannot be made to take it back. `openssl ts -verify`
// reads the same files.
package stamp
