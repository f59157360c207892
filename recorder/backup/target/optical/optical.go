package optical

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/guard"
	"vaad/recorder/backup/target/optical/iso"
)

// Folders of the staging folder.
const (
	collectDir = "collect"
	imagesDir  = "images"
	volumesDir = "volumes"
)

// Target collects files for discs.
type Target struct {
	*folder.Folder // what is collected
	c              target.Optical
	g              *guard.Guard
	long           *guard.Guard // for making and burning
	run            runner

	seal sync.RWMutex // Seal excludes Puts

	mu    sync.Mutex
	used  map[string]int64   // sizes of what is collected, and being put; nil = not looked yet
	sum   int64              // what all of used takes on a disc, in bytes
	puts  map[*room]struct{} // under way: no list of what is collected has them yet
	round int                // counts what changes the folder: a list from before says too little
	discs *catalogue         // nil = not looked yet
}

// room is what a put under way takes.
type room struct {
	name string
	size int64
}

// Open makes a target of a staging folder.
func Open(c target.Config) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Target{
		Folder: folder.New(c, folder.In(c.Optical.Staging, collectDir), folder.Classify),
		c:      c.Optical,
		g:      guard.New(c.Name, c.Stall(), folder.Classify),
		long:   guard.New(c.Name, time.Duration(c.Optical.BurnS)*time.Second, folder.Classify),
		run:    run,
		puts:   map[*room]struct{}{},
	}, nil
}

// Close implements target.Target.
func (t *Target) Close() error {
	t.g.Close()
	t.long.Close()
	return t.Folder.Close()
}

func (t *Target) path(elem ...string) string {
	return filepath.Join(append([]string{t.c.Staging}, elem...)...)
}

// Put implements target.Target. What does not fit any more seals the disc first.
func (t *Target) Put(ctx context.Context, name string, size int64, r io.Reader) error {
	return t.put(ctx, name, size, func() error { return t.Folder.Put(ctx, name, size, r) })
}

// PutFrom implements target.Target.
func (t *Target) PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error {
	return t.put(ctx, name, size, func() error { return t.Folder.PutFrom(ctx, name, size, r) })
}

func (t *Target) put(ctx context.Context, name string, size int64, do func() error) error {
	if err := t.g.Check("put", name, size); err != nil {
		return err
	}
	for try := 0; ; try++ {
		t.seal.RLock()
		r := &room{name, size}
		fits, err := t.reserve(ctx, r)
		if err == nil && fits {
			err = do()
			t.ended(r, err)
			t.seal.RUnlock()
			return err
		}
		t.seal.RUnlock()
		if err != nil {
			return err
		}
		if try > 0 || onDisc(name, size)+discHead > t.c.Bytes {
			return t.g.Error("put", name, target.ErrFull, fmt.Errorf("%d bytes do not fit on a disc of %d", size, t.c.Bytes))
		}
		if _, err := t.Seal(ctx); err != nil {
			return err
		}
	}
}

// Sizes on a disc, in bytes, generously.
const (
	discHead = 1 << 20 // descriptors, the list of files, padding
	fileHead = 1024    // its records in both trees
	block    = 2048
)

// onDisc is what a file takes on a disc.
func onDisc(name string, size int64) int64 {
	return (size+block-1)/block*block + fileHead + 4*int64(len(name))
}

// reserve says whether the file still fits, and takes its room.
func (t *Target) reserve(ctx context.Context, r *room) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.used == nil {
		round := t.round
		t.mu.Unlock()
		used := map[string]int64{}
		err := t.Folder.List(ctx, "", func(e target.Entry) error { used[e.Name] = e.Size; return nil })
		t.mu.Lock()
		if errors.Is(err, target.ErrGone) {
			return true, nil // the folder says it better, or is made
		}
		if err != nil {
			return false, err
		}
		if t.used != nil || t.round != round {
			continue // somebody was quicker, or the list is not true any more
		}
		t.used, t.sum = used, 0
		for n, s := range used {
			t.sum += onDisc(n, s)
		}
		for r := range t.puts {
			t.sum = t.with(r)
			t.used[r.name] = r.size
		}
	}
	sum := t.with(r)
	if sum+discHead > t.c.Bytes {
		return false, nil
	}
	t.used[r.name], t.sum, t.puts[r] = r.size, sum, struct{}{}
	return true, nil
}

