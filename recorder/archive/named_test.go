package archive_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

func TestBeginCanBeTriedAgainUnderTheSameID(t *testing.T) {
	d := memdisk.New()
	refuse := true
	d.Fail = func(op, name string) error {
		if refuse && (op == "remove" || strings.HasSuffix(name, ".wav")) {
			return syscall.EROFS
		}
		return nil
	}
	a, err := archive.Open(archive.Config{Disk: d})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	begin := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	s := archive.Start{ID: a.NewID(begin), Line: 1, Codec: archive.G711A, Sides: []string{"mixed"}, Begin: begin}
	if _, err := a.Begin(s); !errors.Is(err, syscall.EROFS) {
		t.Fatalf("begin on a refusing disk: %v", err)
	}
	refuse = false
	w, err := a.Begin(s)
	if err != nil {
		t.Fatalf("the second try: %v", err)
	}
	if w.ID() != s.ID {
		t.Errorf("the recording is called %s, want %s", w.ID(), s.ID)
	}
	if _, err := a.Begin(s); err == nil {
		t.Error("two recordings have one ID")
	}
}
