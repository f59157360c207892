package targettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"vaad/recorder/backup/target"
)

// step is where interruptions are tried: every 64 KiB.
const step = 64 << 10

func interrupted(t *testing.T, p Place) {
	tg := p.ready(t)
	old := Bytes(777, 9)
	b := Bytes(1<<20+77, 1)
	at := func(tg target.Target, name string, b []byte, k int64) int64 {
		t.Helper()
		put(t, tg, name, old)
		ctx, stop := context.WithCancel(deadline(t))
		defer stop()
		err := tg.PutFrom(ctx, name, int64(len(b)), &breaking{ReaderAt: bytes.NewReader(b), at: k, stop: stop})
		if k < int64(len(b)) && !errors.Is(err, context.Canceled) {
			t.Fatalf("put that was stopped at %d: %v", k, err)
		}
		if k < int64(len(b)) {
			wantBytes(t, tg, name, old)
			if all := names(t, tg, "i"); len(all) != 1 {
				t.Fatalf("what is unfinished shows: %v", all)
			}
		}
		sent := int64(0)
		var mu sync.Mutex
		counting := target.Observed(tg, target.Hooks{Sent: func(n int) { mu.Lock(); sent += int64(n); mu.Unlock() }})
		put(t, counting, name, b)
		wantBytes(t, tg, name, b)
		return sent
	}
	// atMost is at, and wants so little sent again. Where the machine stands still
	// just then, the connection is given up, and what was on its way is lost.
	atMost := func(b []byte, k, most int64) {
		t.Helper()
		sent := at(tg, "i/f", b, k)
		for range 2 {
			if sent > most {
				sent = at(tg, "i/f", b, k)
			}
		}
		if sent > most {
			t.Errorf("stopped at %d of %d, %d bytes were sent again", k, len(b), sent)
		}
	}
	for k := int64(0); k <= int64(len(b)); k += step {
		most := int64(math.MaxInt64)
		if p.Resumes && p.Big == 0 && k > 4*step {
			most = int64(len(b)) - k + 4*step
		}
		atMost(b, k, most)
	}
	if p.Big > 0 {
		b := Bytes(int(p.Big), 2)
		for _, k := range []int64{p.Big / 5, p.Big / 2, p.Big - step, p.Big - 1} {
			most := int64(math.MaxInt64)
			if p.Resumes && k >= p.Big/2 {
				most = p.Big - 1
			}
			atMost(b, k, most)
		}
	}
	// A restarted program goes on too, and a source that broke is one more reason.
	broken := errors.New("broken")
	if err := tg.PutFrom(deadline(t), "i/g", int64(len(b)), &breaking{ReaderAt: bytes.NewReader(b), at: 5 * step, err: broken}); !errors.Is(err, target.ErrSource) {
		t.Fatalf("put of a broken source: %v", err)
	}
	if err := tg.Close(); err != nil {
		t.Fatal(err)
	}
	again := p.open(t)
	put(t, again, "i/g", b)
	wantBytes(t, again, "i/g", b)
}

func changed(t *testing.T, p Place) {
	tg := p.ready(t)
	size := 1 << 20
	if p.Big > 0 {
		size = int(p.Big)
	}
	for i, next := range [][]byte{
		Bytes(size, 50),                       // all other
		Bytes(size/3, 1),                      // shorter than what is there
		append([]byte{}, Bytes(size, 1)...),   // one byte differs in the part that was sent
		append(Bytes(size, 1), "and more"...), // longer
	} {
		first := Bytes(size, 1)
		if i == 2 {
			next[size/4]++
		}
		name := fmt.Sprintf("c/%d", i)
		ctx, stop := context.WithCancel(deadline(t))
		err := tg.PutFrom(ctx, name, int64(size), &breaking{ReaderAt: bytes.NewReader(first), at: int64(size) * 3 / 4, stop: stop})
		stop()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("put that was stopped: %v", err)
		}
		if i%2 == 0 {
			put(t, tg, name, next)
		} else if err := tg.Put(deadline(t), name, int64(len(next)), bytes.NewReader(next)); err != nil {
			t.Fatal(err)
		}
		wantBytes(t, tg, name, next)
	}
}

