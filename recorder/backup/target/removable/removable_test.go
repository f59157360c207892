package removable

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/targettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a machine with one disk, which is a folder.
type fake struct {
	mu      sync.Mutex
	dir     string
	plugged int // 0 = not; else how often it was plugged in
	mounted bool
	refuse  error // of Unmount
	mounts  int
	synced  bool
}

func (f *fake) Find() (string, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plugged <= 0 {
		return "", "", folder.Gone("no disk")
	}
	return "/dev/fake", time.Duration(f.plugged).String(), nil
}

func (f *fake) Mounted(string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mounted {
		return f.dir, nil
	}
	return "", nil
}

func (f *fake) Mount(context.Context, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mounts++
	f.mounted = true
	return nil
}

func (f *fake) Unmount(context.Context, string, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	f.mounted = false
	return nil
}

func (f *fake) Open(point, _ string) (folder.Disk, error) {
	return folder.At(point, "")(context.Background())
}

func (f *fake) Sync(string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.synced = true
	return nil
}

func (f *fake) unplug() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plugged > 0 {
		f.plugged, f.mounted = -f.plugged, false
	}
}

func (f *fake) plug() { f.mu.Lock(); f.plugged = -f.plugged + 1; f.mu.Unlock() }

func config(stall time.Duration) target.Config {
	c := target.Defaults(target.KindRemovable)
	c.Name, c.Removable.Label, c.Removable.Mounts, c.StallS = "usb", "VAAD 1", "udisks", max(1, int(stall/time.Second))
	return c
}

func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "vaad-removable-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestARemovableDiskIsATarget(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Place {
		f, s := &fake{dir: scratch(t), plugged: 1}, &slot{}
		return targettest.Place{
			Open: func(stall time.Duration) (target.Target, error) {
				c := config(stall)
				return newTarget(c, f, s), c.Validate()
			},
			Resumes: true,
			Plant: func(t *testing.T, names []string) {
				for _, n := range names {
					p := filepath.Join(f.dir, n)
					if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, []byte(n), 0o600)); err != nil {
						t.Fatal(err)
					}
				}
			},
			Vanish: f.unplug, Return: f.plug, Class: target.ErrGone,
		}
	})
}

