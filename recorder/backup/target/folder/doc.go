// Package folder keeps backups in a folder: of a second disk, a mounted share or
// a removable medium. The files lie there under their own names, for everybody
// to copy and open.
//
//	Put ──▶ .vaad-partial/<hash of the name> ── fsync ── rename ──▶ name ── fsync of its folder
//
// In: files, and an [Opener] that finds the folder. Out: a target.Target. Callers:
// package kinds for plain folders; packages removable and optical, which find or
// fill the folder in their own ways.
//
// The folder is opened anew by every call and all that the call does goes through
// that one handle. So a disk that is pulled between two steps fails, and is never
// mistaken for the empty folder it was mounted on; and an idle target does not
// keep a disk from being unmounted.
//
// # Caveats
//
// Two processes must not put the same name at the same time.
package folder
