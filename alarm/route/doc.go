// Package route tells people of alarms who do not look at the console: by e-mail
// and by webhook.
//
//	alarm.Manager ─ History, Active, Subscribe ─▶ Router ─▶ state.db (what waits, what was told)
//	settings ─▶ Route (which alarms, when) ──────▶   └──▶ a goroutine per route ─▶ Way ─▶ mail server, URL
//
// In: alarms, routes, and words for an alarm. Out: messages, each delivered at
// least once, in order per route, also over restarts; and the alarm
// [AlarmFailed] of a route that cannot deliver, which that route itself never
// tells. Callers: cmd/vaad runs a [Router] and makes routes of settings; console
// shows [Router.States] and asks for tests.
//
// Nothing here holds anybody up: who raises an alarm never waits for a route, and
// a slow or dead route never for another. What waits is bounded: where many alarms come at
// once a route tells them in one message.
package route
