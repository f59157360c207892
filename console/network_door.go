package console

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A DoorKind says how a listener is served.
type DoorKind string

// Kinds of doors.
const (
	LocalDoor    DoorKind = "local"    // the unix socket: the kernel says who is there
	LoopbackDoor DoorKind = "loopback" // an address of this machine only, plain http
	NetworkDoor  DoorKind = "network"  // any address, with TLS
	RedirectDoor DoorKind = "redirect" // any address, plain http: leads to a network door and says nothing else
	MetricsDoor  DoorKind = "metrics"  // metrics and health only; TLS unless it is a loopback address
)

// A Door is a listener and how it is served.
type Door struct {
	Name   string // for people: kind and address
	Kind   DoorKind
	TLS    *tls.Config                  // of a network door, or of one for metrics
	Host   func(host string) bool       // whether the box goes by that name; nil: only those of loopback
	HSTS   bool                         // browsers are told never to come without TLS
	Target func(host string) (u string) // of a redirect door: scheme, host and port
}

// Limits of doors that the network reaches.
const (
	networkConnections = 1024            // of one door
	perAddress         = 256             // of these, from one address
	parting            = 3 * time.Second // streams of a door that closes
	restless           = time.Second     // what has been idle for less may be about to ask its first question
)

type doorKey struct{}

// doorOf is the door that a request came in by; its Name is empty where that is
// not known, as in tests.
func doorOf(ctx context.Context) *Door {
	if d, ok := ctx.Value(doorKey{}).(*Door); ok {
		return d
	}
	return &Door{}
}

// check says why a listener may not be served so.
func (d *Door) check(l net.Listener) error {
	switch a := l.Addr().(type) {
	case *net.UnixAddr:
		if d.Kind == LocalDoor {
			return nil
		}
	case *net.TCPAddr:
		switch {
		case d.Kind == RedirectDoor && d.Target != nil && d.Host != nil,
			d.Kind == NetworkDoor && d.TLS != nil && d.Host != nil,
			d.Kind == MetricsDoor && d.TLS != nil,
			(d.Kind == LoopbackDoor || d.Kind == MetricsDoor) && a.IP.IsLoopback():
			return nil
		}
	}
	return fmt.Errorf("console: %s: %w", l.Addr(), ErrNetwork)
}

// An Opened is a door that is being served.
type Opened struct {
	srv  *http.Server
	done chan struct{}
	err  error
}

// Open serves a listener until the door is closed or the server shut down. One that may
// not be served so is refused with [ErrNetwork] and stays open.
func (s *Server) Open(l net.Listener, d Door) (*Opened, error) {
	if err := d.check(l); err != nil {
		return nil, err
	}
	most, each := maxConnections, 0
	if d.Kind == NetworkDoor || d.Kind == RedirectDoor || d.Kind == MetricsDoor && d.TLS != nil {
		most, each = networkConnections, perAddress
	}
	in := newCrowd(l, most, each)
	o := &Opened{done: make(chan struct{}), srv: &http.Server{
		Handler: s.through(&d), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, TLSConfig: d.TLS, ConnState: in.state,
		ErrorLog: slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return withPeer(context.WithValue(ctx, doorKey{}, &d), c)
		},
	}}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, errors.Join(http.ErrServerClosed, l.Close())
	}
	s.open[o] = true
	s.mu.Unlock()
	go func() {
		serve := o.srv.Serve
		if d.TLS != nil {
			serve = func(l net.Listener) error { return o.srv.ServeTLS(l, "", "") }
		}
		if err := serve(in); !errors.Is(err, http.ErrServerClosed) {
			o.err = fmt.Errorf("console: serve %s: %w", l.Addr(), err)
		}
		close(o.done)
	}()
	return o, nil
}

// Done is closed when the door is served no longer; Err says why, nil if it was closed.
func (o *Opened) Done() <-chan struct{} { return o.done }

// Err is for after Done.
func (o *Opened) Err() error { return o.err }

// CloseDoor stops listening at once. Requests under way have a moment to end;
// the answer to the one that asked for it gets through.
func (s *Server) CloseDoor(o *Opened) {
	s.mu.Lock()
	delete(s.open, o)
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	stop := time.AfterFunc(parting, cancel)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		defer cancel()
		if o.srv.Shutdown(ctx) != nil {
			_ = o.srv.Close() // what is left is cut off
		}
		stop.Stop()
	}()
	<-o.done // the listener is closed: its address is free
}

// through is what stands between a door and the routes.
func (s *Server) through(d *Door) http.Handler {
	switch d.Kind {
	case LoopbackDoor:
		return loopbackHost(s.handler)
	case NetworkDoor:
		return strict(d, s.named(d.Host, s.handler))
	case RedirectDoor:
		return headers(s.named(d.Host, http.HandlerFunc(redirect(d))))
	case MetricsDoor:
		return s.recovered(headers(s.probes))
	default:
		return s.handler
	}
}

