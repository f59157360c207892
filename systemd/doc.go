// Package systemd holds what a packaged vaad brings for systemd, udev, Debian and
// Prometheus; it has no code of its own, only tests of these files:
//
//	vaad.service         the daemon: its own user, sandboxed, watched, restarted for ever
//	vaad-usb*            the helper for USB: a connection each, and what udev starts for boards without firmware
//	vaad-update.service  finishes an upgrade that a power cut interrupted
//	vaad-banner.*        what stands above the log-in of the box's screen
//	70-vaad.rules        udev: who may open USB telephony devices, and their names
//	vaad.sysusers        users vaad and vaad-usb, groups        (/usr/lib/sysusers.d/vaad.conf)
//	vaad.tmpfiles        /etc/vaad, /var/lib/vaad, …            (/usr/lib/tmpfiles.d/vaad.conf)
//	vaad.toml            the configuration a package installs   (/etc/vaad/vaad.toml)
//	debian/              scripts and control of the package; vaad-update, which switches versions
//	examples/            drop-ins: port 443, own networks only
//	prometheus/          alert rules and a Grafana dashboard
//
// Units and rules lie beside the programs of their version; debian/vaad-update copies those of the version
// that runs to where systemd and udev look. Its own unit, users and folders are dpkg's.
//
// In and out: nothing. Callers: .ci/deb, which makes the package of them.
package systemd