func TestAnEjectedDiskIsNotTouchedUntilItWasAway(t *testing.T) {
	f := &fake{dir: scratch(t), plugged: 1}
	tg := newTarget(config(time.Minute), f, &slot{})
	defer func() { _ = tg.Close() }()
	ctx := t.Context()
	state := func(want target.MediumState) {
		t.Helper()
		if m := tg.Medium(ctx); m.State != want {
			t.Errorf("medium is %+v, not %s", m, want)
		}
	}
	state(target.MediumPresent)
	if err := tg.Put(ctx, target.Marker, 2, strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	state(target.MediumMounted)
	if err := tg.Eject(ctx); err != nil || !f.synced {
		t.Fatal(err, f.synced)
	}
	state(target.MediumReleased)
	for range 2 {
		if _, err := tg.Stat(ctx, "a"); !errors.Is(err, target.ErrGone) || !strings.Contains(err.Error(), "released") {
			t.Errorf("stat after eject: %v", err)
		}
	}
	state(target.MediumReleased)
	f.unplug()
	state(target.MediumAbsent)
	f.plug()
	state(target.MediumPresent)
	if _, err := tg.Stat(ctx, target.Marker); err != nil {
		t.Errorf("stat once it came back: %v", err)
	}
	// Plugged out and in between two looks is as good.
	if err := tg.Eject(ctx); err != nil {
		t.Fatal(err)
	}
	f.unplug()
	f.plug()
	if _, err := tg.Stat(ctx, target.Marker); err != nil {
		t.Errorf("stat once it came back unseen: %v", err)
	}
	// And so is who says so.
	if err := tg.Eject(ctx); err != nil {
		t.Fatal(err)
	}
	if err := tg.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	state(target.MediumMounted)
	f.refuse = folder.Classed(target.ErrRefused, errors.New("target is busy"))
	if err := tg.Eject(ctx); !errors.Is(err, target.ErrRefused) {
		t.Errorf("eject of a busy disk: %v", err)
	}
	state(target.MediumMounted)
	if _, err := tg.Stat(ctx, target.Marker); err != nil {
		t.Errorf("stat after an eject that failed: %v", err)
	}
	f.unplug()
	if err := tg.Eject(ctx); !errors.Is(err, target.ErrGone) {
		t.Errorf("eject of nothing: %v", err)
	}
	if err := tg.Attach(ctx); !errors.Is(err, target.ErrGone) {
		t.Errorf("attach of nothing: %v", err)
	}
}

func TestEjectWaitsForWhoWrites(t *testing.T) {
	f := &fake{dir: scratch(t), plugged: 1}
	tg := newTarget(config(time.Minute), f, &slot{})
	defer func() { _ = tg.Close() }()
	ctx := t.Context()
	if err := tg.Put(ctx, target.Marker, 2, strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	put := make(chan error, 1)
	go func() { put <- tg.Put(ctx, "f", 4, r) }()
	if _, err := w.Write([]byte("ab")); err != nil {
		t.Fatal(err)
	}
	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	defer stop()
	if err := tg.Eject(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("eject while somebody writes: %v", err)
	}
	if m := tg.Medium(ctx); m.State != target.MediumMounted {
		t.Errorf("%+v", m)
	}
	ejected := make(chan error, 1)
	go func() { ejected <- tg.Eject(ctx) }()
	if _, err := w.Write([]byte("cd")); err != nil {
		t.Fatal(err)
	}
	if err := <-put; err != nil {
		t.Fatal(err)
	}
	if err := <-ejected; err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(f.dir, "f")); err != nil || string(b) != "abcd" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestAllTargetsOfADiskKnowOfItsRelease(t *testing.T) {
	f := &fake{dir: scratch(t), plugged: 1}
	c := config(time.Minute)
	c.Removable.Label = t.TempDir() // of this run: what is known of a disk stays with its label
	one, two := newTarget(c, f, slotOf(c.Removable)), newTarget(c, f, slotOf(c.Removable))
	defer func() { _, _ = one.Close(), two.Close() }()
	if err := one.Put(t.Context(), target.Marker, 2, strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	r, err := one.Get(t.Context(), target.Marker, 0, -1) // somebody still reads
	if err != nil {
		t.Fatal(err)
	}
	short, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := two.Eject(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("eject while the other reads: %v", err)
	}
	_ = r.Close()
	if err := two.Eject(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Stat(t.Context(), target.Marker); !errors.Is(err, target.ErrGone) {
		t.Errorf("stat after the other's eject: %v", err)
	}
	if m := one.Medium(t.Context()); m.State != target.MediumReleased {
		t.Errorf("%+v", m)
	}
	c.Removable.Label = "another"
	if slotOf(c.Removable) == one.slot {
		t.Error("another disk has the same slot")
	}
}

func TestAllWhoEjectHearOfTheLastReader(t *testing.T) {
	f, s := &fake{dir: scratch(t), plugged: 1}, &slot{}
	one, two := newTarget(config(time.Minute), f, s), newTarget(config(time.Minute), f, s)
	defer func() { _, _ = one.Close(), two.Close() }()
	if err := one.Put(t.Context(), target.Marker, 2, strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	r, err := one.Get(t.Context(), target.Marker, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	ejected := make(chan error, 2)
	for _, tg := range []*Target{one, two} {
		go func() { ejected <- tg.Eject(t.Context()) }()
	}
	for waiting := 0; waiting < 2; runtime.Gosched() {
		s.mu.Lock()
		waiting = s.ejecting
		s.mu.Unlock()
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case err := <-ejected:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("one waits still")
		}
	}
}

func TestLabelsAreFoundAsUdevWritesThem(t *testing.T) {
	for label, want := range map[string]string{"VAAD": "VAAD", "My Disk": `My\x20Disk`, "a/b": `a\x2fb`, "备份": "备份", `x\y`: `x\x5cy`, "a+b=c@d:e#f": "a+b=c@d:e#f"} {
		if got := escape(label); got != want {
			t.Errorf("%q is %q, not %q", label, got, want)
		}
	}
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "by-label"), 0o700), os.WriteFile(filepath.Join(dir, "sdb1"), nil, 0o600),
		os.Symlink("../sdb1", filepath.Join(dir, "by-label", `My\x20Disk`))); err != nil {
		t.Fatal(err)
	}
	m := &Machine{Config: target.Removable{Label: "My Disk"}, Disks: dir}
	if dev, since, err := m.Find(); err != nil || dev != filepath.Join(dir, "sdb1") || since == "" {
		t.Errorf("%q %q %v", dev, since, err)
	}
	m.Config.Label = "Other"
	if _, _, err := m.Find(); !errors.Is(err, target.ErrGone) {
		t.Error(err)
	}
}

func TestProgramsAreCalledWithoutAShell(t *testing.T) {
	var said []string
	m := &Machine{Config: target.Removable{At: "/mnt/x; rm"}, Run: func(_ context.Context, name string, args ...string) error {
		said = append(said, name+"|"+strings.Join(args, "|"))
		return nil
	}}
	for _, how := range []string{"udisks", "systemd"} {
		m.Config.Mounts = how
		if err := errors.Join(m.Mount(t.Context(), "/dev/sdb1"), m.Unmount(t.Context(), "/dev/sdb1", "/mnt/x")); err != nil {
			t.Error(err)
		}
	}
	m.Config.Mounts = "mount"
	if err := m.Unmount(t.Context(), "/dev/sdb1", "/mnt/x"); err != nil {
		t.Error(err)
	}
	want := `udisksctl|mount|--no-user-interaction|-b|/dev/sdb1
udisksctl|unmount|--no-user-interaction|-b|/dev/sdb1
systemd-mount|--no-ask-password|--collect|--options=nosuid,nodev,noexec|/dev/sdb1|/mnt/x; rm
systemd-mount|--no-ask-password|--umount|/mnt/x
umount|--|/mnt/x`
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("%s", got)
	}
	m.Config.Mounts = "never"
	if err := m.Mount(t.Context(), "/dev/sdb1"); !errors.Is(err, target.ErrGone) {
		t.Errorf("mount, never: %v", err)
	}
	if err := m.Unmount(t.Context(), "/dev/sdb1", "/mnt/x"); !errors.Is(err, target.ErrRefused) {
		t.Errorf("unmount, never: %v", err)
	}
	if err := run(t.Context(), "vaad-no-such-program"); err == nil || !strings.Contains(err.Error(), "not installed") {
		t.Errorf("a program that is missing: %v", err)
	}
	if err := run(t.Context(), "sh", "-c", "echo device is busy >&2; exit 3"); !errors.Is(err, target.ErrRefused) || !strings.Contains(err.Error(), "device is busy") {
		t.Errorf("a program that fails: %v", err)
	}
}

// loop makes an ext4 disk of a file, where that is permitted, and gives its device.
func loop(t *testing.T, label string, mb int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("loop devices take root")
	}
	image := filepath.Join(t.TempDir(), "disk.img")
	f, err := os.Create(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(int64(mb)<<20), f.Close()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-L", label, image).CombinedOutput(); err != nil {
		t.Skipf("mkfs.ext4: %v: %s", err, out)
	}
	out, err := exec.Command("losetup", "--find", "--show", image).CombinedOutput()
	if err != nil {
		t.Skipf("losetup: %v: %s", err, out)
	}
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = exec.Command("losetup", "-d", device).Run() })
	return device
}

