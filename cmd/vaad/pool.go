package main

import (
	"context"
	"time"
)

// pool bounds the CPU-heavy jobs of the whole process (hashing, verifying,
// reindexing, transcoding) to as many as there are cores, so that they cannot
// starve the board loops: with every core's worth of runnable goroutines
// busy, a loop in a raw blocking call was seen seconds behind.
type pool struct{ slots chan struct{} }

func newPool(cores int) *pool { return &pool{slots: make(chan struct{}, max(1, cores))} }

// Acquire waits for a slot.
func (p *pool) Acquire(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release gives the slot back.
func (p *pool) Release() { <-p.slots }

// A turn is a slot that somebody works in for long, and gives to others now and then.
type turn struct {
	pool *pool
	held bool
}

// turn waits for a slot.
func (p *pool) turn(ctx context.Context) (*turn, error) {
	if err := p.Acquire(ctx); err != nil {
		return nil, err
	}
	return &turn{p, true}, nil
}

// rest gives the slot away for some time, and waits for one again; when ctx ends it goes
// on without.
func (t *turn) rest(ctx context.Context, d time.Duration) {
	t.end()
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	t.held = t.pool.Acquire(ctx) == nil
}

// end gives the slot back for good.
func (t *turn) end() {
	if t.held {
		t.held = false
		t.pool.Release()
	}
}
