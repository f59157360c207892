// Package keep decides how long recordings are kept, and sees to it.
//
//	classes, quotas, disk policy ─┐
//	index (rows by start) ────────┼─▶ Engine ─ Plan, Forecast, Unsaved ──▶ console, vaactl
//	backup (is it backed up?) ────┘      │
//	schedule ─ Run, Tidy ───────────────▶├─▶ archive: trash, erase      (journaled first)
//	a minute's tick ─ Watch ────────────▶├─▶ alarms, recorder: stop
//	console ─ Trash, Hold, Erase, Forget ┘
//	          Desk: requests of what cannot be undone, and a second person's approval
//
// In: a policy, the rows of the index, acts of people. Out: acts in the journals
// ([archive.ActTrash], [archive.ActErase]), what will happen when, and alarms.
// Callers: cmd/vaad wires it; recorder/schedule calls Run and Tidy; console calls
// everything else.
//
// # Levels
//
// A recording is normal, protected (retention never takes it), held (one or more
// legal cases), or in the trash; protection and holds outlive the trash. What is
// protected or held goes neither into the trash nor for good, whoever asks:
// the archive asks the engine once more at the moment of the journal line, when
// all earlier lines are known, so no order of acts can get around it.
//
// # How it decides
//
// A recording's class says how long: its end plus the class's days, or its place
// among the newest of the class. Then it goes to the trash, where its files stay,
// and for good when the trash time is over; or at once. A class that is not in the
// policy, and one that is for ever, is never due; nor is a recording that seems
// older than vaad itself, as its clock was wrong. Quotas of line groups make the
// oldest due earlier.
//
// Nothing is due while the clock cannot be trusted: see [HoldOff].
//
// docs/keeping.md says it for people.
package keep
