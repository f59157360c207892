package main

import "context"

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
