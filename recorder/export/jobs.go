package export

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/index"
)

// Archive opens the audio of recordings: [archive.Archive].
type Archive interface {
	Audio(day archive.Day, id, side string) (*archive.Audio, error)
}

// Proofs makes the proof bundles of the recordings of one export.
type Proofs interface {
	Export(ctx context.Context, id string, w io.Writer) error
	Close() error
}

// Config is what Jobs need. Settled, Proofs, Zone, Keep, Now and Logger may be left out.
type Config struct {
	Dir     string // of results; it is theirs alone
	Maker   *Maker
	Archive Archive
	Find    func(id string) (index.Row, bool, error)
	Settled func() bool                                             // Find knows all that is erased; nil: always
	Proofs  func(ctx context.Context, ids []string) (Proofs, error) // nil: there are none
	Free    func() (bytes int64, err error)                         // on the disk of Dir, without what must stay free
	Box     func() string                                           // name of the installation
	Version string
	Zone    *time.Location // of file names; nil: the machine's
	Keep    time.Duration  // how long results are kept; 0: 24 hours
	Now     func() time.Time
	Logger  *slog.Logger
}

// Jobs makes exports of many recordings in the background and keeps their results.
type Jobs struct {
	c Config

	mu      sync.Mutex
	all     map[string]*Job
	cancels map[string]context.CancelCauseFunc // of what runs
	wake    chan struct{}
	erased  erased
}

// Errors of Jobs.
var (
	ErrNone    = errors.New("there is no such export")
	ErrFull    = errors.New("too many exports are waiting or kept")
	ErrNoSpace = errors.New("there is not enough room for the export")
	ErrNotDone = errors.New("the export has no result")
	errStopped = errors.New("cancelled")
)

// Open reads what was there before: results are kept until their time is over,
// what had not ended has failed.
func Open(c Config) (*Jobs, error) {
	if c.Zone == nil {
		c.Zone = time.Local
	}
	if c.Keep == 0 {
		c.Keep = 24 * time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	j := &Jobs{c: c, all: map[string]*Job{}, cancels: map[string]context.CancelCauseFunc{}, wake: make(chan struct{}, workers),
		erased: erased{running: map[*task]bool{}, bell: make(chan struct{}, 1)}}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open exports: %w", err)
	}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".json"); ok && isJobID(id) {
			j.load(id)
		}
	}
	for _, e := range entries { // what belongs to no job, or was being made
		id, _, _ := strings.Cut(e.Name(), ".")
		if one := j.all[id]; one == nil || one.State != Done && strings.HasSuffix(e.Name(), ".zip") || strings.HasSuffix(e.Name(), ".part") {
			if err := os.RemoveAll(filepath.Join(c.Dir, e.Name())); err != nil {
				c.Logger.Warn("exports: a file that belongs to nothing cannot be removed", "file", e.Name(), "error", err)
			}
		}
	}
	return j, nil
}

