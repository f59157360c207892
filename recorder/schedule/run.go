package schedule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Run runs jobs until ctx ends, and then until those that run have ended.
func (r *Runner) Run(ctx context.Context) error {
	life, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(errStopped)
	r.mu.Lock()
	r.life = life
	r.wall, r.mono = r.now(), time.Now()
	r.quiet = r.mono.Add(r.cfg.Settle)
	r.mu.Unlock()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			stop(errStopped)
			r.mu.Lock()
			r.life = nil
			r.mu.Unlock()
			r.running.Wait()
			return nil
		case <-r.bell:
		case <-timer.C:
		}
		timer.Reset(r.look())
	}
}

func (r *Runner) now() time.Time { return r.cfg.Now().Round(0) }

// look starts what is to run, and says when to look again.
func (r *Runner) look() time.Duration {
	zone, texts := r.cfg.Zone(), r.texts()
	r.mu.Lock()
	defer r.mu.Unlock()
	now, mono := r.now(), time.Now()
	by := now.Sub(r.wall) - mono.Sub(r.mono)
	set := by.Abs() >= jumpLeast
	if set {
		r.cfg.Logger.Warn("the clock was set; jobs go by the new time", "by", by)
		if by.Abs() > jumpFar {
			r.quiet = later(r.quiet, mono.Add(r.cfg.Hold))
		}
		if r.cfg.Jumped != nil {
			defer r.cfg.Jumped(by)
		}
	}
	r.wall, r.mono = now, mono
	wait, quiet := poll, r.quiet.Sub(mono)
	if quiet > 0 {
		wait = min(wait, quiet)
	}
	var wishes []*entry
	for _, of := range texts {
		e := of.e
		if r.jobs[e.job.Name] != e || e.gone {
			continue
		}
		if e.read(of.text, zone, now, r.cfg.Logger) || set || !e.rec.Next.IsZero() && !now.Before(e.rec.Next) {
			e.planned = false
		}
		if !e.planned {
			r.plan(e, now, quiet <= 0)
		}
		if left := e.retry.Sub(mono); !e.retry.IsZero() && e.plan != nil && !e.plan.Never() && e.wish == nil && !e.running && quiet <= 0 {
			if wait = min(wait, max(left, time.Millisecond)); left <= 0 {
				e.wish, e.wished = &Trigger{Why: Retry, Due: e.rec.Due}, time.Now()
			}
		}
		if e.wish != nil && !e.running && (quiet <= 0 || e.wish.Why == Asked) {
			wishes = append(wishes, e)
		}
		if next := e.rec.Next; !next.IsZero() {
			wait = min(wait, max(next.Sub(now), time.Millisecond))
		}
	}
	slices.SortFunc(wishes, func(a, b *entry) int {
		return cmp.Or(a.wished.Compare(b.wished), strings.Compare(a.job.Name, b.job.Name))
	})
	for _, e := range wishes {
		if !r.classes[e.job.Class] {
			r.start(e, now)
		}
	}
	return wait
}

// A reading is the text of a job's schedule, as settings have it now.
type reading struct {
	e    *entry
	ask  func() string
	text string
}

