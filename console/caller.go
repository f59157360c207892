package console

import (
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"unsafe"

	"vaad/access"
	"vaad/api"

	"golang.org/x/sys/unix"
)

// A caller is who sent a request, and what they may do.
type caller struct {
	access.Actor
	scope access.Scope

	// fresh says whether the caller is still let in, with the scope of now: for
	// answers that go on for hours.
	fresh func() (access.Scope, bool)
}

type callerKey struct{}

// who is the caller of a request that came through Server.enter.
func who(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// A peer is what the kernel says about the other end of a unix socket.
type peer struct {
	uid, gid int
	groups   []int
	err      error
}

type peerKey struct{}

// withPeer asks the kernel once per connection who is at the other end.
func withPeer(ctx context.Context, conn net.Conn) context.Context {
	for {
		inner, ok := conn.(interface{ Inner() net.Conn })
		if !ok {
			break
		}
		conn = inner.Inner()
	}
	if u, ok := conn.(*net.UnixConn); ok {
		return context.WithValue(ctx, peerKey{}, peerOf(u))
	}
	return ctx
}

func peerOf(u *net.UnixConn) *peer {
	p := &peer{err: errors.New("the kernel did not say who is at the other end of the socket")}
	raw, err := u.SyscallConn()
	if err != nil {
		p.err = err
		return p
	}
	err = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			p.err = err
			return
		}
		p.uid, p.gid, p.err = int(cred.Uid), int(cred.Gid), nil
		p.groups = peerGroups(fd) // without them only the first group counts
	})
	if err != nil {
		p.err = err
	}
	return p
}

// peerGroups asks for the further groups of the peer (unix(7), SO_PEERGROUPS).
func peerGroups(fd uintptr) []int {
	var ids [256]uint32
	size := uint32(unsafe.Sizeof(ids))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
		uintptr(unsafe.Pointer(&ids[0])), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return nil
	}
	var groups []int
	for _, id := range ids[:size/4] {
		groups = append(groups, int(id))
	}
	return groups
}

// cookieName differs by port: browsers share the cookies of localhost between
// all ports, and two daemons must not sign each other's users out.
func cookieName(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	return "vaad_session_" + port
}

// enter finds out who the caller is: by the kernel's word on the unix socket,
// otherwise by the session in the cookie or by the token in the header. Who is
// nobody goes on without a caller; the routes decide what that one may have.
func (s *Server) enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.caller(r)
		if err != nil {
			writeProblem(w, r, fail("forbidden", err.Error()))
			return
		}
		if c != nil {
			r = r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
		}
		next.ServeHTTP(w, r)
	})
}

// caller is nil when nobody is known to be there, and an error when somebody is
// who may not come in.
func (s *Server) caller(r *http.Request) (*caller, error) {
	if p, ok := r.Context().Value(peerKey{}).(*peer); ok {
		if p.err != nil {
			return nil, p.err
		}
		a, err := s.cfg.Access.FromPeerCred(p.uid, p.gid, p.groups)
		if err != nil {
			return nil, err
		}
		return s.newCaller(a, func() bool { return true }), nil
	}
	secret := ""
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		secret = s.bearer.session(s.cfg.Access, token)
	} else if c, err := r.Cookie(cookieName(r)); err == nil {
		secret = c.Value
	}
	if secret == "" {
		return nil, nil
	}
	a, ok := s.cfg.Access.Session(secret)
	if !ok {
		return nil, nil
	}
	return s.newCaller(a, func() bool { _, ok := s.cfg.Access.Session(secret); return ok }), nil
}

func (s *Server) newCaller(a access.Actor, still func() bool) *caller {
	return &caller{Actor: a, scope: s.cfg.Access.Scope(a), fresh: func() (access.Scope, bool) {
		return s.cfg.Access.Scope(a), still()
	}}
}

// bearers keeps the session of each token that programs send with every
// request, so that a session is not opened for each.
type bearers struct {
	mu   sync.Mutex
	open map[[32]byte]string
}

func (b *bearers) session(c *access.Control, token string) string {
	h := sha256.Sum256([]byte(token))
	b.mu.Lock()
	defer b.mu.Unlock()
	if secret, ok := b.open[h]; ok {
		if _, ok := c.Session(secret); ok {
			return secret
		}
		delete(b.open, h)
	}
	secret, _, ok := c.Login(token)
	if !ok {
		return ""
	}
	if b.open == nil {
		b.open = map[[32]byte]string{}
	}
	b.open[h] = secret // few: only tokens that were right come here
	return secret
}

// login is GET / with a token: it opens a session and takes the token out of
// the address, so that it stays neither in the history nor in a log.
func (s *Server) login(w http.ResponseWriter, r *http.Request, token string) {
	secret, _, ok := s.cfg.Access.Login(token)
	if !ok {
		s.page.enter(w, r, http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// apiActor shows the caller to itself.
func (c *caller) apiActor() api.Actor {
	a := api.Actor{Name: c.Name, Kind: string(c.Kind), Roles: []string{}, Verbs: []string{}}
	for _, g := range c.Grants {
		a.Roles = append(a.Roles, string(g.Role))
	}
	for _, v := range access.Verbs() {
		if c.scope.May(v) {
			a.Verbs = append(a.Verbs, string(v))
		}
	}
	return a
}
