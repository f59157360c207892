package schedule

import (
	"slices"
	"time"
)

const (
	// remembered is how far a clock may be set back without that anything runs twice. A
	// clock that goes back further was wrong before, and what ran by it counts no more:
	// else nothing would run until it is that late again.
	remembered = 7 * 24 * time.Hour
	// maxSpans are kept; one is added by each time that the box was off.
	maxSpans = 16
	// maxTries is how often a run that the daemon's end cut off is done again: what
	// takes the daemon down must not do so for ever.
	maxTries = 3
)

// ran reports whether the due time was run, and the end of the span it is in.
func (r *Record) ran(due time.Time) (time.Time, bool) {
	for _, s := range r.Spans {
		if !due.Before(s.From) && !due.After(s.To) {
			return s.To, true
		}
	}
	return time.Time{}, false
}

// mark remembers that the due times from one to another were run. Times that follow each
// other by the schedule become one span.
func (r *Record) mark(s *Schedule, from, to time.Time) {
	spans := append(slices.Clone(r.Spans), Span{from.UTC(), to.UTC()})
	slices.SortFunc(spans, func(a, b Span) int { return a.From.Compare(b.From) })
	joined := spans[:1]
	for _, next := range spans[1:] {
		last := &joined[len(joined)-1]
		if !next.From.After(last.To) || !next.From.After(s.Next(last.To)) {
			if next.To.After(last.To) {
				last.To = next.To
			}
			continue
		}
		joined = append(joined, next)
	}
	r.Spans = joined[max(0, len(joined)-maxSpans):]
}

// settle forgets what a clock that was far ahead has left.
func (r *Record) settle(now time.Time) (changed bool) {
	if now.Before(r.Since) {
		r.Since, changed = now.UTC(), true
	}
	if n := len(r.Spans); n == 0 || !r.Spans[n-1].To.After(now.Add(remembered)) {
		return changed
	}
	r.Spans = slices.DeleteFunc(slices.Clone(r.Spans), func(s Span) bool { return s.From.After(now) })
	if n := len(r.Spans); n > 0 && r.Spans[n-1].To.After(now) {
		r.Spans[n-1].To = now.UTC()
	}
	return true
}

// next is the first due time after now that was not run yet.
func (r *Record) next(s *Schedule, now time.Time) time.Time {
	at := s.Next(now)
	for {
		end, ran := r.ran(at)
		if at.IsZero() || !ran {
			return at
		}
		at = s.Next(end)
	}
}

// due is the newest due time that has passed and was not run, zero if there is none.
func (r *Record) due(s *Schedule, now time.Time, grace time.Duration) time.Time {
	at := s.Last(now)
	if at.IsZero() || !at.After(r.Since) || grace > 0 && now.Sub(at) > grace {
		return time.Time{}
	}
	if _, ran := r.ran(at); ran {
		return time.Time{}
	}
	return at
}

// short keeps a report within bounds: it is stored, and shown.
func (r Report) short() Report {
	if len(r.Code) > 64 {
		r.Code = r.Code[:64]
	}
	if r.Values == nil {
		return r
	}
	kept := map[string]string{}
	for _, k := range slices.Sorted(keysOf(r.Values)) {
		if len(kept) < 32 && len(k) <= 64 {
			kept[k] = cut(r.Values[k], 200)
		}
	}
	r.Values = kept
	return r
}
