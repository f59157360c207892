package export

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"vaad/recorder/index"
)

// erased is what has been erased and not been looked for in the results yet.
type erased struct {
	mu      sync.Mutex // never held while the disk is waited for
	ids     []string
	running map[*task]bool
	bell    chan struct{}

	sifting sync.Mutex // by one goroutine at a time
}

// Forget takes a recording that has been erased out of reach: a result that holds
// it is removed, an export that has got to it ends, and one that has not leaves it
// out. It never waits for the disk, so archive.Archive.Subscribe may call it; the
// results follow as Run goes on, and none of them can be fetched meanwhile.
func (j *Jobs) Forget(id string) {
	e := &j.erased
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids = append(e.ids, id)
	for t := range e.running {
		switch at := t.at[id]; {
		case at == 0:
		case at <= t.got:
			t.cancel(&failure{FailErased, ""})
		default:
			t.gone[id] = true
		}
	}
	select {
	case e.bell <- struct{}{}:
	default:
	}
}

// enter lets Forget know of a task.
func (e *erased) enter(t *task) {
	t.at, t.gone = make(map[string]int, len(t.job.Spec.IDs)), map[string]bool{}
	for i, id := range t.job.Spec.IDs {
		t.at[id] = i + 1
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running[t] = true
}

// gets notes that a task has got to a recording, and says whether it may be given.
func (e *erased) gets(t *task, n int, id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	t.got = n
	return !t.gone[id]
}

// leave is called when a task has ended, with its outcome. From here on its result
// is looked at as those of others are.
func (e *erased) leave(t *task, err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.running, t)
	var f *failure
	if cause := context.Cause(t.ctx); cause != nil && (err != nil || errors.As(cause, &f)) {
		return cause
	}
	return err
}

// follow removes results that hold something erased, until ctx ends: what Forget
// is told, and what was erased while nobody told it.
func (j *Jobs) follow(ctx context.Context) {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for ctx.Err() == nil {
		j.sift()
		for _, job := range j.results() {
			if job.unchecked && ctx.Err() == nil {
				if err := j.check(ctx, job.ID); err != nil && !errors.Is(err, ErrNotDone) {
					j.c.Logger.Error("exports: whether an export holds something erased cannot be seen; trying again", "export", job.ID, "error", err)
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-j.erased.bell:
		case <-tick.C:
		}
	}
}

// sift removes the results that hold what Forget has been told of.
func (j *Jobs) sift() {
	e := &j.erased
	e.sifting.Lock()
	defer e.sifting.Unlock()
	e.mu.Lock()
	gone := e.ids
	e.ids = nil
	e.mu.Unlock()
	if len(gone) == 0 {
		return
	}
	slices.Sort(gone)
	for _, job := range j.results() {
		if i, _ := slices.BinarySearch(gone, job.first); i == len(gone) || gone[i] > job.last {
			continue
		}
		rec, err := j.record(job.ID)
		holds := func(id string) bool {
			_, told := slices.BinarySearch(gone, id)
			return told && !rec.Erased[id] // of what it has left out there is nothing in it: the export was quicker than we
		}
		if err != nil || slices.ContainsFunc(rec.Spec.IDs, holds) {
			j.withdraw(job.ID, err)
		}
	}
}

// check looks through the result of an earlier run of the daemon, which may have
// ended between an erasure and the removal of the result.
func (j *Jobs) check(ctx context.Context, id string) error {
	if j.c.Settled != nil && !j.c.Settled() {
		return ErrNotDone
	}
	rec, err := j.record(id)
	if err != nil {
		j.withdraw(id, err)
		return nil
	}
	for _, one := range rec.Spec.IDs {
		row, _, err := j.c.Find(one)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		forgotten, before := rec.Erased[one]
		if row.State == index.StateErased && (!before || row.Forgotten && !forgotten) {
			j.withdraw(id, nil)
			return nil
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if job := j.all[id]; job != nil {
		job.unchecked = false
	}
	return nil
}

// results are the jobs that have one.
func (j *Jobs) results() []Job {
	return slices.DeleteFunc(j.List(), func(job Job) bool { return job.State != Done })
}

// record reads the record of a job: of one that is done it has the recordings.
func (j *Jobs) record(id string) (job Job, err error) {
	b, err := os.ReadFile(j.path(id, ".json"))
	if err == nil {
		err = json.Unmarshal(b, &job)
	}
	return job, err
}

// withdraw removes the result of a job; err is why it cannot be said what is in it.
// How its recordings were found is forgotten too: it may name whose they were.
func (j *Jobs) withdraw(id string, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	job := j.all[id]
	if job == nil || job.State != Done {
		return
	}
	j.end(job, &failure{FailErased, ""})
	job.Spec.Search, job.Bytes, job.SHA256 = "", 0, ""
	j.settle(job)
	e := os.Remove(j.path(id, ".zip"))
	if errors.Is(e, os.ErrNotExist) {
		e = nil
	}
	if err = errors.Join(err, e); err != nil {
		j.c.Logger.Error("exports: an export holds something erased, or may; it cannot be fetched any more", "export", id, "error", err)
		return
	}
	j.c.Logger.Info("exports: an export is removed: something in it has been erased", "export", id)
}
