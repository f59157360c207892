package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

// sessions that are open, by the hash of their secret: who reads the memory of
// a core dump finds no secret to use.
type sessions struct {
	mu    sync.Mutex
	token [32]byte // hash of the start token
	given bool
	open  map[[32]byte]session
}

type session struct {
	actor Actor
	until time.Time
}

const maxSessions = 1000

// NewToken makes the token that opens an administrator's session from the page
// on this machine. It holds until the process ends or NewToken is called again.
func (c *Control) NewToken() string {
	t := rand.Text() // 26 characters of base32, 130 bits
	s := &c.sessions
	s.mu.Lock()
	s.token, s.given = sha256.Sum256([]byte(t)), true
	s.mu.Unlock()
	return t
}

// Login opens a session with the token; secret is what goes into the cookie.
func (c *Control) Login(token string) (secret string, a Actor, ok bool) {
	h := sha256.Sum256([]byte(token))
	s := &c.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	if subtle.ConstantTimeCompare(h[:], s.token[:]) != 1 || !s.given {
		return "", Actor{}, false
	}
	now := c.cfg.Now()
	for k, v := range s.open {
		if !now.Before(v.until) {
			delete(s.open, k)
		}
	}
	if len(s.open) >= maxSessions {
		return "", Actor{}, false
	}
	secret = rand.Text()
	a = Actor{Name: "console", Kind: Setup, Grants: []Grant{{Role: Administrator}}, UID: -1}
	s.open[sha256.Sum256([]byte(secret))] = session{a, now.Add(c.cfg.Session)}
	return secret, a, true
}

// Session is the actor of an open session; using it keeps it open.
func (c *Control) Session(secret string) (Actor, bool) {
	k := sha256.Sum256([]byte(secret))
	s := &c.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.open[k]
	now := c.cfg.Now()
	if !ok || !now.Before(v.until) {
		delete(s.open, k)
		return Actor{}, false
	}
	v.until = now.Add(c.cfg.Session)
	s.open[k] = v
	return v.actor, true
}

// Logout ends a session.
func (c *Control) Logout(secret string) {
	s := &c.sessions
	s.mu.Lock()
	delete(s.open, sha256.Sum256([]byte(secret)))
	s.mu.Unlock()
}
