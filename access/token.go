package access

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"vaad/store"
)

// ErrNoToken says that there is no token of that ID.
var ErrNoToken = errors.New("there is no such token")

const (
	maxTokens   = 2000
	maxLinks    = 100
	tokenPrefix = "vaad_" // so that people and scanners know one when they see it
	linkLasts   = 10 * time.Minute
)

// token is a token of the API as it is kept: under the hash of its secret.
type token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	User    string    `json:"user,omitempty"` // whose it is; "" = the machine's administrator's
	By      string    `json:"by"`             // who made it
	Limit   Limit     `json:"limit"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	Used    time.Time `json:"used,omitzero"`
	Address string    `json:"address,omitempty"` // where it came from last
}

func tokenRows() store.Bucket[token] { return store.NewBucket[token]("access.tokens") }

// A TokenInfo is a token, for lists.
type TokenInfo struct {
	ID, Name, User, UserName, By string
	Limit                        Limit
	Created, Expires, Used       time.Time
	Address                      string
}

// info shows a token. The caller holds c.mu.
func (c *Control) info(t *token) TokenInfo {
	out := TokenInfo{t.ID, t.Name, t.User, "", t.By, t.Limit, t.Created, t.Expires, t.Used, t.Address}
	if a, ok := c.accounts[t.User]; ok {
		out.UserName = a.Name
	}
	return out
}

// Tokens lists those of one account or, with "", all; by name.
func (c *Control) Tokens(user string) []TokenInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []TokenInfo{}
	for _, t := range c.tokens {
		if user == "" || t.User == user {
			out = append(out, c.info(t))
		}
	}
	slices.SortFunc(out, func(a, b TokenInfo) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID)) })
	return out
}

// CreateToken makes a token of an account, or with user "" of the machine's administrator. What it
// may do is what its owner may do at the time, within the limit. The secret is returned this once.
// Errors: [ErrName], [ErrGrants], [ErrExists], [ErrFull], [ErrNoUser], those of the disk.
func (c *Control) CreateToken(user, by, name string, l Limit, expires time.Time) (secret string, info TokenInfo, err error) {
	name = strings.TrimSpace(name)
	if err := checkName(name); err != nil {
		return "", info, err
	}
	if err := checkGrants([]Grant{{Role: Reviewer, Groups: l.Groups, More: l.Verbs}}); err != nil {
		return "", info, err
	}
	secret = tokenPrefix + rand.Text()
	h := hashOf(secret)
	t := &token{ID: rand.Text(), Name: name, User: user, By: by, Limit: l, Created: c.cfg.Now().UTC(), Expires: expires.UTC()}
	if expires.IsZero() {
		t.Expires = time.Time{}
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	_, known := c.accounts[user]
	full, taken := len(c.tokens) >= maxTokens, false
	for _, other := range c.tokens {
		taken = taken || other.User == user && folded(other.Name) == folded(name)
	}
	c.mu.Unlock()
	switch {
	case user != "" && !known:
		return "", info, ErrNoUser
	case taken:
		return "", info, ErrExists
	case full:
		return "", info, ErrFull
	}
	if err := c.db.Update(func(tx *store.Tx) error { return tokenRows().Put(tx, h, *t) }); err != nil {
		return "", info, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens[h] = t
	return secret, c.info(t), nil
}

// RevokeToken removes a token. With a user it has to be one of theirs. Errors: [ErrNoToken],
// those of the disk.
func (c *Control) RevokeToken(id, user string) (TokenInfo, error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	hash, info := "", TokenInfo{}
	for h, t := range c.tokens {
		if t.ID == id && (user == "" || t.User == user) {
			hash, info = h, c.info(t)
		}
	}
	c.mu.Unlock()
	if hash == "" {
		return info, ErrNoToken
	}
	if err := c.db.Update(func(tx *store.Tx) error { return tokenRows().Delete(tx, hash) }); err != nil {
		return info, err
	}
	c.mu.Lock()
	delete(c.tokens, hash)
	delete(c.usedTokens, hash)
	c.mu.Unlock()
	return info, nil
}

// Bearer is who sends a token with a request: one of the API, or, while there is no
// administrator, the one printed at start. What is neither counts as a wrong log-in.
func (c *Control) Bearer(secret string, from Origin) (Actor, bool) {
	h := hashOf(secret)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isStart(h) {
		return setupActor(), true
	}
	t, ok := c.tokens[h]
	now := c.cfg.Now()
	a := Actor{Name: "token/", Kind: Token, UID: -1, Grants: []Grant{{Role: Administrator}}}
	if ok && t.User != "" {
		owner := c.accounts[t.User]
		if ok = owner != nil && !owner.Disabled; ok {
			a.ID, a.Name, a.Grants = owner.ID, owner.Name+"/", owner.Grants
		}
	}
	if !ok || !t.Expires.IsZero() && !now.Before(t.Expires) {
		c.failed("token")
		return Actor{}, false
	}
	if now.Sub(t.Used) >= time.Minute || t.Address != from.Address {
		t.Used, t.Address = now.UTC(), from.Address
		c.usedTokens[h] = true
	}
	a.Name += t.Name
	a.Limit = &t.Limit
	return a, true
}

func setupActor() Actor {
	return Actor{Name: "console", Kind: Setup, UID: -1, Grants: []Grant{{Role: Administrator}}}
}

// NewToken makes the token that opens an administrator's session while there is no account of
// one. It holds until the process ends or NewToken is called again.
func (c *Control) NewToken() string {
	t := rand.Text()
	c.mu.Lock()
	c.start = hashOf(t)
	c.mu.Unlock()
	return t
}

// isStart says whether that is the hash of the token printed at start, and it still counts. The caller holds c.mu.
func (c *Control) isStart(h string) bool {
	return c.start != "" && subtle.ConstantTimeCompare([]byte(h), []byte(c.start)) == 1 && !c.administered("")
}

// A way opens one session.
type way struct {
	user, name string
	until      time.Time
}

// NewLink makes what opens a session once, within ten minutes: of an account, or with user ""
// of an administrator called name. Errors: [ErrNoUser], [ErrFull].
func (c *Control) NewLink(user, name string) (secret string, until time.Time, err error) {
	secret = rand.Text()
	now := c.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.accounts[user]; user != "" && (!ok || a.Disabled) {
		return "", until, ErrNoUser
	}
	for h, l := range c.links {
		if !now.Before(l.until) {
			delete(c.links, h)
		}
	}
	if len(c.links) >= maxLinks {
		return "", until, ErrFull
	}
	until = now.Add(linkLasts)
	c.links[hashOf(secret)] = way{user, name, until}
	return secret, until, nil
}

// Login opens a session with the token printed at start, or with that of a link, which is spent
// with it; secret is what goes into the cookie. Errors: [ErrDenied], those of the disk.
func (c *Control) Login(token string, from Origin) (secret string, e Entered, err error) {
	h := hashOf(token)
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	l, linked := c.links[h]
	delete(c.links, h)
	linked = linked && c.cfg.Now().Before(l.until)
	s := session{}
	switch {
	case c.isStart(h):
		a := setupActor()
		s.Kind, s.Name = a.Kind, a.Name
	case linked && l.user != "":
		s.Kind, s.User, s.Reset = Person, l.user, true
	case linked:
		s.Kind, s.Name = Link, l.name
	default:
		c.failed("link")
		c.mu.Unlock()
		return "", e, ErrDenied
	}
	c.mu.Unlock()
	if secret, err = c.begin(s, from); err != nil {
		return "", e, err
	}
	e, ok := c.Session(secret)
	if !ok {
		return "", e, ErrDenied
	}
	c.note(Event{Name: e.Name, Kind: e.Kind, Origin: from})
	return secret, e, nil
}

// OpenFor opens a session of an account for somebody who has just shown who they are in
// another way: who sets vaad up, with the account that they made. Errors: [ErrNoUser], those of the disk.
func (c *Control) OpenFor(user string, from Origin) (secret string, err error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	a, ok := c.accounts[user]
	ok = ok && !a.Disabled
	c.mu.Unlock()
	if !ok {
		return "", ErrNoUser
	}
	return c.begin(session{Kind: Person, User: user}, from)
}
