package backup

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// maxPasses is how often a run looks for what was written while it ran.
const maxPasses = 3

// muchWork is from how many bytes on state and evidence are put before them too,
// where the last run did not come to its end.
const muchWork = 1 << 30

// sweepAge is after how long the rest of an interrupted copy is given up.
const sweepAge = 7 * 24 * time.Hour

// run is one run of an engine.
type run struct {
	e *Engine
	o Options
	v *vault
	s *scanner

	effort
	nth    atomic.Int64 // file that was sent, for samples
	mu     sync.Mutex   // of the report
	report Report
	former string               // whose journals ours may replace
	failed map[archive.Day]bool // days that could not be finished
	last   bool                 // no pass follows
}

// Run brings the target up to date. The report is there also when there is an
// error; [ErrIncomplete] says that only single things failed.
func (e *Engine) Run(ctx context.Context) (Report, error) {
	unlock, err := e.lock()
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	r := &run{e: e, o: e.options(), effort: effort{waits: e.waits}, failed: map[archive.Day]bool{}}
	r.report.Began = e.c.Now()
	e.begin(r.report.Began)
	err = r.do(ctx)
	if err == nil && r.report.Faulty > 0 {
		err = ErrIncomplete
	}
	r.report.Ended = e.c.Now()
	e.ended(ctx, &r.report, err)
	return r.report, err
}

func (e *Engine) begin(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.from = now
	e.now.Running, e.now.Stage, e.now.Done, e.now.Total = true, "plan", Work{}, Work{}
}

func (e *Engine) stage(s string) {
	e.mu.Lock()
	e.now.Stage = s
	e.mu.Unlock()
}

// ended keeps what became of a run.
func (e *Engine) ended(ctx context.Context, rep *Report, err error) {
	last := runState{Time: rep.Ended.UTC()}
	result := "ok"
	e.mu.Lock()
	last.OK = e.now.LastOK
	e.mu.Unlock()
	switch {
	case err == nil:
		last.OK, last.Whole = last.Time, true
	case errors.Is(err, ErrIncomplete):
		result = "incomplete"
		last.Whole = true
	default:
		result = "failed"
	}
	if err != nil {
		last.Error, last.Class = err.Error(), target.Class(err)
	}
	e.note(&stateLine{Run: &last})
	e.mu.Lock()
	s := &e.now
	s.Running, s.Stage, s.LastRun, s.LastOK, s.LastError, s.LastClass = false, "", last.Time, last.OK, last.Error, last.Class
	s.LastReport = rep
	e.mu.Unlock()
	m := e.c.Metrics
	m.runs.WithLabelValues(e.c.Name, result).Inc()
	m.faults.WithLabelValues(e.c.Name).Set(float64(rep.Faulty))
	m.last(e.c.Name, last.OK)
	if _, err := e.OldestUnbacked(context.WithoutCancel(ctx)); err != nil {
		e.c.Logger.Warn("what is not backed up yet cannot be told", "target", e.c.Name, "error", err)
	}
	if _, err := e.Plan(context.WithoutCancel(ctx)); err != nil {
		e.c.Logger.Warn("what is not backed up yet cannot be counted", "target", e.c.Name, "error", err)
	}
}

func (r *run) do(ctx context.Context) error {
	if err := r.o.Check(); err != nil {
		return err
	}
	t, err := r.e.c.Open(ctx)
	if err != nil {
		return err
	}
	defer leave(t)
	if r.o.Rate > 0 {
		t = target.Limited(t, func() int64 { return r.o.Rate })
	}
	if err := r.known(ctx, t); err != nil {
		return err
	}
	if _, err := t.Sweep(ctx, sweepAge); err != nil && fatal(err) {
		return err
	}
	r.s = r.e.scanner(&r.o)
	if err := r.copies(ctx); err != nil {
		return err
	}
	return r.rest(ctx)
}

// whole reports whether the last run came to its end.
func (e *Engine) whole() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.st.run.Time.IsZero() && e.st.run.Whole
}

