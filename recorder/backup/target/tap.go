package target

import (
	"context"
	"errors"
	"io"
)

// tap is what stands between a source and its reader: before waits and says how
// many bytes may be read, unused hears how many of them were not, after how many
// were.
type tap struct {
	before func(ctx context.Context, want int) (int, error)
	unused func(n int)
	after  func(n int)
}

// read reads some of what fn gives, at most want bytes.
func (t tap) read(ctx context.Context, want int, fn func(n int) (int, error)) (int, error) {
	if t.before != nil {
		may, err := t.before(ctx, want)
		if err != nil {
			return 0, err
		}
		want = may
	}
	n, err := fn(want)
	if t.unused != nil && n < want {
		t.unused(want - n)
	}
	if t.after != nil && n > 0 {
		t.after(n)
	}
	return n, err
}

func (t tap) reader(ctx context.Context, r io.Reader) io.Reader { return &tapped{ctx, t, r} }

func (t tap) readerAt(ctx context.Context, r io.ReaderAt) io.ReaderAt {
	return &tappedAt{ctx, t, r}
}

type tapped struct {
	ctx context.Context
	t   tap
	r   io.Reader
}

func (s *tapped) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return s.t.read(s.ctx, len(p), func(n int) (int, error) { return s.r.Read(p[:n]) })
}

type tappedAt struct {
	ctx context.Context
	t   tap
	r   io.ReaderAt
}

func (s *tappedAt) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		var asked int
		n, err := s.t.read(s.ctx, len(p)-done, func(n int) (int, error) {
			asked = n
			return s.r.ReadAt(p[done:done+n], off+int64(done))
		})
		done += n
		if err != nil && !(errors.Is(err, io.EOF) && n == asked && n > 0) {
			return done, err
		}
	}
	return done, nil
}

// Unpaced is the source below the wrappers, for bytes that are compared and not
// moved. It is for the kinds.
func Unpaced(r io.ReaderAt) io.ReaderAt {
	for {
		t, ok := r.(*tappedAt)
		if !ok {
			return r
		}
		r = t.r
	}
}

// Split takes the wrappers off a source and gives what puts them onto another
// one, for kinds that must read something before they send it.
func Split(r io.Reader) (io.Reader, func(io.Reader) io.Reader) {
	again := func(r io.Reader) io.Reader { return r }
	for {
		t, ok := r.(*tapped)
		if !ok {
			return r, again
		}
		inner := again
		again = func(r io.Reader) io.Reader { return t.t.reader(t.ctx, inner(r)) }
		r = t.r
	}
}

type readCloser struct {
	io.Reader
	io.Closer
}
