package route

import (
	"context"
	"slices"
	"strings"
	"time"

	"vaad/alarm"
)

// AlarmFailed is the alarm of a route that cannot deliver; its subject is the route's name.
const AlarmFailed = "alarm-route-failed"

// A Route says which alarms are told, when, and which way. Empty lists choose all.
type Route struct {
	Name       string
	Severities []alarm.Severity
	Codes      []string // a * at the end stands for any rest
	Subjects   []string // as Codes
	Groups     []string // line groups: alarms of their lines only
	Way        Way

	Console string // address of the console that links begin with; "" = there are no links

	Delay  time.Duration // a condition is told when it has lasted so long
	Repeat time.Duration // and again so often until it is acknowledged or over; 0 = never
	Ended  bool          // its end is told too, where its beginning was
	Quiet  Quiet         // for warnings
	Flood  int           // messages within FloodTime; what is more is told in one. 0 = 10
}

// FloodTime is what Route.Flood counts over, and how often a digest is sent.
const FloodTime = 5 * time.Minute

const defaultFlood = 10

// Quiet is a time of each day, in minutes after midnight, in which warnings wait. From may be
// later than To: over midnight. Both the same: never.
type Quiet struct {
	From, To int
	Zone     *time.Location // nil = time.Local
}

// in says whether it is quiet.
func (q Quiet) in(t time.Time) bool {
	if q.From == q.To {
		return false
	}
	zone := q.Zone
	if zone == nil {
		zone = time.Local
	}
	t = t.In(zone)
	m := t.Hour()*60 + t.Minute()
	if q.From < q.To {
		return m >= q.From && m < q.To
	}
	return m >= q.From || m < q.To
}

// A Way gives a message to somebody. Send returns when it has arrived, or why it has not.
type Way interface {
	Kind() string // "mail", "webhook"
	Send(ctx context.Context, m Message) error
}

// takes says whether an alarm is for the route. A route never tells that it fails itself.
func (r *Route) takes(a *alarm.Alarm, group string) bool {
	if a.Code == AlarmFailed && a.Subject == r.Name {
		return false
	}
	return (len(r.Severities) == 0 || slices.Contains(r.Severities, a.Severity)) &&
		(len(r.Codes) == 0 || slices.ContainsFunc(r.Codes, func(p string) bool { return like(p, a.Code) })) &&
		(len(r.Subjects) == 0 || slices.ContainsFunc(r.Subjects, func(p string) bool { return like(p, a.Subject) })) &&
		(len(r.Groups) == 0 || group != "" && slices.Contains(r.Groups, group))
}

func like(pattern, s string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(s, start)
	}
	return pattern == s
}

// Kinds of messages.
const (
	Raised   = "raised"
	Repeated = "repeated"
	Ended    = "ended"
	Digest   = "digest"
	Test     = "test"
)

// A Message is what goes out. Its JSON is the body of a webhook, version 1: docs/alarms.md.
type Message struct {
	V      int       `json:"v"`  // 1
	ID     string    `json:"id"` // the same when it is sent again
	Kind   string    `json:"kind"`
	Route  string    `json:"route"`
	Time   time.Time `json:"time"` // when it was made
	Box    Box       `json:"box"`
	Alarms []Told    `json:"alarms"`         // one; several in a digest, at most 50; none in a test
	More   int       `json:"more,omitempty"` // of a digest: alarms that are not listed
}

// Box is where it comes from.
type Box struct {
	Name    string `json:"name"`
	ID      string `json:"id"`
	Version string `json:"version"`
}

// Told is an alarm as a message tells it.
type Told struct {
	ID        uint64         `json:"id"`
	Code      string         `json:"code"`
	Subject   string         `json:"subject"`
	Line      int            `json:"line,omitempty"`
	Group     string         `json:"group,omitempty"`
	Severity  alarm.Severity `json:"severity"`
	State     string         `json:"state"` // active, acknowledged, ended
	Momentary bool           `json:"momentary"`
	Text      string         `json:"text"`
	Remedy    string         `json:"remedy"`
	Count     int            `json:"count"`
	First     time.Time      `json:"first"`
	Last      time.Time      `json:"last"`
	Ended     time.Time      `json:"ended,omitzero"`
	AckedBy   string         `json:"acked_by,omitempty"`
	Comment   string         `json:"comment,omitempty"`
	Link      string         `json:"link,omitempty"`
}

// maxTold is how many alarms one message lists.
const maxTold = 50

// Words are what an alarm is in words, and where it is.
type Words struct {
	Text, Remedy string
	Line         int    // 0 = none
	Group        string // of the line
	Link         string // place on the console, from /
}

// told is an alarm as it is now, with a link where the console's address is known.
func told(a *alarm.Alarm, w Words, console string) Told {
	if console == "" || w.Link == "" {
		w.Link = ""
	} else {
		w.Link = strings.TrimRight(console, "/") + w.Link
	}
	t := Told{ID: a.ID, Code: a.Code, Subject: a.Subject, Line: w.Line, Group: w.Group, Severity: a.Severity, State: "active", Momentary: a.Momentary,
		Text: w.Text, Remedy: w.Remedy, Count: a.Count, First: a.First, Last: a.Last, Ended: a.Ended, AckedBy: a.AckedBy, Comment: a.Comment, Link: w.Link}
	switch {
	case !a.Active():
		t.State = "ended"
	case a.AckedBy != "":
		t.State = "acknowledged"
	}
	return t
}
