package optical

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/guard"
	"vaad/recorder/backup/target/optical/iso"
	"vaad/recorder/backup/targettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "vaad-optical-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func config(staging string, stall time.Duration) target.Config {
	c := target.Defaults(target.KindOptical)
	c.Name, c.StallS = "discs", max(1, int(stall/time.Second))
	c.Optical.Staging = staging
	return c
}

func open(t *testing.T, c target.Config) *Target {
	t.Helper()
	tg, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tg.Close() })
	return tg
}

func put(t *testing.T, tg target.Target, name string, b []byte) {
	t.Helper()
	if err := tg.PutFrom(t.Context(), name, int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, tg target.Target, name string, b []byte) {
	t.Helper()
	r, err := tg.Get(t.Context(), name, 0, -1)
	if err != nil {
		t.Errorf("get %s: %v", name, err)
		return
	}
	defer func() { _ = r.Close() }()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, b) {
		t.Errorf("get %s: %v, %d bytes for %d", name, err, len(got), len(b))
	}
}

func need(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed", program)
	}
}

func TestAStagingFolderIsATarget(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Place {
		staging := filepath.Join(scratch(t), "staging")
		if err := os.MkdirAll(filepath.Join(staging, collectDir), 0o700); err != nil {
			t.Fatal(err)
		}
		return targettest.Place{
			Open:    func(stall time.Duration) (target.Target, error) { return Open(config(staging, stall)) },
			Resumes: true,
			Plant: func(t *testing.T, names []string) {
				for _, n := range names {
					p := filepath.Join(staging, collectDir, n)
					if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, []byte(n), 0o600)); err != nil {
						t.Fatal(err)
					}
				}
			},
			Vanish: func() { _ = os.Rename(staging, staging+".away") },
			Return: func() { _ = os.Rename(staging+".away", staging) },
			Class:  target.ErrGone,
		}
	})
}

func TestWhatIsSealedIsOnTheImageAndGivenBackFromIt(t *testing.T) {
	for _, maker := range []string{"xorriso", "genisoimage"} {
		t.Run(maker, func(t *testing.T) {
			need(t, maker)
			c := config(scratch(t), time.Minute)
			c.Optical.Maker = maker
			tg := open(t, c)
			put(t, tg, target.Marker, []byte("{}"))
			files := map[string][]byte{}
			for i := range 40 {
				name := fmt.Sprintf("recordings/2026/11/%02d/01KAMG%020d.network.wav", 1+i%3, i)
				files[name] = targettest.Bytes(i*3001, uint64(i))
			}
			files["state/20261122T152015Z.age"] = targettest.Bytes(70_000, 99)
			files["x/"+strings.Repeat("n", target.MaxSegment)] = []byte("long")
			for name, b := range files {
				put(t, tg, name, b)
			}
			v, err := tg.Seal(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if v.ID != "VAAD0001" || v.Files != len(files) || v.Burnt || v.Image == "" || len(v.SHA256) != 64 {
				t.Errorf("%+v", v)
			}
			left, err := os.ReadDir(filepath.Join(c.Optical.Staging, collectDir, "x"))
			if err != nil || len(left) != 0 {
				t.Errorf("still collected: %v, %v", left, err)
			}
			again := open(t, c) // a restarted program
			for name, b := range files {
				want(t, again, name, b)
				if e, err := again.Stat(t.Context(), name); err != nil || e.Size != int64(len(b)) || e.Volume != v.ID {
					t.Errorf("%+v, %v", e, err)
				}
			}
			r, err := again.Get(t.Context(), "state/20261122T152015Z.age", 69_990, 100)
			if err != nil {
				t.Fatal(err)
			}
			tail, err := io.ReadAll(r)
			_ = r.Close()
			if err != nil || !bytes.Equal(tail, files["state/20261122T152015Z.age"][69_990:]) {
				t.Errorf("a range: %v, %d bytes", err, len(tail))
			}
			var names []string
			if err := again.List(t.Context(), "", func(e target.Entry) error { names = append(names, e.Name); return nil }); err != nil ||
				len(names) != len(files)+1 || !slices.IsSorted(names) {
				t.Errorf("%d names, %v", len(names), err)
			}
			if err := again.Remove(t.Context(), "x/"+strings.Repeat("n", target.MaxSegment)); !errors.Is(err, target.ErrRefused) || !strings.Contains(err.Error(), "VAAD0001") {
				t.Errorf("remove of what is sealed: %v", err)
			}
			if v, err := again.Seal(t.Context()); err != nil || v.ID != "" {
				t.Errorf("a disc of nothing: %+v, %v", v, err)
			}
			// A newer file of the same name hides the sealed one, until it is sealed too.
			put(t, again, "state/20261122T152015Z.age", []byte("newer"))
			want(t, again, "state/20261122T152015Z.age", []byte("newer"))
			if v, err := again.Seal(t.Context()); err != nil || v.ID != "VAAD0002" || v.Files != 1 {
				t.Errorf("%+v, %v", v, err)
			}
			want(t, again, "state/20261122T152015Z.age", []byte("newer"))
			if all, err := again.Volumes(t.Context()); err != nil || len(all) != 2 || all[0].Image == "" {
				t.Errorf("%+v, %v", all, err)
			}
			otherProgramReads(t, v.Image, files)
		})
	}
}

// otherProgramReads lets programs that know nothing of ours read the image.
func otherProgramReads(t *testing.T, image string, files map[string][]byte) {
	if _, err := exec.LookPath("xorriso"); err == nil {
		dir := filepath.Join(t.TempDir(), "out")
		out, err := exec.Command("xorriso", "-osirrox", "on", "-indev", "stdio:"+image, "-extract", "/", dir).CombinedOutput()
		if err != nil {
			t.Fatalf("xorriso: %v: %s", err, out)
		}
		_ = exec.Command("chmod", "-R", "u+w", dir).Run()
		for name, b := range files {
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, b) {
				t.Errorf("xorriso: %s: %v, %d bytes for %d", name, err, len(got), len(b))
			}
		}
	}
	point := t.TempDir()
	if os.Getuid() == 0 && exec.Command("mount", "-o", "loop,ro", image, point).Run() == nil {
		defer func() { _ = exec.Command("umount", point).Run() }()
		for name, b := range files {
			if got, err := os.ReadFile(filepath.Join(point, name)); err != nil || !bytes.Equal(got, b) {
				t.Errorf("mounted: %s: %v, %d bytes for %d", name, err, len(got), len(b))
			}
		}
	}
}