// with is what all of used takes on a disc once r is there too.
func (t *Target) with(r *room) int64 {
	sum := t.sum + onDisc(r.name, r.size)
	if had, ok := t.used[r.name]; ok {
		sum -= onDisc(r.name, had)
	}
	return sum
}

// ended notes the end of a put. Of one that failed nobody knows what is there.
func (t *Target) ended(r *room, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.puts, r)
	if t.round++; err != nil {
		t.used = nil
	}
}

// again lets the next call look what is collected.
func (t *Target) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.round++
	t.used = nil
}

// Remove implements target.Target.
func (t *Target) Remove(ctx context.Context, name string) error {
	t.seal.RLock()
	defer t.seal.RUnlock()
	if err := t.Folder.Remove(ctx, name); err != nil {
		return err
	}
	t.again()
	discs, err := t.catalogue(ctx, "remove", name)
	if err != nil {
		return err
	}
	if on := discs.holding(name); len(on) > 0 {
		return t.g.Error("remove", name, target.ErrRefused, fmt.Errorf("it is on %s, which cannot be changed", strings.Join(on, ", ")))
	}
	return nil
}

// Stat implements target.Target.
func (t *Target) Stat(ctx context.Context, name string) (target.Entry, error) {
	e, err := t.Folder.Stat(ctx, name)
	if !errors.Is(err, target.ErrNotExist) {
		return e, err
	}
	discs, bad := t.catalogue(ctx, "stat", name)
	if bad != nil {
		return target.Entry{}, bad
	}
	if e, ok := discs.names[name]; ok {
		return e, nil
	}
	return target.Entry{}, err
}

// List implements target.Target.
func (t *Target) List(ctx context.Context, prefix string, fn func(target.Entry) error) error {
	// What is collected comes first: what is sealed meanwhile is on a list before it
	// leaves the folder.
	var all []target.Entry
	here := map[string]bool{}
	if err := t.Folder.List(ctx, prefix, func(e target.Entry) error {
		all, here[e.Name] = append(all, e), true // it is newer than what is sealed
		return nil
	}); err != nil {
		return err
	}
	discs, err := t.catalogue(ctx, "list", prefix)
	if err != nil {
		return err
	}
	for name, e := range discs.names {
		if target.Below(prefix, name) && !here[name] {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b target.Entry) int { return strings.Compare(a.Name, b.Name) })
	return t.g.List(ctx, prefix, fn, func(_ context.Context, _ *guard.Beat, yield func(target.Entry) error) error {
		for _, e := range all {
			if err := yield(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Get implements target.Target.
func (t *Target) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	r, err := t.Folder.Get(ctx, name, off, n)
	if !errors.Is(err, target.ErrNotExist) {
		return r, err
	}
	discs, bad := t.catalogue(ctx, "get", name)
	if bad != nil {
		return nil, bad
	}
	e, ok := discs.names[name]
	if !ok {
		return nil, err
	}
	return t.g.Get(ctx, name, func(context.Context) (io.ReadCloser, error) { return t.fromDisc(e, max(off, 0), n) })
}

// fromDisc opens a sealed file: in the image, or on the disc in the drive.
func (t *Target) fromDisc(e target.Entry, off, n int64) (io.ReadCloser, error) {
	f, im, err := t.insert(e.Volume)
	if err != nil {
		return nil, err
	}
	file, ok, err := im.Find(e.Name)
	if err == nil && (!ok || file.Size != e.Size) {
		err = errors.New("it is not on the disc as it was put there")
	}
	if err != nil {
		_ = f.Close() // only read
		return nil, folder.Classed(target.ErrCorrupt, fmt.Errorf("%s: %w", e.Volume, err))
	}
	if n < 0 {
		n = file.Size
	}
	return &sealedFile{io.NewSectionReader(file, off, min(n, max(0, file.Size-off))), f}, nil
}

type sealedFile struct {
	io.Reader
	f *os.File
}

func (s *sealedFile) Close() error { return s.f.Close() }

// insert opens a volume's image, or the drive when that disc is in it.
func (t *Target) insert(volume string) (*os.File, *iso.Image, error) {
	for _, from := range []string{t.path(imagesDir, volume+".iso"), t.c.Device} {
		if from == "" {
			continue
		}
		f, err := os.Open(from)
		if err != nil {
			continue // the next one, or none
		}
		if im, err := iso.Open(f); err == nil && im.Volume == volume {
			return f, im, nil
		}
		_ = f.Close() // only read
	}
	return nil, nil, folder.Gone("disc %s is wanted: put it into the drive", volume)
}
