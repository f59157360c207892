package evidence_test

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/evidence"
)

var t0 = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// alarms keeps what is up.
type alarms struct {
	mu sync.Mutex
	up map[string]map[string]string
}

func (a *alarms) Raise(code, subject string, args map[string]string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.up == nil {
		a.up = map[string]map[string]string{}
	}
	a.up[code+" "+subject] = args
}

func (a *alarms) Clear(code, subject string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.up, code+" "+subject)
}

func (a *alarms) codes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.up))
}

// rig is an archive with its log on a disk of memory.
type rig struct {
	testing.TB
	disk   *memdisk.Disk
	keys   string
	anchor string
	now    time.Time
	alarms alarms
	a      *archive.Archive
	l      *evidence.Log
}

func newRig(t testing.TB) *rig {
	return &rig{TB: t, disk: memdisk.New(), keys: filepath.Join(t.TempDir(), "keys"), now: t0}
}

// start opens archive and log, as the daemon does.
func (r *rig) start() error {
	var err error
	if r.a, err = archive.Open(archive.Config{Disk: r.disk, Now: func() time.Time { return r.now }}); err != nil {
		return err
	}
	if err := r.a.Recover(context.Background(), nil); err != nil {
		return err
	}
	r.l, err = evidence.Open(evidence.Config{Disk: r.disk, Keys: r.keys, Archive: r.a, Alarms: &r.alarms, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return r.now }, Settings: func() evidence.Settings {
			return evidence.Settings{Every: evidence.DefaultEvery, Anchor: r.anchor}
		}})
	if err != nil {
		return err
	}
	return evidence.Begin(r.l)
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// record makes one recording that begins at a time, and returns its ID.
func (r *rig) record(begin time.Time, simulated bool) string {
	r.Helper()
	w, err := r.a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: begin, Caller: "02161234567", Simulated: simulated})
	r.must(err)
	r.must(w.Append(0, []byte("audio of "+w.ID())))
	r.must(w.Finish(archive.End{Time: begin.Add(time.Second), EndedBy: "on-hook"}))
	r.must(r.a.Flush(context.Background()))
	return w.ID()
}

func (r *rig) note(id, text string) {
	r.Helper()
	_, err := r.a.Act(context.Background(), archive.Act{ID: id, Kind: archive.ActNote, Value: text, Actor: "li"})
	r.must(err)
}

func (r *rig) stop() {
	r.Helper()
	r.must(r.l.Close())
	r.must(r.a.Close())
}

// verify verifies everything, with the keys and the anchor beside them.
func (r *rig) verify(change func(*evidence.Options)) (evidence.Summary, []evidence.Finding, []string) {
	r.Helper()
	reader, err := archive.OpenReadOnly("", r.disk)
	r.must(err)
	keys, err := evidence.PublicKeys(r.keys)
	r.must(err)
	var found []evidence.Finding
	var files []string
	o := evidence.Options{Reader: reader, Disk: r.disk, Keys: keys, Now: r.now.Add(time.Hour),
		Found: func(f evidence.Finding) { found = append(found, f) },
		File: func(_ archive.Day, _ string, c archive.Check) {
			if !c.OK {
				files = append(files, c.Name)
			}
		}}
	if change != nil {
		change(&o)
	}
	sum, err := evidence.Verify(context.Background(), o)
	r.must(err)
	return sum, found, files
}

// small is an archive of two days: three recordings with acts, a simulated one between.
func small(t testing.TB) (*rig, []string) {
	r := newRig(t)
	r.must(r.start())
	var ids []string
	for i := range 4 {
		ids = append(ids, r.record(t0.Add(time.Duration(i)*time.Minute), i == 2))
		r.note(ids[i], fmt.Sprint("note ", i))
	}
	r.must(evidence.Follow(r.l))
	r.must(r.l.Sign())
	r.now = t0.AddDate(0, 0, 1)
	ids = append(ids, r.record(r.now, false), r.record(r.now.Add(time.Minute), false))
	r.note(ids[0], "a day later")
	r.must(evidence.Follow(r.l))
	r.must(r.l.Sign())
	r.stop()
	return r, ids
}

const (
	day1 = "2026/11/22/day.jsonl"
	day2 = "2026/11/23/day.jsonl"
)

