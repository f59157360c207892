// Package selftest says of one line whether it works, by what can be measured
// without acting on it.
//
//	statuses of boards and lines, 2 s of voltages and audio, past calls ─▶ Run ─▶ checks with a verdict
//
// In: what channels shows of the line (a [System]), and how many of its calls had a
// caller. Out: one [Check] per thing looked at, with its figures, in the order in
// which a technician would look. It sends nothing and takes no line: a tap stays a
// tap. The caller is the console, which puts the words to it.
package selftest
