package folder

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/targettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scratch is a folder in memory where there is one: the suite syncs a lot.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "vaad-folder-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func config(path, mount string, stall time.Duration) target.Config {
	c := target.Defaults(target.KindFolder)
	c.Name, c.Folder, c.StallS = "disk", target.Folder{Path: path, Mount: mount}, max(1, int(stall/time.Second))
	return c
}

func plant(root string) func(*testing.T, []string) {
	return func(t *testing.T, names []string) {
		for _, n := range names {
			p := filepath.Join(root, n)
			if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, []byte(n), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAFolderIsATarget(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Place {
		root := scratch(t)
		dir := filepath.Join(root, "backup")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		hang := &hanging{}
		return targettest.Place{
			Open: func(stall time.Duration) (target.Target, error) {
				c := config(dir, "", stall)
				return New(c, hang.opener(At(dir, "")), Classify), c.Validate()
			},
			Resumes: true,
			Plant:   plant(dir),
			Vanish: func() {
				if err := os.Rename(dir, dir+".away"); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
			},
			Return: func() {
				if err := os.Rename(dir+".away", dir); err != nil {
					t.Error(err)
				}
			},
			Class:  target.ErrGone,
			Freeze: hang.freeze, Thaw: hang.thaw,
		}
	})
}

// hanging is a disk whose calls wait while it is frozen, as those of a network
// share whose server is away do.
type hanging struct {
	mu sync.Mutex
	on chan struct{}
}

func (h *hanging) freeze() { h.mu.Lock(); h.on = make(chan struct{}); h.mu.Unlock() }
func (h *hanging) thaw()   { h.mu.Lock(); close(h.on); h.on = nil; h.mu.Unlock() }
func (h *hanging) wait() {
	h.mu.Lock()
	on := h.on
	h.mu.Unlock()
	if on != nil {
		<-on
	}
}

func (h *hanging) opener(open Opener) Opener {
	return func(ctx context.Context) (Disk, error) {
		h.wait()
		d, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return &faulty{Disk: d, fault: func(string, int64) error { h.wait(); return nil }}, nil
	}
}

// faulty asks before it writes, syncs, renames or removes.
type faulty struct {
	Disk
	fault func(op string, off int64) error
}

func (d *faulty) Open(name string, flag int) (File, error) {
	f, err := d.Disk.Open(name, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d.fault}, nil
}

func (d *faulty) Rename(from, to string) error {
	if err := d.fault("rename", 0); err != nil {
		return err
	}
	return d.Disk.Rename(from, to)
}

func (d *faulty) SyncDir(name string) error {
	if err := d.fault("syncdir", 0); err != nil {
		return err
	}
	return d.Disk.SyncDir(name)
}

type faultyFile struct {
	File
	fault func(op string, off int64) error
}

func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.fault("write", off); err != nil {
		n, _ := f.File.WriteAt(p[:len(p)/2], off) // half of it got through
		return n, err
	}
	return f.File.WriteAt(p, off)
}

func (f *faultyFile) Sync() error {
	if err := f.fault("sync", 0); err != nil {
		return err
	}
	return f.File.Sync()
}

func TestAFaultOfTheDiskLeavesTheOldFileAndSaysWhatItIs(t *testing.T) {
	for _, c := range []struct {
		op    string
		err   error
		class error
	}{
		{"write", syscall.ENOSPC, target.ErrFull}, {"write", syscall.EDQUOT, target.ErrFull}, {"write", syscall.EFBIG, target.ErrFull},
		{"write", syscall.EIO, target.ErrCorrupt}, {"sync", syscall.EIO, target.ErrCorrupt}, {"syncdir", syscall.EIO, target.ErrCorrupt},
		{"rename", syscall.EROFS, target.ErrReadOnly}, {"write", syscall.ENODEV, target.ErrGone}, {"rename", syscall.EPERM, target.ErrRefused},
		{"rename", syscall.ESTALE, target.ErrGone}, {"sync", syscall.EACCES, target.ErrAuth}, {"write", syscall.ENOTCONN, target.ErrUnreachable},
		{"write", syscall.ETIMEDOUT, target.ErrUnreachable}, {"write", syscall.ENOTTY, target.ErrOther},
	} {
		t.Run(c.op+"_"+strings.ReplaceAll(c.err.Error(), " ", "-"), func(t *testing.T) {
			dir := scratch(t)
			on := false
			tg := New(config(dir, "", time.Minute), func(ctx context.Context) (Disk, error) {
				d, err := At(dir, "")(ctx)
				return &faulty{d, func(op string, off int64) error {
					if on && op == c.op && (op != "write" || off >= 256<<10) {
						return c.err
					}
					return nil
				}}, err
			}, Classify)
			defer func() { _ = tg.Close() }()
			ctx := context.Background()
			old, b := targettest.Bytes(1000, 1), targettest.Bytes(1<<20, 2)
			plant(dir)(t, []string{target.Marker})
			if err := tg.Put(ctx, "a/f", 1000, bytes.NewReader(old)); err != nil {
				t.Fatal(err)
			}
			on = true
			err := tg.PutFrom(ctx, "a/f", int64(len(b)), bytes.NewReader(b))
			if !errors.Is(err, c.class) || !errors.Is(err, c.err) {
				t.Fatalf("put: %v", err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "a/f")); !bytes.Equal(got, old) && c.op != "syncdir" {
				t.Fatal("the old file is not there any more")
			}
			on = false
			if err := tg.PutFrom(ctx, "a/f", int64(len(b)), bytes.NewReader(b)); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(filepath.Join(dir, "a/f")); !bytes.Equal(got, b) {
				t.Fatal("the new file is not what was put")
			}
		})
	}
}

func TestAfterAFailedSyncNothingIsTakenForWritten(t *testing.T) {
	dir := scratch(t)
	fail := false
	tg := New(config(dir, "", time.Minute), func(ctx context.Context) (Disk, error) {
		d, err := At(dir, "")(ctx)
		return &faulty{d, func(op string, _ int64) error {
			if fail && op == "sync" {
				return syscall.EIO
			}
			return nil
		}}, err
	}, Classify)
	ctx := context.Background()
	if err := tg.Put(ctx, target.Marker, 0, bytes.NewReader(nil)); err != nil {
		t.Fatal(err)
	}
	fail = true
	b := targettest.Bytes(300_000, 1)
	if err := tg.PutFrom(ctx, "f", 300_000, bytes.NewReader(b)); !errors.Is(err, target.ErrCorrupt) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, partials)); err != nil || len(left) != 0 {
		t.Fatalf("%v is left, which may be in memory only: %v", left, err)
	}
}

