// Package upgrade is what going from one version of vaad to another takes, beside
// changing a link: state is kept and put back, and a version proves that it is well.
//
//	package's postinst ─▶ vaad-update (shell: steps, link, service) ─▶ vaad upgrade … ─▶ this package
//	                          │
//	                          └─▶ /var/lib/vaad-update/record ─Read─▶ cmd/vaad: alarm, API
//
// In: a folder of state whose daemon has stopped ([Keep], [Restore]); a running daemon, asked
// as any client does ([Look], [Gate]). Out: a folder with a verified copy of state.db and
// settings.jsonl; why a version is not well. Callers: cmd/vaad. Recordings are never touched.
package upgrade
