// Package api holds the types of vaad's HTTP API and a client for it.
//
//	vaactl, tests ─▶ Client ─▶ unix socket DIR/run/vaad.sock ─┐
//	                        └▶ http://127.0.0.1:PORT + token ─┴▶ console ─▶ domains
//
// In: what a program wants to know or do. Out: the same structures that the
// console package serves under /api/v1, decoded, or an error that says what
// failed, where, and what to do: a [*Problem] when the daemon answered, a
// [*ConnectError] when it could not be reached. Callers: cmd/vaactl, and any
// Go program that wants to talk to a vaad daemon.
//
// The json tags are the contract: fields are added, never renamed or removed
// within v1. The doc tags are where docs/openapi.yaml gets its words from.
// Times are UTC in RFC 3339. Levels are in dBm0, voltages in volts, durations in
// seconds unless the name says otherwise. The package imports nothing of ours.
package api

// Prefix is where the API lives on every listener.
const Prefix = "/api/v1"

// SocketName is the daemon's socket below its root folder.
const SocketName = "run/vaad.sock"

// A Page is one page of a list. Next is the cursor of the following page and
// empty on the last one.
type Page[T any] struct {
	Items   []T    `json:"items" nullable:"false" doc:"The rows of this page, in the order asked for"`
	Next    string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
	Total   int64  `json:"total,omitempty" doc:"Rows that match, where that is known"`
	AtLeast bool   `json:"at_least,omitempty" doc:"Counting was cut short: there are at least total rows"`
	Partial bool   `json:"partial,omitempty" doc:"The index is being rebuilt: rows may be missing"`
}
