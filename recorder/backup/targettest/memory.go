package targettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// Memory is a target in memory that keeps every promise of target.Target. Its
// zero value is not usable: see [NewMemory].
type Memory struct {
	g *guard.Guard

	// Fault is asked before each step: op is a call's name as in target.Error, or
	// "write" with the offset at which bytes are about to be kept. Its error fails
	// the call; a class of target is kept. It may wait. nil means no faults.
	Fault func(op, name string, off int64) error
	// Now is the clock of the place.
	Now func() time.Time
	// Room is how many bytes fit; 0 means any number.
	Room int64

	mu    sync.Mutex
	files map[string]memFile
	parts map[string]memFile
}

type memFile struct {
	b []byte
	t time.Time
}

// memBlock is how much is kept at a time, in bytes.
const memBlock = 4096

// NewMemory makes an empty one without a marker.
func NewMemory(name string) *Memory {
	return &Memory{
		g:     guard.New(name, time.Minute, func(error) error { return nil }),
		Now:   time.Now,
		files: map[string]memFile{}, parts: map[string]memFile{},
	}
}

// Reopen is the same place after a restart.
func (m *Memory) Reopen() *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := NewMemory(m.Name())
	n.Now, n.Room, n.files, n.parts = m.Now, m.Room, maps.Clone(m.files), maps.Clone(m.parts)
	return n
}

// Plant puts a file there as if by somebody else, or changes one.
func (m *Memory) Plant(name string, b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name] = memFile{bytes.Clone(b), m.Now()}
}

// Files is everything that is kept.
func (m *Memory) Files() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string][]byte{}
	for name, f := range m.files {
		all[name] = bytes.Clone(f.b)
	}
	return all
}

func (m *Memory) fault(op, name string, off int64) error {
	if m.Fault == nil {
		return nil
	}
	return m.Fault(op, name, off)
}

// Name implements target.Target.
func (m *Memory) Name() string { return m.g.Name() }

// Kind implements target.Target.
func (m *Memory) Kind() target.Kind { return target.KindFolder }

// Close implements target.Target.
func (m *Memory) Close() error {
	m.g.Close()
	return nil
}

// Put implements target.Target.
func (m *Memory) Put(ctx context.Context, name string, size int64, r io.Reader) error {
	return m.put(ctx, name, size, func(b *guard.Beat) (io.Reader, []byte) { return b.Source(r, size), nil })
}

// PutFrom implements target.Target.
func (m *Memory) PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error {
	return m.put(ctx, name, size, func(b *guard.Beat) (io.Reader, []byte) {
		m.mu.Lock()
		part := bytes.Clone(m.parts[name].b)
		m.mu.Unlock()
		part = part[:min(int64(len(part)), size)]
		have := make([]byte, len(part))
		if n, err := target.Unpaced(r).ReadAt(have, 0); n < len(have) && err != nil || !bytes.Equal(have, part) {
			part = nil
		}
		off := int64(len(part))
		return b.Source(io.NewSectionReader(r, off, size-off), size-off), part
	})
}

func (m *Memory) put(ctx context.Context, name string, size int64, from func(*guard.Beat) (io.Reader, []byte)) error {
	if err := m.g.Check("put", name, size); err != nil {
		return err
	}
	return m.g.Exclusive(ctx, "put", name, func(ctx context.Context, b *guard.Beat) error {
		if err := m.allowed("put", name); err != nil {
			return err
		}
		r, part := from(b)
		buf := make([]byte, memBlock)
		for int64(len(part)) < size {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := m.fault("write", name, int64(len(part))); err != nil {
				return err
			}
			n, err := r.Read(buf)
			part = append(part, buf[:n]...)
			if full := m.keep(name, part); full != nil {
				return full
			}
			b.Moved()
			if err != nil && int64(len(part)) < size {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.parts, name)
		m.files[name] = memFile{part, m.Now()}
		return nil
	})
}

// keep stores what there is of an unfinished file.
func (m *Memory) keep(name string, part []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	used := int64(len(part))
	for _, f := range m.files {
		used += int64(len(f.b))
	}
	if m.Room > 0 && used > m.Room {
		delete(m.parts, name)
		return target.ErrFull
	}
	m.parts[name] = memFile{part, m.Now()}
	return nil
}

// allowed says whether a call that changes something may.
func (m *Memory) allowed(op, name string) error {
	if err := m.fault(op, name, 0); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[target.Marker]; !ok && (op != "put" || name != target.Marker) {
		return target.ErrNoMarker
	}
	return nil
}

// Get implements target.Target.
func (m *Memory) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if err := m.g.Check("get", name, 0); err != nil {
		return nil, err
	}
	return m.g.Get(ctx, name, func(context.Context) (io.ReadCloser, error) {
		if err := m.fault("get", name, 0); err != nil {
			return nil, err
		}
		m.mu.Lock()
		f, ok := m.files[name]
		m.mu.Unlock()
		if !ok {
			return nil, fs.ErrNotExist
		}
		b := f.b[min(max(off, 0), int64(len(f.b))):]
		if n >= 0 {
			b = b[:min(n, int64(len(b)))]
		}
		return &memReader{m: m, name: name, off: max(off, 0), r: bytes.NewReader(b)}, nil
	})
}

