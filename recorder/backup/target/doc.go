// Package target says what a place for backups is: a [Target] keeps whole files
// under plain names and gives them back. It holds the interface, the names, the
// classes of errors, the settings of every kind and the wrappers ([Limited],
// [Observed]) that work with all of them.
//
//	backup ──── Put, PutFrom, Get, Stat, List, Remove ───▶ Target
//	                                  target/folder     a folder or a mounted disk
//	                                  target/removable  a disk found by its label, mounted and released
//	                                  target/optical    images and burnt discs
//	                                  target/sftp       a server over SSH
//	                                  target/s3         an object store
//	cmd/vaad, vaactl ── [Config] ──▶ target/kinds.Open ──▶ Target
//
// In: files with a name, a size and their bytes. Out: the same bytes, much later.
// Callers: recorder/backup drives a Target; cmd/vaad and vaactl open one through
// package kinds, which alone links the libraries of all kinds.
//
// # Promises
//
//   - A name appears only when its file is complete and durable. Whatever is
//     interrupted leaves the old file, or none.
//   - An interrupted [Target.PutFrom] goes on where it stopped, after a check that
//     what is there is what would be sent.
//   - Nothing is written to a target without its marker file ([Marker]): a disk
//     that is not mounted never lets its mount point fill up.
//   - Every call ends: when its context does, or after [Config.Stall] without
//     progress.
//   - Errors say target, operation and name, match one class each, and never hold
//     a secret.
//   - A target is safe for use by several goroutines; Puts of one name wait for
//     each other.
package target
