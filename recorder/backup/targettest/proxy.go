package targettest

import (
	"context"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Proxy is a TCP connection's worst enemy: it stands before a server and cuts,
// freezes, slows or refuses connections on demand.
type Proxy struct {
	to string
	l  net.Listener

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	down   bool
	left   int64         // bytes until everything is cut once; <0 = never
	frozen chan struct{} // non-nil while frozen; closed at thaw
	rate   int           // bytes a second, 0 = any
	wg     sync.WaitGroup
}

// NewProxy stands before the server at that address until the test ends.
func NewProxy(t testing.TB, to string) *Proxy {
	t.Helper()
	// Small buffers, inherited by what is accepted: else all of a file fits in them.
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 32<<10) })
	}}
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{to: to, l: l, conns: map[net.Conn]struct{}{}, left: -1}
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		frozen := p.frozen != nil
		p.mu.Unlock()
		if frozen {
			p.Thaw()
		}
		p.Down()
		p.wg.Wait()
	})
	return p
}

// Addr is where to connect.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

// Down refuses connections and ends those that are there.
func (p *Proxy) Down() {
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()
	p.drop()
}

// Up accepts connections again.
func (p *Proxy) Up() { p.mu.Lock(); p.down = false; p.mu.Unlock() }

// Cut ends all connections once n more bytes went either way, once.
func (p *Proxy) Cut(n int64) { p.mu.Lock(); p.left = n; p.mu.Unlock() }

// Slow lets only so many bytes through a second and direction; 0 = any.
func (p *Proxy) Slow(bytesPerSecond int) { p.mu.Lock(); p.rate = bytesPerSecond; p.mu.Unlock() }

// Freeze lets nothing through, but keeps connections.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	if p.frozen == nil {
		p.frozen = make(chan struct{})
	}
	p.mu.Unlock()
}

// Thaw ends Freeze.
func (p *Proxy) Thaw() { p.mu.Lock(); close(p.frozen); p.frozen = nil; p.mu.Unlock() }

func (p *Proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *Proxy) serve() {
	for {
		in, err := p.l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		p.mu.Lock()
		if err != nil || p.down {
			p.mu.Unlock()
			_ = in.Close()
			if out != nil {
				_ = out.Close()
			}
			continue
		}
		p.conns[in], p.conns[out] = struct{}{}, struct{}{}
		p.mu.Unlock()
		p.wg.Go(func() { p.pipe(out, in) })
		p.wg.Go(func() { p.pipe(in, out) })
	}
}

func (p *Proxy) pipe(to, from net.Conn) {
	defer func() {
		_, _ = to.Close(), from.Close()
		p.mu.Lock()
		delete(p.conns, to)
		delete(p.conns, from)
		p.mu.Unlock()
	}()
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			n, cut := p.pass(n)
			if _, e := to.Write(b[:n]); e != nil {
				return
			}
			if cut {
				p.drop()
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits as long as n bytes are kept back and says how many go through.
func (p *Proxy) pass(n int) (int, bool) {
	p.mu.Lock()
	for p.frozen != nil {
		frozen := p.frozen
		p.mu.Unlock()
		<-frozen
		p.mu.Lock()
	}
	rate := p.rate
	cut := false
	if p.left >= 0 {
		if int64(n) >= p.left {
			n, cut = int(p.left), true
			p.left = -1
		} else {
			p.left -= int64(n)
		}
	}
	p.mu.Unlock()
	if rate > 0 {
		time.Sleep(time.Duration(n) * time.Second / time.Duration(rate))
	}
	return n, cut
}