// texts reads the schedules. It asks without a lock: settings may be telling us something
// just now.
func (r *Runner) texts() []reading {
	r.mu.Lock()
	r.readings = r.readings[:0]
	for _, e := range r.jobs {
		r.readings = append(r.readings, reading{e: e, ask: e.job.Schedule})
	}
	r.mu.Unlock()
	for i := range r.readings {
		r.readings[i].text = cmp.Or(r.readings[i].ask(), "never")
	}
	return r.readings
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// read takes the text of the schedule, and says whether it is another than before.
func (e *entry) read(text string, zone *time.Location, now time.Time, log *slog.Logger) bool {
	if e.seen && text == e.text && e.zone.String() == zone.String() {
		return false
	}
	e.seen, e.text, e.zone = true, text, zone
	e.plan, e.fault = Parse(text, zone)
	if e.fault != nil {
		log.Error("a job does not run by itself", "job", e.job.Name, "error", e.fault)
	}
	if e.rec.Schedule != text || e.rec.Zone != zone.String() {
		e.rec.Schedule, e.rec.Zone, e.rec.Since = text, zone.String(), now.UTC()
	}
	return true
}

// plan says when the job is due next, and whether it is due. Called with r.mu held.
func (r *Runner) plan(e *entry, now time.Time, awake bool) {
	changed := e.rec.settle(now) || e.rec.Since.Equal(now)
	next := time.Time{}
	if e.plan != nil {
		next = e.rec.next(e.plan, now).UTC()
	}
	if !next.Equal(e.rec.Next) {
		e.rec.Next, changed = next, true
	}
	if awake && !e.running && e.wish == nil {
		e.wishFor(now)
	}
	e.planned = awake && !e.running
	if changed {
		r.save(e)
	}
}

// wishFor makes the wish for a due time that has passed, or for a run that was cut off.
func (e *entry) wishFor(now time.Time) {
	if e.plan != nil {
		if due := e.rec.due(e.plan, now, e.job.Grace); !due.IsZero() {
			t := Trigger{Why: Due, Due: due}
			if now.Sub(due) > punctual {
				t.Why = Missed
			}
			e.wish, e.wished, e.again = &t, time.Now(), false
			return
		}
	}
	if e.again {
		e.wish, e.wished, e.again = &Trigger{Why: Again, Due: e.rec.Due, By: e.rec.By}, time.Now(), false
	}
}

// start begins the run that is wished for. Called with r.mu held.
func (r *Runner) start(e *entry, now time.Time) {
	if r.life == nil {
		return
	}
	t := *e.wish
	e.wish, e.retry = nil, time.Time{}
	if (t.Why == Due || t.Why == Missed) && e.plan != nil {
		if due := e.rec.due(e.plan, now, 0); !due.IsZero() {
			t.Due = due // it may have waited past another
		} else if _, ran := e.rec.ran(t.Due); ran || t.Due.After(now) {
			return // the clock was set back meanwhile
		}
		e.rec.mark(e.plan, t.Due, t.Due)
		e.rec.Next = e.rec.next(e.plan, now).UTC()
	}
	e.rec.Tries++
	if t.Why != Again {
		e.rec.Tries = 1
	}
	e.rec.Due, e.rec.Began, e.rec.Took, e.rec.Why, e.rec.By = t.Due.UTC(), now.UTC(), 0, t.Why, t.By
	e.rec.Result, e.rec.Error, e.rec.Report = Running, "", Report{}
	r.save(e)
	ctx, cancel := context.WithCancelCause(r.life)
	e.running, e.cancel = true, cancel
	r.classes[e.job.Class] = true
	job, began := e.job, time.Now()
	r.running.Go(func() {
		report, err := call(ctx, job, t)
		r.ended(ctx, e, job, Outcome{Job: job.Name, Trigger: t, Began: now, Took: time.Since(began), Report: report.short(), Err: err})
		cancel(nil)
	})
}

// call runs a job. What panics in it is its error: it must not take recording down.
func call(ctx context.Context, j Job, t Trigger) (report Report, err error) {
	if j.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.Timeout)
		defer cancel()
		defer func() {
			if err != nil && ctx.Err() == context.DeadlineExceeded {
				err = errors.Join(errTimeout, err)
			}
		}()
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return j.Run(ctx, t)
}

var errTimeout = errors.New("it took too long")

// ended writes down what became of a run.
func (r *Runner) ended(ctx context.Context, e *entry, job Job, o Outcome) {
	r.mu.Lock()
	cause := context.Cause(ctx)
	switch {
	case o.Err == nil:
		o.Result = OK
	case errors.Is(cause, errStopped):
		o.Result = CutOff
	case errors.Is(cause, errAsked):
		o.Result = Cancelled
	case errors.Is(o.Err, errTimeout):
		o.Result = TimedOut
	default:
		o.Result = Failed
	}
	if job.Retry > 0 && (o.Result == Failed || o.Result == TimedOut) {
		e.retry = time.Now().Add(job.Retry)
	}
	end := o.Began.Add(o.Took) // the clock may have been set meanwhile
	e.rec.Took, e.rec.Result, e.rec.Report = o.Took.Seconds(), o.Result, o.Report
	if o.Err == nil {
		e.rec.LastOK = end.UTC()
	} else {
		e.rec.Error = cut(o.Err.Error(), 2000)
	}
	if e.plan != nil {
		if last := e.plan.Last(end); last.After(e.rec.Since) && last.After(o.Began) { // passed over
			e.rec.mark(e.plan, e.plan.Next(o.Began), last)
		}
		e.rec.Next = e.rec.next(e.plan, r.now()).UTC()
	}
	e.running, e.cancel, e.planned = false, nil, false
	delete(r.classes, job.Class)
	r.save(e)
	r.metrics.ended(o)
	if e.gone {
		r.forget(e)
	}
	r.Wake()
	r.mu.Unlock()
	if o.Result == Failed || o.Result == TimedOut {
		r.cfg.Logger.Error("a job did not end well", "job", o.Job, "result", o.Result, "error", o.Err)
	}
	if r.cfg.Ended != nil {
		r.cfg.Ended(o)
	}
}

// save keeps a record. A run does not depend on it: the job may be what makes room on the disk.
func (r *Runner) save(e *entry) {
	if err := r.cfg.Memory.Save(e.job.Name, e.rec); err != nil {
		r.cfg.Logger.Error("what became of a job could not be kept", "job", e.job.Name, "error", err)
	}
}
