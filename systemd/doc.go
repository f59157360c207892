// Package systemd holds what a packaged vaad brings for systemd and for
// Prometheus; it has no code of its own, only tests of these files:
//
//	vaad.service    the daemon: its own user, sandboxed, watched, restarted for ever
//	vaad.sysusers   user vaad, groups vaad-review and dahdi     (/usr/lib/sysusers.d/vaad.conf)
//	vaad.tmpfiles   /etc/vaad and /var/lib/vaad                 (/usr/lib/tmpfiles.d/vaad.conf)
//	vaad.toml       the configuration a package installs        (/etc/vaad/vaad.toml)
//	prometheus/     alert rules and a Grafana dashboard
//
// In and out: nothing. Callers: whoever packages vaad.
package systemd
