package doctor

import (
	"cmp"
	"slices"
)

// Severity says how bad a finding is.
type Severity string

// The severities, from good to bad.
const (
	OK      Severity = "ok"      // as it should be
	Note    Severity = "note"    // worth knowing; nothing has to be done
	Warning Severity = "warning" // recordings suffer or may suffer
	Fault   Severity = "fault"   // lines do not work
)

// A Finding is one thing that was found.
type Finding struct {
	Code     string            `json:"code"` // a stable name; see Table
	Severity Severity          `json:"severity"`
	Args     map[string]string `json:"args,omitempty"` // values in its text
}

// rank orders severities, the worst first.
func (s Severity) rank() int {
	return slices.Index([]Severity{Fault, Warning, Note, OK}, s)
}

// Worse reports whether s is worse than t.
func (s Severity) Worse(t Severity) bool { return s.rank() < t.rank() }

// A Kind is one row of the table of all findings.
type Kind struct {
	Code     string
	Severity Severity
}

// Table lists every finding there can be, in the order in which things are
// looked at. Codes are for ever: scripts name them.
func Table() []Kind {
	return []Kind{
		{"kernel", OK},
		{"not-looked", Note},
		// modules
		{"dahdi-loaded", OK},
		{"dahdi-absent", Note},
		{"dahdi-not-loaded", Fault},
		{"dahdi-not-built", Fault},
		{"dahdi-other-kernel", Fault},
		{"dahdi-not-reloaded", Warning},
		{"dkms-failed", Warning},
		{"dkms-leftover", Note},
		{"secure-boot", OK},
		{"secure-boot-unsigned", Fault},
		{"secure-boot-signed", Note},
		{"dahdi-dummy", Note},
		// cards
		{"pci-card", OK},
		{"pci-unbound", Fault},
		{"pci-wrong-driver", Fault},
		{"card-not-supported", Warning},
		{"pci-unknown", Note},
		{"usb-device", OK},
		{"astribank-no-firmware", Fault},
		{"usb-unbound", Fault},
		{"usb-modem", OK},
		{"usb-modem-unbound", Warning},
		{"no-cards", Note},
		{"device-not-assigned", Fault},
		{"auto-assign-off", Warning},
		// system.conf
		{"conf-good", OK},
		{"conf-missing", Fault},
		{"conf-syntax", Fault},
		{"conf-no-channel", Fault},
		{"conf-no-span", Fault},
		{"conf-span-missing", Fault},
		{"conf-wrong-port", Fault},
		{"conf-empty-slot", Fault},
		{"conf-wrong-line", Fault},
		{"conf-bundle", Fault},
		{"conf-hardhdlc", Fault},
		{"conf-echo-missing", Fault},
		{"conf-dchannel", Warning},
		{"conf-unassigned", Warning},
		{"conf-not-applied", Warning},
		{"conf-e1-coding", Warning},
		{"conf-zone", Note},
		{"conf-analog-law", Warning},
		// timing and spans
		{"timing-master", OK},
		{"timing-none", Warning},
		{"timing-software", Note},
		{"timing-zero", Warning},
		{"tap-timing", Fault},
		{"span-good", OK},
		{"span-alarm", Fault},
		{"span-not-started", Fault},
		{"channel-alarm", Warning},
		{"irq-misses", Warning},
		{"timing-slips", Warning},
		{"span-errors", Warning},
		{"channels-in-use", Note},
		// settings of the country
		{"module-parameter", Warning},
		{"astribank-opermode", Warning},
		{"caller-id-style", Fault},
		{"t1-where-e1", Warning},
		// rights
		{"device-rights", OK},
		{"device-missing", Fault},
		{"device-forbidden", Fault},
		{"no-user", Note},
		// the machine
		{"disk", OK},
		{"disk-low", Warning},
		{"disk-full", Fault},
		{"inodes-low", Warning},
		{"clock", OK},
		{"clock-not-synchronised", Warning},
		// the daemon
		{"daemon", OK},
		{"daemon-unreachable", Note},
		{"daemon-board", Fault},
		{"daemon-line", Warning},
		{"setting-no-board", Note},
		{"setting-no-spans", Warning},
		{"setting-no-span", Warning},
		{"daemon-alarm", Warning},
		{"daemon-alarm-critical", Fault},
	}
}

// Worst is the severity of the worst finding, OK where there is none.
func Worst(all []Finding) Severity {
	worst := OK
	for _, f := range all {
		if f.Severity.Worse(worst) {
			worst = f.Severity
		}
	}
	return worst
}

// Sort puts the worst first and otherwise leaves the order as it is.
func Sort(all []Finding) {
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(a.Severity.rank(), b.Severity.rank()) })
}
