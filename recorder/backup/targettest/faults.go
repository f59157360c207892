package targettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vaad/recorder/backup/target"
)

func vanishes(t *testing.T, p Place) {
	if p.Vanish == nil {
		t.Skip("it cannot vanish")
	}
	tg := p.ready(t)
	b := Bytes(1<<20, 1)
	put(t, tg, "f", b)
	// Half-way through a put.
	err := tg.PutFrom(deadline(t), "g", int64(len(b)), &breaking{ReaderAt: bytes.NewReader(b), at: 512 << 10, stop: p.Vanish})
	if err == nil {
		// What was under way may still be finished by a medium that is only cut off
		// from new calls.
		t.Log("the put under way was finished")
	}
	p.Vanish()
	ctx := deadline(t)
	errs := map[string]error{
		"put": tg.Put(ctx, "h", 1, bytes.NewReader(b)), "from": tg.PutFrom(ctx, "h", 1, bytes.NewReader(b)), "remove": tg.Remove(ctx, "f"),
		"list": tg.List(ctx, "", func(target.Entry) error { return nil }),
	}
	_, errs["stat"] = tg.Stat(ctx, "f")
	_, errs["get"] = read(t, tg, "f", 0, -1)
	_, errs["space"] = tg.Space(ctx)
	for op, err := range errs {
		if op == "space" && err == nil {
			continue // some places have none to ask for
		}
		if !errors.Is(err, p.Class) {
			t.Errorf("%s while it is away: %v", op, err)
		}
	}
	p.Return()
	wantBytes(t, tg, "f", b)
	put(t, tg, "g", b)
	wantBytes(t, tg, "g", b)
	if _, err := tg.Stat(deadline(t), "h"); !errors.Is(err, target.ErrNotExist) {
		t.Errorf("what could not be put: %v", err)
	}
}

func cut(t *testing.T, p Place) {
	if p.Cut == nil {
		t.Skip("it has no connection")
	}
	tg := p.ready(t)
	b := Bytes(600_000, 1)
	put(t, tg, "keep", b)
	for _, n := range []int64{1, 1000, 70_000, 200_000, 500_000} {
		p.Cut(n)
		var err error
		for try := 0; ; try++ {
			if err = tg.PutFrom(deadline(t), "f", int64(len(b)), bytes.NewReader(b)); err == nil {
				break
			}
			if !target.Temporary(err) {
				t.Fatalf("cut after %d bytes: %v", n, err)
			}
			if try == 3 {
				t.Fatalf("cut once after %d bytes, it still fails: %v", n, err)
			}
			if _, err := tg.Stat(deadline(t), "f"); !errors.Is(err, target.ErrNotExist) && !target.Temporary(err) {
				t.Fatalf("after %d bytes, half a file is there: %v", n, err)
			}
		}
		wantBytes(t, tg, "f", b)
		if err := tg.Remove(deadline(t), "f"); err != nil {
			t.Fatal(err)
		}
		// A break while reading is an error, or mended; never an early end.
		p.Cut(n)
		got, err := read(t, tg, "keep", 0, -1)
		if err != nil && !target.Temporary(err) {
			t.Fatalf("get cut after %d bytes: %v", n, err)
		}
		if err == nil && !bytes.Equal(got, b) || err != nil && !bytes.HasPrefix(b, got) {
			t.Fatalf("get cut after %d bytes: %s", n, differ(got, b))
		}
		p.Cut(1 << 60)
		for range 3 { // what is cut late may only be noticed now
			if _, err = tg.Stat(deadline(t), "keep"); !target.Temporary(err) {
				break
			}
		}
		wantBytes(t, tg, "keep", b)
	}
}

func freezes(t *testing.T, p Place) {
	if p.Freeze == nil {
		t.Skip("it cannot be frozen")
	}
	calm := p.open(t)
	mark(t, calm)
	b := Bytes(600_000, 1)
	put(t, calm, "f", b) // a busy machine may stand still for a second, too
	tg := p.openStall(t, time.Second)
	var frozen atomic.Bool
	var err error
	for range 20 { // as often as the machine stands still before the place does
		err = tg.PutFrom(deadline(t), "g", int64(len(b)), &breaking{ReaderAt: bytes.NewReader(b), at: 100_000, stop: func() {
			if frozen.CompareAndSwap(false, true) {
				p.Freeze()
			}
		}})
		if frozen.Load() || !errors.Is(err, target.ErrStalled) {
			break
		}
	}
	if !frozen.Load() {
		t.Fatalf("put: %v", err)
	}
	if !errors.Is(err, target.ErrStalled) || !target.Temporary(err) {
		t.Errorf("put on a hung place: %v", err)
	}
	if _, err := tg.Stat(deadline(t), "f"); !errors.Is(err, target.ErrStalled) {
		t.Errorf("stat on a hung place: %v", err)
	}
	p.Thaw()
	for range 20 {
		if err = tg.PutFrom(deadline(t), "g", int64(len(b)), bytes.NewReader(b)); err == nil {
			break
		}
		if !target.Temporary(err) {
			t.Fatalf("put once it goes on: %v", err)
		}
	}
	wantBytes(t, calm, "g", b)
	wantBytes(t, calm, "f", b)
}

