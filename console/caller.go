package console

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
	"unsafe"

	"vaad/access"
	"vaad/api"

	"golang.org/x/sys/unix"
)

// A caller is who sent a request, and what they may do.
type caller struct {
	access.Actor
	scope access.Scope

	session   string    // ID of the session; "" = they come without one
	confirmed time.Time // when the password was given last
	reset     bool      // they came with a link: the password may be set without the old one
	must      string    // what they have to do before anything else

	// fresh says whether the caller is still let in, with the scope of now: for
	// answers that go on for hours.
	fresh func() (access.Scope, bool)
}

// person is who asks, or whose program does: nobody is a second person to their own token.
func (c *caller) person() string {
	if owner, _, ok := strings.Cut(c.Name, "/"); ok && c.Kind == access.Token && c.ID != "" {
		return owner
	}
	return c.Name
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

// A visit is where a request comes from.
type visit struct {
	access.Origin
	cookie string // name of the session's
	secure bool   // it came over TLS
	local  bool   // through the unix socket
}

type visitKey struct{}

// visitOf is the visit of a request that came through Server.enter.
func visitOf(ctx context.Context) visit {
	v, _ := ctx.Value(visitKey{}).(visit)
	return v
}

func newVisit(r *http.Request) visit {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = "" // a unix socket has none
	}
	_, local := r.Context().Value(peerKey{}).(*peer)
	return visit{access.Origin{Address: host, Agent: r.UserAgent()}, cookieName(r), r.TLS != nil, local}
}

// cookieName differs by port: browsers share the cookies of localhost between
// all ports, and two daemons must not sign each other's users out. Over TLS the name makes
// browsers see to it that nobody else has set it (RFC 6265bis, 4.1.3.2).
func cookieName(r *http.Request) string {
	_, port, _ := net.SplitHostPort(r.Host)
	if r.TLS != nil {
		return "__Host-vaad_" + port
	}
	return "vaad_session_" + port
}

// cookieOf is what gives a browser the secret of a session; "" takes it away.
func (v visit) cookieOf(secret string) http.Cookie {
	c := http.Cookie{Name: v.cookie, Value: secret, Path: "/", HttpOnly: true, Secure: v.secure, SameSite: http.SameSiteStrictMode}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}

// enter finds out who the caller is: by the kernel's word on the unix socket,
// otherwise by the session in the cookie or by the token in the header. Who is
// nobody goes on without a caller; the routes decide what that one may have.
func (s *Server) enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := newVisit(r)
		c, err := s.caller(r, v)
		if err != nil {
			writeProblem(w, r, fail("forbidden", err.Error()))
			return
		}
		ctx := context.WithValue(r.Context(), visitKey{}, v)
		if c != nil {
			ctx = context.WithValue(ctx, callerKey{}, c)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// caller is nil when nobody is known to be there, and an error when somebody is
// who may not come in.
func (s *Server) caller(r *http.Request, v visit) (*caller, error) {
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
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		a, ok := s.cfg.Access.Bearer(token, v.Origin)
		if !ok {
			return nil, nil
		}
		return s.newCaller(a, func() bool { _, ok := s.cfg.Access.Bearer(token, v.Origin); return ok }), nil
	}
	c, err := r.Cookie(v.cookie)
	if err != nil {
		return nil, nil
	}
	e, ok := s.cfg.Access.Session(c.Value)
	if !ok {
		return nil, nil
	}
	out := s.newCaller(e.Actor, func() bool { return false })
	out.session, out.confirmed, out.reset, out.must = e.Session, e.Confirmed, e.Reset, e.Must
	out.fresh = func() (access.Scope, bool) { // rights may have changed, and the secret too
		e, ok := s.cfg.Access.Again(out.session)
		return s.cfg.Access.Scope(e.Actor), ok && e.Must == ""
	}
	return out, nil
}

func (s *Server) newCaller(a access.Actor, still func() bool) *caller {
	return &caller{Actor: a, scope: s.cfg.Access.Scope(a), fresh: func() (access.Scope, bool) {
		return s.cfg.Access.Scope(a), still()
	}}
}

// login is GET / with a token: it opens a session and takes the token out of
// the address, so that it stays neither in the history nor in a log. What browsers fetch before
// anybody has asked for it spends no link.
func (s *Server) login(w http.ResponseWriter, r *http.Request, token string) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet || strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	v := visitOf(r.Context())
	secret, _, err := s.cfg.Access.Login(token, v.Origin)
	if err != nil {
		s.page.enter(w, r, http.StatusForbidden)
		return
	}
	c := v.cookieOf(secret)
	http.SetCookie(w, &c)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// apiActor shows the caller to itself.
func (s *Server) apiActor(c *caller) api.Actor {
	a := api.Actor{Name: c.Name, Kind: string(c.Kind), Roles: []string{}, Verbs: []string{}, Must: c.must, Setup: !s.cfg.Access.HasAdministrator()}
	for _, r := range access.Roles() {
		if c.Has(r) {
			a.Roles = append(a.Roles, string(r))
		}
	}
	for _, v := range access.Verbs() {
		if !c.scope.May(v) {
			continue
		}
		a.Verbs = append(a.Verbs, string(v))
		if !c.scope.Everywhere(v) {
			if a.On == nil {
				a.On = map[string][]int{}
			}
			a.On[string(v)] = append([]int{}, c.scope.Numbers(v)...)
		}
	}
	if u, err := s.cfg.Access.FindUser(c.ID); err == nil && c.ID != "" {
		a.Account, a.Display, a.Language, a.Totp = c.session != "", u.Display, u.Language, u.TOTP
	}
	return a
}
