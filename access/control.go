package access

import (
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Config of a Control.
type Config struct {
	DaemonUID   int              // the user that vaad runs as: administrator
	AdminUser   string           // this user too, when it exists; default "vaad"
	ReviewGroup string           // members of this group are reviewers; default "vaad-review"
	Session     time.Duration    // a session ends after so long without use; default 12 h
	Now         func() time.Time // default time.Now
}

// A Control turns credentials into actors and actors into scopes. All methods
// may be called from any goroutine.
type Control struct {
	cfg      Config
	sessions sessions

	mu     sync.Mutex
	groups map[string][]int // lines by group
}

// New makes a Control. The names of AdminUser and ReviewGroup are looked up at each use
// of the socket, so they may be made later.
func New(cfg Config) *Control {
	if cfg.AdminUser == "" {
		cfg.AdminUser = "vaad"
	}
	if cfg.ReviewGroup == "" {
		cfg.ReviewGroup = "vaad-review"
	}
	if cfg.Session <= 0 {
		cfg.Session = 12 * time.Hour
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Control{cfg: cfg, sessions: sessions{open: map[[32]byte]session{}}}
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
