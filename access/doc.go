// Package access says who may do what, on which lines, and keeps the record of
// who did.
//
//	peer credentials of a local socket ────────┐
//	name, password, code ─▶ session ────────────┤
//	link, or token printed at start ─▶ session ─┼─▶ Actor ─▶ Scope ─▶ console, domains ask Allows(verb, line)
//	token of a program ─────────────────────────┘                        │
//	                                                     Audit.Append ◀──┘─▶ state.db
//
// In: credentials, and from settings the groups of lines and a [Policy]. Out: an [Actor]
// with grants, its [Scope], and the audit log, durable before the reply that it is
// about. Accounts, sessions and tokens are kept in state.db, secrets as hashes. Callers: console
// asks for every request, cmd/vaad passes the settings on.
//
// What each role may do is one table, [Table]. Everything that no grant allows is denied.
// Sessions are an own 200 lines, not alexedwards/scs: cookies here are named by port, sessions are
// listed and revoked by account, programs come without any, and live streams must not be buffered.
package access