// rest puts what is not of single days.
func (r *run) rest(ctx context.Context) error {
	r.e.stage("evidence")
	if err := r.evidence(ctx); err != nil {
		if fatal(err) {
			return err
		}
		r.trouble(Fault{Kind: kindOf(err), Name: evidenceDir, Class: classOf(err), Detail: err.Error()})
	}
	r.e.stage("state")
	if err := r.bundle(ctx); err != nil {
		if fatal(err) {
			return err
		}
		r.trouble(Fault{Kind: kindOf(err), Name: stateDir, Class: classOf(err), Detail: err.Error()})
	}
	return nil
}

// known checks that the target is ours and begins anew with one that was not
// seen before.
func (r *run) known(ctx context.Context, t target.Target) error {
	h, err := ReadHead(ctx, t)
	if errors.Is(err, ErrNoBackup) {
		return fmt.Errorf("%w: %w", target.ErrNoMarker, err)
	}
	if err != nil {
		return err
	}
	if h.Appliance != r.e.c.Appliance {
		return fmt.Errorf("%w: it is of %s", ErrForeign, h.Appliance)
	}
	if h.Encrypted != r.o.Encrypt {
		return ErrOtherWay
	}
	if len(h.Former) > 0 {
		r.former = h.Former[len(h.Former)-1]
	}
	to, err := recipients(r.o.Recipients)
	if err != nil {
		return err
	}
	c := &r.e.c
	var ls []*stateLine
	r.e.mu.Lock()
	if r.e.st.backup != h.ID {
		ls = append(ls, &stateLine{Backup: h.ID, Scope: &r.o.Scope})
	} else if r.e.st.scope != r.o.Scope {
		ls = append(r.e.st.recheck(recheckSizes), &stateLine{Scope: &r.o.Scope})
	}
	r.e.mu.Unlock()
	if len(ls) > 0 {
		r.e.note(ls...)
	}
	if h.Scope != r.o.Scope {
		h.Scope = r.o.Scope
		if err := writeHead(ctx, t, h); err != nil {
			return err
		}
	}
	r.v, err = newVault(t, h.Encrypted, to, r.e.identities(), c.Pool)
	return err
}

// copies brings all days up to date, and again what was written meanwhile.
func (r *run) copies(ctx context.Context) error {
	for pass := range maxPasses {
		r.last = pass == maxPasses-1
		r.e.stage("plan")
		w, todo, err := r.e.plan(ctx, r.s, r.failed)
		if err != nil {
			return err
		}
		if len(todo) == 0 {
			return nil
		}
		r.e.mu.Lock()
		t := &r.e.now.Total
		t.Days, t.Recordings, t.Files, t.Bytes = t.Days+w.Days, t.Recordings+w.Recordings, t.Files+w.Files, t.Bytes+w.Bytes
		if pass == 0 {
			t.Oldest = w.Oldest
		}
		r.e.mu.Unlock()
		if pass == 0 && w.Bytes > muchWork && !r.e.whole() { // it may take days, and be cut off again
			if err := r.rest(ctx); err != nil {
				return err
			}
		}
		r.e.stage("copy")
		for _, d := range todo {
			done, err := r.day(ctx, d)
			if err != nil && err != errAgain {
				return fmt.Errorf("%s: %w", d, err)
			}
			r.e.mu.Lock()
			r.e.now.Done.Days++ // the next pass counts it anew where it does it again
			r.e.mu.Unlock()
			if err == errAgain {
				continue
			}
			if !done {
				r.failed[d] = true
			}
			r.mu.Lock()
			r.report.Days++
			r.mu.Unlock()
		}
	}
	return nil
}

// trouble notes that something is wrong.
func (r *run) trouble(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Faulty++
	if len(r.report.Faults) < maxFaults {
		r.report.Faults = append(r.report.Faults, f)
	}
}

// fatal reports whether an error ends the run: nothing else will go better.
func fatal(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	for _, class := range []error{target.ErrFull, target.ErrReadOnly, target.ErrGone, target.ErrNoMarker, target.ErrAuth,
		target.ErrUnreachable, target.ErrStalled, target.ErrClosed} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}
