// Package doctor says what is wrong with a machine that is to record calls:
// kernel modules, telephony cards, DAHDI's configuration, clocks, alarms, rights,
// disk and the settings of a country, each as a finding with a stable code.
//
//	View (an fs.FS of /, owners, disk, clock, the daemon's answers) ─▶ Check ─▶ []Finding
//	findings, files of the View, documents ─▶ Bundle ─▶ FILE.tar.gz without secrets
//
// It is pure: everything it looks at is in the View, it changes nothing, opens
// no device and needs neither root nor the daemon; what it could not look at is
// a finding too. The words for a code are in api/text: doctor.CODE, and for all
// but the good ones doctor.CODE.means and doctor.CODE.remedy. Callers:
// cmd/vaactl, as `vaactl doctor`.
package doctor
