// Package console serves vaad's API and its built-in page.
//
//	unix socket ───── peer credentials ─┐
//	loopback, TLS ─── cookie, token ────┴▶ actor ─▶ rights of the route ─▶ handler ─▶ domains
//	                                                                           │
//	feed of call events ─▶ hub ─▶ one bounded queue per watcher ─▶ SSE ◀───────┘
//
// In: HTTP requests from vaactl, browsers and programs; the feed of call events.
// Out: JSON under /api/v1 as docs/openapi.yaml describes it, errors as
// application/problem+json with what to do, audio, /metrics, /healthz and the
// page. Callers: cmd/vaad makes a Server from a Config and hands it listeners.
//
// Every route stands in one table (routes.go) with the verb that its caller
// must hold; the middleware checks it before anything else of the request is
// looked at. Every list, count, feed and audio is cut to the lines that the
// caller's verb covers. What is done to recordings and settings, and whoever
// listens to audio, is written to the audit log.
//
// The pages are built from console/web and embedded; they need no session, what
// they ask for does. They are served from here alone, under a strict content
// security policy.
//
// # Caveats
//
// Addresses of the network are served with TLS only, and only to requests that
// name this box. [Server.Open] refuses anything else with that reason.
package console
