package export

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"vaad/recorder/index"
)

func (d *desk) erase(id string, forgotten bool) {
	r := d.rows[id]
	r.State, r.Forgotten = index.StateErased, forgotten
	d.rows[id] = r
}

func (d *desk) withdrawn(j Job) {
	d.t.Helper()
	if f, got, err := d.Result(j.ID); !errors.Is(err, ErrNotDone) || got.State != Failed || got.Code != FailErased || got.Spec.Search != "" {
		d.t.Errorf("%+v %v", got, err)
		if f != nil {
			_ = f.Close()
		}
	}
	if _, err := os.Stat(d.path(j.ID, ".zip")); !errors.Is(err, os.ErrNotExist) {
		d.t.Errorf("its file is there: %v", err)
	}
}

func (d *desk) there(j Job) {
	d.t.Helper()
	f, _, err := d.Result(j.ID)
	if err != nil {
		d.t.Error(err)
		return
	}
	_ = f.Close() // read only
}

func TestWhatIsErasedCanNotBeFetchedFromAnExport(t *testing.T) {
	d := newDesk(t)
	d.runs()
	a, b := d.seal(800, "mixed"), d.seal(800, "mixed")
	with := d.ended(d.add(Spec{IDs: []string{b, a}, Format: "native", Search: "number=13800138000"}).ID)
	without := d.ended(d.add(Spec{IDs: []string{b}, Format: "native"}).ID)
	d.there(with)
	d.Forget(a)
	d.withdrawn(with)
	d.there(without)
	d.open()
	d.withdrawn(with)
	d.there(without)
}

func TestAnExportThatIsBeingMadeHasNothingErased(t *testing.T) {
	d := newDesk(t)
	d.slow = make(chan struct{})
	d.runs()
	ids := []string{d.seal(800, "mixed"), d.seal(800, "mixed"), d.seal(800, "mixed")}
	j := d.add(Spec{IDs: ids, Format: "native"})
	d.slow <- struct{}{} // it has got to the first
	d.Forget(ids[0])
	select { // it may have got to the second before it was told
	case d.slow <- struct{}{}:
	case <-d.done(j.ID):
	}
	d.ended(j.ID)
	d.withdrawn(j)

	j = d.add(Spec{IDs: ids, Format: "native"})
	d.slow <- struct{}{}
	d.Forget(ids[2]) // the index does not know yet
	d.slow <- struct{}{}
	if j = d.ended(j.ID); j.State != Done || j.Files != 2 || j.Left != 1 {
		t.Fatalf("%+v", j)
	}
	m := d.manifest(j)
	if e := m.Items[2]; e.Recording != ids[2] || e.Result != ResultErased || e.Caller != "" {
		t.Errorf("%+v", e)
	}
	d.Forget(ids[1])
	d.withdrawn(j)
}

// TestAnExportThatLeftOutWhatWasErasedIsKeptWheneverThatIsFollowed ends the export
// before anybody looks which results hold what was erased meanwhile.
func TestAnExportThatLeftOutWhatWasErasedIsKeptWheneverThatIsFollowed(t *testing.T) {
	d := newDesk(t)
	d.slow = make(chan struct{})
	d.runs()
	ids := []string{d.seal(800, "mixed"), d.seal(800, "mixed"), d.seal(800, "mixed")}
	d.erased.sifting.Lock()
	j := d.add(Spec{IDs: ids, Format: "native"})
	d.slow <- struct{}{}
	d.Forget(ids[2])
	d.slow <- struct{}{}
	j = d.ended(j.ID)
	d.erased.sifting.Unlock()
	if j.State != Done || j.Files != 2 || j.Left != 1 {
		t.Fatalf("%+v", j)
	}
	d.there(j)
	d.Forget(ids[0])
	d.withdrawn(j)
}

// TestAnExportLeavesOutWhatItsMakerMayNoLongerHave: it may have waited for hours.
func TestAnExportLeavesOutWhatItsMakerMayNoLongerHave(t *testing.T) {
	d := newDesk(t)
	d.runs()
	ids := []string{d.seal(800, "mixed"), d.seal(800, "mixed")}
	r := d.rows[ids[0]]
	r.Line = 8
	d.rows[r.ID] = r
	j := d.ended(d.add(Spec{IDs: ids, Format: "native", Lines: []int{3, 8}, Allowed: func(line int) bool { return line == 3 }}).ID)
	if j.State != Done || j.Files != 1 || j.Left != 1 {
		t.Fatalf("%+v", j)
	}
	if e := d.manifest(j).Items[0]; e.Result != ResultDenied || e.Recording != r.ID || e.Caller != "" || e.Line != 0 {
		t.Errorf("%+v", e)
	}
}

// done is closed when a job has ended.
func (d *desk) done(id string) <-chan struct{} {
	c := make(chan struct{})
	go func() { defer close(c); d.ended(id) }()
	return c
}

func (d *desk) manifest(j Job) (m Manifest) {
	d.t.Helper()
	f, _, err := d.Result(j.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close() // read only
	z, err := zip.NewReader(f, j.Bytes)
	if err != nil {
		d.t.Fatal(err)
	}
	in, err := z.Open("manifest.json")
	if err != nil {
		d.t.Fatal(err)
	}
	if err := json.NewDecoder(in).Decode(&m); err != nil {
		d.t.Fatal(err)
	}
	return m
}

// TestWhatWasErasedAsTheDaemonEndedCanNotBeFetched: the line was durable, and
// nobody was told of it any more.
func TestWhatWasErasedAsTheDaemonEndedCanNotBeFetched(t *testing.T) {
	d := newDesk(t)
	stop := d.runs()
	a, b, c := d.seal(800, "mixed"), d.seal(800, "mixed"), d.seal(800, "mixed")
	d.erase(b, false)
	d.erase(c, true)
	with := d.ended(d.add(Spec{IDs: []string{a, b, c}, Format: "native"}).ID)
	a2 := d.seal(800, "mixed")
	without := d.ended(d.add(Spec{IDs: []string{a2, b, c}, Format: "native"}).ID)
	stop()
	d.erase(a, false)
	d.open()
	d.c.Settled = func() bool { return false }
	if _, _, err := d.Result(without.ID); !errors.Is(err, ErrNotDone) {
		t.Errorf("before anybody knows: %v", err)
	}
	d.c.Settled = nil
	d.there(without) // what was erased before is not in it
	d.runs()
	for j, end := with, time.Now().Add(time.Minute); j.State == Done && time.Now().Before(end); time.Sleep(time.Millisecond) {
		j, _ = d.Get(j.ID) // it looks without being asked
	}
	d.withdrawn(with)
	d.erase(b, true) // its number stands in the manifest
	d.open()
	d.withdrawn(without)
}
