package assure

import (
	"slices"
	"strings"
	"time"

	"vaad/calls"
	"vaad/recorder/index"
	"vaad/recorder/rules"
)

// Verdicts on a call.
const (
	Whole       = "whole"       // all that was said is there
	Partly      = "partly"      // something is missing, and somebody or something wanted it so
	NotWanted   = "not-wanted"  // nothing was recorded, and a setting, a rule or a person wanted it so
	Missed      = "missed"      // nobody answered: there was nothing to record
	Erased      = "erased"      // it was recorded, and erased since
	Failed      = "failed"      // something is missing because something failed, and it is known what
	Unexplained = "unexplained" // something is missing and nobody knows why
)

// Verdicts lists all, the worst last.
func Verdicts() []string {
	return []string{Whole, Missed, NotWanted, Partly, Erased, Failed, Unexplained}
}

// Reasons that are found here; all others are those of the call journal's "why".
const (
	ReasonGap      = "gap"       // audio was lost; the recording says where
	ReasonShort    = "short"     // less is recorded than was said
	ReasonNone     = "none"      // there is no recording, and nothing says why
	ReasonNotFound = "not-found" // the call names a recording that is not in the index
	ReasonFile     = "file"      // its files are not as they were sealed: missing, or of another length
	ReasonRestart  = "restart"   // the daemon was not there, or lost events
	ReasonErased   = "erased"    //
	ReasonMasked   = "masked"    // left out on purpose: pauses, keys
)

// slack is how much of a call may be missing before it counts: answers and ends
// are known later than they happen, and by other means than audio.
const slack = 2 * time.Second

// wanted are the journal's reasons that stand for somebody's will, as a table so
// that a new reason is a decision: what is not here is a failure.
var wanted = map[string]bool{
	"too-short": true, "trigger-off": true, "trigger-manual": true, "no-voice": true, "faint-voice": true, "no-key": true, "modem": true, "not-voice": true,
	"other-leg": true, "stopped": true, "line-unused": true, "rule-dropped": true, "rule": true, "paused": true, "keys-masked": true, "missed": true, "not-announced": true,
}

// partial are the reasons why a recording may rightly begin later or end earlier
// than the talk.
var partial = map[string]bool{"manual": true, "voice": true, "key": true, "modem": true, "stopped": true, "paused": true, "trigger-manual": true, "no-voice": true, "no-key": true, "rule": true}

// failed are the journal's reasons that are faults.
var failed = map[string]bool{"disk-full": true, "inodes-full": true, "disk-error": true, "begin-lost": true}

// A finding is the verdict on one call.
type finding struct {
	verdict, reason string
	talked          time.Duration // from the answer to the end
	missing         time.Duration // of it, in no recording
	lost            time.Duration // gaps
	masked          time.Duration
}

// A part is one recording of a call.
type part struct {
	row   index.Row
	known bool   // it is in the index
	wrong string // what is wrong with its files, "" = nothing
}

// judge gives the verdict on a call that is over.
func judge(c *calls.Row, parts []part) finding {
	f := finding{}
	if !c.Answered.IsZero() {
		f.talked = max(0, c.End.Sub(c.Answered))
	}
	why := reasons(c.Why)
	reason := func(of map[string]bool) string {
		i := slices.IndexFunc(why, func(w string) bool { return of[w] })
		if i < 0 {
			return ""
		}
		return why[i]
	}
	set := func(verdict, reason string) finding { f.verdict, f.reason = verdict, reason; return f }
	if len(parts) == 0 {
		switch {
		case reason(failed) != "":
			return set(Failed, reason(failed))
		case c.Missed || c.Answered.IsZero() && f.talked == 0 && c.AnsweredBy == "":
			return set(Missed, "missed")
		case reason(wanted) != "":
			return set(NotWanted, reason(wanted))
		case c.EndedBy == calls.EndedByRestart || c.EndedBy == calls.EndedByOverflow:
			return set(Failed, ReasonRestart)
		}
		f.missing = f.talked
		return set(Unexplained, ReasonNone)
	}
	var spans []span
	erased, wrong := false, ""
	for _, p := range parts {
		switch {
		case !p.known:
			wrong = ReasonNotFound
			continue
		case p.row.State == index.StateErased:
			erased = true
		case p.wrong != "":
			wrong = ReasonFile
		}
		f.lost += samples(p.row.LostSamples)
		f.masked += samples(p.row.Masked)
		spans = append(spans, span{p.row.Start, p.row.End})
	}
	if f.talked > 0 {
		f.missing = uncovered(span{c.Answered, c.End}, spans)
	}
	switch {
	case wrong != "":
		return set(Unexplained, wrong)
	case reason(failed) != "":
		return set(Failed, reason(failed))
	case f.lost > 0:
		return set(Failed, ReasonGap)
	case erased:
		return set(Erased, ReasonErased)
	case f.missing > slack:
		for _, p := range parts {
			if partial[p.row.Trigger] {
				return set(Partly, p.row.Trigger)
			}
		}
		if why := reason(partial); why != "" {
			return set(Partly, why)
		}
		if c.EndedBy == calls.EndedByRestart || c.EndedBy == calls.EndedByOverflow || c.Continues != "" || c.ContinuedBy != "" {
			return set(Failed, ReasonRestart)
		}
		return set(Unexplained, ReasonShort)
	case f.masked > 0:
		return set(Partly, ReasonMasked)
	}
	return set(Whole, "")
}

// reasons are those of the journal, a rule that did not want the call shortened to "rule".
func reasons(why []string) []string {
	var out []string
	for _, w := range why {
		if name, ok := strings.CutPrefix(w, rules.CodePrefix); ok {
			_, outcome, _ := strings.Cut(name, ":")
			if outcome, _, _ = strings.Cut(outcome, ":"); outcome == rules.Recorded {
				continue // it wanted it
			}
			w = "rule"
		}
		out = append(out, w)
	}
	return out
}

func samples(n int64) time.Duration { return time.Duration(n) * (time.Second / 8000) }

// A span is a time from … to.
type span struct{ from, to time.Time }

// uncovered is how much of a span no part has.
func uncovered(of span, parts []span) time.Duration {
	slices.SortFunc(parts, func(a, b span) int { return a.from.Compare(b.from) })
	var miss time.Duration
	at := of.from
	for _, p := range parts {
		if p.from.After(at) {
			miss += earlier(p.from, of.to).Sub(at)
		}
		if p.to.After(at) {
			at = p.to
		}
		if !at.Before(of.to) {
			return miss
		}
	}
	return miss + of.to.Sub(at)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
