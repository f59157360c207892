// Package access says who may do what, on which lines, and keeps the record of
// who did.
//
//	peer credentials of a local socket ─┐
//	token printed at start ─▶ session ──┴─▶ Actor ─▶ Scope ─▶ console, domains ask Allows(verb, line)
//	                                                             │
//	                                              Audit.Append ◀─┘─▶ state.db
//
// In: credentials, and from settings the groups of lines. Out: an [Actor] with
// roles, its [Scope], and the audit log, durable before the reply that it is
// about. Callers: console asks for every request, cmd/vaad prints the token and
// passes the settings on.
//
// What each role may do is one table, [Table]. Everything that is not in it is denied.
package access
