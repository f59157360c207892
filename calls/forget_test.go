package calls

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"vaad/channels"
	"vaad/store"
)

func TestForgettingANumberTakesItOutOfAllCallsAndNothingElse(t *testing.T) {
	f := start(t)
	caller := func(id, number, name string) []channels.Event {
		return []channels.Event{{Kind: channels.Numbers, Call: id, Caller: number, Name: name}}
	}
	over := func(id string, s int, number, name string) channels.Event {
		e := ended(id, s, "on-hook", false)
		e.Caller, e.Name = number, name
		return e
	}
	f.play(begin("A", 1, 0, channels.Incoming))
	f.play(caller("A", "02079460000", "Jane Doe")...)
	f.play(key(channels.Key, "A", "4"), over("A", 30, "02079460000", "Jane Doe"))
	f.play(begin("B", 1, 40, channels.Incoming))
	f.play(caller("B", "02079460001", "Other")...)
	f.play(over("B", 50, "02079460001", "Other"))
	if !f.j.write() {
		t.Fatal("not written")
	}
	if err := f.db.Update(func(tx *store.Tx) error { // as signalling and switching fill them
		return put(tx, Row{ID: "C", Line: 2, Start: at(1), End: at(2), Caller: "8001", Called: "020 7946-0000", Dialled: "9020 7946-0000", Redirected: "8002",
			Connected: "02079460000", TransferredTo: "02079460000", TransferredFrom: "8003", Keys: "12",
			Waiting: []Waiting{{Caller: "02079460000", Name: "Jane Doe"}, {Caller: "1", Name: "x"}}, Recordings: []string{"R"}})
	}); err != nil {
		t.Fatal(err)
	}
	// One that the disk does not have yet, and one that is up.
	f.play(begin("D", 3, 60, channels.Outgoing))
	for _, d := range "02079460000" {
		f.play(key(channels.Digit, "D", string(d)))
	}
	f.play(ended("D", 70, "on-hook", false), begin("E", 4, 80, channels.Incoming))
	f.play(caller("E", "02079460000", "Jane Doe")...)

	n, err := f.j.Forget(context.Background(), "(020) 7946 0000")
	if err != nil || n != 3 {
		t.Errorf("%d calls changed, %v; want those of A, C and D", n, err)
	}
	for _, when := range []string{"at once", "after writing", "after a restart"} {
		for _, id := range []string{"A", "C", "D"} {
			b, _ := json.Marshal(f.row(id))
			if s := strings.NewReplacer(" ", "", "-", "").Replace(string(b)); strings.Contains(s, "02079460000") || strings.Contains(s, "Jane") {
				t.Errorf("%s: %s still says %s", when, id, b)
			}
		}
		if r := f.row("C"); r.Caller != "8001" || r.Redirected != "8002" || r.TransferredFrom != "8003" || r.Waiting[1].Caller != "1" || len(r.Recordings) != 1 || r.Keys != "" {
			t.Errorf("%s: of C too much is gone: %+v", when, r)
		}
		if r := f.row("B"); r.Caller != "02079460001" || r.Name != "Other" {
			t.Errorf("%s: B: %+v", when, r)
		}
		if when == "at once" && f.row("E").Caller == "" {
			t.Error("a call that is up has lost its caller")
		}
		if when == "after writing" {
			f.restart()
		} else if !f.j.write() {
			t.Error("not written")
		}
	}
	if n, err := f.j.Forget(context.Background(), "02079460000"); err != nil || n != 1 {
		t.Errorf("after the call that was up: %d, %v", n, err)
	}
	if _, err := f.j.Forget(context.Background(), " - "); err == nil {
		t.Error("no number is taken for one")
	}
}

