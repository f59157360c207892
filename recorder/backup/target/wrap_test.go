package target_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/targettest"
)

func ready(t *testing.T) *targettest.Memory {
	t.Helper()
	m := targettest.NewMemory("mem")
	if err := m.Put(context.Background(), target.Marker, 0, bytes.NewReader(nil)); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestALimitedTargetKeepsItsPaceAndFollowsChangesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := ready(t)
		var rate atomic.Int64
		l := target.Limited(m, rate.Load)
		b := targettest.Bytes(1<<20, 1)
		took := func(do func() error) time.Duration {
			began := time.Now()
			if err := do(); err != nil {
				t.Error(err)
			}
			return time.Since(began)
		}
		within := func(what string, got, want time.Duration) {
			t.Helper()
			if got < want*9/10 || got > want*11/10+time.Second/4 {
				t.Errorf("%s took %v for %v", what, got, want)
			}
		}
		ctx := context.Background()
		if d := took(func() error { return l.PutFrom(ctx, "a", 1<<20, bytes.NewReader(b)) }); d != 0 {
			t.Errorf("without a limit it took %v", d)
		}
		rate.Store(100 << 10)
		within("put", took(func() error { return l.Put(ctx, "b", 1<<20, bytes.NewReader(b)) }), 10*time.Second)
		within("put from", took(func() error { return l.PutFrom(ctx, "c", 1<<20, bytes.NewReader(b)) }), 10*time.Second)
		within("get", took(func() error {
			r, err := l.Get(ctx, "a", 0, -1)
			if err != nil {
				return err
			}
			got, err := io.ReadAll(r)
			if !bytes.Equal(got, b) {
				t.Error("other bytes")
			}
			return errors.Join(err, r.Close())
		}), 10*time.Second)
		// Two at once share the pace.
		within("two puts", took(func() error {
			done := make(chan error)
			for i := range 2 {
				go func() { done <- l.PutFrom(ctx, fmt.Sprint("two", i), 1<<20, bytes.NewReader(b)) }()
			}
			return errors.Join(<-done, <-done)
		}), 20*time.Second)
		// A change counts for what is under way.
		go func() {
			time.Sleep(5 * time.Second)
			rate.Store(0)
		}()
		within("put with a change", took(func() error { return l.PutFrom(ctx, "d", 1<<20, bytes.NewReader(b)) }), 5*time.Second)
		// Nobody means so slow that it looks hung.
		rate.Store(1)
		within("the slowest put", took(func() error { return l.PutFrom(ctx, "e", 100<<10, bytes.NewReader(b)) }), 100*time.Second)
		if files := m.Files(); !bytes.Equal(files["b"], b) || !bytes.Equal(files["c"], b) || !bytes.Equal(files["d"], b) {
			t.Error("other bytes")
		}
	})
}

func TestALimitDoesNotKeepACallFromEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := target.Limited(ready(t), func() int64 { return 1024 })
		ctx, stop := context.WithTimeout(context.Background(), 3*time.Second)
		defer stop()
		began := time.Now()
		err := l.PutFrom(ctx, "a", 1<<20, bytes.NewReader(make([]byte, 1<<20)))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 4*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestWhatIsOnlyComparedHasNoPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := ready(t)
		b := targettest.Bytes(1<<20, 1)
		m.Fault = func(op, _ string, off int64) error {
			if op == "write" && off >= 1<<20-8192 {
				return target.ErrUnreachable
			}
			return nil
		}
		if err := m.PutFrom(context.Background(), "a", 1<<20, bytes.NewReader(b)); !errors.Is(err, target.ErrUnreachable) {
			t.Fatal(err)
		}
		m.Fault = nil
		var sent int
		l := target.Limited(target.Observed(m, target.Hooks{Sent: func(n int) { sent += n }}), func() int64 { return 8192 })
		began := time.Now()
		if err := l.PutFrom(context.Background(), "a", 1<<20, bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d > 2*time.Second || sent > 8192 {
			t.Errorf("it took %v, %d bytes were sent", d, sent)
		}
	})
}