func TestAnUntouchedArchiveIsProven(t *testing.T) {
	r, ids := small(t)
	sum, found, files := r.verify(nil)
	if len(found)+len(files) > 0 {
		t.Error(found, files)
	}
	// Of 11 lines two are about a simulated recording.
	if !sum.Log || sum.Leaves != 9 || sum.Signed != 9 || sum.Covered != 9 || sum.Simulated != 2 || sum.Lines != 11 || sum.Checkpoints != 2 || sum.Recordings != 6 {
		t.Errorf("%+v", sum)
	}
	if up := r.alarms.codes(); len(up) > 0 {
		t.Error(up)
	}
	sum, found, _ = r.verify(func(o *evidence.Options) { o.ID = ids[1] })
	if sum.Recordings != 1 || len(found) > 0 {
		t.Error(sum, found)
	}
	sum, _, _ = r.verify(func(o *evidence.Options) { o.From, o.To = "2026-11-23", "2026-11-23" })
	if sum.Recordings != 2 || sum.Days != 1 {
		t.Errorf("%+v", sum)
	}
}

func split(b []byte) []string {
	return strings.SplitAfter(strings.TrimSuffix(string(b), "\n")+"\n", "\n")[:strings.Count(string(b), "\n")]
}

// TestAnySingleChangeIsNamed makes one change at a time to a small archive.
func TestAnySingleChangeIsNamed(t *testing.T) {
	lines := func(f func(ls []string) []string) func(*rig) {
		return func(r *rig) {
			b, err := r.disk.ReadFile(day1)
			r.must(err)
			r.disk.WriteFile(day1, []byte(strings.Join(f(split(b)), "")))
		}
	}
	file := func(name string, f func([]byte) []byte) func(*rig) {
		return func(r *rig) {
			b, err := r.disk.ReadFile(name)
			r.must(err)
			r.disk.WriteFile(name, f(slices.Clone(b)))
		}
	}
	flip := func(at int) func([]byte) []byte { return func(b []byte) []byte { b[at] ^= 1; return b } }
	for name, c := range map[string]struct {
		do   func(*rig)
		want []string
	}{
		"a byte of a line": {lines(func(ls []string) []string { ls[2] = strings.Replace(ls[2], "02161234567", "02161234568", 1); return ls }),
			[]string{"line-changed 2026-11-22 line 3 recording"}},
		"a byte of the last line": {lines(func(ls []string) []string {
			n := len(ls) - 1
			ls[n] = strings.Replace(ls[n], "later", "Later", 1)
			return ls
		}),
			[]string{"line-changed 2026-11-22 line 9 recording"}},
		"a line removed":          {lines(func(ls []string) []string { return slices.Delete(ls, 3, 4) }), []string{"line-removed 2026-11-22 line 4 recording"}},
		"the first line removed":  {lines(func(ls []string) []string { return ls[1:] }), []string{"line-removed 2026-11-22 line 1 recording"}},
		"the last line removed":   {lines(func(ls []string) []string { return ls[:8] }), []string{"line-removed 2026-11-22 line 9 recording"}},
		"the last line torn":      {lines(func(ls []string) []string { ls[8] = ls[8][:20]; return ls }), []string{"line-removed 2026-11-22 line 9 recording"}},
		"two lines swapped":       {lines(func(ls []string) []string { ls[1], ls[3] = ls[3], ls[1]; return ls }), []string{"line-moved 2026-11-22 line 2 now 4", "line-moved 2026-11-22 line 4 now 2"}},
		"a line moved far":        {lines(func(ls []string) []string { return append(ls[1:], ls[0]) }), []string{"line-moved 2026-11-22 line 1 now 9"}},
		"a line doubled":          {lines(func(ls []string) []string { return slices.Insert(ls, 4, ls[1]) }), []string{"line-added 2026-11-22 line 5 recording"}},
		"a blank line":            {lines(func(ls []string) []string { return slices.Insert(ls, 1, "\n") }), []string{"line-added 2026-11-22 line 2"}},
		"a line at the end":       {lines(func(ls []string) []string { return append(ls, ls[1]) }), []string{"line-uncovered 2026-11-22 line 10 recording"}},
		"a line called simulated": {lines(func(ls []string) []string { ls[2] = ls[4]; return ls }), []string{"line-removed 2026-11-22 line 3 recording"}},
		"a journal removed":       {func(r *rig) { r.must(r.disk.Remove(day1)) }, []string{"day-missing 2026-11-22"}},
		"a leaf": {file("evidence/leaves", func(b []byte) []byte {
			b[128*3+70] = map[bool]byte{true: '1', false: '0'}[b[128*3+70] == '0']
			return b
		}), []string{"leaf-changed 2026-11-22 line 3 recording"}},
		"a leaf's day":          {file("evidence/leaves", flip(128*3+9)), []string{"leaf-changed 2026-11-23 line 3 recording"}},
		"a leaf unreadable":     {file("evidence/leaves", flip(128*3+10)), []string{"leaf-changed leaf 3"}},
		"a hash of a leaf":      {file("evidence/hashes", flip(32*1+5)), []string{"hash-changed 2026-11-22 line 1 recording"}},
		"a hash of a subtree":   {file("evidence/hashes", flip(32*3+5)), []string{"hash-changed leaf 2 (hash 2)"}},
		"the tree shortened":    {file("evidence/leaves", func(b []byte) []byte { return b[:128*8] }), []string{"tree-short leaves 8-9 checkpoint 2"}},
		"the hashes shortened":  {file("evidence/hashes", func(b []byte) []byte { return b[:32*8] }), []string{"hash-changed ("}},
		"a checkpoint's text":   {file("checkpoints", func(b []byte) []byte { return []byte(strings.Replace(string(b), "\n6\n", "\n5\n", 1)) }), []string{"note-changed checkpoint 1", "note-missing checkpoint 2"}},
		"the newest checkpoint": {file("checkpoints", func(b []byte) []byte { return b[:len(b)/2+8] }), []string{"note-missing checkpoint 2"}},
		"the tree removed":      {func(r *rig) { r.must(r.disk.Remove("evidence/leaves")) }, []string{"log-missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := small(t)
			c.do(r)
			last := func(o *evidence.Options) {
				b, err := evidence.LastAnchor(r.keys)
				r.must(err)
				o.Anchors = [][]byte{b}
			}
			_, found, files := r.verify(last)
			ok := len(found) == len(c.want) && len(files) == 0
			for i := range min(len(found), len(c.want)) {
				ok = ok && strings.HasPrefix(found[i].String(), c.want[i])
			}
			if !ok {
				t.Errorf("found %v, files %v, want %v", found, files, c.want)
			}
			// The daemon says so as well, and repairs nothing.
			r.now = r.now.Add(time.Hour)
			r.must(r.start())
			if up := r.alarms.codes(); !slices.Contains(up, "evidence-broken recordings") && name != "a line at the end" {
				t.Errorf("after a start: alarms %v", up)
			}
			r.stop()
			if _, found, _ := r.verify(last); len(found) == 0 && name != "a line at the end" {
				t.Error("after a start and a stop nothing is found any more")
			}
		})
	}
}