func TestForgettingGoesThroughAllPages(t *testing.T) {
	f := start(t)
	if err := f.db.Update(func(tx *store.Tx) error {
		for i := range 2*forgetPage + 3 {
			number := "1"
			if i%forgetPage == 0 {
				number = "02079460000"
			}
			if err := put(tx, Row{ID: store.Key(uint64(i)), Start: at(i), End: at(i + 1), Caller: number}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n, err := f.j.Forget(context.Background(), "02079460000"); err != nil || n != 3 {
		t.Errorf("%d calls changed, %v; want 3", n, err)
	}
}

func TestANumberThatIsForgottenDoesNotComeBackWithWhatIsSaidMeanwhile(t *testing.T) {
	for _, writes := range []bool{false, true} {
		f := &fixture{T: t, feed: &feed{wake: make(chan struct{}, 1)}, now: at(0)}
		during := func() {}
		var err error
		f.db, _, err = store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{Commit: func(commit func() error) error {
			now := during
			during = func() {}
			now()
			return commit()
		}})
		if err != nil {
			t.Fatal(err)
		}
		f.restart()
		f.play(begin("A", 1, 0, channels.Incoming), channels.Event{Kind: channels.Numbers, Call: "A", Caller: "02079460000"})
		e := ended("A", 30, "on-hook", false)
		e.Caller = "02079460000"
		f.play(e)
		f.j.write()
		if len(f.j.rows) != 0 {
			t.Fatalf("%d rows are kept in memory", len(f.j.rows))
		}
		ready, done := make(chan struct{}), make(chan struct{})
		go func() { // the recorder has something to say of the call, and it is written
			defer close(done)
			<-ready
			if writes {
				f.j.write()
			}
		}()
		during = func() {
			f.j.Attach("A", "rec", "")
			f.j.settle()
			close(ready)
		}
		if _, err := f.j.Forget(context.Background(), "02079460000"); err != nil {
			t.Fatal(err)
		}
		<-done
		f.j.write()
		f.j.write()
		if r := f.row("A"); r.Caller != "" || len(r.Recordings) != 1 {
			t.Errorf("written meanwhile: %v; afterwards %+v", writes, r)
		}
		if len(f.j.rows) != 0 {
			t.Errorf("%d rows are kept in memory", len(f.j.rows))
		}
		if err := f.db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// asked is a context that tells when it is asked whether it is over.
type asked struct {
	context.Context
	tell func()
}

func (a asked) Err() error {
	a.tell()
	return a.Context.Err()
}

func TestANumberIsOffTheDiskWhenForgettingItReturns(t *testing.T) {
	f := &fixture{T: t, feed: &feed{wake: make(chan struct{}, 1)}, now: at(0)}
	under, goOn := make(chan struct{}), make(chan struct{})
	var hold atomic.Bool
	var err error
	f.db, _, err = store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{Commit: func(commit func() error) error {
		if hold.Swap(false) {
			close(under)
			<-goOn
		}
		return commit()
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.db.Close() })
	f.restart()
	e := ended("A", 30, "on-hook", false)
	e.Caller = "02079460000"
	f.play(begin("A", 1, 0, channels.Incoming), e)
	hold.Store(true)
	written := make(chan bool)
	go func() { written <- f.j.write() }() // the number is on its way to the disk
	<-under
	var once sync.Once
	ctx := asked{context.Background(), func() { once.Do(func() { close(goOn) }) }} // … and comes there when nothing was found on it
	if n, err := f.j.Forget(ctx, "02079460000"); err != nil || n != 1 {
		t.Errorf("%d calls changed, %v; want 1", n, err)
	}
	if !<-written {
		t.Error("not written")
	}
	if err := f.db.View(func(tx *store.Tx) error { // as the next start would find it after a kill
		r, ok, err := find(tx, "A")
		if !ok || r.Caller != "" {
			t.Errorf("the disk has %v %+v", ok, r)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestForgettingSaysWhenTheDiskDoesNotTakeIt(t *testing.T) {
	f := start(t)
	e := ended("A", 30, "on-hook", false)
	e.Caller = "02079460000"
	f.play(begin("A", 1, 0, channels.Incoming), e)
	f.fail.Store(true)
	if _, err := f.j.Forget(context.Background(), "02079460000"); err == nil {
		t.Error("the disk refused, and it is said to be done")
	}
	f.fail.Store(false)
	if _, err := f.j.Forget(context.Background(), "02079460000"); err != nil {
		t.Error(err)
	}
	f.restart()
	if r := f.row("A"); r.Caller != "" {
		t.Errorf("%+v", r)
	}
}
