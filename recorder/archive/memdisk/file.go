package memdisk

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
)

type file struct {
	d     *Disk
	n     *inode
	name  string
	write bool
}

func (f *file) ReadAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if part, err := f.d.op("read", f.name); err != nil || part {
		return 0, errors.Join(err, orCrashed(part))
	}
	if at >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	part, err := f.d.op("write", f.name)
	if err != nil {
		return 0, err
	}
	if !f.write {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: syscall.EBADF}
	}
	if part {
		f.put(b[:f.d.rng.IntN(len(b)+1)], at)
		return 0, ErrCrashed
	}
	if grow := at + int64(len(b)) - int64(len(f.n.data)); f.d.Capacity > 0 && grow > 0 && f.d.used+grow > f.d.Capacity {
		n := max(0, int64(len(b))-(f.d.used+grow-f.d.Capacity))
		f.put(b[:n], at)
		return int(n), &fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	}
	f.put(b, at)
	return len(b), nil
}

func (f *file) put(b []byte, at int64) {
	if len(b) == 0 {
		return
	}
	n := f.n
	if grow := at + int64(len(b)) - int64(len(n.data)); grow > 0 {
		n.data = append(n.data, make([]byte, grow)...)
		f.d.used += grow
	}
	copy(n.data[at:], b)
	f.touch(at, at+int64(len(b)))
}

// touch notes that bytes [from, to) are not durable.
func (f *file) touch(from, to int64) {
	if f.n.dirty == nil {
		f.n.dirty = make(map[int64]bool)
	}
	for s := from / sector; s*sector < to; s++ {
		f.n.dirty[s] = true
	}
	f.d.dirty[f.n] = true
}

func (f *file) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	part, err := f.d.op("truncate", f.name)
	if err != nil {
		return err
	}
	if !f.write {
		return &fs.PathError{Op: "truncate", Path: f.name, Err: syscall.EBADF}
	}
	if part && f.d.rng.IntN(2) == 0 {
		return ErrCrashed
	}
	n := f.n
	f.d.used += size - int64(len(n.data))
	f.touch(min(size, int64(len(n.data))), max(size, int64(len(n.data))))
	if size < int64(len(n.data)) {
		n.data = n.data[:size:size]
	} else {
		n.data = append(n.data, make([]byte, size-int64(len(n.data)))...)
	}
	return orCrashed(part)
}

func (f *file) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.dead {
		return 0, ErrCrashed
	}
	return int64(len(f.n.data)), nil
}

func (f *file) Close() error { return nil }
