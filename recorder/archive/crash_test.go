package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/archive/vault"
)

var t0 = time.Date(2026, 11, 22, 23, 59, 0, 0, time.UTC)

// rec is what a test knows of one recording.
type rec struct {
	w         *archive.Writer
	id        string
	start     archive.Start
	audio     [][]byte // appended
	checked   []int64  // covered by a checkpoint
	promised  []int64  // and by a completed sync
	logged    []string // texts in the story
	logSafe   int      // of them, covered by a completed sync
	acts      []string // acknowledged
	finished  bool
	discarded bool
	line      *archive.JournalLine // published
	whole     bool                 // before the crash: all of it must be there
}

// world records on a disk until something fails or the steps are done.
type world struct {
	mu      sync.Mutex // guards rec.line and byID against the committer
	a       *archive.Archive
	rng     *rand.Rand
	recs    []*rec
	crashed bool
	byID    map[string]*rec
	now     time.Time

	enc func() archive.Encryption // nil = there are no keys
}

func (w *world) live() []*rec {
	return slices.DeleteFunc(slices.Clone(w.recs), func(r *rec) bool { return r.finished })
}

func (w *world) begin() error {
	s := archive.Start{Line: len(w.recs) + 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: w.now, Trigger: "voltage"}
	switch w.rng.IntN(5) {
	case 0:
		s.Sides = []string{"network", "local"}
	case 1:
		s.Codec = archive.PCM16
	case 2:
		s.Codec = archive.IMA
	case 3:
		s.Codec, s.Sides = archive.GSM, []string{"network", "local"}
	}
	wr, err := w.a.Begin(s)
	if err != nil {
		return err
	}
	r := &rec{w: wr, id: wr.ID(), start: s, audio: make([][]byte, len(s.Sides)),
		checked: make([]int64, len(s.Sides)), promised: make([]int64, len(s.Sides))}
	w.recs = append(w.recs, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[r.id] = r
	return nil
}

func (w *world) feed(r *rec) error {
	n := 2 * (1 + w.rng.IntN(400))
	if bytes, _ := r.start.Codec.Block(); bytes > 2 {
		n = int(bytes) * (1 + w.rng.IntN(3))
	}
	for side := range r.audio {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(w.rng.Uint32()) | 1
		}
		for {
			err := r.w.Append(side, b)
			if err == nil {
				break
			}
			if !errors.Is(err, errNoise) {
				return err
			}
		}
		r.audio[side] = append(r.audio[side], b...)
	}
	samples := r.start.Codec.Samples(int64(len(r.audio[0])))
	if err := r.w.Checkpoint(r.start.Begin.Add(time.Duration(samples)*125*time.Microsecond), samples); err != nil {
		return err
	}
	for side := range r.audio {
		r.checked[side] = int64(len(r.audio[side]))
	}
	return nil
}

func (w *world) sync() error {
	type snap struct {
		checked []int64
		logged  int
	}
	var snaps []snap
	for _, r := range w.recs {
		snaps = append(snaps, snap{slices.Clone(r.checked), len(r.logged)})
	}
	if _, err := w.a.Sync(); err != nil {
		return err
	}
	for i, s := range snaps {
		copy(w.recs[i].promised, s.checked)
		w.recs[i].logSafe = s.logged
	}
	return nil
}

func (w *world) step() error {
	w.now = w.now.Add(time.Second)
	live := w.live()
	if len(live) == 0 {
		return w.begin()
	}
	r := live[w.rng.IntN(len(live))]
	switch n := w.rng.IntN(20); {
	case n < 2 && len(live) < 6:
		return w.begin()
	case n < 10:
		return w.feed(r)
	case n < 12:
		text := fmt.Sprint("entry ", w.rng.Uint64())
		if err := r.w.Log(archive.Entry{Time: w.now, Kind: "key", Text: text}); err != nil {
			return err
		}
		r.logged = append(r.logged, text)
	case n < 15:
		return w.sync()
	case n < 18:
		r.finished, r.discarded = true, w.rng.IntN(5) == 0
		err := r.w.Finish(archive.End{Time: w.now, EndedBy: "on-hook", Discard: r.discarded})
		if w.rng.IntN(2) == 0 && err == nil {
			err = w.a.Flush(context.Background())
		}
		return err
	default:
		r = w.recs[w.rng.IntN(len(w.recs))]
		text := fmt.Sprint("note ", w.rng.Uint64())
		_, err := w.a.Act(context.Background(), archive.Act{ID: r.id, Kind: archive.ActNote, Actor: "test", Value: text})
		if err == nil {
			r.acts = append(r.acts, text)
		} else if r.discarded {
			err = nil
		}
		return err
	}
	return nil
}

