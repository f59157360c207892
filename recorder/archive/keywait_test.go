package archive_test

import (
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
)

// openFiles is a disk that counts the files that are open.
type openFiles struct {
	archive.Disk
	n atomic.Int64
}

func (d *openFiles) Open(name string, flag int, perm fs.FileMode) (archive.File, error) {
	f, err := d.Disk.Open(name, flag, perm)
	if err != nil {
		return nil, err
	}
	d.n.Add(1)
	return &openFile{File: f, of: d}, nil
}

type openFile struct {
	archive.File
	of   *openFiles
	once sync.Once
}

func (f *openFile) Close() error {
	f.once.Do(func() { f.of.n.Add(-1) })
	return f.File.Close()
}

// TestARecordingThatWaitsForItsKeyHoldsNoFilesOpen has no keys for as long as some
// calls take: each would cost four descriptors until there are none left.
func TestARecordingThatWaitsForItsKeyHoldsNoFilesOpen(t *testing.T) {
	mem := memdisk.New()
	d := &openFiles{Disk: mem}
	var off atomic.Bool
	a, err := archive.Open(archive.Config{Disk: d, Encryption: func() archive.Encryption { return archive.Encryption{Audio: !off.Load()} }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var ids []string
	for range 5 {
		w, err := a.Begin(archive.Start{Line: 1, Codec: archive.G711A, Sides: []string{"network", "local"}, Begin: t0})
		if err != nil {
			t.Fatal(err)
		}
		put(t, w, strings.Repeat("\xD5", 4000), strings.Repeat("\x55", 4000))
		if err := w.Append(0, []byte("\xD5\xD5")); err != nil { // without a checkpoint
			t.Fatal(err)
		}
		if err := w.Finish(archive.End{Time: t0, EndedBy: "on-hook"}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID())
	}
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if n := d.n.Load(); n != 0 {
		t.Errorf("%d files are open while nothing can be done", n)
	}
	off.Store(true)
	if err := a.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		b, err := mem.ReadFile("2026/11/22/" + id + ".network.wav")
		if err != nil || strings.Count(string(b), "\xD5") < 4002 {
			t.Errorf("%s: %v, %d bytes", id, err, len(b))
		}
		checks, err := a.Verify(ctx, "", id)
		if err != nil || len(checks) != 3 {
			t.Errorf("%s: %v, %v", id, checks, err)
		}
		for _, c := range checks {
			if !c.OK {
				t.Errorf("%s: %+v", id, c)
			}
		}
	}
}