func TestAFullDiscIsSealedAndTheNextOneBegun(t *testing.T) {
	need(t, "xorriso")
	c := config(scratch(t), time.Minute)
	c.Optical.Bytes = 3 << 20
	tg := open(t, c)
	put(t, tg, target.Marker, []byte("{}"))
	files := map[string][]byte{}
	for i := range 6 {
		name := fmt.Sprintf("f%d", i)
		files[name] = targettest.Bytes(900_000, uint64(i))
		put(t, tg, name, files[name])
	}
	all, err := tg.Volumes(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, v := range all {
		if st, err := os.Stat(v.Image); err != nil || st.Size() > c.Optical.Bytes {
			t.Errorf("%s has %d bytes, %v", v.ID, st.Size(), err)
		}
	}
	for name, b := range files {
		want(t, tg, name, b)
	}
	if err := tg.Put(t.Context(), "big", 4<<20, bytes.NewReader(make([]byte, 4<<20))); !errors.Is(err, target.ErrFull) {
		t.Errorf("what fits on no disc: %v", err)
	}
}

func TestAListDuringASealMissesNothing(t *testing.T) {
	need(t, "xorriso")
	tg := open(t, config(scratch(t), time.Minute))
	put(t, tg, target.Marker, []byte("{}"))
	var names, got []string
	for i := range 200 { // more than are read ahead
		names = append(names, fmt.Sprintf("f%03d", i))
		put(t, tg, names[i], []byte("x"))
	}
	if err := tg.List(t.Context(), "", func(e target.Entry) error {
		if got = append(got, e.Name); len(got) > 1 {
			return nil
		}
		_, err := tg.Seal(t.Context())
		return err
	}); err != nil || !slices.Equal(got, append(names, target.Marker)) {
		t.Errorf("%d names for %d, %v", len(got), len(names)+1, err)
	}
}

// held is a source that waits before it gives anything.
type held struct {
	io.ReaderAt
	begun, on chan struct{}
}

func (h *held) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		close(h.begun)
		<-h.on
	}
	return h.ReaderAt.ReadAt(p, off)
}

