package keep_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/index"
	"vaad/recorder/keep"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	ctx = context.Background()
	t0  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

// tb is what a rig needs of a test.
type tb interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}

// rig is an archive on a disk of memory, its index and an engine.
type rig struct {
	tb
	dir    string
	disk   *memdisk.Disk
	a      *archive.Archive
	ix     *index.Index
	e      *keep.Engine
	stop   func()
	policy keep.Policy
	keys   archive.Keyring // not nil: audio is encrypted from the next start on

	mu     sync.Mutex
	now    time.Time
	synced bool
	free   int64 // 0 = plenty
	state  keep.State
	backed func(id string) bool
	mark   string                       // of the backups
	up     map[string]map[string]string // alarms
	raised []string                     // in order
	told   []archive.JournalLine        // all that was journaled
	watch  func(archive.JournalLine)
}

// twoClasses keeps normal ones ten days and five in the trash, short ones three.
func twoClasses() keep.Policy {
	return keep.Policy{Default: "normal", Classes: []keep.Class{{Name: "normal", Days: 10, TrashDays: 5},
		{Name: "short", Days: 3, Action: keep.ToErase}, {Name: "ever", Forever: true, TrashDays: 2}}}
}

func newRig(t tb, dir string, p keep.Policy) *rig {
	if err := p.Validate(); err != nil {
		t.Fatalf("%v", err)
	}
	r := &rig{tb: t, dir: dir, disk: memdisk.New(), policy: p, now: t0, synced: true, up: map[string]map[string]string{}}
	r.start()
	return r
}

func ramDir(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "vaad-keep-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%v", err)
	}
}

func (r *rig) Now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// start opens everything, as the daemon does.
func (r *rig) start() {
	var err error
	r.a, err = archive.Open(archive.Config{Disk: r.disk, Now: r.Now, Keys: r.keys,
		Encryption: func() archive.Encryption { return archive.Encryption{Audio: r.keys != nil} }})
	r.must(err)
	r.a.Subscribe(func(l archive.JournalLine) {
		r.mu.Lock()
		r.told = append(r.told, l)
		watch := r.watch
		r.mu.Unlock()
		if watch != nil {
			watch(l)
		}
	})
	r.ix, err = index.Open(index.Config{Path: r.dir + "/index.db", Journals: r.a, Subscribe: r.a.Subscribe, Acts: r.a.Acts})
	r.must(err)
	c, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.ix.Run(c) })
	r.stop = func() {
		cancel()
		wg.Wait()
		r.must(r.ix.Close())
		_ = r.a.Close()
	}
	r.must(r.a.Recover(ctx, nil))
	r.e, err = keep.New(keep.Config{Index: settled{r.ix}, Archive: spaced{r.a, r}, Policy: func() keep.Policy { return r.policy }, Backups: backups{r},
		Memory: memory{r}, Alarms: alarms{r}, Synced: func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.synced }, Now: r.Now})
	r.must(err)
	r.settle()
}

// settle waits until the index has read the journals.
func (r *rig) settle() {
	for r.ix.Status().Rebuilding {
		time.Sleep(100 * time.Microsecond)
	}
}

type settled struct{ *index.Index }

type spaced struct {
	*archive.Archive
	r *rig
}

func (s spaced) Space() (archive.Space, error) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	if s.r.free == 0 {
		return archive.Space{FreeBytes: 900 << 30, TotalBytes: 1000 << 30}, nil
	}
	return archive.Space{FreeBytes: s.r.free, TotalBytes: 1000 << 30}, nil
}

type backups struct{ r *rig }

func (b backups) Mark() string { return b.r.mark }

func (b backups) Backed(id string, _ archive.Day) bool { return b.r.backed != nil && b.r.backed(id) }

type memory struct{ r *rig }

func (m memory) Load() (keep.State, error) { return m.r.state, nil }
func (m memory) Save(s keep.State) error   { m.r.state = s; return nil }

type alarms struct{ r *rig }

func (a alarms) Raise(code, _ string, args map[string]string) {
	a.r.mu.Lock()
	defer a.r.mu.Unlock()
	if a.r.up[code] == nil {
		a.r.raised = append(a.r.raised, code)
	}
	a.r.up[code] = args
}

func (a alarms) Clear(code, _ string) {
	a.r.mu.Lock()
	defer a.r.mu.Unlock()
	delete(a.r.up, code)
}

func (r *rig) alarms() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.up))
}

func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	r.now = r.now.Add(d)
	r.mu.Unlock()
}

const days = 24 * time.Hour

// record makes a recording of one second that begins now.
func (r *rig) record(change func(*archive.Start)) string {
	r.Helper()
	s := archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: r.Now(), Trigger: "voltage", ClockSynced: true}
	if change != nil {
		change(&s)
	}
	w, err := r.a.Begin(s)
	r.must(err)
	r.must(w.Append(0, make([]byte, 8000)))
	r.must(w.Checkpoint(s.Begin.Add(time.Second), 8000))
	r.must(w.Finish(archive.End{Time: s.Begin.Add(time.Second), EndedBy: "on-hook"}))
	r.must(r.a.Flush(ctx))
	return w.ID()
}

func class(name string) func(*archive.Start) {
	return func(s *archive.Start) { s.Class = name }
}

func (r *rig) do(kind, value string, ids ...string) error {
	r.Helper()
	out, err := r.e.Do(ctx, keep.Order{Kind: kind, IDs: ids, Actor: "ann", Value: value})
	r.must(err)
	for _, o := range out {
		if o.Err != nil {
			return o.Err
		}
	}
	return nil
}

func (r *rig) run() keep.Report {
	r.Helper()
	rep, err := r.e.Run(ctx)
	r.must(err)
	return rep
}

func (r *rig) row(id string) index.Row {
	r.Helper()
	row, ok, err := r.ix.Get(id)
	r.must(err)
	if !ok {
		r.Fatalf("%s is not in the index", id)
	}
	return row
}

// is wants recordings in a state.
func (r *rig) is(state string, ids ...string) {
	r.Helper()
	for i, id := range ids {
		if got := r.row(id); got.State != state {
			r.Errorf("recording %d (%s, %s) is %s, want %s", i, id, got.Class, got.State, state)
		}
		if _, err := r.a.Find(id); (err == nil) != (state != index.StateErased) {
			r.Errorf("recording %d is %s, and its files: %v", i, state, err)
		}
	}
}

// crash cuts the power, or kills the process, and starts again.
func (r *rig) crash(rng *rand.Rand) {
	r.disk.Off()
	r.stop()
	if rng.IntN(2) == 0 {
		r.disk = r.disk.Kill()
	} else {
		r.disk = r.disk.PowerCut(rng.Uint64())
	}
	r.start()
}

func ids(n int, f func(i int) string) (all []string) {
	for i := range n {
		all = append(all, f(i))
	}
	return all
}

func on(line int) func(*archive.Start) { return func(s *archive.Start) { s.Line = line } }