func TestChangedFilesAreNamed(t *testing.T) {
	r, ids := small(t)
	name := "2026/11/23/" + ids[4] + ".mixed.wav"
	b, err := r.disk.ReadFile(name)
	r.must(err)
	b = slices.Clone(b)
	b[99] ^= 1
	r.disk.WriteFile(name, b)
	r.disk.WriteFile("2026/11/23/"+ids[0]+".local.wav", b)
	r.must(r.disk.Remove("2026/11/22/" + ids[3] + ".jsonl"))
	_, found, files := r.verify(nil)
	if want := []string{ids[3] + ".jsonl", ids[4] + ".mixed.wav"}; !slices.Equal(files, want) {
		t.Errorf("files %v, want %v", files, want)
	}
	if len(found) != 1 || found[0].Kind != evidence.FileAdded || found[0].File != ids[0]+".local.wav" {
		t.Error(found)
	}
}

func TestARolledBackArchiveIsShownByItsAnchor(t *testing.T) {
	r := newRig(t)
	r.anchor = t.TempDir()
	r.must(r.start())
	r.record(t0, false)
	r.must(evidence.Follow(r.l))
	r.must(r.l.Sign())
	old := map[string][]byte{}
	for _, name := range r.disk.Files() {
		old[name], _ = r.disk.ReadFile(name)
	}
	r.record(t0.Add(time.Minute), false)
	r.must(evidence.Follow(r.l))
	r.must(r.l.Sign())
	r.stop()
	for _, name := range r.disk.Files() {
		r.must(r.disk.Remove(name))
	}
	for name, b := range old {
		r.disk.WriteFile(name, b)
	}
	if _, found, files := r.verify(nil); len(found)+len(files) > 0 {
		t.Error("an older whole is whole:", found, files)
	}
	anchored, err := filepath.Glob(filepath.Join(r.anchor, "*.checkpoints"))
	if err != nil || len(anchored) != 1 {
		t.Fatal(anchored, err)
	}
	_, found, _ := r.verify(func(o *evidence.Options) { o.Anchors = [][]byte{readFile(t, anchored[0])} })
	kinds := map[evidence.Kind]bool{}
	for _, f := range found {
		kinds[f.Kind] = true
	}
	if !kinds[evidence.TreeShort] || !kinds[evidence.NoteMissing] || len(kinds) != 2 {
		t.Error(found)
	}
	r.must(r.start()) // its own last checkpoint says it too
	if up := r.alarms.codes(); !slices.Contains(up, "evidence-broken recordings") {
		t.Error(up)
	}
	for i := range 3 { // it goes on from what there is, and the anchor does not forget
		r.record(t0.Add(time.Duration(i)*time.Hour), false)
	}
	r.stop()
	sum, found, _ := r.verify(func(o *evidence.Options) { o.Anchors = [][]byte{readFile(t, anchored[0])} })
	kinds = map[evidence.Kind]bool{}
	for _, f := range found {
		kinds[f.Kind] = true
	}
	if sum.Signed != 4 || !kinds[evidence.RootWrong] || !kinds[evidence.NoteMissing] || len(kinds) != 2 {
		t.Error(sum, found)
	}
}