func TestAnObservedTargetTellsOfEveryCallOnce(t *testing.T) {
	m := ready(t)
	var sent, received int
	calls := map[string]string{}
	o := target.Observed(target.Limited(m, func() int64 { return 0 }), target.Hooks{
		Sent: func(n int) { sent += n }, Received: func(n int) { received += n },
		Done: func(op string, err error, _ time.Duration) { calls[op] += target.Class(err) + "." },
	})
	ctx := context.Background()
	b := targettest.Bytes(100_000, 1)
	for _, put := range []func() error{
		func() error { return o.Put(ctx, "a", 100_000, bytes.NewReader(b)) },
		func() error { return o.PutFrom(ctx, "b", 100_000, bytes.NewReader(b)) },
	} {
		if err := put(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := o.Get(ctx, "a", 10, -1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = o.Get(ctx, "none", 0, -1)
	_, _ = o.Stat(ctx, "none")
	_ = o.List(ctx, "", func(target.Entry) error { return nil })
	_ = o.Remove(ctx, "a")
	_, _ = o.Sweep(ctx, 0)
	_, _ = o.Space(ctx)
	_ = o.Put(ctx, "../x", 0, bytes.NewReader(nil))
	m.Fault = func(op, _ string, off int64) error {
		if op == "read" && off > 50_000 {
			return target.ErrUnreachable
		}
		return nil
	}
	if r, err = o.Get(ctx, "b", 0, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, target.ErrUnreachable) {
		t.Error(err)
	}
	_ = r.Close()
	want := map[string]string{"put": "..name.", "get": ".not_exist.unreachable.", "stat": "not_exist.", "list": ".", "remove": ".", "sweep": ".", "space": "."}
	if fmt.Sprint(calls) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", calls, want)
	}
	if sent != 200_000 || received < 99_990+50_000 || received > 99_990+60_000 {
		t.Errorf("%d bytes sent, %d received", sent, received)
	}
}

type sealing struct{ *targettest.Memory }

func (sealing) Seal(context.Context) (target.Volume, error)      { return target.Volume{ID: "X"}, nil }
func (sealing) Volumes(context.Context) ([]target.Volume, error) { return nil, nil }

func TestWhatATargetCanDoIsFoundThroughWrappers(t *testing.T) {
	inner := sealing{ready(t)}
	o := target.Observed(target.Limited(inner, func() int64 { return 0 }), target.Hooks{})
	s, ok := target.As[target.Sealer](o)
	if !ok {
		t.Fatal("no Sealer")
	}
	if v, err := s.Seal(context.Background()); err != nil || v.ID != "X" {
		t.Errorf("%+v, %v", v, err)
	}
	if _, ok := target.As[target.Ejector](o); ok {
		t.Error("an Ejector")
	}
	if _, ok := target.As[target.Sealer](nil); ok {
		t.Error("a Sealer of nothing")
	}
}

func TestAnErrorMatchesItsClassAndNoOther(t *testing.T) {
	all := []error{target.ErrName, target.ErrNotExist, target.ErrShort, target.ErrSource, target.ErrFull, target.ErrReadOnly, target.ErrGone, target.ErrNoMarker,
		target.ErrAuth, target.ErrRefused, target.ErrCorrupt, target.ErrStalled, target.ErrUnreachable, target.ErrClosed, target.ErrOther}
	words := map[string]bool{}
	for i, class := range all {
		var err error = &target.Error{Target: "nas", Op: "put", Name: "a/b", Class: class, Err: fmt.Errorf("because: %w", all[(i+1)%len(all)])}
		for _, other := range all {
			if errors.Is(err, other) != (other == class) {
				t.Errorf("%v matches %v: %v", class, other, errors.Is(err, other))
			}
		}
		words[target.Class(err)] = true
		if target.Temporary(err) != (class == target.ErrStalled || class == target.ErrUnreachable) {
			t.Errorf("%v is temporary: %v", class, target.Temporary(err))
		}
	}
	if len(words) != len(all) {
		t.Errorf("%d words for %d classes", len(words), len(all))
	}
	if target.Class(nil) != "" || target.Class(io.EOF) != "other" || target.Temporary(nil) {
		t.Error("what has no class")
	}
}