func isJobID(s string) bool {
	return len(s) == 26 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// load takes up what another run has left. What cannot be read is removed.
func (j *Jobs) load(id string) {
	job, err := j.record(id)
	if err != nil || job.V != jobVersion || job.ID != id {
		j.c.Logger.Warn("exports: the record of an export cannot be read", "export", id, "error", err)
		return
	}
	if !job.Ended() {
		j.end(&job, &failure{FailInterrupted, ""})
	}
	if job.State == Done {
		if fi, err := os.Stat(j.path(id, ".zip")); err != nil || fi.Size() != job.Bytes {
			j.end(&job, &failure{FailOther, "its file is not what it was"})
		}
	}
	job.Total = max(job.Total, len(job.Spec.IDs)) // earlier versions did not write it
	job.unchecked = job.State == Done
	j.all[id] = &job
	j.settle(&job)
}

// settle writes the record of a job that has ended. Whatever waits for its time to
// be over in memory has none of its recordings there.
func (j *Jobs) settle(job *Job) {
	if job.State != Done {
		job.Spec.IDs, job.Erased = nil, nil
	}
	j.save(job)
	if len(job.Spec.IDs) > 0 {
		job.first, job.last = slices.Min(job.Spec.IDs), slices.Max(job.Spec.IDs)
	}
	job.Spec.IDs, job.Erased = nil, nil
}

func (j *Jobs) path(id, end string) string { return filepath.Join(j.c.Dir, id+end) }

// save writes the record of a job. Without it the job is lost with the process,
// which is logged and no more.
func (j *Jobs) save(job *Job) {
	b, err := json.Marshal(job)
	if err == nil {
		part := j.path(job.ID, ".json.part")
		if err = os.WriteFile(part, b, 0o600); err == nil {
			err = os.Rename(part, j.path(job.ID, ".json"))
		}
	}
	if err != nil {
		j.c.Logger.Error("exports: the record of an export cannot be written", "export", job.ID, "error", err)
	}
}

// room says whether so many bytes more may be written.
func room(free func() (int64, error), bytes int64) error {
	left, err := free()
	if err == nil && left < bytes {
		err = fmt.Errorf("%w: it takes about %d MB, %d MB may be used", ErrNoSpace, bytes>>20, max(0, left)>>20)
	}
	return err
}

// Add queues a job.
func (j *Jobs) Add(s Spec, about int64) (Job, error) {
	if len(s.Reason) > maxReason || len(s.IDs) > MaxRecordings || s.Proof && len(s.IDs) > MaxProofs {
		return Job{}, fmt.Errorf("export: %d recordings, a reason of %d bytes: %w", len(s.IDs), len(s.Reason), ErrFull)
	}
	if err := room(j.c.Free, about); err != nil {
		return Job{}, err
	}
	j.mu.Lock()
	if j.full(&s) {
		j.mu.Unlock()
		return Job{}, ErrFull
	}
	job := &Job{V: jobVersion, ID: rand.Text(), Spec: s, State: Queued, Created: j.c.Now().UTC(), Total: len(s.IDs)}
	j.all[job.ID] = job
	out := *job
	j.save(job)
	j.mu.Unlock()
	j.bell()
	return out, nil
}

// full says that there is no room for one more, in all or for whoever asks: nobody
// takes the room of others. The lock is held.
func (j *Jobs) full(s *Spec) bool {
	waiting, own, ownWaits := 0, 0, 0
	for _, one := range j.all {
		mine := one.Spec.Actor == s.Actor && one.Spec.Kind == s.Kind
		if mine {
			own++
		}
		if !one.Ended() {
			waiting++
			if mine {
				ownWaits++
			}
		}
	}
	return waiting >= maxWaiting || len(j.all) >= maxJobs || own >= ownJobs || ownWaits >= ownWaiting
}

func (j *Jobs) bell() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// List is all jobs, newest first.
func (j *Jobs) List() []Job {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []Job
	for _, one := range j.all {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b Job) int { return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Get is one job.
func (j *Jobs) Get(id string) (Job, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if one := j.all[id]; one != nil {
		return *one, nil
	}
	return Job{}, ErrNone
}

// Result opens the ZIP of a job that is done. Nothing in it has been erased.
func (j *Jobs) Result(id string) (*os.File, Job, error) {
	j.sift()
	job, err := j.Get(id)
	if err == nil && job.unchecked {
		if err = j.check(context.Background(), id); err == nil {
			job, err = j.Get(id)
		}
	}
	if err == nil && job.State != Done {
		err = ErrNotDone
	}
	if err != nil {
		return nil, job, err
	}
	f, err := os.Open(j.path(id, ".zip"))
	if errors.Is(err, os.ErrNotExist) { // it may have been withdrawn or removed since
		now, gone := j.Get(id)
		if job = now; gone != nil {
			err = gone
		} else if now.State != Done {
			err = ErrNotDone
		}
	}
	return f, job, err
}

// Remove ends a job and removes it with its result.
func (j *Jobs) Remove(id string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	job := j.all[id]
	if job == nil {
		return ErrNone
	}
	if cancel := j.cancels[id]; cancel != nil {
		cancel(errStopped)
		return nil // its worker says so
	}
	if job.State == Queued {
		j.end(job, &failure{Cancelled, ""})
		j.settle(job)
		return nil
	}
	return j.drop(job)
}

// drop removes a job that has ended. The lock is held.
func (j *Jobs) drop(job *Job) error {
	for _, end := range []string{".zip", ".json"} { // the record last: a crash in between leaves a job without a file
		if err := os.Remove(j.path(job.ID, end)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	delete(j.all, job.ID)
	return nil
}

// Run makes what is queued until ctx ends, and removes what is too old.
func (j *Jobs) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				if t := j.take(ctx); t != nil {
					j.run(t)
					continue
				}
				select {
				case <-ctx.Done():
					return
				case <-j.wake:
				}
			}
		})
	}
	wg.Go(func() { j.follow(ctx) })
	j.tidy()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			j.tidy()
		}
	}
	wg.Wait()
	return nil
}