func TestAReplacedKeyIsSaid(t *testing.T) {
	r, _ := small(t)
	other := newRig(t)
	other.must(other.start())
	other.stop()
	was := r.keys
	r.keys = other.keys
	_, found, _ := r.verify(nil)
	if len(found) == 0 || found[0].Kind != evidence.KeyUnknown {
		t.Error(found)
	}
	r.must(r.start())
	r.record(r.now, false)
	r.stop()
	if up := r.alarms.codes(); !slices.Contains(up, "evidence-broken recordings") {
		t.Error(up)
	}
	_, found, _ = r.verify(func(o *evidence.Options) { o.Keys, _ = evidence.PublicKeys(was) })
	if len(found) == 0 || found[0].Kind != evidence.KeyUnknown {
		t.Error(found)
	}
	_, found, _ = r.verify(func(o *evidence.Options) {
		old, _ := evidence.PublicKeys(was)
		o.Keys = append(o.Keys, old...)
	})
	if len(found) > 0 {
		t.Error("with both keys:", found)
	}
}

func TestWhatACrashLeftIsTakenFromTheJournals(t *testing.T) {
	for _, power := range []bool{false, true} {
		for seed := range uint64(60) {
			r := newRig(t)
			r.must(r.start())
			first := r.record(t0, false)
			r.must(evidence.Follow(r.l))
			r.must(r.l.Sign())
			r.disk.CrashAfter(int(seed), seed)
			func() { // whatever fails fails
				for i := range 3 {
					w, err := r.a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: t0.Add(time.Duration(i) * time.Hour)})
					if err != nil {
						return
					}
					_ = w.Append(0, []byte("audio"))
					_ = w.Finish(archive.End{Time: t0})
					_ = r.a.Flush(context.Background())
					_ = evidence.Follow(r.l)
					_ = r.l.Sign()
				}
			}()
			_ = r.a.Close()
			if power {
				r.disk = r.disk.PowerCut(seed)
			} else {
				r.disk = r.disk.Kill()
			}
			r.must(r.start())
			r.note(first, "after the crash")
			r.stop()
			if up := r.alarms.codes(); len(up) > 0 {
				t.Errorf("power %v, after %d operations: alarms %v", power, seed, r.alarms.up)
			}
			sum, found, files := r.verify(nil)
			if len(found)+len(files) > 0 || sum.Signed != int64(sum.Lines) {
				t.Errorf("power %v, after %d operations: %+v %v %v", power, seed, sum, found, files)
			}
		}
	}
}

func TestAnArchiveThatIsOlderThanItsLogIsTakenWhole(t *testing.T) {
	r := newRig(t)
	root := "../archive/testdata/compat/v2"
	r.must(fs.WalkDir(osDir(root), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			r.disk.WriteFile(name, readFile(t, filepath.Join(root, name)))
		}
		return err
	}))
	r.must(r.start())
	r.stop()
	sum, found, files := r.verify(nil)
	if len(found)+len(files) > 0 || sum.Leaves == 0 || sum.Simulated == 0 || sum.Covered+sum.Simulated != sum.Lines {
		t.Errorf("%+v %v %v", sum, found, files)
	}
}

