package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"vaad/recorder/backup/target"
)

// Beat is how a call shows that it moves.
type Beat struct {
	ctx   context.Context
	began time.Time
	last  atomic.Int64 // ns after began
	mu    sync.Mutex
	src   error
}

func newBeat(ctx context.Context) *Beat { return &Beat{ctx: ctx, began: time.Now()} }

// Moved says that something moved just now.
func (b *Beat) Moved() { b.last.Store(int64(time.Since(b.began))) }

func (b *Beat) idle() time.Duration {
	return time.Since(b.began) - time.Duration(b.last.Load())
}

func (b *Beat) sourceError() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.src
}

// piece is the most that is read from a source at once: a slow pace still beats.
const piece = 32 << 10

// Source reads size bytes of r, in pieces, until the call ends. An early end or an error of r is kept
// for the error of the call, whatever happens to it on its way.
func (b *Beat) Source(r io.Reader, size int64) *Source {
	return &Source{b: b, r: r, left: size}
}

// Source is a reader that counts as progress.
type Source struct {
	b    *Beat
	r    io.Reader
	left int64
}

func (s *Source) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	if s.b.ctx.Err() != nil {
		return 0, context.Cause(s.b.ctx)
	}
	p = p[:min(int64(len(p)), s.left, piece)]
	n, err := s.r.Read(p)
	s.left -= int64(n)
	if n > 0 {
		s.b.Moved()
	}
	if err == nil || s.left == 0 {
		return n, nil
	}
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %d bytes are missing", target.ErrShort, s.left)
	} else {
		err = fmt.Errorf("%w: %w", target.ErrSource, err)
	}
	s.b.mu.Lock()
	s.b.src = err
	s.b.mu.Unlock()
	return n, err
}
