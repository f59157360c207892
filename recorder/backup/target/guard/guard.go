package guard

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"vaad/recorder/backup/target"
)

// maxHung is how many calls may be left behind before no more are begun.
const maxHung = 16

// grace is how long a call that was given up may take to end by itself.
const grace = 2 * time.Second

// Guard stands before one target.
type Guard struct {
	name     string
	stall    time.Duration
	classify func(error) error

	root context.Context // ends at Close
	end  context.CancelFunc

	mu   sync.Mutex
	hung int
	busy map[string]chan struct{} // names that are being put: closed when done
}

// New makes the guard of the target with that name. classify finds the class of
// an error of the medium; it gives nil for what it does not know.
func New(name string, stall time.Duration, classify func(error) error) *Guard {
	g := &Guard{name: name, stall: stall, classify: classify, busy: map[string]chan struct{}{}}
	g.root, g.end = context.WithCancel(context.Background())
	return g
}

// Name is the target's.
func (g *Guard) Name() string { return g.name }

// Close lets every call fail, now and later.
func (g *Guard) Close() { g.end() }

// Closed is done when the guard was closed.
func (g *Guard) Closed() <-chan struct{} { return g.root.Done() }

// Do runs fn and waits for its end, that of ctx, that of the target, or a stall.
// fn gets a context that ends with all of these. Its error comes back as an
// [*target.Error].
func (g *Guard) Do(ctx context.Context, op, name string, fn func(context.Context, *Beat) error) error {
	if err := g.begin(ctx, op, name); err != nil {
		return err
	}
	return g.run(ctx, op, name, nil, nil, fn)
}

// Exclusive is Do with nobody else here at work on name: others wait. A call that
// was left behind keeps them waiting until it ends.
func (g *Guard) Exclusive(ctx context.Context, op, name string, fn func(context.Context, *Beat) error) error {
	unlock, err := g.lock(ctx, op, name)
	if err != nil {
		return err
	}
	if err := g.begin(ctx, op, name); err != nil {
		unlock()
		return err
	}
	return g.run(ctx, op, name, nil, nil, func(ctx context.Context, b *Beat) error {
		defer unlock()
		return fn(ctx, b)
	})
}

// List is Do for lists: what fn yields is given to each, which runs in the
// caller's goroutine and may take its time. The error of each comes back as it is.
func (g *Guard) List(ctx context.Context, prefix string, each func(target.Entry) error, fn func(context.Context, *Beat, func(target.Entry) error) error) error {
	if err := g.begin(ctx, "list", prefix); err != nil {
		return err
	}
	items := make(chan target.Entry, 64)
	err := g.run(ctx, "list", prefix, items, each, func(ctx context.Context, b *Beat) error {
		return fn(ctx, b, func(e target.Entry) error {
			select {
			case items <- e:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
	})
	if err == fs.SkipAll {
		return nil
	}
	return err
}

// errStop ends a list whose caller wants no more.
var errStop = errors.New("the list is not wanted further")

func (g *Guard) run(ctx context.Context, op, name string, items chan target.Entry, each func(target.Entry) error, fn func(context.Context, *Beat) error) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(g.root, func() { cancel(target.ErrClosed) })()
	beat := newBeat(inner)
	done := make(chan error, 1)
	go func() { done <- fn(inner, beat) }()

	check := time.NewTicker(max(g.stall/8, time.Millisecond))
	defer check.Stop()
	for {
		select {
		case err := <-done:
			for items != nil && err == nil { // what is still in the channel
				select {
				case e := <-items:
					if stop := each(e); stop != nil {
						return stop
					}
					continue
				default:
				}
				break
			}
			if err == nil {
				return nil
			}
			return g.wrap(ctx, inner, beat, op, name, err)
		case e := <-items:
			if stop := each(e); stop != nil {
				cancel(errStop)
				_, _ = g.leave(done) // nobody wants what it says
				return stop
			}
			beat.Moved()
		case <-check.C:
			if beat.idle() >= g.stall {
				cancel(target.ErrStalled)
			}
		case <-inner.Done():
			err, over := g.leave(done)
			if over && err == nil && items == nil {
				return nil // it was done all the same
			}
			if err == nil {
				err = context.Cause(inner)
			}
			return g.wrap(ctx, inner, beat, op, name, err)
		}
	}
}

func (g *Guard) begin(ctx context.Context, op, name string) error {
	if g.root.Err() != nil {
		return g.Error(op, name, target.ErrClosed, nil)
	}
	if err := ctx.Err(); err != nil {
		return &target.Error{Target: g.name, Op: op, Name: name, Err: err}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hung >= maxHung {
		return g.Error(op, name, target.ErrStalled, fmt.Errorf("%d earlier calls still hang", g.hung))
	}
	return nil
}

// leave waits a little for a call that was given up; then it is counted until it
// ends.
func (g *Guard) leave(done chan error) (error, bool) {
	t := time.NewTimer(grace)
	defer t.Stop()
	select {
	case err := <-done:
		return err, true
	case <-t.C:
	}
	g.mu.Lock()
	g.hung++
	g.mu.Unlock()
	go func() {
		<-done
		g.mu.Lock()
		g.hung--
		g.mu.Unlock()
	}()
	return nil, false
}

// wrap finds out whose fault err is: the caller's context, the end of the target,
// a stall, the source, or the medium.
func (g *Guard) wrap(ctx, inner context.Context, beat *Beat, op, name string, err error) error {
	if e := ctx.Err(); e != nil {
		return &target.Error{Target: g.name, Op: op, Name: name, Err: e}
	}
	switch cause := context.Cause(inner); {
	case errors.Is(cause, target.ErrClosed):
		return g.Error(op, name, target.ErrClosed, nil)
	case errors.Is(cause, target.ErrStalled):
		return g.Error(op, name, target.ErrStalled, fmt.Errorf("no progress for %v", g.stall))
	}
	if src := beat.sourceError(); src != nil {
		if errors.Is(src, target.ErrShort) {
			return g.Error(op, name, target.ErrShort, src)
		}
		return g.Error(op, name, target.ErrSource, src)
	}
	return g.Wrap(op, name, err)
}

// Wrap makes err one of the target's, unless it is already.
func (g *Guard) Wrap(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*target.Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return g.Error(op, name, target.ErrUnreachable, err) // a time limit below, not the caller's
	}
	if c := target.ClassOf(err); c != nil {
		return g.Error(op, name, c, err)
	}
	c := g.classify(err)
	if c == nil {
		c = target.ErrOther
	}
	return g.Error(op, name, c, err)
}

// Error makes an error of that class.
func (g *Guard) Error(op, name string, class, err error) error {
	return &target.Error{Target: g.name, Op: op, Name: name, Class: class, Err: err}
}
