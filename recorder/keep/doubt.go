package keep

import (
	"context"
	"slices"
	"time"

	"vaad/recorder/index"
)

// A Span is wall times during which the clock was behind. What says that it began
// then is not old for certain: it may have been made just now.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func (s Span) has(t time.Time) bool { return !t.Before(s.From) && !t.After(s.To) }

// maxSpans bounds what is remembered; more become wider.
const maxSpans = 64

// doubted adds what the clock says now, which is behind, and an hour before and
// after it: nobody saw when it went wrong. It says whether that is news.
func doubted(all []Span, now time.Time) ([]Span, bool) {
	now = now.UTC().Round(0)
	for _, s := range all {
		if s.has(now) && !now.Add(slack/2).After(s.To) {
			return all, false
		}
	}
	all = append(slices.Clone(all), Span{now.Add(-slack), now.Add(slack)})
	slices.SortFunc(all, func(a, b Span) int { return a.From.Compare(b.From) })
	out := all[:1]
	for _, s := range all[1:] {
		last := &out[len(out)-1]
		if !s.From.After(last.To) || len(out) == maxSpans {
			last.To = latest(last.To, s.To)
		} else {
			out = append(out, s)
		}
	}
	return out, true
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// behind says that the clock is before what was seen last, and nothing says that
// it is right: it needs no index to see that.
func (e *Engine) behind(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.seen.IsZero() && leapt(e.seen, now) < -slack && !e.c.Synced()
}

// doubts are the times of which nobody knows whether they were true.
func (e *Engine) doubts() []Span {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state.Doubts
}

// agedSurely leaves out of a source what began while the clock was behind. What is
// in the trash is not judged by its begin.
func (e *Engine) agedSurely(s source) source {
	due := s.due
	s.due = func(r *index.Row) bool {
		return due(r) && (r.State == index.StateTrash || !slices.ContainsFunc(e.doubts(), func(d Span) bool { return d.has(r.Start) }))
	}
	return s
}

// doubtful is what of a filter began while the clock was behind.
func (e *Engine) doubtful(ctx context.Context, s source, f index.Filter) (t Totals, err error) {
	if s.reason == ByTrash {
		return t, nil
	}
	from, to := f.From, f.To
	for _, d := range e.doubts() {
		f.From, f.To = latest(from, d.From), d.To.Add(1)
		if !to.IsZero() && to.Before(f.To) {
			f.To = to
		}
		if !f.From.Before(f.To) {
			continue
		}
		n, err := e.usage(ctx, f)
		if err != nil {
			return t, err
		}
		t.Count += n.Count
		t.Bytes += n.Bytes
	}
	return t, nil
}

// stamp is the time of an act by a person: while the clock is behind, when it was
// last right, so that its time in the trash does not seem over too early.
func (e *Engine) stamp() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return latest(e.c.Now(), e.state.Seen)
}
