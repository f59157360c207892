package archive_test

import (
	"io/fs"
	"strings"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

// A lister does something when a folder has been listed, before whoever asked has
// looked at what there is.
type lister struct {
	*memdisk.Disk
	dir  string
	then func(names []string)
}

func (d *lister) ReadDir(name string) ([]fs.DirEntry, error) {
	es, err := d.Disk.ReadDir(name)
	if name == d.dir && d.then != nil {
		var names []string
		for _, e := range es {
			names = append(names, e.Name())
		}
		d.then(names)
	}
	return es, err
}

func TestARecordingThatIsSealedWhileOthersAreRecoveredIsNoLeftover(t *testing.T) {
	for _, discard := range []bool{false, true} {
		d := &lister{Disk: memdisk.New(), dir: "open"}
		a := open(t, d)
		w := begin(t, a, "network", "local")
		put(t, w, "abc", "def")
		listed := 0
		d.then = func([]string) {
			if listed++; listed != 2 { // by who looks for leftovers
				return
			}
			if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook", Discard: discard}); err != nil {
				t.Error(err)
			}
			if err := a.Flush(ctx); err != nil {
				t.Error(err)
			}
		}
		if err := a.Reconcile(ctx, nil, func(f archive.Finding) { t.Errorf("discarded %v: %+v", discard, f) }); err != nil {
			t.Error(err)
		}
		if ls, _ := lines(t, a, nil); len(ls) != map[bool]int{false: 1}[discard] {
			t.Errorf("discarded %v: %+v", discard, ls)
		}
	}
}

func TestAnErasureThatEndsWhileOldOnesAreLookedForIsNotOneOfThem(t *testing.T) {
	for _, what := range []string{"finished", "reported"} {
		d := &lister{Disk: memdisk.New(), dir: "open"}
		a := open(t, d)
		id := spoken(t, a)
		if err := a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
		written, goOn, done := make(chan bool), make(chan bool), make(chan []archive.Done, 1)
		go func() {
			done <- a.EraseAll(ctx, []archive.Act{{ID: id, Day: "2026-11-22"}}, func(archive.Act) error { close(written); <-goOn; return nil })
		}()
		<-written
		listed := 0
		d.then = func(names []string) {
			if listed++; what == "reported" && listed < 3 || len(names) == 0 || !strings.HasPrefix(names[0], "erase-") {
				return
			}
			d.then = nil
			close(goOn)
			mustDo(t, <-done)
		}
		if what == "finished" {
			if err := a.FinishErasures(ctx); err != nil {
				t.Error(err)
			}
		} else if err := a.Reconcile(ctx, nil, func(f archive.Finding) { t.Errorf("%+v", f) }); err != nil {
			t.Error(err)
		}
		if d.then != nil {
			t.Fatal("it did not end meanwhile")
		}
	}
}
