package console

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A pipe is a ResponseWriter that a test can read while it is being written.
type pipe struct {
	header http.Header
	mu     sync.Mutex
	b      strings.Builder
	more   chan struct{}
}

func newPipe() *pipe { return &pipe{header: http.Header{}, more: make(chan struct{}, 1)} }

func (p *pipe) Header() http.Header { return p.header }
func (p *pipe) WriteHeader(int)     {}
func (p *pipe) Flush()              {}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.b.Write(b)
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (p *pipe) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

// until waits until s was written.
func (p *pipe) until(t *testing.T, s string) {
	t.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for !strings.Contains(p.String(), s) {
		select {
		case <-p.more:
		case <-late.C:
			t.Fatalf("%q was not written within a minute: %s", s, p.String())
		}
	}
}
