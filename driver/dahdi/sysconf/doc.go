// Package sysconf reads, writes and compares DAHDI's /etc/dahdi/system.conf,
// the file that tells the kernel what each span and channel is used for, and
// makes one for the cards that a machine has.
//
//	text ─▶ Parse ─▶ Config, SyntaxErrors (line and what)
//	/proc/dahdi, /sys/bus/dahdi_* as an fs.FS ─▶ Read ─▶ Spans (cards and ports)
//	Spans, Options ─▶ Generate ─▶ Config ─▶ Bytes ─▶ text
//	text, text ─▶ Diff ─▶ unified diff
//
// It is text only: no kernel calls, no files of its own. What Parse takes is
// what dahdi_cfg takes (tried against that of dahdi-tools 3.1), except for
// text that dahdi_cfg silently leaves out, which is an error here. Callers:
// doctor compares file and hardware, `vaad dahdi genconf` makes the file.
package sysconf
