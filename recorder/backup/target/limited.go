package target

import (
	"context"
	"io"
	"sync"
	"time"
)

// minRate is the slowest pace in bytes a second: slower would look like a stall.
const minRate = 1024

// Limited is t at most so fast: bytesPerSecond is asked all the time, so that a
// change counts at once, also for what is under way. Zero or less is no limit;
// less than 1 KiB/s counts as that. All calls together share the limit; both
// ways count, what a PutFrom only compares does not.
func Limited(t Target, bytesPerSecond func() int64) Target {
	return &limited{Target: t, bucket: &bucket{rate: bytesPerSecond}}
}

type limited struct {
	Target
	bucket *bucket
}

func (l *limited) Unwrap() Target { return l.Target }

func (l *limited) Put(ctx context.Context, name string, size int64, r io.Reader) error {
	return l.Target.Put(ctx, name, size, l.tap().reader(ctx, r))
}

func (l *limited) PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error {
	return l.Target.PutFrom(ctx, name, size, l.tap().readerAt(ctx, r))
}

func (l *limited) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	r, err := l.Target.Get(ctx, name, off, n)
	if err != nil {
		return nil, err
	}
	return readCloser{l.tap().reader(ctx, r), r}, nil
}

func (l *limited) tap() tap { return tap{before: l.bucket.take, unused: l.bucket.back} }

// bucket is a token bucket: tokens are bytes, at most a quarter second of them.
type bucket struct {
	rate   func() int64
	mu     sync.Mutex
	tokens float64
	last   time.Time
}

// look is how often a waiting call asks for the rate again.
const look = 100 * time.Millisecond

// take waits until some of want bytes may move and says how many.
func (b *bucket) take(ctx context.Context, want int) (int, error) {
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, wait := b.try(want, time.Now())
		if n > 0 {
			return n, nil
		}
		t := time.NewTimer(min(wait, look))
		select {
		case <-ctx.Done():
			t.Stop()
			return 0, ctx.Err()
		case <-t.C:
		}
	}
}

func (b *bucket) try(want int, now time.Time) (int, time.Duration) {
	r := b.rate()
	if r <= 0 {
		return want, 0
	}
	rate := float64(max(r, minRate))
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last.IsZero() {
		b.tokens += now.Sub(b.last).Seconds() * rate
	}
	b.last = now
	b.tokens = min(b.tokens, rate/4)
	least := min(float64(want), max(1, rate/20)) // not byte by byte
	if b.tokens < least {
		return 0, time.Duration((least-b.tokens)/rate*float64(time.Second)) + time.Microsecond
	}
	n := min(want, int(b.tokens))
	b.tokens -= float64(n)
	return n, 0
}

// back gives back what was taken and not used.
func (b *bucket) back(n int) { b.mu.Lock(); b.tokens += float64(n); b.mu.Unlock() }
