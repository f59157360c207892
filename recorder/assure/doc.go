// Package assure holds the calls of a day against the recordings that are stored,
// and explains each difference: whoever must prove that calls are recorded shows
// its reports.
//
//	call journal ── each call ──▶ Make ──▶ Report ──▶ ROOT/assurance/YYYY-MM-DD.json ──▶ console, vaactl
//	index, files ── its recordings ──▲
//
// In: calls as the lines told them, recordings as the index and the disk have
// them. Out: per call one verdict, with the reason where it is not whole, and
// sums per line. Callers: cmd/vaad makes a report each night for the day before,
// console shows them. Nothing here decides what is recorded: that what a setting,
// a rule or a person did not want is missing, is said by the call journal's own
// reasons, and what has no such reason is unexplained.
//
// A report holds no numbers and no names, so that it may be shown to anybody.
package assure