func concurrent(t *testing.T, p Place) {
	tg := p.ready(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			b := Bytes(150_000+i, uint64(i))
			name := fmt.Sprintf("p/%d/f", i%5*10+i)
			if err := tg.PutFrom(deadline(t), name, int64(len(b)), bytes.NewReader(b)); err != nil {
				t.Errorf("put %s: %v", name, err)
				return
			}
			if got, err := read(t, tg, name, 0, -1); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%s: %v, %s", name, err, differ(got, b))
			}
		})
		wg.Go(func() {
			b := bytes.Repeat([]byte{byte(i)}, 100_000)
			if err := tg.Put(deadline(t), "p/same", int64(len(b)), bytes.NewReader(b)); err != nil {
				t.Errorf("put p/same: %v", err)
				return
			}
			got, err := read(t, tg, "p/same", 0, -1)
			if err != nil || len(got) != 100_000 || !bytes.Equal(got, bytes.Repeat(got[:1], 100_000)) {
				t.Errorf("p/same is a mixture: %v, %d bytes", err, len(got))
			}
		})
	}
	wg.Wait()
	if n := len(names(t, tg, "p")); n != 17 {
		t.Errorf("%d names for 17", n)
	}
}

func sweeps(t *testing.T, p Place) {
	tg := p.ready(t)
	size := int64(1 << 20)
	if p.Big > 0 {
		size = p.Big
	}
	leave := func(name string) {
		t.Helper()
		ctx, stop := context.WithCancel(deadline(t))
		defer stop()
		err := tg.PutFrom(ctx, name, size, &breaking{ReaderAt: bytes.NewReader(Bytes(int(size), 1)), at: size * 3 / 4, stop: stop})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("put that was stopped: %v", err)
		}
	}
	leave("s/a")
	leave("s/b")
	if n, err := tg.Sweep(deadline(t), time.Hour); err != nil || n != 0 {
		t.Fatalf("sweep of what is an hour old: %d, %v", n, err)
	}
	if err := tg.Remove(deadline(t), "s/a"); err != nil {
		t.Fatal(err)
	}
	n, err := tg.Sweep(deadline(t), -time.Hour) // whatever the place's clock shows
	if err != nil || p.Resumes && n != 1 || n > 1 {
		t.Fatalf("sweep of all: %d, %v", n, err)
	}
	if n, err := tg.Sweep(deadline(t), -time.Hour); err != nil || n != 0 {
		t.Fatalf("sweep after a sweep: %d, %v", n, err)
	}
	put(t, tg, "s/b", []byte("fine"))
	wantBytes(t, tg, "s/b", []byte("fine"))
}

func canceled(t *testing.T, p Place) {
	tg := p.ready(t)
	b := Bytes(1<<20, 1)
	put(t, tg, "f", b)
	ctx, stop := context.WithCancel(deadline(t))
	stop()
	errs := map[string]error{
		"put": tg.Put(ctx, "g", 1, bytes.NewReader(b)), "from": tg.PutFrom(ctx, "g", 1, bytes.NewReader(b)), "remove": tg.Remove(ctx, "f"),
		"list": tg.List(ctx, "", func(target.Entry) error { return nil }),
	}
	_, errs["stat"] = tg.Stat(ctx, "f")
	_, errs["get"] = tg.Get(ctx, "f", 0, -1)
	_, errs["space"] = tg.Space(ctx)
	for op, err := range errs {
		if !errors.Is(err, context.Canceled) || target.Class(err) != "canceled" {
			t.Errorf("%s with a context that ended: %v", op, err)
		}
	}
	// A slow pace does not keep a call from ending.
	slow := target.Limited(tg, func() int64 { return 2048 })
	ctx, stop = context.WithTimeout(deadline(t), 300*time.Millisecond)
	defer stop()
	began := time.Now()
	if err := slow.PutFrom(ctx, "g", int64(len(b)), bytes.NewReader(b)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow put: %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it ended after %v", took)
	}
	// A reader ends with the context it was opened with.
	ctx, stop = context.WithCancel(deadline(t))
	defer stop()
	r, err := tg.Get(ctx, "f", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	stop()
	for range 3000 {
		if _, err = r.Read(make([]byte, 1000)); err != nil {
			break
		}
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a reader whose context ended: %v", err)
	}
	_ = r.Close()
	wantBytes(t, tg, "f", b)
	if _, err := tg.Stat(deadline(t), "g"); !errors.Is(err, target.ErrNotExist) {
		t.Errorf("what was never finished: %v", err)
	}
}
