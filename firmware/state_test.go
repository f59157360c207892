package firmware

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"vaad/firmware/wire"
)

func TestTheLastFailureOfADeviceIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "state.json")
	s := NewState(path)
	if len(s.Failures()) != 0 {
		t.Error("there is none")
	}
	if err := s.End("a", &wire.Error{Code: wire.NoImage, Detail: "x"}, 7); err != nil {
		t.Fatal(err)
	}
	var many sync.WaitGroup
	for i := range maxFailures {
		many.Go(func() {
			if err := NewState(path).End(fmt.Sprint("b", i), &wire.Error{Code: wire.NoDevice}, 0); err != nil {
				t.Error(err)
			}
		})
	}
	many.Wait()
	if f := s.Failures(); len(f) != maxFailures {
		t.Error(len(f))
	}
	if err := s.End("b7", nil, 0); err != nil || s.Failures()["b7"].Code != "" {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil || len(s.Failures()) != 0 {
		t.Error("a damaged file has failures")
	}
	if err := s.End("c", &wire.Error{Code: wire.NoDevice}, 0); err != nil || len(s.Failures()) != 1 {
		t.Error("a damaged file is not replaced", err)
	}
}

func TestADeviceIsTakenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "state.json")
	a, b := NewState(path), NewState(path)
	if b.Taken("x") {
		t.Error("taken by nobody")
	}
	release, err := a.Take("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Take("x"); !errors.Is(err, errLoading) || !b.Taken("x") || b.Taken("y") {
		t.Error(err)
	}
	release()
	if release, err = b.Take("x"); err != nil {
		t.Fatal(err)
	}
	release()
}

// As by a process that asks whether it is taken, and just then gets no processor.
func TestWhoAsksWhetherADeviceIsTakenTakesItFromNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewState(filepath.Join(t.TempDir(), "run", "state.json"))
		asking, err := s.lock("device-x", syscall.LOCK_SH|syscall.LOCK_NB)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Second, asking)
		release, err := s.Take("x")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := s.Take("x"); !errors.Is(err, errLoading) || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		release()
	})
}

func TestADeviceThatIsBeingLoadedIsKnownToAllProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "state.json")
	a, b := NewState(path), NewState(path)
	release, err := a.Take("x")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Begin(wire.Device{ID: "x", Model: "m"}); err != nil || b.Loading()["x"].Model != "m" {
		t.Error(b.Loading(), err)
	}
	release() // as when its process dies
	if l := b.Loading(); len(l) != 0 {
		t.Error(l)
	}
	if err := b.End("y", nil, 0); err != nil || len(b.read().Loading) != 0 {
		t.Error("what nobody loads stays in the file", err)
	}
}

// The folder is of the helper's user; root, who loads by hand, must not be led away.
func TestNoLinkInTheFolderIsFollowed(t *testing.T) {
	dir, aim := t.TempDir(), filepath.Join(t.TempDir(), "aim")
	s := NewState(filepath.Join(dir, "state.json"))
	for _, name := range []string{"state.lock", "device-a.lock"} {
		if err := os.Symlink(aim, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Take("a"); err == nil {
		t.Error("a device is taken through a link")
	}
	if err := s.End("a", nil, 0); err == nil {
		t.Error("the state is locked through a link")
	}
	if err := os.Symlink(aim, filepath.Join(dir, "state.json.new")); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(filepath.Join(dir, "state.json.new"), []byte("x")); err == nil {
		t.Error("the state is written through a link")
	}
	if _, err := os.Stat(aim); !errors.Is(err, os.ErrNotExist) {
		t.Error("a link was followed:", err)
	}
}

func TestAStateThatIsTooLargeOrAPipeSaysNothing(t *testing.T) {
	dir := t.TempDir()
	large, pipe := filepath.Join(dir, "large"), filepath.Join(dir, "pipe")
	b := append([]byte(`{"version":1,"failures":{"a":{"code":"x"}}}`), make([]byte, maxState)...)
	for i := len(b) - maxState; i < len(b); i++ {
		b[i] = ' '
	}
	if err := errors.Join(os.WriteFile(large, b, 0o644), syscall.Mkfifo(pipe, 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{large, pipe} { // of the pipe nobody is the writer
		if f := NewState(path).Failures(); len(f) != 0 {
			t.Errorf("%s: %v", path, f)
		}
	}
}

// Files of state that were ever written can be read for ever.
func TestCompatState(t *testing.T) {
	f := NewState("testdata/compat/state-v1.json").Failures()
	if x := f["at-0000_00_14.0-1"]; len(f) != 1 || NewState("testdata/compat/state-v1.json").read().Loading["at-0000_00_14.0-2"].Port != "1-2" || x.Code != wire.ImageChanged || x.Detail != "USB_FW.hex" || x.At.Year() != 2026 {
		t.Fatal(f)
	}
}
