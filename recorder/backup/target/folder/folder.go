package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// partials is the folder of unfinished files. It is no valid name of a file.
const partials = ".vaad-partial"

// Folder is a target in a folder.
type Folder struct {
	kind target.Kind
	open Opener
	g    *guard.Guard
}

// Open makes a target of a folder of this machine. It asks nothing of the folder
// yet: one that is not there fails each call with [target.ErrGone].
func Open(c target.Config) (*Folder, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return New(c, At(c.Folder.Path, c.Folder.Mount), Classify), nil
}

// New makes a target of the folder that open finds; classify knows the errors of
// its Disk. Of c it takes the name, the kind and the stall time.
func New(c target.Config, open Opener, classify func(error) error) *Folder {
	return &Folder{kind: c.Kind, open: open, g: guard.New(c.Name, c.Stall(), classify)}
}

// Name implements target.Target.
func (t *Folder) Name() string { return t.g.Name() }

// Kind implements target.Target.
func (t *Folder) Kind() target.Kind { return t.kind }

// Close implements target.Target.
func (t *Folder) Close() error {
	t.g.Close()
	return nil
}

// do opens the folder for one call.
func (t *Folder) do(ctx context.Context, op, name string, fn func(context.Context, Disk, *guard.Beat) error) error {
	return t.g.Do(ctx, op, name, t.with(fn))
}

func (t *Folder) with(fn func(context.Context, Disk, *guard.Beat) error) func(context.Context, *guard.Beat) error {
	return func(ctx context.Context, b *guard.Beat) error {
		d, err := t.open(ctx)
		if err != nil {
			return err
		}
		b.Moved()
		return errors.Join(t.explain(ctx, d, fn(ctx, d, b)), d.Close())
	}
}

// explain finds out what is behind an error of the disk: one that was pulled
// first shows by input/output errors.
func (t *Folder) explain(ctx context.Context, d Disk, err error) error {
	if x, ok := d.(Explainer); ok && err != nil {
		return x.Explain(err)
	}
	if !errors.Is(err, syscall.EIO) {
		return err
	}
	d, again := t.open(ctx)
	if again != nil {
		if errors.Is(again, target.ErrGone) {
			return again
		}
		return err
	}
	_, again = d.Stat(target.Marker)
	_ = d.Close() // only asked
	if again != nil && !errors.Is(again, syscall.EIO) {
		return Gone("the medium failed and is not there any more: %v", err)
	}
	return err
}

// marked says whether the folder may be written to: it has its marker, or gets it.
func marked(d Disk, name string) error {
	if name == target.Marker {
		return nil
	}
	st, err := d.Stat(target.Marker)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !st.Mode().IsRegular() {
		return Classed(target.ErrNoMarker, errors.New(target.Marker+" is missing"))
	}
	return err
}

// Get implements target.Target.
func (t *Folder) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if err := t.g.Check("get", name, 0); err != nil {
		return nil, err
	}
	return t.g.Get(ctx, name, func(ctx context.Context) (io.ReadCloser, error) {
		d, err := t.open(ctx)
		if err != nil {
			return nil, err
		}
		f, err := d.Open(name, os.O_RDONLY)
		if err != nil {
			return nil, errors.Join(t.explain(ctx, d, absent(err)), d.Close())
		}
		if n < 0 {
			n = 1<<63 - 1 - max(off, 0)
		}
		return &section{ctx: ctx, t: t, r: io.NewSectionReader(f, max(off, 0), n), f: f, d: d}, nil
	})
}

// section is a part of a file that is read.
type section struct {
	ctx context.Context // of the whole reading
	t   *Folder
	r   *io.SectionReader
	f   File
	d   Disk
}

func (s *section) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		err = s.t.explain(s.ctx, s.d, err)
	}
	return n, err
}

func (s *section) Close() error { return errors.Join(s.f.Close(), s.d.Close()) }

// Stat implements target.Target.
func (t *Folder) Stat(ctx context.Context, name string) (target.Entry, error) {
	if err := t.g.Check("stat", name, 0); err != nil {
		return target.Entry{}, err
	}
	found := make(chan target.Entry, 1)
	err := t.do(ctx, "stat", name, func(_ context.Context, d Disk, _ *guard.Beat) error {
		st, err := d.Stat(name)
		if err == nil && !st.Mode().IsRegular() {
			err = fs.ErrNotExist
		}
		if err == nil {
			found <- target.Entry{Name: name, Size: st.Size(), Modified: st.ModTime()}
		}
		return absent(err)
	})
	if err != nil {
		return target.Entry{}, err
	}
	return <-found, nil
}

// absent makes what stands in the way of a name its absence.
func absent(err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, errNotFile) || errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EISDIR) {
		return fs.ErrNotExist
	}
	return err
}

// Remove implements target.Target.
func (t *Folder) Remove(ctx context.Context, name string) error {
	if err := t.g.Check("remove", name, 0); err != nil {
		return err
	}
	return t.g.Exclusive(ctx, "remove", name, t.with(func(_ context.Context, d Disk, _ *guard.Beat) error {
		if err := marked(d, ""); err != nil {
			return err
		}
		if err := forget(d, name); err != nil {
			return err
		}
		st, err := d.Stat(name)
		if err == nil && !st.Mode().IsRegular() {
			return nil // not a file of ours
		}
		if err == nil {
			err = d.Remove(name)
		}
		if err = absent(err); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return d.SyncDir(path.Dir(name))
	}))
}

// forget removes name's unfinished file, for good.
func forget(d Disk, name string) error {
	err := d.Remove(partial(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.SyncDir(partials)
}

// Space implements target.Target.
func (t *Folder) Space(ctx context.Context) (target.Space, error) {
	found := make(chan target.Space, 1)
	err := t.do(ctx, "space", "", func(_ context.Context, d Disk, _ *guard.Beat) error {
		free, total, err := d.Space()
		found <- target.Space{Free: free, Total: total}
		return err
	})
	if err != nil {
		return target.Unknown(), err
	}
	return <-found, nil
}

// partial is where name's unfinished file lies.
func partial(name string) string {
	sum := sha256.Sum256([]byte(name))
	return partials + "/" + hex.EncodeToString(sum[:16])
}
