// Package optical keeps backups on discs: files are collected in a staging folder
// until they make a disc; then an image is made, checked and, where there is a
// burner, burnt and read back.
//
//	Put ──▶ collect/ ── full, or Seal ──▶ images/VAAD0001.iso ──▶ burner ──▶ disc
//	                                      volumes/VAAD0001.json (what is on it)
//
// In: a staging folder and the size of a disc. Out: a target.Target that is also a
// target.Sealer. Caller: package kinds.
//
// Everything that was ever sealed is listed; the newest of one name counts. It is
// read from the image while that is kept, then from the disc in the drive: without
// it the error says which disc is wanted. Discs cannot be changed: Remove of what
// is on one is [target.ErrRefused]. Who must be able to erase encrypts, and keeps
// such discs no longer than the recordings.
//
// # Caveats
//
// Images are ISO 9660 with Rock Ridge and Joliet names, made by xorriso or
// genisoimage as programs of their own.
package optical