func TestALongFileIsSyncedAsItGrows(t *testing.T) {
	dir := scratch(t)
	var written, synced, most int64
	tg := New(config(dir, "", time.Minute), func(ctx context.Context) (Disk, error) {
		d, err := At(dir, "")(ctx)
		return &faulty{d, func(op string, off int64) error {
			switch op {
			case "write":
				written = off + blockSize
				most = max(most, written-synced)
			case "sync":
				synced = written
			}
			return nil
		}}, err
	}, Classify)
	plant(dir)(t, []string{target.Marker})
	b := make([]byte, 40<<20)
	if err := tg.PutFrom(t.Context(), "f", int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if most > syncEach+blockSize || synced < int64(len(b)) {
		t.Errorf("%d bytes were not synced at a time, %d at the end", most, int64(len(b))-synced)
	}
}

func TestAFileThatIsReplacedIsNeverMissing(t *testing.T) {
	dir := scratch(t)
	replace := func() {
		if err := errors.Join(os.WriteFile(filepath.Join(dir, "new"), nil, 0o600), os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "f"))); err != nil {
			t.Error(err)
		}
	}
	replace()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				replace()
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	d, err := At(dir, "")(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for range 5000 {
		f, err := d.Open("f", os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
}

func TestALinkIsNotFollowedAndAPipeIsNotWaitedFor(t *testing.T) {
	dir, outside := scratch(t), scratch(t)
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"link": secret, "folder": outside, "near": "real"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	plant(dir)(t, []string{"real", target.Marker})
	tg, err := Open(config(dir, "", time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, name := range []string{"link", "pipe", "near"} {
		if r, err := tg.Get(ctx, name, 0, -1); !errors.Is(err, target.ErrNotExist) {
			t.Errorf("get of %s: %v, %v", name, r, err)
		}
		if _, err := tg.Stat(ctx, name); !errors.Is(err, target.ErrNotExist) {
			t.Errorf("stat of %s: %v", name, err)
		}
	}
	if r, err := tg.Get(ctx, "folder/secret", 0, -1); err == nil {
		t.Errorf("a link led out: %v", r)
	}
	if err := tg.Put(ctx, "folder/secret", 1, strings.NewReader("x")); err == nil {
		t.Error("a link led out")
	}
	if err := tg.Remove(ctx, "folder/secret"); err == nil {
		t.Error("a link led out")
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != "secret" {
		t.Fatalf("what lies outside was changed: %q, %v", b, err)
	}
	var got []string
	if err := tg.List(ctx, "", func(e target.Entry) error { got = append(got, e.Name); return nil }); err != nil || len(got) != 2 {
		t.Errorf("list: %v, %v", got, err)
	}
}

func TestWhatIsNotOursIsNotListed(t *testing.T) {
	dir := scratch(t)
	plant(dir)(t, []string{"ours", "with blank", ".hidden/x", "System Volume Information/y", "lost+found/z", "-dash", ".vaad-partial/q", target.Marker})
	tg, err := Open(config(dir, "", time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := tg.List(context.Background(), "", func(e target.Entry) error { got = append(got, e.Name); return nil }); err != nil || strings.Join(got, " ") != "ours "+target.Marker {
		t.Errorf("list: %v, %v", got, err)
	}
}

func TestTheTableOfMountsIsRead(t *testing.T) {
	all, err := ParseMounts(strings.NewReader(`22 27 0:21 / /proc rw,relatime - proc proc rw
98 24 8:17 / /media/My\040Disk\134x rw,nosuid shared:44 - ext4 /dev/sdb1 rw
nonsense
99 24 8:18 / /a\09 rw - vfat /dev/sdb2 rw
x 24 8:18 / /b rw - vfat /dev/sdb2 rw
`))
	if err != nil || len(all) != 3 || all[1].Point != `/media/My Disk\x` || all[1].Source != "/dev/sdb1" || all[1].Dev != "8:17" || all[2].Point != `/a\09` {
		t.Fatalf("%+v, %v", all, err)
	}
}

func FuzzTheTableOfMounts(f *testing.F) {
	f.Add("22 27 0:21 / /proc\\040 rw,relatime - proc proc rw\n")
	f.Fuzz(func(_ *testing.T, s string) { _, _ = ParseMounts(strings.NewReader(s)) })
}

// mount mounts something for a test, where that is permitted.
func mount(t *testing.T, args ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting takes root")
	}
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Skipf("mount %v: %v: %s", args, err, out)
	}
	at := args[len(args)-1]
	t.Cleanup(func() { _ = exec.Command("umount", "-l", at).Run() })
}

func TestAMountPointWithNothingMountedIsNeverFilled(t *testing.T) {
	point := scratch(t)
	dir := filepath.Join(point, "backup")
	plant(dir)(t, []string{target.Marker}) // even one that somebody left there
	tg, err := Open(config(dir, point, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	put := func() error { return tg.Put(ctx, "a/f", 3, strings.NewReader("abc")) }
	if err := put(); !errors.Is(err, target.ErrGone) {
		t.Fatalf("put where nothing is mounted: %v", err)
	}
	mount(t, "-t", "tmpfs", "-o", "size=1m", "none", point)
	plant(dir)(t, []string{target.Marker})
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Unmount(point, 0); err != nil {
		t.Fatalf("an idle target keeps the disk busy: %v", err)
	}
	if err := put(); !errors.Is(err, target.ErrGone) {
		t.Fatalf("put after the disk went: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("it was written below the mount point")
	}
}

func TestAFolderBoundOntoItselfIsNoDisk(t *testing.T) {
	point := scratch(t)
	mount(t, "--bind", point, point) // what ReadWritePaths= of a service does
	plant(point)(t, []string{target.Marker})
	tg, err := Open(config(point, point, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if err := tg.Put(t.Context(), "a", 1, strings.NewReader("x")); !errors.Is(err, target.ErrGone) {
		t.Errorf("put: %v", err)
	}
	mount(t, "-t", "tmpfs", "-o", "size=1m", "none", point) // the disk comes
	plant(point)(t, []string{target.Marker})
	if err := tg.Put(t.Context(), "a", 1, strings.NewReader("x")); err != nil {
		t.Error(err)
	}
}

func TestADiskThatFillsUpIsFullAndStaysInOrder(t *testing.T) {
	point := scratch(t)
	mount(t, "-t", "tmpfs", "-o", "size=1m", "none", point)
	tg, err := Open(config(point, point, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	small, large := targettest.Bytes(300_000, 1), targettest.Bytes(900_000, 2)
	plant(point)(t, []string{target.Marker})
	if err := tg.Put(ctx, "f", int64(len(small)), bytes.NewReader(small)); err != nil {
		t.Fatal(err)
	}
	if err := tg.PutFrom(ctx, "f", int64(len(large)), bytes.NewReader(large)); !errors.Is(err, target.ErrFull) || target.Temporary(err) {
		t.Fatalf("put of too much: %v", err)
	}
	s, err := tg.Space(ctx)
	if err != nil || s.Total != 1<<20 || s.Free < 600_000 {
		t.Fatalf("space: %+v, %v; the unfinished file must not stay", s, err)
	}
	if b, err := os.ReadFile(filepath.Join(point, "f")); err != nil || !bytes.Equal(b, small) {
		t.Fatalf("the old file: %v", err)
	}
	if err := tg.Put(ctx, "g", 100_000, bytes.NewReader(large)); err != nil {
		t.Fatalf("put of what fits: %v", err)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", point).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	if err := tg.Put(ctx, "h", 1, bytes.NewReader(large)); !errors.Is(err, target.ErrReadOnly) {
		t.Errorf("put on a read-only disk: %v", err)
	}
	if err := tg.Remove(ctx, "g"); !errors.Is(err, target.ErrReadOnly) {
		t.Errorf("remove on a read-only disk: %v", err)
	}
}
