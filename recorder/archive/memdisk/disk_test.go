package memdisk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"testing"

	"vaad/recorder/archive/memdisk"
)

// TestWhatWasSyncedSurvivesAndTheRestMayNot writes a file in pieces, syncs half
// way, and cuts the power: the first half is always there, the second in every
// shape, over the seeds, that a real disk may leave.
func TestWhatWasSyncedSurvivesAndTheRestMayNot(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(300) {
		d := memdisk.New()
		f, err := d.Open("a", os.O_RDWR|os.O_CREATE, 0o640)
		if err != nil {
			t.Fatal(err)
		}
		first, second := bytes.Repeat([]byte{1}, 700), bytes.Repeat([]byte{2}, 2000)
		f.WriteAt(first, 0)
		if err := d.SyncFS(); err != nil {
			t.Fatal(err)
		}
		f.WriteAt(second, 700)
		d.MkdirAll("x/y", 0o750)
		d.Open("x/y/b", os.O_RDWR|os.O_CREATE, 0o640)
		d.Rename("a", "x/a")
		d = d.PowerCut(seed)
		name := "a"
		b, err := d.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			name = "x/a"
			b, err = d.ReadFile(name)
		}
		if err != nil || !bytes.HasPrefix(b, first) {
			t.Fatalf("seed %d: %v, %d bytes", seed, err, len(b))
		}
		tail := b[700:]
		switch {
		case len(tail) == 0:
			seen["lost"] = true
		case bytes.Equal(tail, second):
			seen["whole"] = true
		case bytes.Equal(tail, make([]byte, len(tail))):
			seen["zero"] = true
		default:
			seen["torn"] = true
		}
		_, err = d.ReadFile("x/y/b")
		seen[fmt.Sprint(name, " b:", err == nil)] = true
	}
	for _, s := range []string{"lost", "whole", "zero", "torn", "a b:true", "a b:false", "x/a b:true", "x/a b:false"} {
		if !seen[s] {
			t.Errorf("never %s", s)
		}
	}
}

func TestKillKeepsEverythingButTheProcess(t *testing.T) {
	d := memdisk.New()
	f, _ := d.Open("a", os.O_RDWR|os.O_CREATE, 0o640)
	f.WriteAt([]byte("abc"), 0)
	k := d.Kill()
	if _, err := f.WriteAt([]byte("d"), 3); !errors.Is(err, memdisk.ErrCrashed) {
		t.Error(err)
	}
	if b, err := k.ReadFile("a"); string(b) != "abc" {
		t.Error(b, err)
	}
	lost := false
	for seed := range uint64(50) { // what the dead process had not synced is still not durable
		if _, err := k.Kill().PowerCut(seed).ReadFile("a"); err != nil {
			lost = true
		}
	}
	if !lost {
		t.Error("a kill made files durable")
	}
}

func TestCrashHappensAtTheSetOperationAndInPart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	lengths := map[int]bool{}
	for range 100 {
		d := memdisk.New()
		f, _ := d.Open("a", os.O_RDWR|os.O_CREATE, 0o640)
		d.CrashAfter(1, rng.Uint64())
		if _, err := f.WriteAt([]byte("abc"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("def"), 3); !errors.Is(err, memdisk.ErrCrashed) {
			t.Fatal(err)
		}
		if _, err := d.Stat("a"); !errors.Is(err, memdisk.ErrCrashed) {
			t.Fatal(err)
		}
		b, _ := d.Kill().ReadFile("a")
		lengths[len(b)] = true
	}
	if len(lengths) != 4 {
		t.Error(lengths)
	}
}