// open opens the archive and notes what it publishes.
func (w *world) open(d *memdisk.Disk) error {
	c := archive.Config{Disk: d, Now: func() time.Time { return t0 }}
	if w.enc != nil {
		ring, err := vault.Open(vault.Config{Disk: keysDisk{d}})
		if err != nil {
			return err
		}
		c.Keys, c.Encryption = ring, w.enc
	}
	a, err := archive.Open(c)
	if err != nil {
		return err
	}
	w.a = a
	a.Subscribe(func(l archive.JournalLine) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if l.Seal != nil && w.byID[l.ID] != nil {
			w.byID[l.ID].line, w.byID[l.ID].whole = &l, !w.crashed
		}
	})
	return nil
}

// noise makes a disk refuse one operation in twenty, but no more reads of one
// recording that is to be sealed than are tried again: it has no bad sectors.
func noise(d *memdisk.Disk, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	unread := map[string]int{}
	d.Fail = func(op, name string) error {
		switch op {
		case "write", "truncate", "rename", "remove", "sync", "open", "mkdir", "chmod", "read":
			if rng.IntN(20) > 0 {
				return nil
			}
			if id, _, _ := strings.Cut(path.Base(name), "."); op == "read" && path.Dir(name) == "open" {
				if unread[id]++; unread[id] >= archive.GiveUp {
					return nil
				}
			}
			return errNoise
		}
		return nil
	}
}

var errNoise = fmt.Errorf("noise: %w", syscall.EIO)