func TestARealDiskIsMountedFilledEjectedAndFoundAgain(t *testing.T) {
	device := loop(t, "VAAD-A", 16)
	disks, at := t.TempDir(), filepath.Join(t.TempDir(), "mnt")
	link := filepath.Join(disks, "by-label", "VAAD-A")
	if err := errors.Join(os.Mkdir(filepath.Dir(link), 0o700), os.Symlink(device, link)); err != nil {
		t.Fatal(err)
	}
	c := config(time.Minute)
	c.Removable = target.Removable{Label: "VAAD-A", Mounts: "mount", At: at, Folder: "vaad/box"}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	tg := newTarget(c, &Machine{Config: c.Removable, Disks: disks, Run: run}, &slot{})
	t.Cleanup(func() { _, _ = tg.Close(), exec.Command("umount", "-l", at).Run() })
	ctx := t.Context()
	if err := tg.Attach(ctx); err != nil {
		t.Skipf("mounting is not permitted: %v", err)
	}
	if _, err := tg.Stat(ctx, target.Marker); !errors.Is(err, target.ErrNotExist) {
		t.Fatalf("stat on a new disk: %v", err)
	}
	if err := tg.Put(ctx, target.Marker, 2, strings.NewReader("{}")); err != nil {
		t.Fatal(err)
	}
	b := targettest.Bytes(3<<20, 1)
	if err := tg.PutFrom(ctx, "recordings/f", int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	s, err := tg.Space(ctx)
	if err != nil || s.Total < 8<<20 || s.Total > 16<<20 || s.Free <= 0 || s.Free > s.Total-3<<20 {
		t.Errorf("space: %+v, %v", s, err)
	}
	big := targettest.Bytes(16<<20, 2)
	if err := tg.PutFrom(ctx, "recordings/g", int64(len(big)), bytes.NewReader(big)); !errors.Is(err, target.ErrFull) {
		t.Errorf("put of too much: %v", err)
	}
	if err := tg.Eject(ctx); err != nil {
		t.Fatal(err)
	}
	if m := tg.Medium(ctx); m.State != target.MediumReleased || m.Device != device {
		t.Errorf("%+v", m)
	}
	if left, err := os.ReadDir(at); err != nil || len(left) != 0 {
		t.Errorf("the mount point holds %v, %v", left, err)
	}
	if err := os.Remove(link); err != nil { // unplugged
		t.Fatal(err)
	}
	if err := tg.Put(ctx, "recordings/h", 1, strings.NewReader("x")); !errors.Is(err, target.ErrGone) {
		t.Errorf("put without the disk: %v", err)
	}
	if err := os.Symlink(device, link); err != nil { // and back
		t.Fatal(err)
	}
	r, err := tg.Get(ctx, "recordings/f", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	_ = r.Close()
	if err != nil || !bytes.Equal(got, b) {
		t.Errorf("%v, %d bytes", err, len(got))
	}
	// A process of somebody else keeps it busy.
	f, err := os.Open(filepath.Join(at, "vaad"))
	if err != nil {
		t.Fatal(err)
	}
	if err := tg.Eject(ctx); !errors.Is(err, target.ErrRefused) {
		t.Errorf("eject of a busy disk: %v", err)
	}
	_ = f.Close()
	if err := tg.Eject(ctx); err != nil {
		t.Error(err)
	}
}
