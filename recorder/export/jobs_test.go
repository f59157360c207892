package export

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/dsp/g711"
	"vaad/recorder/archive"
	"vaad/recorder/evidence"
	"vaad/recorder/index"
)

// A desk is Jobs over a real archive, with a clock and a disk that the test moves.
type desk struct {
	*Jobs
	t    *testing.T
	dir  string
	arch *archive.Archive
	rows map[string]index.Row

	mu   sync.Mutex
	now  time.Time
	free int64
	slow chan struct{} // each look at a recording takes one, if there are any
	err  error

	proved [][]string // of what proofs were asked for
	closed int
}

// Export makes a proof, of some only.
func (d *desk) Export(_ context.Context, id string, w io.Writer) error {
	if strings.HasSuffix(id, "7") {
		return evidence.ErrSimulated
	}
	_, err := io.WriteString(w, "proof of "+id)
	return err
}

func (d *desk) Close() error { d.closed++; return nil }

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), rows: map[string]index.Row{}, now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), free: 1 << 40}
	var err error
	if d.arch, err = archive.Open(archive.Config{Root: filepath.Join(t.TempDir(), "recordings")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.arch.Close() })
	d.open()
	return d
}

func (d *desk) open() {
	d.t.Helper()
	m, err := NewMaker(MakerConfig{Dir: d.dir})
	if err != nil {
		d.t.Fatal(err)
	}
	d.Jobs, err = Open(Config{Dir: d.dir, Maker: m, Archive: d.arch, Version: "1", Zone: time.UTC, Box: func() string { return "前台 box" },
		Logger: slog.New(slog.DiscardHandler),
		Find: func(id string) (index.Row, bool, error) {
			if d.slow != nil {
				<-d.slow
			}
			r, ok := d.rows[id]
			return r, ok, d.err
		},
		Proofs: func(_ context.Context, ids []string) (Proofs, error) { d.proved = append(d.proved, ids); return d, nil },
		Free:   func() (int64, error) { d.mu.Lock(); defer d.mu.Unlock(); return d.free, nil },
		Now:    func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now }})
	if err != nil {
		d.t.Fatal(err)
	}
}

// runs starts the workers; what it returns ends them.
func (d *desk) runs() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = d.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	d.t.Cleanup(stop)
	return stop
}

// seal makes a recording.
func (d *desk) seal(n int, sides ...string) string {
	d.t.Helper()
	begin := d.now.Add(time.Duration(len(d.rows)) * time.Minute)
	w, err := d.arch.Begin(archive.Start{Line: 3, Codec: archive.G711A, Sides: sides, Begin: begin})
	if err != nil {
		d.t.Fatal(err)
	}
	row := index.Row{ID: w.ID(), Day: archive.DayOf(begin), Line: 3, LineName: "前台", Caller: "=1+1", Start: begin, Samples: int64(n), Sides: sides, State: index.StateSealed, SHA256: map[string]string{}}
	for i := range sides {
		if err := w.Append(i, speechlike(n, g711.ALaw, 300+100*float64(i))); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := errors.Join(w.Finish(archive.End{Time: begin.Add(time.Second), EndedBy: "manual"}), d.arch.Flush(d.t.Context())); err != nil {
		d.t.Fatal(err)
	}
	d.rows[row.ID] = row
	return row.ID
}

// ended waits for a job.
func (d *desk) ended(id string) Job {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if j, err := d.Get(id); err != nil || j.Ended() {
			return j
		}
	}
	d.t.Fatalf("%s does not end", id)
	return Job{}
}

func (d *desk) add(s Spec) Job {
	d.t.Helper()
	s.Actor, s.Kind = "root", "local"
	j, err := d.Add(s, 1)
	if err != nil {
		d.t.Fatal(err)
	}
	return j
}

