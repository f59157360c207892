package access

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"vaad/store"
)

// ErrNoSession says that a session is over, or never was.
var ErrNoSession = errors.New("there is no such session")

const (
	maxSessions    = 2000
	maxOwnSessions = 50 // of one account: the oldest goes
	maxAgent       = 200
)

// An Origin is where somebody comes from.
type Origin struct {
	Address string // IP address, without port
	Agent   string // what the browser calls itself
}

// session is one that is open, as it is kept: under the hash of its secret, so that who reads
// the file or the memory of a core dump finds no secret to use.
type session struct {
	ID        string    `json:"id"`             // for lists and revoking
	User      string    `json:"user,omitempty"` // account; "" = without one
	Name      string    `json:"name,omitempty"` // where there is no account: goes into the audit log
	Kind      Kind      `json:"kind"`
	Created   time.Time `json:"created"`
	Confirmed time.Time `json:"confirmed"` // when the password was given last
	Seen      time.Time `json:"seen"`
	Reset     bool      `json:"reset,omitempty"` // opened by a link: the password may be set without the old one
	Address   string    `json:"address,omitempty"`
	Agent     string    `json:"agent,omitempty"`
}

func sessionRows() store.Bucket[session] { return store.NewBucket[session]("access.sessions") }

// hashOf is the key under which a secret is kept.
func hashOf(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// What a person has to do before anything else.
const (
	MustChange = "change-password"
	MustEnrol  = "enrol-totp"
)

// An Entered is somebody who came in with a session.
type Entered struct {
	Actor
	Session   string    // its ID
	Confirmed time.Time // when the password was given last; zero: there is none to give
	Reset     bool      // the password may be set without the old one, while that is [Fresh]
	Must      string    // [MustChange], [MustEnrol]; "" = nothing
}

// open says whether a session still is. The caller holds c.mu.
func (c *Control) open(s *session, now time.Time) bool {
	p := &c.policy
	if now.Sub(s.Seen) >= p.Idle || now.Sub(s.Created) >= p.Absolute {
		return false
	}
	if s.User != "" {
		a, ok := c.accounts[s.User]
		return ok && !a.Disabled
	}
	return s.Kind != Setup || !c.administered("")
}

// Session is who comes in with the secret of a session; using it keeps it open.
func (c *Control) Session(secret string) (Entered, bool) {
	h := hashOf(secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.sessions[h]
	now := c.cfg.Now()
	if !ok || !c.open(s, now) {
		return Entered{}, false
	}
	if now.After(s.Seen) {
		s.Seen = now
		c.used[h] = true
	}
	return c.entered(s), true
}

// Again is who comes in with the session of that ID, as long as it is open; it counts as use.
func (c *Control) Again(id string) (Entered, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	for h, s := range c.sessions {
		if s.ID == id && c.open(s, now) {
			s.Seen = now
			c.used[h] = true
			return c.entered(s), true
		}
	}
	return Entered{}, false
}

// entered is who a session lets in. The caller holds c.mu.
func (c *Control) entered(s *session) Entered {
	e := Entered{Session: s.ID, Confirmed: s.Confirmed, Reset: s.Reset}
	switch {
	case s.User != "":
		a := c.accounts[s.User]
		e.Actor = a.actor()
		switch {
		case a.MustChange:
			e.Must = MustChange
		case a.TOTP == "" && c.policy.demands(a.Grants):
			e.Must = MustEnrol
		}
	default:
		e.Actor = Actor{Name: s.Name, Kind: s.Kind, UID: -1, Grants: []Grant{{Role: Administrator}}}
		if s.Kind == Setup {
			e.Confirmed = time.Time{}
		}
	}
	return e
}

// begin opens a session and returns its secret. The caller holds c.changing.
func (c *Control) begin(s session, from Origin) (secret string, err error) {
	secret = rand.Text() // 26 characters of base32, 130 bits
	h, now := hashOf(secret), c.cfg.Now().UTC()
	s.ID, s.Created, s.Confirmed, s.Seen = rand.Text(), now, now, now
	s.Address, s.Agent = from.Address, clean(from.Agent)
	gone := c.room(s.User)
	err = c.db.Batch(func(tx *store.Tx) error {
		for _, k := range gone {
			if err := sessionRows().Delete(tx, k); err != nil {
				return err
			}
		}
		return sessionRows().Put(tx, h, s)
	})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions[h] = &s
	for _, k := range gone {
		delete(c.sessions, k)
	}
	return secret, nil
}

// clean makes what a browser says of itself fit for lists.
func clean(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
	if len(agent) > maxAgent {
		agent = strings.ToValidUTF8(agent[:maxAgent], "")
	}
	return agent
}

// room lists what has to go for one session more: those that are over, and the longest
// unused of an account with too many, and of all.
func (c *Control) room(user string) (gone []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	var own, all []string
	for h, s := range c.sessions {
		switch {
		case !c.open(s, now):
			gone = append(gone, h)
			continue
		case s.User == user && user != "":
			own = append(own, h)
		}
		all = append(all, h)
	}
	oldest := func(from []string) string {
		return slices.MinFunc(from, func(a, b string) int { return c.sessions[a].Seen.Compare(c.sessions[b].Seen) })
	}
	if len(own) >= maxOwnSessions {
		gone = append(gone, oldest(own))
	} else if len(all) >= maxSessions {
		gone = append(gone, oldest(all))
	}
	return gone
}

// endSessions ends those that f wants to end.
func (c *Control) endSessions(f func(*session) bool) error {
	c.mu.Lock()
	var gone []string
	for h, s := range c.sessions {
		if f(s) {
			gone = append(gone, h)
			delete(c.sessions, h)
			delete(c.used, h)
		}
	}
	c.mu.Unlock()
	if len(gone) == 0 {
		return nil
	}
	return c.db.Batch(func(tx *store.Tx) error {
		for _, h := range gone {
			if err := sessionRows().Delete(tx, h); err != nil {
				return err
			}
		}
		return nil
	})
}

// Renew gives a session another secret, for whoever may do more or else than before: an older
// secret that somebody else may know is worth nothing. Errors: [ErrNoSession], those of the disk.
func (c *Control) Renew(id string, confirmed bool) (secret string, err error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	old, s := "", session{}
	for h, one := range c.sessions {
		if one.ID == id {
			old, s = h, *one
		}
	}
	c.mu.Unlock()
	if old == "" {
		return "", ErrNoSession
	}
	if confirmed {
		s.Confirmed, s.Reset = c.cfg.Now().UTC(), false
	}
	secret = rand.Text()
	h := hashOf(secret)
	err = c.db.Batch(func(tx *store.Tx) error {
		if err := sessionRows().Delete(tx, old); err != nil {
			return err
		}
		return sessionRows().Put(tx, h, s)
	})
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, still := c.sessions[old]; !still { // it was revoked meanwhile
		return "", errors.Join(ErrNoSession, c.db.Batch(func(tx *store.Tx) error { return sessionRows().Delete(tx, h) }))
	}
	delete(c.sessions, old)
	delete(c.used, old)
	c.sessions[h] = &s
	return secret, nil
}

// A Session is one that is open, for lists.
type Session struct {
	ID, User, Name string // Name of the account, or of who has none
	Kind           Kind
	Created, Seen  time.Time
	Until          time.Time // it ends then at the latest
	Address, Agent string
}

// Sessions lists those that are open, of one account or, with "", of all; the last used first.
func (c *Control) Sessions(user string) []Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, out := c.cfg.Now(), []Session{}
	for _, s := range c.sessions {
		if !c.open(s, now) || user != "" && s.User != user {
			continue
		}
		one := Session{s.ID, s.User, s.Name, s.Kind, s.Created, s.Seen, s.Created.Add(c.policy.Absolute), s.Address, s.Agent}
		if a, ok := c.accounts[s.User]; ok {
			one.Name = a.Name
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Session) int { return cmp.Or(b.Seen.Compare(a.Seen), strings.Compare(a.ID, b.ID)) })
	return out
}

// Revoke ends a session by its ID. Errors: [ErrNoSession], those of the disk.
func (c *Control) Revoke(id string) error {
	found := false
	err := c.endSessions(func(s *session) bool { found = found || s.ID == id; return s.ID == id })
	if !found {
		return ErrNoSession
	}
	return err
}

// RevokeOthers ends all sessions of an account but one.
func (c *Control) RevokeOthers(user, but string) error {
	return c.endSessions(func(s *session) bool { return s.User == user && s.ID != but })
}
