package keep

import (
	"time"

	"vaad/recorder/archive"
)

// A Reason is why a recording goes.
type Reason string

// Why recordings go. The journal line's value is the reason and, behind a blank,
// the name of the class or quota: "class standard".
const (
	ByTime  Reason = "class"     // its class's days are over
	ByCount Reason = "count"     // its class has enough newer ones
	ByQuota Reason = "quota"     // its line group has no room
	ByTrash Reason = "trash"     // its time in the trash is over
	ByDisk  Reason = "disk-full" // the disk's reserve was reached
)

// An Item is one recording that goes.
type Item struct {
	ID     string      `json:"id"`
	Day    archive.Day `json:"day"`
	Line   int         `json:"line"`
	Start  time.Time   `json:"start"`
	Bytes  int64       `json:"bytes"`
	Class  string      `json:"class"`
	Action Action      `json:"action"`
	Reason Reason      `json:"reason"`
	Name   string      `json:"name,omitempty"` // of the class or quota
	Backed bool        `json:"backed"`
}

// A Part is what goes for one reason.
type Part struct {
	Reason  Reason `json:"reason"`
	Name    string `json:"name"` // of the class or quota
	Action  Action `json:"action"`
	Count   int    `json:"count"`
	Bytes   int64  `json:"bytes"`
	Waiting int    `json:"waiting"` // due, but kept until they are backed up; not in Count
}

// HoldOff is why nothing is deleted just now.
type HoldOff string

// Why nothing is deleted.
const (
	NoHoldOff     HoldOff = ""
	ClockBack     HoldOff = "clock-back"  // the clock is before the newest recording, or before the last run
	ClockAhead    HoldOff = "clock-ahead" // the clock has leapt ahead and nothing says that it is right
	IndexRebuilds HoldOff = "index"       // the index is being made anew: not all is known
)

// A Plan is what a run at that time would do.
type Plan struct {
	At      time.Time `json:"at"`
	HoldOff HoldOff   `json:"hold_off,omitempty"` // nothing of it is done
	Parts   []Part    `json:"parts"`
	Items   []Item    `json:"items"` // the first of them, at most PlanItems
	Unknown Totals    `json:"unknown"`
}

// Totals is how many recordings, and their bytes.
type Totals struct {
	Count int   `json:"count"`
	Bytes int64 `json:"bytes"`
}

// PlanItems is how many items a plan names.
const PlanItems = 1000

// A Report is what a run did.
type Report struct {
	Begin   time.Time `json:"begin"`
	End     time.Time `json:"end"`
	HoldOff HoldOff   `json:"hold_off,omitempty"`
	Trashed Totals    `json:"trashed"`
	Erased  Totals    `json:"erased"`
	Waiting int       `json:"waiting"` // due, but not backed up
	Failed  int       `json:"failed"`  // tried again at the next run
	Error   string    `json:"error,omitempty"`
}
