package recorder

import (
	"context"
	"strconv"
	"time"

	"vaad/channels"
	"vaad/recorder/archive"
	"vaad/recorder/index"
)

const (
	// freshness is how old the last audio of a recording may be for the call to
	// be the same one that is up after a restart.
	freshness = 60 * time.Second
	// repairTime is how long recording waits for repairs; the rings hold more.
	repairTime = 20 * time.Second
	// indexTime is how long it then waits for the index to be up to date.
	indexTime = 2 * time.Second
)

// resumed is a recording that a restart cut off, and that may go on in a linked
// segment if its call is still up.
type resumed struct {
	line         int
	id           string
	conversation string
	call         string
	trigger      string
	actor        string
	end          time.Time // behind its last sample
}

// recover repairs what the last run left open, and finds what may go on: what
// was cut off, and what a clean stop ended. It does not wait longer than
// repairTime; repairs then go on beside.
func (r *Recorder) recover(ctx context.Context) (may []*resumed) {
	found := make(chan *resumed)
	done := make(chan struct{})
	go func() { // ends with the context, or when all is repaired
		defer close(r.repaired)
		defer close(done)
		n := 0
		err := r.c.Archive.Recover(ctx, func(f archive.Recovered) {
			if f.Err != nil {
				r.c.Logger.Error("a recording of the last run could not be repaired", "recording", f.ID, "state", f.State, "err", f.Err)
			}
			if f.State != archive.RecoverCut {
				return
			}
			n++
			s := &resumed{line: f.Start.Line, id: f.ID, conversation: f.Start.Conversation, call: f.Start.Call,
				trigger: f.Start.Trigger, actor: f.Start.Actor, end: f.End}
			select {
			case found <- s:
			case <-r.running:
			case <-ctx.Done():
			}
		})
		if err != nil && ctx.Err() == nil {
			r.c.Logger.Error("repairing the recordings of the last run failed; they stay where they are", "err", err)
		}
		if n > 0 {
			r.c.Alarms.Raise(AlarmRecovered, "", map[string]string{"count": strconv.Itoa(n)})
		}
	}()
	give := time.NewTimer(repairTime)
	defer give.Stop()
	for {
		select {
		case s := <-found:
			may = append(may, s)
		case <-done:
			return newest(append(may, r.stopped(ctx)...))
		case <-give.C:
			r.c.Logger.Warn("repairing the recordings of the last run takes long; recording begins meanwhile")
			return newest(may)
		case <-ctx.Done():
			return nil
		}
	}
}

// newest keeps the last recording of each line.
func newest(all []*resumed) []*resumed {
	by := map[int]*resumed{}
	for _, s := range all {
		if o := by[s.line]; o == nil || s.end.After(o.end) {
			by[s.line] = s
		}
	}
	kept := all[:0]
	for _, s := range all {
		if by[s.line] == s {
			kept = append(kept, s)
		}
	}
	return kept
}

// stopped asks the index for recordings that a clean stop ended just now.
func (r *Recorder) stopped(ctx context.Context) (may []*resumed) {
	if r.c.Index == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, indexTime)
	defer cancel()
	f := index.Filter{From: r.c.Now().Add(-longest - freshness), EndedBy: []string{EndShutdown}, NoCount: true, Limit: 1000}
	ask := time.NewTicker(20 * time.Millisecond)
	defer ask.Stop()
	p, err := r.c.Index.Query(ctx, f)
	for err == nil && p.Rebuilding && ctx.Err() == nil { // it reads what it did not know when it was closed
		select {
		case <-ask.C:
			p, err = r.c.Index.Query(ctx, f)
		case <-ctx.Done():
		}
	}
	if err != nil {
		r.c.Logger.Warn("the index does not say what was recorded when the daemon stopped", "err", err)
		return nil
	}
	for _, row := range p.Rows {
		if r.c.Now().Sub(row.End) < freshness {
			may = append(may, &resumed{line: row.Line, id: row.ID, conversation: row.Conversation, call: row.Call,
				trigger: row.Trigger, end: row.End})
		}
	}
	return may
}

// resumable returns what the call that is up at t continues; nil if nothing
// says that it was up before the restart.
func (w *watch) resumable(t time.Time) *resumed {
	if w.known || w.resume == nil {
		return nil
	}
	if age := t.Sub(w.resume.end); age > freshness || age < -freshness {
		return nil
	}
	return w.resume
}

// goOn continues what a person had asked for and no call ends, when the board
// has opened.
func (w *watch) goOn(e *channels.Event) {
	link := w.resumable(e.Time)
	if link != nil && link.trigger == Manual && link.call == "" && w.cfg.Trigger != Off {
		w.resume = nil
		w.begin(e.Pos, e.Pos, Manual, link.actor, link)
	}
}
