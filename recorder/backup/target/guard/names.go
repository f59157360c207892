package guard

import (
	"context"
	"maps"
	"slices"

	"vaad/recorder/backup/target"
)

// lock waits until nobody else here is at work on name, and keeps others waiting
// until unlock is called.
func (g *Guard) lock(ctx context.Context, op, name string) (unlock func(), err error) {
	for {
		g.mu.Lock()
		other, taken := g.busy[name]
		if !taken {
			mine := make(chan struct{})
			g.busy[name] = mine
			g.mu.Unlock()
			return func() {
				g.mu.Lock()
				delete(g.busy, name)
				g.mu.Unlock()
				close(mine)
			}, nil
		}
		g.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, &target.Error{Target: g.name, Op: op, Name: name, Err: ctx.Err()}
		case <-g.root.Done():
			return nil, g.Error(op, name, target.ErrClosed, nil)
		}
	}
}

// Busy lists the names that are being put or removed here.
func (g *Guard) Busy() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Collect(maps.Keys(g.busy))
}

// Check checks a call's name and, for a Put, its size.
func (g *Guard) Check(op, name string, size int64) error {
	if err := target.CheckName(name); err != nil {
		return g.Error(op, name, target.ErrName, err)
	}
	if size < 0 {
		return g.Error(op, name, target.ErrShort, nil)
	}
	return nil
}

// CheckPrefix checks what shall be listed.
func (g *Guard) CheckPrefix(prefix string) error {
	if err := target.CheckPrefix(prefix); err != nil {
		return g.Error("list", prefix, target.ErrName, err)
	}
	return nil
}
