package folder

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/targettest"
)

// shutdown is the ioctl FS_IOC_SHUTDOWN: the file system forgets what is not
// written yet, and fails everything from now on, as when its disk is pulled.
const shutdown = 0x8004587d

// pulling is a source during which the disk is pulled.
type pulling struct {
	io.ReaderAt
	at   int64
	pull func()
}

func (p *pulling) ReadAt(b []byte, off int64) (int, error) {
	if p.pull != nil && off >= p.at {
		p.pull()
		p.pull = nil
	}
	return p.ReaderAt.ReadAt(b, off)
}

func TestADiskThatIsPulledInAWriteKeepsTheOldFileAndGoesOnLater(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("loop devices take root")
	}
	image, point := filepath.Join(t.TempDir(), "disk.img"), t.TempDir()
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 32<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		t.Skipf("mkfs.ext4: %v: %s", err, out)
	}
	mount(t, "-o", "loop", image, point)
	plant(point)(t, []string{target.Marker})
	tg, err := Open(config(point, point, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tg.Close() }()
	old, b := targettest.Bytes(500_000, 1), targettest.Bytes(4<<20, 2)
	if err := tg.Put(t.Context(), "a/f", int64(len(old)), bytes.NewReader(old)); err != nil {
		t.Fatal(err)
	}
	err = tg.PutFrom(t.Context(), "a/f", int64(len(b)), &pulling{bytes.NewReader(b), 2 << 20, func() {
		f, err := os.Open(point)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = f.Close() }()
		if err := unix.IoctlSetPointerInt(int(f.Fd()), shutdown, 2); err != nil { // nothing more is written, not even the log
			t.Logf("ioctl: %v", err)
		}
	}})
	if !errors.Is(err, target.ErrCorrupt) && !errors.Is(err, target.ErrGone) {
		t.Fatalf("put: %v", err)
	}
	if err := tg.Put(t.Context(), "a/g", 1, strings.NewReader("x")); err == nil {
		t.Error("something was put on a disk that is not there")
	}
	if out, err := exec.Command("umount", point).CombinedOutput(); err != nil {
		t.Fatalf("umount: %v: %s", err, out)
	}
	if err := tg.Put(t.Context(), "a/g", 1, strings.NewReader("x")); !errors.Is(err, target.ErrGone) {
		t.Errorf("put without the disk: %v", err)
	}
	mount(t, "-o", "loop", image, point) // it is back
	if got, err := os.ReadFile(filepath.Join(point, "a/f")); err != nil || !bytes.Equal(got, old) {
		t.Errorf("the old file: %v, %d bytes", err, len(got))
	}
	if err := tg.PutFrom(t.Context(), "a/f", int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(point, "a/f")); err != nil || !bytes.Equal(got, b) {
		t.Errorf("the new file: %v, %d bytes", err, len(got))
	}
}
