// Package schedule says when jobs run, and runs them: tidying up, backups, drills,
// reports. In go jobs with a text that says when ("daily 02:30", "*/15 * * * *"); out
// come runs, each due time once, whatever daylight saving, a power cut or somebody who
// sets the clock does meanwhile, and for each job what became of its last run.
// cmd/vaad makes the Runner, registers jobs, and keeps what it remembers in state.db.
//
// When a run is due is a set of instants that follows from text and time zone alone
// (Schedule). The Runner asks one question, whenever it wakes: is the newest due time
// that has passed one that was not run yet? So a run missed while the box was off is made
// up once, a clock set a year ahead makes one run, not a year of them, and a clock set back
// makes none, because due times that were run are remembered.
package schedule
