package alarm

import "slices"

// Severity says how soon somebody should look.
type Severity string

const (
	Warning  Severity = "warning"  // recordings are whole; look this week
	Critical Severity = "critical" // recordings are, or will soon be, missing; look now
)

// A Kind is one row of the table of all alarms.
type Kind struct {
	Code      string   `json:"code"`
	Severity  Severity `json:"severity"`
	Momentary bool     `json:"momentary"` // something that happened, not a state that lasts
	Subject   string   `json:"subject"`   // what the subject names: "board", "line", "file", … or ""
}

// Table lists every alarm. Codes are for ever: scripts and dashboards name them.
func Table() []Kind {
	return []Kind{
		// boards and lines
		{"board-failed", Critical, false, "board"},     // cannot be opened
		{"board-gone", Critical, false, "board"},       // pulled out, or its driver ended
		{"board-hung", Critical, false, "board"},       // did not come back from its driver within 2 s
		{"board-late", Warning, false, "board"},        // ticks come late: the machine is overloaded
		{"span-alarm", Critical, false, "span"},        // a digital span has no signal, or its far end has none
		{"line-fault", Critical, false, "line"},        // does not work although its board runs
		{"line-no-battery", Warning, false, "line"},    // no voltage: cut or unplugged
		{"line-off-hook-long", Warning, false, "line"}, // off-hook for over 10 min after the call, or active for over 2 h
		{"line-unfit", Warning, false, "line"},         // cannot serve the use it is configured for
		{"peer-garbage", Warning, true, "line"},        // a line socket's peer sent what is no message
		{"tap-swapped", Warning, false, "span"},        // the cables of a digital tap are the other way round
		{"tap-silent", Critical, false, "span"},        // no signalling is heard on a digital tap, although its span has no alarm
		{"link-down", Critical, false, "span"},         // the data link of a span whose signalling is ours is not established
		{"feed-overflow", Critical, true, "reader"},    // events were lost to a lossless reader
		// USB devices
		{"firmware-missing", Critical, false, "device"},  // a device waits for an image that the folder has not
		{"firmware-waiting", Critical, false, "device"},  // a device waits although its image is there
		{"firmware-failed", Critical, false, "device"},   // the last load of a device failed
		{"usb-helper-failing", Warning, false, "helper"}, // vaad-usb is not to be had
		// recordings and disk
		{"recorder-failed", Critical, true, "line"},  // a whole recording was lost
		{"recorder-gap", Critical, true, "line"},     // audio is missing in a recording; the gap is marked
		{"recovered-recordings", Warning, true, ""},  // recordings were cut off by a crash and have been repaired
		{"recording-paused", Warning, false, "line"}, // for longer than its settings want to see
		{"disk-slow", Warning, false, "disk"},        // a sync took over 1 s
		{"disk-low", Warning, false, "disk"},         // little space is left
		{"disk-full", Critical, false, "disk"},       // the reserve is reached
		{"inodes-low", Warning, false, "disk"},       //
		{"inodes-full", Critical, false, "disk"},     //
		{"disk-read-only", Critical, false, "disk"},  //
		{"disk-error", Critical, false, "disk"},      // the disk returns errors
		{"evidence-broken", Critical, false, "disk"}, // journals, evidence log and checkpoints do not agree
		{"evidence-failed", Warning, false, "disk"},  // leaves or checkpoints cannot be written
		{"keys-missing", Critical, false, "disk"},    // encrypted recordings cannot be read: the master key is not there
		{"keys-unwritable", Critical, false, "disk"}, // recordings wait to be sealed: their keys cannot be stored
		{"journal-damaged", Warning, true, "file"},   // a day journal or the settings journal had unreadable lines
		{"login-attack", Warning, false, ""},         // somebody tries passwords
		// keeping
		{"storage-eta", Warning, false, "disk"},        // the disk will be full soon
		{"retention-disk", Warning, false, "disk"},     // nearly at the reserve; then the policy acts
		{"retention-deletes", Critical, false, "disk"}, // at the reserve: the oldest are being deleted
		{"retention-nothing", Critical, false, "disk"}, // at the reserve: nothing may be deleted
		{"retention-unsaved", Critical, false, "disk"}, // recordings will go before they are backed up
		{"retention-clock", Warning, false, "disk"},    // nothing is deleted: the clock cannot be trusted
		{"retention-failed", Warning, false, "disk"},   // a run could not do what was due
		{"retention-no-class", Warning, false, "disk"}, // recordings have a class that there is not
		{"approvals-waiting", Warning, false, ""},      // somebody must approve or refuse
		// state
		{"state-db-damaged", Critical, true, "file"},  // replaced by a hot copy
		{"state-db-failing", Critical, false, "file"}, // changes cannot be written
		{"index-db-damaged", Warning, true, "file"},   // made anew from the journals
		{"copy-failed", Warning, false, "file"},       // the hourly hot copy failed
		{"settings-ignored", Warning, false, ""},      // stored settings that this version does not take
		{"update-rolled-back", Critical, false, ""},   // a new version did not prove well; the one before runs
		{"settings-journal", Warning, false, "file"},  // the settings journal cannot be written
		// network
		{"listen-failed", Warning, false, "door"},               // an address of the console cannot be opened, or nobody reaches it
		{"certificate-expiring", Warning, false, "certificate"}, // within 30 days; an authority within 180
		{"certificate-ending", Critical, false, "certificate"},  // within 7 days: then nobody gets in
		{"certificate-refused", Warning, false, "certificate"},  // the one that settings name cannot be used
		// this process
		{"memory-high", Warning, false, ""},      // nearly all the memory that it may take
		{"descriptors-high", Warning, false, ""}, // … of open files and connections
		{"goroutines-high", Warning, false, ""},  // many more than its connections and boards explain
		{"self-restart", Warning, true, "limit"}, // it has started itself again before a limit was reached
		{"crash-loop", Critical, false, ""},      // it ended again and again soon after its start
		// jobs
		{"assurance-gaps", Critical, false, ""},          // calls are not recorded, or not wholly, and should be
		{"line-silent", Warning, false, "line"},          // no call in a day, and usually there are some
		{"job-failed", Warning, false, "job"},            // what is done from time to time did not end well
		{"backup-failed", Warning, false, "target"},      // a backup did not do everything
		{"backup-late", Warning, false, "target"},        // something waits too long for its backup
		{"backup-target-gone", Warning, false, "target"}, // the target cannot be reached, or is not what it was
		{"drill-failed", Warning, false, "target"},       // what is on the target cannot be restored
		// telling people
		{"alarm-route-failed", Warning, false, "route"}, // alarms cannot be given away by mail or webhook
		{"audit-broken", Critical, false, "file"},       // rows of the audit log are not what was written
		// clock
		{"clock-jump", Warning, true, ""},            // wall clock against line time
		{"clock-unsynchronised", Warning, false, ""}, // no time source: times of recordings are uncertain
	}
}

// Find is the row of a code.
func Find(code string) (Kind, bool) {
	t := Table()
	i := slices.IndexFunc(t, func(k Kind) bool { return k.Code == code })
	if i < 0 {
		return Kind{Code: code, Severity: Warning}, false
	}
	return t[i], true
}