// TestNothingSyncedIsLostWhereverThePowerFails is the archive's first promise:
// hundreds of histories, each cut off at a random operation, by kill -9 or by a
// power cut, and again during recovery.
func TestNothingSyncedIsLostWhereverThePowerFails(t *testing.T) {
	seeds := 400
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		crashOnce(t, uint64(seed), nil)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func crashOnce(t *testing.T, seed uint64, enc func() archive.Encryption) {
	rng := rand.New(rand.NewPCG(seed, 0))
	d := memdisk.New()
	w := &world{rng: rng, byID: map[string]*rec{}, now: t0, enc: enc}
	if err := w.open(d); err != nil {
		t.Fatal(err)
	}
	d.CrashAfter(rng.IntN(600), seed)
	noisy := rng.IntN(3) == 0
	if noisy {
		noise(d, seed)
	}
	for range 150 {
		err := w.step()
		if errors.Is(err, memdisk.ErrCrashed) {
			break
		}
		if err != nil && !errors.Is(err, errNoise) && !strings.Contains(err.Error(), "not sealed yet") {
			t.Errorf("step: %v", err)
		}
	}
	d.Off()
	w.a.Close()
	w.crashed = true
	reboot := func() {
		if rng.IntN(3) == 0 {
			d = d.Kill()
		} else {
			d = d.PowerCut(rng.Uint64())
		}
	}
	reboot()
	for range rng.IntN(4) { // crashes during recovery
		d.CrashAfter(rng.IntN(120), rng.Uint64())
		if noisy {
			noise(d, rng.Uint64())
		}
		if err := w.open(d); err == nil {
			w.a.Recover(context.Background(), nil)
			d.Off()
			w.a.Close()
		}
		reboot()
	}
	if err := w.open(d); err != nil {
		t.Fatal(err)
	}
	if err := w.a.Recover(context.Background(), func(r archive.Recovered) {
		if r.Err != nil && r.State != archive.RecoverQuarantined {
			t.Errorf("recover %s: %v", r.ID, r.Err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	before := d.Files()
	if err := w.a.Recover(context.Background(), func(r archive.Recovered) { t.Errorf("recovered twice: %+v", r) }); err != nil {
		t.Fatal(err)
	}
	var found []archive.Finding
	if err := w.a.Reconcile(context.Background(), nil, func(f archive.Finding) {
		if f.Kind != archive.FoundLine {
			found = append(found, f)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, d.Files()) || len(found) > 0 {
		t.Errorf("a second recovery or the reconciler found work: %v", found)
	}
	w.check(t, d)
	w.a.Close()
}

// check compares what is on the disk with what was promised.
func (w *world) check(t *testing.T, d *memdisk.Disk) {
	ctx := context.Background()
	lines := map[string][]archive.JournalLine{}
	acts := map[string]bool{}
	files := map[string]bool{}
	seq := map[archive.Day]uint64{}
	err := w.a.Lines(ctx, nil, func(l *archive.JournalLine) error {
		if l.Seq <= seq[l.Day] {
			t.Errorf("%s: seq %d behind %d", l.Day, l.Seq, seq[l.Day])
		}
		seq[l.Day] = l.Seq
		if l.Seal == nil {
			acts[l.Value] = true
			if len(lines[l.ID]) == 0 {
				t.Errorf("an act on %s stands before its seal", l.ID)
				b, _ := d.ReadFile(strings.ReplaceAll(string(l.Day), "-", "/") + "/day.jsonl")
				for _, x := range bytes.Split(b, []byte("\n")) {
					t.Logf("%.130q", x)
				}
			}
			return nil
		}
		for _, a := range l.Seal.Acts {
			acts[a.Value] = true
		}
		for _, f := range append(slices.Clone(l.Seal.Files), l.Seal.Story) {
			files[strings.ReplaceAll(string(l.Day), "-", "/")+"/"+f.Name] = true
		}
		lines[l.ID] = append(lines[l.ID], *l)
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range d.Files() {
		switch {
		case w.enc != nil && strings.HasPrefix(name, "keys/"):
		case path.Base(name) == "day.jsonl", files[name]:
			delete(files, name)
		case strings.HasPrefix(name, "damaged/"):
			if r := w.byID[path.Base(name)[:26]]; r != nil && r.promised[0] > 0 {
				t.Errorf("%s was promised %d bytes and is quarantined", name, r.promised[0])
			}
		default:
			t.Errorf("orphan %s", name)
		}
	}
	for name := range files {
		t.Errorf("journaled, but not there: %s", name)
	}
	for _, r := range w.recs {
		ls := lines[r.id]
		must := r.promised[0] > 0 && !r.discarded
		if len(ls) > 1 || must && len(ls) == 0 {
			t.Errorf("%s has %d lines, promised %v bytes", r.id, len(ls), r.promised)
		}
		if len(ls) == 0 {
			if r.line != nil {
				t.Errorf("%s was published and is not in the journal", r.id)
			}
			continue
		}
		w.checkOne(t, r, &ls[0])
		for _, text := range r.acts {
			if !acts[text] && !r.discarded {
				t.Errorf("%s: act %q is lost", r.id, text)
			}
		}
	}
}

func (w *world) checkOne(t *testing.T, r *rec, l *archive.JournalLine) {
	if r.line != nil && (r.line.Salt != l.Salt || r.line.Seq != l.Seq) {
		t.Errorf("%s was published as %s/%d and stands as %s/%d", r.id, r.line.Day, r.line.Seq, l.Day, l.Seq)
	}
	checks, err := w.a.Verify(context.Background(), l.Day, r.id)
	if err != nil {
		t.Errorf("verify: %v", err)
	}
	for _, c := range checks {
		if !c.OK {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}
	for i, side := range r.start.Sides {
		promised := r.promised[i]
		if r.whole {
			promised = int64(len(r.audio[i]))
		}
		if !slices.Contains(l.Seal.Sides, side) {
			if promised > 0 {
				t.Errorf("%s: side %s is lost", r.id, side)
			}
			continue
		}
		a, err := w.a.Audio(l.Day, r.id, side)
		if err != nil {
			t.Errorf("audio: %v", err)
			continue
		}
		got, err := io.ReadAll(a.Data())
		if err != nil {
			t.Error(err)
		}
		a.Close()
		want := r.audio[i]
		if l.Seal.Damaged > 0 || l.Seal.Unverified {
			got, want = got[:min(promised, int64(len(got)))], want[:promised]
		}
		if int64(len(got)) < promised || !bytes.HasPrefix(want, got) {
			t.Errorf("%s.%s: %d bytes kept, %d promised, %d appended; same: %v (%+v)", r.id, side, len(got), promised,
				len(r.audio[i]), bytes.HasPrefix(r.audio[i], got), l.Seal)
		}
	}
	s, err := w.a.Story(l.Day, r.id)
	if err != nil || !s.Ended {
		t.Errorf("story of %s: ended %v, %v", r.id, s.Ended, err)
	}
	for _, text := range r.logged[:r.logSafe] {
		if !slices.ContainsFunc(s.Entries, func(e archive.Entry) bool { return e.Text == text }) {
			t.Errorf("%s: story line %q is lost", r.id, text)
		}
	}
}