// tidy removes results whose time is over.
func (j *Jobs) tidy() {
	now := j.c.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, job := range j.all {
		if job.Ended() && now.After(job.Expires) {
			if err := j.drop(job); err != nil {
				j.c.Logger.Error("exports: an old export cannot be removed", "export", job.ID, "error", err)
			}
		}
	}
}

// A failure is why a job ended, in a code.
type failure struct{ code, detail string }

func (f *failure) Error() string { return f.code }

// end notes what became of a job. The lock is held, or nobody else knows the job.
func (j *Jobs) end(job *Job, err error) {
	job.Finished = j.c.Now().UTC()
	job.Expires = job.Finished.Add(j.c.Keep)
	var f *failure
	switch {
	case err == nil:
		job.State = Done
	case errors.As(err, &f) && f.code == Cancelled, errors.Is(err, errStopped):
		job.State = Cancelled
	case errors.As(err, &f):
		job.State, job.Code, job.Detail = Failed, f.code, f.detail
	case errors.Is(err, context.Canceled):
		job.State, job.Code = Failed, FailInterrupted
	case errors.Is(err, ErrNoSpace), archive.Reason(err) == "no-space":
		job.State, job.Code, job.Detail = Failed, FailNoSpace, err.Error()
	case errors.Is(err, errNothing):
		job.State, job.Code = Failed, FailNothing
	default:
		job.State, job.Code, job.Detail = Failed, FailOther, err.Error()
	}
}

// A task is a job that a worker has taken, with what ends it.
type task struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	job    Job
	erased map[string]bool // as in Job

	at   map[string]int  // where recordings stand in the job, from 1
	got  int             // to which of them it has got
	gone map[string]bool // those that have been erased before it got to them
}

// take marks the oldest job that waits as running.
func (j *Jobs) take(ctx context.Context) *task {
	if ctx.Err() != nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var next *Job
	for _, one := range j.all {
		if one.State == Queued && (next == nil || one.Created.Before(next.Created)) {
			next = one
		}
	}
	if next == nil {
		return nil
	}
	next.State, next.Started = Running, j.c.Now().UTC()
	t := &task{job: *next}
	t.ctx, t.cancel = context.WithCancelCause(ctx)
	j.cancels[next.ID] = t.cancel
	j.erased.enter(t)
	j.save(next)
	return t
}

// run makes the ZIP of a job, under another name until it is whole.
func (j *Jobs) run(t *task) {
	part := j.path(t.job.ID, ".zip.part")
	bytes, sum, err := j.zip(t, part)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err = j.erased.leave(t, err); err == nil {
		err = os.Rename(part, j.path(t.job.ID, ".zip"))
	}
	if err != nil {
		if e := os.Remove(part); e != nil && !errors.Is(e, os.ErrNotExist) {
			j.c.Logger.Error("exports: what is left of an export cannot be removed", "export", t.job.ID, "error", e)
		}
	}
	t.cancel(nil)
	job := j.all[t.job.ID]
	delete(j.cancels, t.job.ID)
	job.Bytes, job.SHA256, job.Erased = bytes, sum, t.erased
	j.end(job, err)
	j.settle(job)
	if job.State == Failed {
		j.c.Logger.Warn("exports: an export failed", "export", job.ID, "code", job.Code, "detail", job.Detail)
	}
}

func (j *Jobs) zip(t *task, name string) (size int64, sum string, err error) {
	k, ok := KindOf(t.job.Spec.Format)
	if !ok {
		return 0, "", fmt.Errorf("export: no format %q", t.job.Spec.Format)
	}
	tpl, err := ParseTemplate(t.job.Spec.Template)
	if err != nil {
		return 0, "", err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	t.erased = map[string]bool{}
	b := &bundle{c: &j.c, maker: j.c.Maker, job: t.job, kind: k, tpl: tpl, erased: t.erased, may: func(n int, id string) bool { return j.erased.gets(t, n, id) }, tell: func(handled, left, files int, bytes int64) {
		j.mu.Lock()
		defer j.mu.Unlock()
		job := j.all[t.job.ID]
		job.Handled, job.Left, job.Files, job.Bytes = handled, left, files, bytes
	}}
	if err := b.write(t.ctx, f); err != nil {
		return 0, "", err
	}
	if err := f.Sync(); err != nil {
		return 0, "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, "", err
	}
	h := sha256.New()
	size, err = io.Copy(h, &reading{t.ctx, f})
	return size, hex.EncodeToString(h.Sum(nil)), err
}