// A line that somebody doubled while the daemon was away is logged at its next
// start, as any line at the end is; the log does not take one for the other.
func TestALineThatWasLoggedTwiceIsThereTwice(t *testing.T) {
	r, _ := small(t)
	b, err := r.disk.ReadFile(day1)
	r.must(err)
	r.disk.WriteFile(day1, []byte(string(b)+split(b)[1]))
	r.must(r.start())
	r.stop()
	if sum, found, _ := r.verify(nil); len(found) > 0 || sum.Covered != 10 {
		t.Errorf("%+v %v", sum, found)
	}
	if up := r.alarms.codes(); len(up) > 0 {
		t.Error(up)
	}
}

// What is signed is not gone on from when it was changed; a new log may begin
// when the old one is out of the way.
func TestAChangedTreeIsNotGoneOnFrom(t *testing.T) {
	r, _ := small(t)
	b, err := r.disk.ReadFile("evidence/leaves")
	r.must(err)
	b = slices.Clone(b)
	b[128*3+15] ^= 1
	r.disk.WriteFile("evidence/leaves", b)
	was, err := r.disk.ReadFile("checkpoints")
	r.must(err)
	r.must(r.start())
	r.record(r.now, false)
	r.stop()
	now, err := r.disk.ReadFile("checkpoints")
	r.must(err)
	if after, _ := r.disk.ReadFile("evidence/leaves"); string(now) != string(was) || string(after) != string(b) {
		t.Error("it was gone on from")
	}
	if up := r.alarms.codes(); !slices.Contains(up, "evidence-broken recordings") {
		t.Error(up)
	}
	for _, name := range []string{"evidence/leaves", "evidence/hashes", "checkpoints"} {
		r.must(r.disk.Remove(name))
	}
	r.must(os.Remove(filepath.Join(r.keys, "last")))
	r.must(r.start())
	r.stop()
	if sum, found, _ := r.verify(nil); len(found) > 0 || sum.Covered != 10 || sum.Signed != 10 || len(r.alarms.codes()) > 0 {
		t.Errorf("a new log: %+v %v %v", sum, found, r.alarms.codes())
	}
}

// The daemon's own loop: lines get their leaves by themselves, and the end signs
// what there is.
func TestTheLogFollowsByItself(t *testing.T) {
	root, keys := t.TempDir(), t.TempDir()
	a, err := archive.Open(archive.Config{Root: root})
	r := &rig{TB: t, a: a, keys: keys}
	r.must(err)
	var up alarms
	asked := make(chan struct{}, 1) // the loop asks for its settings whenever something is new
	l, err := evidence.Open(evidence.Config{Root: root, Keys: keys, Archive: a, Alarms: &up, Logger: slog.New(slog.DiscardHandler),
		Settings: func() evidence.Settings {
			select {
			case asked <- struct{}{}:
			default:
			}
			return evidence.Settings{Every: evidence.DefaultEvery}
		}})
	r.must(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	for i := range 3 {
		r.record(t0.Add(time.Duration(i)*time.Minute), false)
	}
	for l.State().Leaves < 3 {
		<-asked
	}
	stop()
	<-done
	r.record(t0, false) // after the loop has ended
	r.must(l.Close())
	r.must(a.Close())
	if s := l.State(); s.Leaves != 4 || s.Signed != 4 || s.Last.IsZero() || len(up.codes()) > 0 {
		t.Errorf("%+v %v", s, up.codes())
	}
	if fi, err := os.Stat(filepath.Join(keys, "key")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Error("the key's mode:", fi.Mode(), err)
	}
}

// An anchor that is away is told of, and costs no checkpoint.
func TestAnAnchorThatIsAwayIsSaid(t *testing.T) {
	r := newRig(t)
	r.anchor = filepath.Join(t.TempDir(), "away")
	r.must(r.start())
	r.record(t0, false)
	r.must(evidence.Follow(r.l))
	r.must(r.l.Sign())
	if up := r.alarms.codes(); !slices.Equal(up, []string{"evidence-failed anchor"}) {
		t.Error(up)
	}
	r.must(os.Mkdir(r.anchor, 0o700))
	r.must(r.l.Sign())
	if up := r.alarms.codes(); len(up) > 0 {
		t.Error(up)
	}
	r.stop()
	if sum, found, _ := r.verify(nil); len(found) > 0 || sum.Signed != 1 || sum.Checkpoints != 2 {
		t.Errorf("%+v %v", sum, found)
	}
}
