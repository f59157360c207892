package schedule

import (
	"context"
	"errors"
	"time"
)

// A Job is something that is done from time to time. A job never overlaps itself: a due
// time that comes while it runs is passed over.
type Job struct {
	Name     string        // unique; what people call it: "retention", "backup.nas"
	Schedule func() string // text for Parse, asked again and again: settings may change; "" = never
	Run      func(context.Context, Trigger) (Report, error)
	Timeout  time.Duration // a run is cancelled after it; 0 = none
	Class    string        // of jobs of one class one runs at a time, the others wait; "" = a class of its own
	Retry    time.Duration // a run that failed is tried again after it, and again, as long as the job has a schedule; 0 = at the next due time
	Grace    time.Duration // a due time missed by more is not made up; 0 = always made up, once
}

// Why a job runs.
const (
	Due    = "due"    // its time has come
	Missed = "missed" // its time came while the daemon or the clock was away
	Again  = "again"  // the run was cut off by the end of the daemon
	Asked  = "asked"  // somebody asked
	Retry  = "retry"  // the run before failed
)

// A Trigger is why a run happens.
type Trigger struct {
	Why string
	Due time.Time // the due time it is for; zero if it was asked for
	By  string    // who asked; empty otherwise
}

// A Report is what a run did, for people: a text of the catalogue, job-report.CODE, and
// what stands in it. An empty code means just that it is done.
type Report struct {
	Code   string            `json:"code,omitempty"`
	Values map[string]string `json:"values,omitempty"` // at most 32, short
}

// Results of a run.
const (
	OK        = "ok"
	Failed    = "failed"
	TimedOut  = "timeout"
	Cancelled = "cancelled" // somebody stopped it
	CutOff    = "cut-off"   // by the end of the daemon; it is done again at the next start
	Running   = "running"   // in a Record: it has not ended, or the daemon was killed meanwhile
)

// An Outcome is one run of a job that ended.
type Outcome struct {
	Job     string
	Trigger Trigger
	Began   time.Time
	Took    time.Duration
	Result  string
	Report  Report
	Err     error
}

// A Record is what is remembered of a job over restarts.
type Record struct {
	Schedule string    `json:"schedule,omitempty"` // the text it runs by
	Zone     string    `json:"zone,omitempty"`     // its time zone
	Since    time.Time `json:"since,omitzero"`     // no due time before is looked at: by then it had another schedule
	Next     time.Time `json:"next,omitzero"`      // when it is due again
	Spans    []Span    `json:"spans,omitempty"`    // due times that were run, ascending
	Due      time.Time `json:"due,omitzero"`       // of the last run, zero if it was asked for
	Began    time.Time `json:"began,omitzero"`     // the last run
	Took     float64   `json:"took_s,omitempty"`   // seconds
	Result   string    `json:"result,omitempty"`   // of the last run; Running while it runs
	Error    string    `json:"error,omitempty"`
	Why      string    `json:"why,omitempty"`
	By       string    `json:"by,omitempty"`
	Report   Report    `json:"report,omitzero"`
	LastOK   time.Time `json:"last_ok,omitzero"` // when a run last ended well
	Tries    int       `json:"tries,omitempty"`  // runs for Due that were cut off
}

// A Span says that every due time from From to To was run, or came while the job ran.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Memory keeps records. Save must be durable when it returns.
type Memory interface {
	Load() (map[string]Record, error) // by name of job
	Save(job string, r Record) error
}

// A Status is what a job is at.
type Status struct {
	Name     string
	Schedule string
	Fault    error     // of the schedule's text; the job then runs only when asked
	Next     time.Time // zero: never
	Running  bool
	Waiting  bool // for another job of its class
	Last     Record
}

// Errors of Ask and Cancel.
var (
	ErrUnknown = errors.New("there is no such job")
	ErrRunning = errors.New("the job runs already")
	ErrIdle    = errors.New("the job does not run")
)