// strict tells browsers never to come without TLS again, where that is wished: with the
// box's own authority it would lock people out who must get past a warning.
func strict(d *Door, next http.Handler) http.Handler {
	if !d.HSTS {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}

// named refuses requests that name another host, as those of a stranger's page
// do whose name was made to resolve to this box (DNS rebinding). An address is no
// name: whoever wrote it knows where they go.
func (s *Server) named(goesBy func(string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOf(r)
		if net.ParseIP(host) != nil || goesBy(host) {
			next.ServeHTTP(w, r)
			return
		}
		writeProblem(w, r, fail("wrong-name", "the request names the host "+quote(r.Host)))
	})
}

// hostOf is the host that a request names, without port, brackets and zone.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	host, _, _ = strings.Cut(host, "%")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// redirect leads to the network door. What changes something is refused: the
// sender must learn to send it encrypted.
func redirect(d *Door) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeProblem(w, r, fail("needs-tls", ""))
			return
		}
		host := hostOf(r)
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		http.Redirect(w, r, d.Target(host)+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}
}

// A crowd is a listener whose connections are counted. When it is full, the one
// that has been idle longest makes room for a new one; while all are busy new
// ones wait.
type crowd struct {
	net.Listener
	each int // from one address; 0: as many as there is room for

	mu   sync.Mutex
	room *sync.Cond
	left int
	shut bool
	from map[string]int
	idle []*seat // the longest idle first
}

// A seat is one connection of a crowd.
type seat struct {
	net.Conn
	of   *crowd
	from string
	once sync.Once
	idle time.Time // since when, while it stands in crowd.idle
}

func newCrowd(l net.Listener, most, each int) *crowd {
	c := &crowd{Listener: l, each: each, left: most, from: map[string]int{}}
	c.room = sync.NewCond(&c.mu)
	return c
}

func (c *crowd) Accept() (net.Conn, error) {
	for {
		c.mu.Lock()
		for c.left == 0 && !c.shut {
			c.makeRoom()
		}
		if c.shut {
			c.mu.Unlock()
			return nil, net.ErrClosed
		}
		c.left--
		c.mu.Unlock()
		conn, err := c.Listener.Accept()
		if err != nil {
			c.free(nil)
			return nil, err
		}
		s := &seat{Conn: conn, of: c}
		if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
			s.from = a.IP.String()
		}
		if c.take(s) {
			return s, nil
		}
		_ = s.Close()
	}
}

// makeRoom closes the connection that has been idle longest, or waits until something
// has changed. c.mu is held.
func (c *crowd) makeRoom() {
	if len(c.idle) == 0 {
		c.room.Wait()
		return
	}
	oldest := c.idle[0]
	if young := restless - time.Since(oldest.idle); young > 0 {
		wake := time.AfterFunc(young, c.room.Broadcast)
		c.room.Wait()
		wake.Stop()
		return
	}
	c.idle = c.idle[1:]
	c.mu.Unlock()
	_ = oldest.Close() // its owner comes again when it has something to ask
	c.mu.Lock()
}

// take says whether there is room for one more from that address.
func (c *crowd) take(s *seat) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.from[s.from]++
	return c.each == 0 || s.from == "" || c.from[s.from] <= c.each
}

// free gives the room of a connection back; nil: of one that never came.
func (c *crowd) free(s *seat) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left++
	if s != nil {
		if c.from[s.from]--; c.from[s.from] <= 0 {
			delete(c.from, s.from)
		}
		c.forget(s)
	}
	c.room.Signal()
}

func (c *crowd) forget(s *seat) {
	for i, one := range c.idle {
		if one == s {
			c.idle = append(c.idle[:i], c.idle[i+1:]...)
			return
		}
	}
}

// state is told by the server what a connection does.
func (c *crowd) state(conn net.Conn, now http.ConnState) {
	s := seatOf(conn)
	if s == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(s)
	if now == http.StateIdle {
		s.idle = time.Now()
		c.idle = append(c.idle, s)
		c.room.Signal()
	}
}

func seatOf(conn net.Conn) *seat {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	s, _ := conn.(*seat)
	return s
}

func (c *crowd) Close() error {
	c.mu.Lock()
	c.shut = true
	c.room.Broadcast()
	c.mu.Unlock()
	return c.Listener.Close()
}

// Inner is the connection itself, for asking who is at its other end.
func (s *seat) Inner() net.Conn { return s.Conn }

func (s *seat) Close() error {
	defer s.once.Do(func() { s.of.free(s) })
	return s.Conn.Close()
}
