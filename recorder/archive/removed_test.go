package archive_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaad/recorder/archive"
)

func TestARemovedFolderCostsOnlyWhatWasInIt(t *testing.T) {
	root := t.TempDir()
	a, err := archive.Open(archive.Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	w := begin(t, a, "mixed")
	put(t, w, "abc")
	if _, err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(root, "open")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Sync(); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), w.ID()) {
		t.Errorf("sync after the files were removed: %v, want an error that names them", err)
	}
	next := begin(t, a, "mixed")
	put(t, next, "def")
	finish(t, a, next)
	if ls, _ := lines(t, a, nil); len(ls) != 1 || ls[0].ID != next.ID() {
		t.Errorf("journal after the folder was removed: %v, want the seal of %s", ls, next.ID())
	}
}

func TestARecordingWhoseFilesAreAllGoneIsGivenUpAndSaid(t *testing.T) {
	root := t.TempDir()
	var lost []string
	a, err := archive.Open(archive.Config{Root: root, Fault: func(err error) {
		if of := (*archive.Error)(nil); errors.Is(err, archive.ErrVanished) && errors.As(err, &of) {
			lost = append(lost, of.ID)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := begin(t, a, "mixed")
	put(t, w, "abc")
	if err := os.RemoveAll(filepath.Join(root, "open")); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil {
		t.Fatal(err)
	}
	for range 8 { // each makes it try again
		if err := a.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if want := []string{w.ID()}; !slices.Equal(lost, want) {
		t.Errorf("given up: %v, want %v", lost, want)
	}
}
