// Package anchor gives checkpoints of the evidence log to somebody outside the
// box, who cannot be made to take them back: by e-mail, and by a time stamp
// authority (RFC 3161). The file of an anchor is [evidence.Settings]' own.
//
//	recordings/checkpoints ──▶ Run (one goroutine) ──▶ Mail ──▶ SMTP
//	                                └─────────────────▶ TSA ──▶ recordings/stamps/NUMBER.tsr
//
// In: the file of checkpoints, which only grows. Out: mails and stamps, an alarm
// for each way that fails, metrics. Caller: cmd/vaad. How far each way has come
// is kept in a small file, so that a restart sends nothing twice that arrived,
// and what was missed while a way was closed is made good by the next try. A way
// that is new begins with the newest checkpoint: it covers all before it.
package anchor
