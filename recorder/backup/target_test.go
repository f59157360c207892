package backup_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
)

// memTarget is a target in memory with faults.
type memTarget struct {
	mu    sync.Mutex
	files map[string][]byte
	puts  map[string]int // completed, by name
	ops   int
	dieAt int // the operation at which it vanishes, half done; 0 = never
	dead  bool
	kind  target.Kind

	fail func(op, name string) error // may be nil
	rot  func(name string, b []byte) // changes what is stored
	lock map[string]bool             // refuses removal
	slow func()
}

func newTarget() *memTarget {
	return &memTarget{files: map[string][]byte{}, puts: map[string]int{}, lock: map[string]bool{}, kind: target.KindFolder}
}

func (m *memTarget) err(op, name string, class, err error) error {
	return &target.Error{Target: "mem", Op: op, Name: name, Class: class, Err: err}
}

// op counts an operation. half says that it is the one that does not end well.
func (m *memTarget) op(ctx context.Context, op, name string) (half bool, err error) {
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if m.slow != nil {
		m.slow()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return false, m.err(op, name, target.ErrGone, nil)
	}
	m.ops++
	if m.ops == m.dieAt {
		m.dead = true
		return true, m.err(op, name, target.ErrGone, nil)
	}
	if m.fail != nil {
		if err := m.fail(op, name); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (m *memTarget) revive() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead, m.dieAt, m.ops = false, 0, 0
}

func (m *memTarget) Name() string      { return "mem" }
func (m *memTarget) Kind() target.Kind { return m.kind }
func (m *memTarget) Close() error      { return nil }

func (m *memTarget) Put(ctx context.Context, name string, size int64, r io.Reader) error {
	half, err := m.op(ctx, "put", name)
	if err != nil && !half {
		return err
	}
	b := make([]byte, size)
	if _, e := io.ReadFull(r, b); e != nil {
		if errors.Is(e, io.ErrUnexpectedEOF) || e == io.EOF {
			return m.err("put", name, target.ErrShort, nil)
		}
		return m.err("put", name, target.ErrSource, e)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[target.Marker]; !ok && name != target.Marker {
		return m.err("put", name, target.ErrNoMarker, nil)
	}
	if half && m.ops%2 == 0 {
		return err // nothing of it is there
	}
	if m.rot != nil {
		m.rot(name, b)
	}
	m.files[name] = b
	m.puts[name]++
	return err // half: it is there, and nobody was told
}

func (m *memTarget) PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error {
	return m.Put(ctx, name, size, io.NewSectionReader(r, 0, size))
}

func (m *memTarget) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if _, err := m.op(ctx, "get", name); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.files[name]
	if !ok {
		return nil, m.err("get", name, target.ErrNotExist, nil)
	}
	b = b[min(off, int64(len(b))):]
	if n >= 0 {
		b = b[:min(n, int64(len(b)))]
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m *memTarget) Stat(ctx context.Context, name string) (target.Entry, error) {
	if _, err := m.op(ctx, "stat", name); err != nil {
		return target.Entry{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.files[name]
	if !ok {
		return target.Entry{}, m.err("stat", name, target.ErrNotExist, nil)
	}
	return target.Entry{Name: name, Size: int64(len(b))}, nil
}

func (m *memTarget) List(ctx context.Context, prefix string, fn func(target.Entry) error) error {
	if _, err := m.op(ctx, "list", prefix); err != nil {
		return err
	}
	m.mu.Lock()
	names := slices.Sorted(maps.Keys(m.files))
	m.mu.Unlock()
	for _, name := range names {
		if !target.Below(prefix, name) {
			continue
		}
		m.mu.Lock()
		size := int64(len(m.files[name]))
		m.mu.Unlock()
		if err := fn(target.Entry{Name: name, Size: size}); err != nil {
			if errors.Is(err, fs.SkipAll) {
				return nil
			}
			return err
		}
	}
	return nil
}

func (m *memTarget) Remove(ctx context.Context, name string) error {
	half, err := m.op(ctx, "remove", name)
	if err != nil && !half {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lock[name] {
		return m.err("remove", name, target.ErrRefused, nil)
	}
	delete(m.files, name)
	return err
}

func (m *memTarget) Sweep(context.Context, time.Duration) (int, error) { return 0, nil }
func (m *memTarget) Space(context.Context) (target.Space, error)       { return target.Unknown(), nil }

// holds are the files but the head and state bundles, which differ by time.
func (m *memTarget) holds() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]string{}
	for name, b := range m.files {
		if name != target.Marker && !strings.HasPrefix(name, "state/") {
			out[name] = string(b)
		}
	}
	return out
}

func (m *memTarget) full() error {
	return m.err("put", "x", target.ErrFull, syscall.ENOSPC)
}

func TestMain(m *testing.M) { backup.VerifyNoLeaks(m) }
