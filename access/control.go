package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"time"

	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

// Config of a Control.
type Config struct {
	DB          *store.DB                // state.db: accounts, sessions, tokens
	DaemonUID   int                      // the user that vaad runs as: administrator
	AdminUser   string                   // this user too, when it exists; default "vaad"
	ReviewGroup string                   // members of this group are reviewers; default "vaad-review"
	Pool        Pool                     // of the CPU-heavy work of the process; nil: passwords bound themselves
	Cost        Cost                     // of hashing a password; default 19 MiB, two passes
	Note        func(Event)              // called with each log-in, right or wrong, as far as they are worth a row; nil: nobody wants to know
	Attack      func(on bool, wrong int) // called when somebody begins to try passwords, and when it is over; nil: nobody wants to know
	Registerer  prometheus.Registerer    // nil: metrics are not registered
	Now         func() time.Time         // default time.Now
}

// A Control turns credentials into actors and actors into scopes. All methods
// may be called from any goroutine. What it keeps is in memory and, each change before it
// is answered, in state.db.
type Control struct {
	cfg     Config
	db      *store.DB
	hasher  *hasher
	guard   *guard
	attack  attack
	metrics *metrics

	changing sync.Mutex // held by who changes accounts, sessions or tokens; taken before mu

	mu         sync.Mutex
	policy     Policy
	groups     map[string][]int // lines by group
	accounts   map[string]*account
	sessions   map[string]*session // by the hash of the secret
	used       map[string]bool     // of these, which were used since that was written
	tokens     map[string]*token   // by the hash of the secret
	usedTokens map[string]bool
	enrolling  map[string]enrolling
	links      map[string]way
	start      string // hash of the token printed at start
}

type enrolling struct {
	secret string
	until  time.Time
}

// New makes a Control of what state.db has. The names of AdminUser and ReviewGroup are looked up at
// each use of the socket, so they may be made later.
func New(cfg Config) (*Control, error) {
	if cfg.AdminUser == "" {
		cfg.AdminUser = "vaad"
	}
	if cfg.ReviewGroup == "" {
		cfg.ReviewGroup = "vaad-review"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Pool == nil {
		cfg.Pool = unbounded{}
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = usualCost()
	}
	c := &Control{cfg: cfg, db: cfg.DB, guard: newGuard(), metrics: newMetrics(cfg.Registerer), policy: DefaultPolicy(),
		accounts: map[string]*account{}, sessions: map[string]*session{}, used: map[string]bool{}, tokens: map[string]*token{}, usedTokens: map[string]bool{},
		enrolling: map[string]enrolling{}, links: map[string]way{}}
	var err error
	if c.hasher, err = newHasher(cfg.Cost, cfg.Pool); err != nil {
		return nil, err
	}
	err = c.db.View(func(tx *store.Tx) error {
		clear(c.accounts) // as a transaction may be run again
		return errors.Join(
			accountRows().Range(tx, "", "", func(k string, a account) bool { c.accounts[k] = &a; return true }),
			sessionRows().Range(tx, "", "", func(k string, s session) bool { c.sessions[k] = &s; return true }),
			tokenRows().Range(tx, "", "", func(k string, t token) bool { c.tokens[k] = &t; return true }))
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return c, nil
}

// unbounded is a pool that lets everybody in.
type unbounded struct{}

func (unbounded) Acquire(ctx context.Context) error { return ctx.Err() }
func (unbounded) Release()                          {}

// Run writes once a minute which sessions and tokens were used, and removes sessions that are
// over, until ctx ends.
func (c *Control) Run(ctx context.Context) error {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-ctx.Done():
			return c.flush()
		case <-minute.C:
			_ = c.flush() // tried again in a minute; a disk that fails has its alarm
			c.calm()
		}
	}
}

// flush writes what was used, and removes what is over.
func (c *Control) flush() error {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	now, over := c.cfg.Now(), []string{}
	used, tokens := map[string]session{}, map[string]token{}
	for h, s := range c.sessions {
		switch {
		case !c.open(s, now):
			over = append(over, h)
		case c.used[h]:
			used[h] = *s
		}
	}
	for h := range c.usedTokens {
		if t := c.tokens[h]; t != nil {
			tokens[h] = *t
		}
	}
	c.mu.Unlock()
	if len(over)+len(used)+len(tokens) == 0 {
		return nil
	}
	err := c.db.Batch(func(tx *store.Tx) error {
		for _, h := range over {
			if err := sessionRows().Delete(tx, h); err != nil {
				return err
			}
		}
		for h, s := range used {
			if err := sessionRows().Put(tx, h, s); err != nil {
				return err
			}
		}
		for h, t := range tokens {
			if err := tokenRows().Put(tx, h, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range over {
		delete(c.sessions, h)
		delete(c.used, h)
	}
	for h := range used {
		delete(c.used, h)
	}
	for h := range tokens {
		delete(c.usedTokens, h)
	}
	return nil
}

// SetGroups replaces the groups of lines.
func (c *Control) SetGroups(groups map[string][]int) {
	mine := map[string][]int{}
	for name, lines := range groups {
		mine[name] = slices.Clone(lines)
	}
	c.mu.Lock()
	c.groups = mine
	c.mu.Unlock()
}

// Groups are the groups of lines.
func (c *Control) Groups() map[string][]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.groups)
}

// Scope is what the actor may do now.
func (c *Control) Scope(a Actor) Scope {
	c.mu.Lock()
	defer c.mu.Unlock()
	return scopeOf(&a, c.groups)
}

// FromPeerCred is the actor behind a local socket, by the kernel's word: root, the
// user that vaad runs as and AdminUser are administrators, members of ReviewGroup
// reviewers; anybody else gets an error that wraps [ErrDenied]. groups are the
// peer's further groups, as the kernel has them (SO_PEERGROUPS).
func (c *Control) FromPeerCred(uid, gid int, groups []int) (Actor, error) {
	a := Actor{Name: userName(uid), Kind: Local, UID: uid}
	switch {
	case uid == 0 || uid == c.cfg.DaemonUID || a.Name == c.cfg.AdminUser:
		a.Grants = []Grant{{Role: Administrator}}
	case c.reviews(gid) || slices.ContainsFunc(groups, c.reviews):
		a.Grants = []Grant{{Role: Reviewer}}
	default:
		return Actor{}, fmt.Errorf("%w: %s is neither root nor %s and not in the group %s; "+
			"add the user to that group to let it search and play", ErrDenied, a.Name, c.cfg.AdminUser, c.cfg.ReviewGroup)
	}
	return a, nil
}

func (c *Control) reviews(gid int) bool {
	g, err := user.LookupGroupId(strconv.Itoa(gid))
	return err == nil && g.Name == c.cfg.ReviewGroup
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(uid)
}
