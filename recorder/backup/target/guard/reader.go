package guard

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"vaad/recorder/backup/target"
)

// Get opens a file and reads it ahead in a goroutine, so that a read that hangs
// can be given up. The context that open gets ends with ctx, with the target and
// when the reader is closed; what open returns may be closed while it is read.
func (g *Guard) Get(ctx context.Context, name string, open func(context.Context) (io.ReadCloser, error)) (io.ReadCloser, error) {
	inner, cancel := context.WithCancelCause(ctx)
	var mu sync.Mutex
	var opened io.ReadCloser
	left := false // nobody waits for it any more
	err := g.Do(ctx, "get", name, func(call context.Context, _ *Beat) error {
		defer context.AfterFunc(call, func() { cancel(context.Cause(call)) })()
		r, err := open(inner)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if left {
			return r.Close()
		}
		opened = r
		return nil
	})
	mu.Lock()
	defer mu.Unlock()
	if err != nil {
		cancel(target.ErrClosed)
		if left = true; opened != nil {
			_ = opened.Close() // it came too late
		}
		return nil, err
	}
	return g.ahead(ctx, inner, cancel, name, opened), nil
}

func (g *Guard) ahead(ctx, inner context.Context, cancel context.CancelCauseFunc, name string, r io.ReadCloser) io.ReadCloser {
	shut := sync.OnceFunc(func() { _ = r.Close() }) // what was read is all that counts
	s := &reader{g: g, ctx: ctx, inner: inner, cancel: cancel, name: name, r: r, shut: shut,
		blocks: make(chan block), free: make(chan []byte, 2), gone: make(chan struct{})}
	stopRoot := context.AfterFunc(g.root, func() { cancel(target.ErrClosed) })
	stopShut := context.AfterFunc(inner, shut)
	s.stop = func() { stopRoot(); stopShut() }
	s.free <- make([]byte, 2*piece)
	s.free <- make([]byte, 2*piece)
	go s.pump()
	return s
}

type block struct {
	b   []byte
	err error
}

type reader struct {
	g      *Guard
	ctx    context.Context
	inner  context.Context
	cancel context.CancelCauseFunc
	stop   func()
	shut   func()
	name   string
	r      io.ReadCloser

	blocks chan block
	free   chan []byte
	gone   chan struct{} // the pump ended
	close  sync.Once

	buf, rest []byte
	err       error
}

func (s *reader) pump() {
	defer close(s.gone)
	defer s.shut()
	for {
		var b []byte
		select {
		case b = <-s.free:
		case <-s.inner.Done():
			return
		}
		n, err := s.r.Read(b)
		select {
		case s.blocks <- block{b[:n], err}:
		case <-s.inner.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// Read is not for several goroutines at once.
func (s *reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if s.err == nil && len(s.rest) == 0 {
		if err := s.ctx.Err(); err != nil {
			s.err = s.fail(err)
		}
	}
	for len(s.rest) == 0 && s.err == nil {
		s.next()
	}
	if len(s.rest) == 0 {
		return 0, s.err
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *reader) next() {
	if s.buf != nil {
		s.free <- s.buf[:cap(s.buf)]
		s.buf = nil
	}
	t := time.NewTimer(s.g.stall)
	defer t.Stop()
	select {
	case b := <-s.blocks:
		s.buf, s.rest, s.err = b.b, b.b, b.err
		if s.err != nil && s.err != io.EOF {
			s.err = s.fail(b.err)
		}
	case <-t.C:
		s.err = s.g.Error("get", s.name, target.ErrStalled, fmt.Errorf("no progress for %v", s.g.stall))
		s.cancel(target.ErrStalled)
	case <-s.inner.Done():
		s.err = s.fail(context.Cause(s.inner))
	}
}

func (s *reader) fail(err error) error {
	if e := s.ctx.Err(); e != nil {
		return &target.Error{Target: s.g.name, Op: "get", Name: s.name, Err: e}
	}
	if cause := context.Cause(s.inner); cause != nil {
		err = cause // whatever became of it on its way
	}
	return s.g.Wrap("get", s.name, err)
}

func (s *reader) Close() error {
	s.close.Do(func() {
		s.stop()
		s.cancel(target.ErrClosed)
		go s.shut() // it may hang as the read does
		t := time.NewTimer(grace)
		defer t.Stop()
		select {
		case <-s.gone:
		case <-t.C:
		}
	})
	return nil
}