type memReader struct {
	m    *Memory
	name string
	off  int64
	r    *bytes.Reader
}

func (r *memReader) Read(p []byte) (int, error) {
	if err := r.m.fault("read", r.name, r.off); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p[:min(len(p), memBlock)])
	r.off += int64(n)
	return n, err
}

func (r *memReader) Close() error { return nil }

// Stat implements target.Target.
func (m *Memory) Stat(ctx context.Context, name string) (target.Entry, error) {
	if err := m.g.Check("stat", name, 0); err != nil {
		return target.Entry{}, err
	}
	found := make(chan target.Entry, 1)
	err := m.g.Do(ctx, "stat", name, func(context.Context, *guard.Beat) error {
		if err := m.fault("stat", name, 0); err != nil {
			return err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		f, ok := m.files[name]
		if !ok {
			return fs.ErrNotExist
		}
		found <- target.Entry{Name: name, Size: int64(len(f.b)), Modified: f.t}
		return nil
	})
	if err != nil {
		return target.Entry{}, err
	}
	return <-found, nil
}

// List implements target.Target.
func (m *Memory) List(ctx context.Context, prefix string, fn func(target.Entry) error) error {
	if err := m.g.CheckPrefix(prefix); err != nil {
		return err
	}
	return m.g.List(ctx, prefix, fn, func(_ context.Context, b *guard.Beat, yield func(target.Entry) error) error {
		if err := m.fault("list", prefix, 0); err != nil {
			return err
		}
		m.mu.Lock()
		all := maps.Clone(m.files)
		m.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if !target.Below(prefix, name) {
				continue
			}
			if err := yield(target.Entry{Name: name, Size: int64(len(all[name].b)), Modified: all[name].t}); err != nil {
				return err
			}
			b.Moved()
		}
		return nil
	})
}

// Remove implements target.Target.
func (m *Memory) Remove(ctx context.Context, name string) error {
	if err := m.g.Check("remove", name, 0); err != nil {
		return err
	}
	return m.g.Exclusive(ctx, "remove", name, func(context.Context, *guard.Beat) error {
		if err := m.allowed("remove", name); err != nil {
			return err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.files, name)
		delete(m.parts, name)
		return nil
	})
}

// Sweep implements target.Target.
func (m *Memory) Sweep(ctx context.Context, older time.Duration) (int, error) {
	swept := make(chan int, 1)
	err := m.g.Do(ctx, "sweep", "", func(context.Context, *guard.Beat) error {
		if err := m.allowed("sweep", ""); err != nil {
			return err
		}
		busy := m.g.Busy()
		m.mu.Lock()
		defer m.mu.Unlock()
		n := 0
		for name, f := range m.parts {
			if !f.t.After(m.Now().Add(-older)) && !slices.Contains(busy, name) {
				delete(m.parts, name)
				n++
			}
		}
		swept <- n
		return nil
	})
	if err != nil {
		return 0, err
	}
	return <-swept, nil
}

// Space implements target.Target.
func (m *Memory) Space(ctx context.Context) (target.Space, error) {
	if err := m.g.Do(ctx, "space", "", func(context.Context, *guard.Beat) error { return m.fault("space", "", 0) }); err != nil {
		return target.Unknown(), err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Room == 0 {
		return target.Unknown(), nil
	}
	s := target.Space{Free: m.Room, Total: m.Room}
	for _, f := range m.files {
		s.Free -= int64(len(f.b))
	}
	return s, nil
}

// ErrInjected is an error without a class, for faults.
var ErrInjected = errors.New("injected fault")
