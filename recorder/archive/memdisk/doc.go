// Package memdisk is a disk in memory that models what a power cut does to a
// real one. Tests of the archive, and of whatever stands above it, record onto
// it, cut the power at any operation, and look at what is left.
//
//	archive ── operations ──▶ Disk ── PowerCut(seed) ──▶ Disk as found at the next boot
//	                            └──── Kill() ──────────▶ Disk as after kill -9
//
// In: the operations of archive.Disk. Out: a new Disk. Callers: tests only.
//
// # What a power cut does
//
// Everything done before the last SyncFS is there. Of the rest, by the seed:
//
//   - Names: either a prefix of the later creations, renames and removals
//     happened (as on a journalling file system), or any subset of them (as
//     POSIX allows). A rename happens wholly or not at all.
//   - Sizes: a file that grew has its old size, its new one, or any between.
//   - Bytes: each 512-byte sector written is new, old (zero where there was
//     none), or torn: new up to some byte, old behind it.
//
// The operation under way when the power goes happens in part: a write may
// have stored only its first bytes.
package memdisk
