// Command vaad is the daemon: it captures the lines of its boards, records
// calls, keeps the journals and serves the API and the built-in page.
//
//	vaad.toml, settings ─▶ config ─▶ drivers, channels, calls, recorder, console
//
// It holds no logic of its own: flags, configuration, the list of drivers, the
// wiring between packages that may not import each other, signals, and the
// watchdog. Technicians and systemd start it; vaactl and the page talk to it.
package main
