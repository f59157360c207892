package targettest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"vaad/recorder/backup/target"
)

// Place is one empty place for backups. Each test of the suite gets its own.
type Place struct {
	// Open opens the place as a target with the given stall time; more than once,
	// as a restarted program would.
	Open func(stall time.Duration) (target.Target, error)
	// Big is a size in bytes at which the kind works in several parts; 0 = none.
	Big int64
	// Resumes says that an interrupted PutFrom of 1 MiB goes on where it stopped;
	// with Big, one of Big bytes does.
	Resumes bool
	// Plant puts many small files there quickly, their names as contents; nil = Put
	// does.
	Plant func(t *testing.T, names []string)

	// Vanish takes the medium or the server away, Return brings it back; nil = it
	// cannot. Class is what calls fail with meanwhile.
	Vanish, Return func()
	Class          error
	// Freeze lets everything hang, Thaw lets it go on; nil = it cannot.
	Freeze, Thaw func()
	// Cut breaks the connection once, after n more bytes went either way; nil = it
	// cannot.
	Cut func(n int64)
	// Slow lets only so many bytes a second through, 0 = any; nil = it cannot.
	Slow func(bytesPerSecond int)
}

// context is how long anything in the suite may take.
func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// open opens the place and closes it at the end.
func (p Place) open(t *testing.T) target.Target {
	t.Helper()
	return p.openStall(t, 20*time.Second)
}

func (p Place) openStall(t *testing.T, stall time.Duration) target.Target {
	t.Helper()
	tg, err := p.Open(stall)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = tg.Close() })
	return tg
}

// ready opens the place and sets it up.
func (p Place) ready(t *testing.T) target.Target {
	t.Helper()
	tg := p.open(t)
	mark(t, tg)
	return tg
}

func mark(t *testing.T, tg target.Target) {
	t.Helper()
	put(t, tg, target.Marker, []byte("{}"))
}

// Bytes makes n bytes that look like nothing else, the same for the same seed.
func Bytes(n int, seed uint64) []byte {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(n), byte(n >> 8), byte(n >> 16)})
	b := make([]byte, n)
	_, _ = r.Read(b) // it never fails
	return b
}

func put(t *testing.T, tg target.Target, name string, b []byte) {
	t.Helper()
	if err := tg.PutFrom(deadline(t), name, int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
}

// read is everything stored as name.
func read(t *testing.T, tg target.Target, name string, off, n int64) ([]byte, error) {
	t.Helper()
	r, err := tg.Get(deadline(t), name, off, n)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if e := r.Close(); err == nil {
		err = e
	}
	return b, err
}

func wantBytes(t *testing.T, tg target.Target, name string, want []byte) {
	t.Helper()
	got, err := read(t, tg, name, 0, -1)
	if err != nil {
		t.Fatalf("get %s: %v", name, err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %s", name, differ(got, want))
	}
	e, err := tg.Stat(deadline(t), name)
	if err != nil || e.Size != int64(len(want)) || e.Name != name {
		t.Fatalf("stat %s: %+v, %v; it has %d bytes", name, e, err, len(want))
	}
}

func differ(got, want []byte) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("%d bytes for %d, the first other one is at %d", len(got), len(want), i)
		}
	}
	return fmt.Sprintf("%d bytes for %d", len(got), len(want))
}

func names(t *testing.T, tg target.Target, prefix string) []string {
	t.Helper()
	var all []string
	if err := tg.List(deadline(t), prefix, func(e target.Entry) error {
		all = append(all, e.Name)
		return nil
	}); err != nil {
		t.Fatalf("list %q: %v", prefix, err)
	}
	return all
}

// breaking is a source that stops at an offset: it calls stop, or fails.
type breaking struct {
	io.ReaderAt
	at   int64
	stop func()
	err  error
}

func (b *breaking) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.at {
		if b.stop != nil {
			b.stop()
		}
		if off >= b.at {
			if b.err != nil {
				return 0, b.err
			}
			return b.ReaderAt.ReadAt(p, off)
		}
		if b.err != nil {
			n, _ := b.ReaderAt.ReadAt(p[:b.at-off], off)
			return n, b.err
		}
	}
	return b.ReaderAt.ReadAt(p, off)
}
