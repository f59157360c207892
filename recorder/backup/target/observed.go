package target

import (
	"context"
	"io"
	"time"
)

// Hooks hear what a target does. Each may be nil; they are called from several
// goroutines and must not wait.
type Hooks struct {
	// Sent and Received hear of bytes as they move.
	Sent, Received func(bytes int)
	// Done hears of each call's end: put, get, stat, list, remove, sweep or space,
	// its error and how long it took. A get is done when its reader is closed.
	Done func(op string, err error, took time.Duration)
}

// Observed is t with somebody listening.
func Observed(t Target, h Hooks) Target { return &observed{Target: t, h: h} }

type observed struct {
	Target
	h Hooks
}

func (o *observed) Unwrap() Target { return o.Target }

func (o *observed) done(op string, began time.Time, err error) error {
	if o.h.Done != nil {
		o.h.Done(op, err, time.Since(began))
	}
	return err
}

func (o *observed) Put(ctx context.Context, name string, size int64, r io.Reader) error {
	began := time.Now()
	return o.done("put", began, o.Target.Put(ctx, name, size, tap{after: o.h.Sent}.reader(ctx, r)))
}

func (o *observed) PutFrom(ctx context.Context, name string, size int64, r io.ReaderAt) error {
	began := time.Now()
	return o.done("put", began, o.Target.PutFrom(ctx, name, size, tap{after: o.h.Sent}.readerAt(ctx, r)))
}

func (o *observed) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	began := time.Now()
	r, err := o.Target.Get(ctx, name, off, n)
	if err != nil {
		return nil, o.done("get", began, err)
	}
	return &observedReader{Reader: tap{after: o.h.Received}.reader(ctx, r), c: r, o: o, began: began}, nil
}

func (o *observed) Stat(ctx context.Context, name string) (Entry, error) {
	began := time.Now()
	e, err := o.Target.Stat(ctx, name)
	return e, o.done("stat", began, err)
}

func (o *observed) List(ctx context.Context, prefix string, fn func(Entry) error) error {
	began := time.Now()
	return o.done("list", began, o.Target.List(ctx, prefix, fn))
}

func (o *observed) Remove(ctx context.Context, name string) error {
	began := time.Now()
	return o.done("remove", began, o.Target.Remove(ctx, name))
}

func (o *observed) Sweep(ctx context.Context, older time.Duration) (int, error) {
	began := time.Now()
	n, err := o.Target.Sweep(ctx, older)
	return n, o.done("sweep", began, err)
}

func (o *observed) Space(ctx context.Context) (Space, error) {
	began := time.Now()
	s, err := o.Target.Space(ctx)
	return s, o.done("space", began, err)
}

// observedReader tells of the first thing that went wrong, when it is closed.
type observedReader struct {
	io.Reader
	c     io.Closer
	o     *observed
	began time.Time
	err   error
	over  bool
}

func (r *observedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF && r.err == nil {
		r.err = err
	}
	return n, err
}

func (r *observedReader) Close() error {
	err := r.c.Close()
	if !r.over {
		r.over = true
		if r.err == nil {
			r.err = err
		}
		_ = r.o.done("get", r.began, r.err) // it was returned by Read
	}
	return err
}
