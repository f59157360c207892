// Package ca gives the console its certificate: from an authority made on this
// box, or one that somebody gave.
//
//	Wish (settings) ─Use─▶ Keeper ─▶ DIR/authority.pem, server.pem, given.pem
//	upload ─────────Give─▶   │  └──▶ State: names, ends, faults ─▶ console, alarms
//	clock ──────────Look─▶   └─GetCertificate─▶ every new TLS connection
//
// In: what settings want, the names and addresses of the box, the time. Out: the
// certificate of each connection, changed without a restart, and what people
// must know of it. Callers: cmd/vaad, which asks Look once a minute; console
// uploads and shows. Nothing here speaks to the network.
//
// The authority is a key that never leaves the box. It is constrained to names
// and addresses that only mean something inside a network, and to this box's
// own: whoever trusts it trusts it for nothing else. A leaf lasts 397 days, the
// longest that browsers take, and is made anew 60 days before its end.
//
// Whatever goes wrong, the certificate that was served before is served on, and
// where there is none, one of the box's own authority: a console that answers
// with a warning can be repaired from a browser, and one that does not answer
// cannot. Formats: docs/formats/tls.md.
package ca