func TestWhatIsBeingPutHasItsRoomOnTheDisc(t *testing.T) {
	need(t, "xorriso")
	c := config(scratch(t), time.Minute)
	c.Optical.Bytes = 3 << 20 // two of the files
	tg := open(t, c)
	put(t, tg, target.Marker, []byte("{}"))
	b := targettest.Bytes(1_000_000, 1)
	first := &held{bytes.NewReader(b), make(chan struct{}), make(chan struct{})}
	ended := make(chan error, 2)
	go func() { ended <- tg.PutFrom(t.Context(), "a", int64(len(b)), first) }()
	<-first.begun
	if err := tg.PutFrom(t.Context(), "x", 10, strings.NewReader("short")); !errors.Is(err, target.ErrShort) {
		t.Errorf("a put that fails: %v", err)
	}
	put(t, tg, "b", b)
	go func() { ended <- tg.PutFrom(t.Context(), "c", int64(len(b)), bytes.NewReader(b)) }()
	close(first.on)
	if err := errors.Join(<-ended, <-ended); err != nil {
		t.Fatal(err)
	}
	if _, err := tg.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := tg.Volumes(t.Context())
	if err != nil || len(all) != 2 || all[0].Files != 2 || all[1].Files != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestADiscIsBurntReadBackAndAskedFor(t *testing.T) {
	need(t, "xorriso")
	dir := scratch(t)
	drive := filepath.Join(dir, "sr0")
	c := config(filepath.Join(dir, "staging"), time.Minute)
	if err := os.Mkdir(c.Optical.Staging, 0o700); err != nil {
		t.Fatal(err)
	}
	c.Optical.Burner, c.Optical.Device, c.Optical.Keep = []string{"cp", "{image}", drive}, drive, 0
	tg := open(t, c)
	put(t, tg, target.Marker, []byte("{}"))
	b := targettest.Bytes(100_000, 1)
	put(t, tg, "a/f", b)
	v, err := tg.Seal(t.Context())
	if err != nil || !v.Burnt || v.Image != "" {
		t.Fatalf("%+v, %v", v, err)
	}
	want(t, tg, "a/f", b) // from the drive
	if err := os.Rename(drive, drive+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := tg.Get(t.Context(), "a/f", 0, -1); !errors.Is(err, target.ErrGone) || !strings.Contains(err.Error(), "VAAD0001") {
		t.Errorf("without the disc: %v", err)
	}
	// Another disc is not taken for it.
	put(t, tg, "a/g", b)
	if v, err := tg.Seal(t.Context()); err != nil || v.ID != "VAAD0002" {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, err := tg.Get(t.Context(), "a/f", 0, -1); !errors.Is(err, target.ErrGone) {
		t.Errorf("with another disc: %v", err)
	}
	// A burner that fails, and a disc that is bad, leave everything where it was.
	put(t, tg, "a/h", b)
	for what, burner := range map[string][]string{
		"burner": {"sh", "-c", "echo no medium found >&2; exit 1", "{image}"},
		"disc":   {"sh", "-c", "cp \"$0\" " + drive + "; printf x | dd conv=notrunc bs=1 seek=60000 of=" + drive, "{image}"},
	} {
		c.Optical.Burner = burner
		bad := open(t, c)
		_, err := bad.Seal(t.Context())
		if what == "burner" && !strings.Contains(fmt.Sprint(err), "no medium found") || what == "disc" && !errors.Is(err, target.ErrCorrupt) {
			t.Errorf("%s: %v", what, err)
		}
		want(t, bad, "a/h", b)
		if e, err := bad.Stat(t.Context(), "a/h"); err != nil || e.Volume != "" {
			t.Errorf("%s: %+v, %v", what, e, err)
		}
		if images, err := os.ReadDir(filepath.Join(c.Optical.Staging, imagesDir)); err != nil || len(images) != 0 {
			t.Errorf("%s: %v is left, %v", what, images, err)
		}
	}
}

func TestASealThatIsInterruptedLosesNothing(t *testing.T) {
	need(t, "xorriso")
	c := config(scratch(t), time.Minute)
	tg := open(t, c)
	put(t, tg, target.Marker, []byte("{}"))
	b := targettest.Bytes(100_000, 1)
	put(t, tg, "a/f", b)
	ctx, stop := context.WithCancel(t.Context())
	tg.run = func(ctx context.Context, b *guard.Beat, name string, args ...string) error {
		stop() // while the image is made
		return run(ctx, b, name, args...)
	}
	if _, err := tg.Seal(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	want(t, tg, "a/f", b)
	tg.run = func(context.Context, *guard.Beat, string, ...string) error {
		return folder.Classed(target.ErrFull, errors.New("No space left on device"))
	}
	if _, err := tg.Seal(t.Context()); !errors.Is(err, target.ErrFull) {
		t.Fatal(err)
	}
	tg.run = run
	// A crash after the list was written, before the files were removed.
	if _, err := tg.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := readList(filepath.Join(c.Optical.Staging, volumesDir, "VAAD0001.json"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.Optical.Staging, collectDir, "a/f")
	if err := errors.Join(os.WriteFile(file, b, 0o600), os.Chtimes(file, l.Entries[0].Modified, l.Entries[0].Modified)); err != nil {
		t.Fatal(err)
	}
	again := open(t, c)
	if v, err := again.Seal(t.Context()); err != nil || v.ID != "" {
		t.Errorf("sealed twice: %+v, %v", v, err)
	}
	want(t, again, "a/f", b)
}

func TestTwoTargetsOfOneFolderKnowOfEachOthersDiscs(t *testing.T) {
	need(t, "xorriso")
	c := config(scratch(t), time.Minute)
	one, two := open(t, c), open(t, c)
	put(t, one, target.Marker, []byte("{}"))
	for i, tg := range []*Target{one, two, one} {
		if _, err := tg.Volumes(t.Context()); err != nil {
			t.Fatal(err)
		}
		put(t, tg, fmt.Sprintf("f%d", i), targettest.Bytes(5000, uint64(i)))
		if v, err := tg.Seal(t.Context()); err != nil || v.ID != fmt.Sprintf("VAAD%04d", i+1) {
			t.Errorf("%+v, %v", v, err)
		}
	}
	for i := range 3 {
		want(t, two, fmt.Sprintf("f%d", i), targettest.Bytes(5000, uint64(i)))
	}
	put(t, one, "g", []byte("g"))
	one.run = func(ctx context.Context, b *guard.Beat, name string, args ...string) error {
		if _, err := two.Seal(ctx); !errors.Is(err, target.ErrUnreachable) {
			t.Errorf("a second disc at the same time: %v", err)
		}
		return run(ctx, b, name, args...)
	}
	if _, err := one.Seal(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnImageThatDiffersFromWhatWasCollectedIsNoDisc(t *testing.T) {
	need(t, "xorriso")
	c := config(scratch(t), time.Minute)
	tg := open(t, c)
	put(t, tg, target.Marker, []byte("{}"))
	put(t, tg, "a/f", bytes.Repeat([]byte("f"), 100_000))
	tg.run = func(ctx context.Context, b *guard.Beat, name string, args ...string) error {
		if err := run(ctx, b, name, args...); err != nil {
			return err
		}
		image := args[slices.Index(args, "-o")+1]
		all, err := os.ReadFile(image)
		if err != nil {
			return err
		}
		all[bytes.Index(all, []byte("ffffffff"))+5000] = 'x'
		return os.WriteFile(image, all, 0o600)
	}
	if v, err := tg.Seal(t.Context()); !errors.Is(err, target.ErrCorrupt) {
		t.Errorf("%+v, %v", v, err)
	}
	want(t, tg, "a/f", bytes.Repeat([]byte("f"), 100_000))
}

func TestABrokenListIsSaid(t *testing.T) {
	c := config(scratch(t), time.Minute)
	if err := os.Mkdir(filepath.Join(c.Optical.Staging, volumesDir), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", `{"version":2}`, `{"version":1,"id":"VAAD0009"}`, `{"version":1,"id":"VAAD0001","entries":[{"name":"../x"}]}`} {
		if err := os.WriteFile(filepath.Join(c.Optical.Staging, volumesDir, "VAAD0001.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, c).Volumes(t.Context()); !errors.Is(err, target.ErrCorrupt) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzImage(f *testing.F) {
	if maker, err := exec.LookPath("xorriso"); err == nil {
		dir := f.TempDir()
		image := filepath.Join(f.TempDir(), "x.iso")
		if err := errors.Join(os.Mkdir(filepath.Join(dir, "d"), 0o700), os.WriteFile(filepath.Join(dir, "d", "file"), []byte("text"), 0o600)); err != nil {
			f.Fatal(err)
		}
		if exec.Command(maker, "-as", "mkisofs", "-quiet", "-no-pad", "-r", "-J", "-V", "X", "-o", image, dir).Run() == nil {
			b, err := os.ReadFile(image)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		im, err := iso.Open(bytes.NewReader(b))
		if err != nil {
			return
		}
		left := int64(1 << 20)
		_ = im.Walk(func(file iso.File) error {
			n, _ := io.Copy(io.Discard, io.NewSectionReader(file, 0, min(file.Size, left)))
			left -= n
			return nil
		})
	})
}

func TestListsOfEarlierVersionsAreRead(t *testing.T) {
	staging := scratch(t)
	if err := os.CopyFS(staging, os.DirFS("testdata/compat/v1")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(staging, collectDir), 0o700); err != nil {
		t.Fatal(err)
	}
	tg := open(t, config(staging, time.Minute))
	all, err := tg.Volumes(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != "VAAD0001" || !all[0].Burnt || all[0].Files != 2 || all[0].Bytes != 12 || !all[0].Sealed.Equal(time.Date(2026, 11, 22, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", all, err)
	}
	e, err := tg.Stat(t.Context(), "recordings/2026/11/22/day.jsonl")
	if err != nil || e.Size != 5 || e.Volume != "VAAD0001" || e.Modified.Nanosecond() != 123456789 {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := tg.Get(t.Context(), e.Name, 0, -1); !errors.Is(err, target.ErrGone) || !strings.Contains(err.Error(), "VAAD0001") {
		t.Errorf("without the disc: %v", err)
	}
}