// TestAnExportHoldsWhatItsManifestSays exports recordings of all kinds and checks
// every byte that the manifest tells of, with an independent program too.
func TestAnExportHoldsWhatItsManifestSays(t *testing.T) {
	d := newDesk(t)
	d.runs()
	var ids []string
	for i := range 3 {
		ids = append(ids, d.seal(8000+i, "network", "local"))
	}
	ids = append(ids, d.seal(16_000, "mixed"), d.seal(1, "mixed"), d.seal(1, "mixed"), "01KCAGONE00000000000000000")
	for i, state := range []string{index.StateErased, index.StateTrash} {
		r := d.rows[ids[4+i]]
		r.State = state
		d.rows[r.ID] = r
	}
	for _, layout := range []Layout{Auto, Mixed, Each, Left} {
		j := d.ended(d.add(Spec{IDs: ids, Format: "pcm16", Layout: layout, Template: "{caller} {line_name}", Proof: true, Reason: "a court asks, “please”"}).ID)
		files := map[Layout]int{Auto: 4, Mixed: 4, Each: 7, Left: 3}[layout]
		left := map[Layout]int{Auto: 3, Mixed: 3, Each: 3, Left: 4}[layout]
		if j.State != Done || j.Files != files || j.Left != left || j.Handled != len(ids) {
			t.Fatalf("%s: %+v", layout, j)
		}
		f, _, err := d.Result(j.ID)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != j.SHA256 || int64(len(b)) != j.Bytes {
			t.Error("the result is not what the job says")
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		in := map[string][]byte{}
		for _, one := range z.File {
			r, err := one.Open()
			if err != nil {
				t.Fatal(err)
			}
			if in[one.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
			if one.Method != zip.Store {
				t.Errorf("%s is packed", one.Name)
			}
		}
		var m Manifest
		if err := json.Unmarshal(in["manifest.json"], &m); err != nil {
			t.Fatal(err)
		}
		if m.V != 1 || m.By != "root" || m.Box != "前台 box" || m.Reason != "a court asks, “please”" || m.Complete || m.Export != j.ID {
			t.Errorf("%+v", m)
		}
		results := map[string]int{}
		for _, e := range m.Items {
			results[e.Result]++
			if e.Result != ResultOK {
				continue
			}
			sum := sha256.Sum256(in[e.File])
			if hex.EncodeToString(sum[:]) != e.SHA256 || int64(len(in[e.File])) != e.Bytes || e.Bytes == 0 {
				t.Errorf("%s: other bytes", e.File)
			}
			delete(in, e.File)
			if strings.HasSuffix(e.Recording, "7") != (e.Proof == ProofSimulated) || e.Proof == ProofBundle && string(in[e.ProofFile]) != "proof of "+e.Recording {
				t.Errorf("%s: proof %s %s", e.Recording, e.Proof, e.ProofFile)
			}
		}
		if results[ResultErased] != 1 || results[ResultTrash] != 1 || results[ResultGone] != 1 || results[ResultNoSide] != left-3 {
			t.Errorf("%v", results)
		}
		if table := string(in["manifest.csv"]); strings.Count(table, "\r\n") != 1+len(m.Items) || !strings.Contains(table, ",'=1+1,") || !strings.HasPrefix(table, "\ufefffile,result") {
			t.Errorf("%s", table)
		}
		peers(t, d.path(j.ID, ".zip"), files)
	}
	if len(d.proved) != 4 || d.closed != 4 || !slices.Equal(d.proved[0], ids) {
		t.Errorf("proofs are looked for once in each: %v, %d", d.proved, d.closed)
	}
}

// peers lets other programs read a ZIP.
func peers(t *testing.T, name string, audio int) {
	t.Helper()
	if _, err := exec.LookPath("unzip"); err == nil {
		if out, err := exec.Command("unzip", "-tq", name).CombinedOutput(); err != nil {
			t.Errorf("unzip: %v %s", err, out)
		}
	} else {
		t.Log("unzip is not installed")
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Log("python3 is not installed")
		return
	}
	out, err := exec.Command("python3", "-c", `import zipfile,sys
z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
print(len([n for n in z.namelist() if n.endswith('.wav')])); print(z.infolist()[0].date_time[:3]); print(z.namelist()[0])`, name).CombinedOutput()
	if want := fmt.Sprintf("%d\n(2026, 11, 22)\n=1+1 前台", audio); err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("python: %v %s, want %s", err, out, want)
	}
}

func TestAResultIsKeptForADayAndOverARestart(t *testing.T) {
	d := newDesk(t)
	stop := d.runs()
	id := d.seal(800, "mixed")
	j := d.ended(d.add(Spec{IDs: []string{id}, Format: "vox"}).ID)
	stop()
	d.open()
	if f, again, err := d.Result(j.ID); err != nil || again.SHA256 != j.SHA256 {
		t.Fatalf("%+v %v", again, err)
	} else if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(25 * time.Hour)
	d.tidy()
	if _, err := d.Get(j.ID); !errors.Is(err, ErrNone) {
		t.Errorf("it is still there: %v", err)
	}
	if left, err := os.ReadDir(d.dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestWhatARestartInterruptsHasFailed(t *testing.T) {
	d := newDesk(t)
	d.slow = make(chan struct{})
	stop := d.runs()
	ids := []string{d.seal(800, "mixed"), d.seal(800, "mixed")}
	j := d.add(Spec{IDs: ids, Format: "native"})
	d.slow <- struct{}{} // one is done, the second waits
	go close(d.slow)
	stop()
	if err := os.WriteFile(filepath.Join(d.dir, ".making-1"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.slow = nil
	d.open()
	got, err := d.Get(j.ID)
	if err != nil || got.State == Running || got.State == Failed && got.Code != FailInterrupted {
		t.Errorf("%+v %v", got, err)
	}
	for _, e := range []string{".zip.part", ".json.part"} {
		if _, err := os.Stat(d.path(j.ID, e)); err == nil {
			t.Errorf("%s is left", e)
		}
	}
	if _, err := os.Stat(filepath.Join(d.dir, ".making-1")); err == nil {
		t.Error("what was being made is left")
	}
}

func TestAnExportIsCancelledAndRemoved(t *testing.T) {
	d := newDesk(t)
	d.slow = make(chan struct{})
	j := d.add(Spec{IDs: []string{d.seal(800, "mixed")}, Format: "native"})
	if err := d.Remove(j.ID); err != nil {
		t.Fatal(err)
	}
	if got := d.ended(j.ID); got.State != Cancelled {
		t.Errorf("before it began: %+v", got)
	}
	d.runs()
	j = d.add(Spec{IDs: []string{d.seal(800, "mixed"), d.seal(800, "mixed")}, Format: "native"})
	d.slow <- struct{}{}
	if err := d.Remove(j.ID); err != nil {
		t.Fatal(err)
	}
	close(d.slow)
	if got := d.ended(j.ID); got.State != Cancelled {
		t.Errorf("while it ran: %+v", got)
	}
	if err := d.Remove(j.ID); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(j.ID); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if _, _, err := d.Result(j.ID); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

// TestAResultThatIsRemovedWhileItIsFetchedIsNotThereAnyMore fetches and removes at
// the same time: never is it the file alone that is missed.
func TestAResultThatIsRemovedWhileItIsFetchedIsNotThereAnyMore(t *testing.T) {
	d := newDesk(t)
	d.runs()
	id := d.seal(800, "mixed")
	for range 60 {
		j := d.ended(d.add(Spec{IDs: []string{id}, Format: "native"}).ID)
		var all sync.WaitGroup
		all.Go(func() {
			if err := d.Remove(j.ID); err != nil {
				t.Error(err)
			}
		})
		for range 2 {
			all.Go(func() {
				f, _, err := d.Result(j.ID)
				if err != nil && !errors.Is(err, ErrNone) {
					t.Error(err)
				}
				if err == nil {
					_ = f.Close()
				}
			})
		}
		all.Wait()
	}
}

func TestAFullDiskIsToldBeforeAndDuring(t *testing.T) {
	d := newDesk(t)
	ids := []string{d.seal(8000, "mixed"), d.seal(8000, "mixed"), d.seal(8000, "mixed")}
	if _, err := d.Add(Spec{IDs: ids, Format: "native"}, 1<<41); !errors.Is(err, ErrNoSpace) {
		t.Errorf("before: %v", err)
	}
	d.slow = make(chan struct{})
	d.runs()
	j := d.add(Spec{IDs: ids, Format: "native"})
	d.slow <- struct{}{}
	d.mu.Lock()
	d.free = 5000
	d.mu.Unlock()
	close(d.slow)
	if got := d.ended(j.ID); got.State != Failed || got.Code != FailNoSpace {
		t.Errorf("%+v", got)
	}
}

func TestWhatCannotBeMadeIsTold(t *testing.T) {
	d := newDesk(t)
	d.runs()
	for _, c := range []struct {
		spec Spec
		code string
	}{
		{Spec{IDs: []string{"01KCAGONE00000000000000000"}, Format: "native"}, FailNothing},
		{Spec{IDs: []string{"x"}, Format: "nonsense"}, FailOther},
		{Spec{IDs: []string{"x"}, Format: "native", Template: "/"}, FailOther},
	} {
		if j := d.ended(d.add(c.spec).ID); j.State != Failed || j.Code != c.code {
			t.Errorf("%+v", j)
		}
	}
	d.err = errors.New("index is damaged")
	if j := d.ended(d.add(Spec{IDs: []string{"x"}, Format: "native"}).ID); j.Code != FailOther || !strings.Contains(j.Detail, "damaged") {
		t.Errorf("%+v", j)
	}
	if _, err := d.Add(Spec{IDs: make([]string, MaxProofs+1), Proof: true}, 1); err == nil {
		t.Error("too many proofs are taken")
	}
}

func TestNoMoreExportsWaitThanThereIsRoomFor(t *testing.T) {
	d := newDesk(t)
	for i := range maxWaiting {
		if _, err := d.Add(Spec{IDs: []string{"x"}, Format: "native", Actor: strconv.Itoa(i / ownWaiting)}, 1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Add(Spec{IDs: []string{"x"}, Format: "native", Actor: "one more"}, 1); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	all := d.List()
	if len(all) != maxWaiting || !slices.IsSortedFunc(all, func(a, b Job) int { return b.Created.Compare(a.Created) }) {
		t.Errorf("%d", len(all))
	}
}

func TestNobodyTakesTheRoomOfOthersExports(t *testing.T) {
	d := newDesk(t)
	spec := Spec{IDs: []string{"x"}, Format: "native"}
	for range ownWaiting {
		d.add(spec)
	}
	again := spec
	again.Actor, again.Kind = "root", "local"
	if _, err := d.Add(again, 1); !errors.Is(err, ErrFull) {
		t.Errorf("one waits for ever more: %v", err)
	}
	d.runs()
	for _, j := range d.List() {
		d.ended(j.ID)
	}
	for range ownJobs - ownWaiting {
		d.ended(d.add(spec).ID)
	}
	if _, err := d.Add(again, 1); !errors.Is(err, ErrFull) {
		t.Errorf("one keeps ever more: %v", err)
	}
	again.Actor = "else"
	if _, err := d.Add(again, 1); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

// TestExportsThatHaveEndedTakeNoMemoryForTheirRecordings: with 200 of 100,000 each
// that would be most of a small machine's.
func TestExportsThatHaveEndedTakeNoMemoryForTheirRecordings(t *testing.T) {
	d := newDesk(t)
	stop := d.runs()
	ids := []string{d.seal(800, "mixed"), "01KCAGONE00000000000000000"}
	good, bad := d.ended(d.add(Spec{IDs: ids, Format: "native"}).ID), d.ended(d.add(Spec{IDs: ids[1:], Format: "native"}).ID)
	stop()
	for range 2 {
		for _, want := range []Job{good, bad} {
			j, err := d.Get(want.ID)
			if err != nil || j.Spec.IDs != nil || j.Total != want.Total || j.Total == 0 || j.State != want.State {
				t.Errorf("%+v %v", j, err)
			}
		}
		d.open()
	}
}

func TestWhatAnErrorMeansForARecording(t *testing.T) {
	for err, want := range map[error]string{
		archive.ErrKeyErased: "key-erased", fmt.Errorf("x: %w", archive.ErrNoKey): "key-missing", fmt.Errorf("x: %w", archive.ErrNotFound): ResultNoAudio,
		ErrEmpty: ResultEmpty, ErrNoProgram: "", &writeError{io.ErrShortWrite}: "", io.ErrUnexpectedEOF: ResultUnreadable, &RefusedError{"no-side", ""}: ResultNoSide,
	} {
		if got := resultOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
