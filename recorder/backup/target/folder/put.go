package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// blockSize is how much is compared and written at once, in bytes.
const blockSize = 128 << 10

// Put implements target.Target.
func (t *Folder) Put(ctx context.Context, name string, size int64, r io.Reader) error {
	return t.put(ctx, name, size, func(b *guard.Beat, f File) (io.Reader, int64, error) {
		return b.Source(r, size), 0, f.Truncate(0)
	})
}

// PutFrom implements target.Target.
func (t *Folder) PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error {
	return t.put(ctx, name, size, func(b *guard.Beat, f File) (io.Reader, int64, error) {
		same, err := alike(b, f, target.Unpaced(r), size)
		if err != nil {
			return nil, 0, err
		}
		return b.Source(io.NewSectionReader(r, same, size-same), size-same), same, f.Truncate(same)
	})
}

func (t *Folder) put(ctx context.Context, name string, size int64, from func(*guard.Beat, File) (io.Reader, int64, error)) error {
	if err := t.g.Check("put", name, size); err != nil {
		return err
	}
	return t.g.Exclusive(ctx, "put", name, t.with(func(ctx context.Context, d Disk, b *guard.Beat) error {
		if err := marked(d, name); err != nil {
			return err
		}
		err := t.store(ctx, d, b, name, size, from)
		if errors.Is(err, fs.ErrNotExist) {
			return Gone("the folder vanished: %v", err)
		}
		return err
	}))
}

func (t *Folder) store(ctx context.Context, d Disk, b *guard.Beat, name string, size int64, from func(*guard.Beat, File) (io.Reader, int64, error)) error {
	f, err := d.Open(partial(name), os.O_RDWR|os.O_CREATE)
	if errors.Is(err, fs.ErrNotExist) {
		if name == target.Marker { // only who sets a target up makes its folder
			if err := d.Mkdir("."); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
		}
		if err := mkdirAll(d, partial(name)); err != nil {
			return err
		}
		f, err = d.Open(partial(name), os.O_RDWR|os.O_CREATE)
	}
	if err != nil {
		return err
	}
	if err := write(ctx, b, f, size, from); err != nil {
		err = t.explain(ctx, d, err)
		if untrusted(err) {
			_ = d.Remove(partial(name)) // the error says more
		}
		return err
	}
	if err := mkdirAll(d, name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.Rename(partial(name), name); err != nil {
		return err
	}
	return d.SyncDir(path.Dir(name))
}

// untrusted says whether the unfinished file is of no further use: after a failed
// write or sync the kernel may show bytes that never reached the medium, and on a
// full one it only takes room.
func untrusted(err error) bool {
	return errors.Is(err, target.ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EIO)
}

// write fills the unfinished file, makes it durable and closes it.
func write(ctx context.Context, b *guard.Beat, f File, size int64, from func(*guard.Beat, File) (io.Reader, int64, error)) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	r, off, err := from(b, f)
	if err != nil {
		return err
	}
	if w, ok := f.(WriterFrom); ok {
		err = w.WriteFrom(r, off)
	} else {
		err = copyAll(ctx, b, f, r, off)
	}
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	b.Moved()
	st, err := f.Stat()
	if err == nil && st.Size() != size {
		err = Classed(target.ErrCorrupt, fmt.Errorf("%d bytes were written and %d are there", size, st.Size()))
	}
	return err
}

// syncEach is how much is written before it is synced, in bytes: a slow stick that
// the kernel has gigabytes for must not look hung in the end.
const syncEach = 16 << 20

func copyAll(ctx context.Context, b *guard.Beat, f File, r io.Reader, off int64) error {
	buf := make([]byte, blockSize)
	synced := off
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := f.WriteAt(buf[:n], off); err != nil {
				return err
			}
			off += int64(n)
			b.Moved()
		}
		if off-synced >= syncEach {
			if err := f.Sync(); err != nil {
				return err
			}
			synced = off
			b.Moved()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// alike is how many first bytes of f and r are the same, in whole blocks.
func alike(b *guard.Beat, f File, r io.ReaderAt, size int64) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	end := min(st.Size(), size)
	mine, theirs := make([]byte, blockSize), make([]byte, blockSize)
	var off int64
	for off < end {
		n := int(min(blockSize, end-off))
		if k, err := f.ReadAt(mine[:n], off); k < n && err != nil {
			return off, nil // what cannot be read is written again
		}
		if k, err := r.ReadAt(theirs[:n], off); k < n && err != nil {
			return off, nil // sending says it better
		}
		if !bytes.Equal(mine[:n], theirs[:n]) {
			return off, nil
		}
		off += int64(n)
		b.Moved()
	}
	return off, nil
}

// Sweep implements target.Target.
func (t *Folder) Sweep(ctx context.Context, older time.Duration) (int, error) {
	swept := make(chan int, 1)
	err := t.do(ctx, "sweep", "", func(ctx context.Context, d Disk, b *guard.Beat) error {
		n := 0
		defer func() { swept <- n }()
		if err := marked(d, ""); err != nil {
			return err
		}
		all, err := d.ReadDir(partials)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		before := time.Now().Add(-older)
		spared := map[string]bool{}
		for _, name := range t.g.Busy() {
			spared[partial(name)] = true
		}
		for _, e := range all {
			if err := ctx.Err(); err != nil {
				return err
			}
			name := partials + "/" + e.Name()
			st, err := d.Stat(name)
			if err != nil || !st.Mode().IsRegular() || st.ModTime().After(before) || spared[name] {
				continue
			}
			if err := d.Remove(name); err != nil {
				return err
			}
			n++
			b.Moved()
		}
		return nil
	})
	select {
	case n := <-swept:
		return n, err
	default:
		return 0, err
	}
}
