// Package removable keeps backups on a disk that is plugged in and taken away. The
// disk is known by the label or UUID of its file system, wherever it turns up; on
// it, a folder is used as package folder uses any.
//
//	plugged in ── found by label ── mounted (by udisks, systemd, mount, or somebody) ── calls
//	Eject ── calls under way end ── written out ── unmounted ── "may be removed"
//
// In: a label or UUID and who mounts. Out: a target.Target that is also a
// target.Ejector. Caller: package kinds.
//
// After Eject the disk is not touched again until it was away, so that nobody who
// was told to take it pulls it out of a write. A set of disks that take turns has
// one label and two or more UUIDs: each needs to be set up once.
package removable