// slow: what moves is not hung, however long it takes.
func slow(t *testing.T, p Place) {
	if p.Slow == nil {
		t.Skip("it cannot be slow")
	}
	mark(t, p.open(t))
	tg := p.openStall(t, 2*time.Second)
	b := Bytes(2_000_000, 1)
	p.Slow(500_000) // twice as long as nothing may move; what lies in buffers in the end goes in a small part of that
	for try := 1; ; try++ {
		err := tg.PutFrom(deadline(t), "f", int64(len(b)), bytes.NewReader(b))
		var got []byte
		if err == nil {
			got, err = read(t, tg, "f", 0, -1)
		}
		if err == nil && bytes.Equal(got, b) {
			break
		}
		if !errors.Is(err, target.ErrStalled) || try == 20 { // a busy machine may really stand still for so long
			t.Fatalf("what moves slowly, try %d: %v, %s", try, err, differ(got, b))
		}
	}
	ctx, stop := context.WithTimeout(deadline(t), 300*time.Millisecond)
	defer stop()
	r, err := tg.Get(ctx, "f", 0, -1)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		_ = r.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("get with a context that ended: %v", err)
	}
	p.Slow(0)
	wantBytes(t, tg, "f", b)
}

// model compares any sequence of calls with a map.
func model(t *testing.T, p Place) {
	tg := p.ready(t)
	ctx := deadline(t)
	want := map[string][]byte{target.Marker: []byte("{}")}
	name := rapid.SampledFrom([]string{"a", "b/c", "b/d", "b/e/f", "q.wav"})
	seq := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			seq++
			n := name.Draw(rt, "name")
			switch rapid.SampledFrom([]string{"put", "from", "get", "remove", "list"}).Draw(rt, "op") {
			case "put":
				b := Bytes(rapid.IntRange(0, 3000).Draw(rt, "size"), uint64(seq))
				if err := tg.Put(ctx, n, int64(len(b)), bytes.NewReader(b)); err != nil {
					rt.Fatal(err)
				}
				want[n] = b
			case "from":
				b := Bytes(rapid.IntRange(0, 3000).Draw(rt, "size"), uint64(seq))
				if err := tg.PutFrom(ctx, n, int64(len(b)), bytes.NewReader(b)); err != nil {
					rt.Fatal(err)
				}
				want[n] = b
			case "get":
				off, k := rapid.Int64Range(0, 3100).Draw(rt, "off"), rapid.Int64Range(-1, 3100).Draw(rt, "n")
				r, err := tg.Get(ctx, n, off, k)
				b, there := want[n]
				if !there {
					if !errors.Is(err, target.ErrNotExist) {
						rt.Fatalf("get %s: %v", n, err)
					}
					continue
				}
				if err != nil {
					rt.Fatal(err)
				}
				got, err := io.ReadAll(r)
				_ = r.Close()
				b = b[min(off, int64(len(b))):]
				if k >= 0 {
					b = b[:min(k, int64(len(b)))]
				}
				if err != nil || !bytes.Equal(got, b) {
					rt.Fatalf("get %s: %v, %s", n, err, differ(got, b))
				}
			case "remove":
				if err := tg.Remove(ctx, n); err != nil {
					rt.Fatal(err)
				}
				delete(want, n)
			case "list":
				var got, all []string
				if err := tg.List(ctx, "", func(e target.Entry) error {
					got = append(got, fmt.Sprint(e.Name, e.Size))
					return nil
				}); err != nil {
					rt.Fatal(err)
				}
				for _, n := range slices.Sorted(maps.Keys(want)) {
					all = append(all, fmt.Sprint(n, len(want[n])))
				}
				if !slices.Equal(got, all) {
					rt.Fatalf("list: %v, want %v", got, all)
				}
			}
		}
	})
}
