package access

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vaad/store"
)

// Errors of accounts.
var (
	ErrNoUser    = errors.New("there is no such account")
	ErrExists    = errors.New("there is an account of that name")
	ErrName      = errors.New("a name has 1 to 64 letters, digits, dots, hyphens, underscores or @")
	ErrGrants    = errors.New("the rights cannot be given")
	ErrLastAdmin = errors.New("it is the last administrator")
	ErrFull      = errors.New("there are as many as there can be")
)

const (
	maxAccounts = 1000
	maxGrants   = 64
	maxKnown    = 8 // addresses that an account came from, the newest
)

// A NewUser is an account to be made, or what becomes of one.
type NewUser struct {
	Name       string
	Display    string // for people; "" = the name
	Language   string // "en", "zh", "" = the site's
	Enabled    bool
	Grants     []Grant
	MustChange bool // the password was given by somebody else
}

// A User is an account, without its secrets.
type User struct {
	ID string
	NewUser
	TOTP        bool // there is a second factor
	Recovery    int  // codes for recovery that are left
	Created     time.Time
	PasswordSet time.Time
	LastLogin   time.Time // zero: never
	LastAddress string
	LockedUntil time.Time // zero: it is not; for some address at least
	Sessions    int       // that are open
	Tokens      int
}

// account is an account as it is kept. Rows are never changed in place: each change makes
// another one.
type account struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Display     string    `json:"display,omitempty"`
	Language    string    `json:"language,omitempty"`
	Disabled    bool      `json:"disabled,omitempty"`
	Grants      []Grant   `json:"grants"`
	Password    string    `json:"password"`           // argon2id, PHC
	TOTP        string    `json:"totp,omitempty"`     // secret, base32
	Step        int64     `json:"step,omitempty"`     // last one used
	Recovery    []string  `json:"recovery,omitempty"` // SHA-256
	MustChange  bool      `json:"must_change,omitempty"`
	Created     time.Time `json:"created"`
	PasswordSet time.Time `json:"password_set"`
	LastLogin   time.Time `json:"last_login,omitzero"`
	LastAddress string    `json:"last_address,omitempty"`
	Known       []string  `json:"known,omitempty"` // addresses it came from, newest first
}

func accountRows() store.Bucket[account] { return store.NewBucket[account]("access.users") }

// folded is a name as names are compared.
func folded(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > 64 || !utf8.ValidString(name) {
		return ErrName
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@", r) {
			return ErrName
		}
	}
	return nil
}

// checkGrants wants roles and verbs that there are. Groups may come and go.
func checkGrants(all []Grant) error {
	if len(all) > maxGrants {
		return fmt.Errorf("%w: more than %d", ErrGrants, maxGrants)
	}
	for _, g := range all {
		if !slices.Contains(Roles(), g.Role) {
			return fmt.Errorf("%w: there is no role %q", ErrGrants, g.Role)
		}
		for _, v := range slices.Concat(g.More, g.Less) {
			if !slices.Contains(Verbs(), v) {
				return fmt.Errorf("%w: there is no right %q", ErrGrants, v)
			}
		}
		for _, name := range g.Groups {
			if name == "" || len(name) > 100 {
				return fmt.Errorf("%w: %q is no group of lines", ErrGrants, name)
			}
		}
	}
	return nil
}

func (n *NewUser) check() error {
	n.Name, n.Display = strings.TrimSpace(n.Name), strings.TrimSpace(n.Display)
	if err := checkName(n.Name); err != nil {
		return err
	}
	if len(n.Display) > 200 || strings.ContainsFunc(n.Display, unicode.IsControl) {
		return fmt.Errorf("%w: the name for people has at most 200 bytes, and no control characters", ErrName)
	}
	return checkGrants(n.Grants)
}

// into puts what was wished into a row.
func (n *NewUser) into(a *account) {
	a.Name, a.Display, a.Language, a.Disabled, a.Grants, a.MustChange = n.Name, n.Display, n.Language, !n.Enabled, slices.Clone(n.Grants), n.MustChange
}

// actor is who comes in with the account.
func (a *account) actor() Actor {
	return Actor{ID: a.ID, Name: a.Name, Kind: Person, UID: -1, Grants: a.Grants}
}

// rules says whether the account administers accounts, on every line.
func (a *account) rules() bool {
	who := a.actor()
	return !a.Disabled && scopeOf(&who, nil).Everywhere(Users)
}

// user shows an account; locked are those that are. The caller holds c.mu.
func (c *Control) user(a *account, locked map[string]time.Time) User {
	u := User{ID: a.ID, NewUser: NewUser{a.Name, a.Display, a.Language, !a.Disabled, a.Grants, a.MustChange},
		TOTP: a.TOTP != "", Recovery: len(a.Recovery), Created: a.Created, PasswordSet: a.PasswordSet,
		LastLogin: a.LastLogin, LastAddress: a.LastAddress, LockedUntil: locked[folded(a.Name)]}
	now := c.cfg.Now()
	for _, s := range c.sessions {
		if s.User == a.ID && c.open(s, now) {
			u.Sessions++
		}
	}
	for _, t := range c.tokens {
		if t.User == a.ID {
			u.Tokens++
		}
	}
	return u
}

// Users lists all accounts by name.
func (c *Control) Users() []User {
	c.mu.Lock()
	defer c.mu.Unlock()
	out, locked := []User{}, c.guard.locked(c.cfg.Now())
	for _, a := range c.accounts {
		out = append(out, c.user(a, locked))
	}
	slices.SortFunc(out, func(a, b User) int {
		return cmp.Or(strings.Compare(folded(a.Name), folded(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return out
}

// FindUser is the account with that ID or name.
func (c *Control) FindUser(key string) (User, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.find(key)
	if a == nil {
		return User{}, ErrNoUser
	}
	return c.user(a, c.guard.locked(c.cfg.Now())), nil
}

// find is a row by ID or name; nil: there is none. The caller holds c.mu.
func (c *Control) find(key string) *account {
	if a, ok := c.accounts[key]; ok {
		return a
	}
	for _, a := range c.accounts {
		if folded(a.Name) == folded(key) {
			return a
		}
	}
	return nil
}

// HasAdministrator says whether somebody can administer accounts with a password: the token
// printed at start is worth nothing from then on.
func (c *Control) HasAdministrator() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.administered("")
}

// administered says whether an account but that one administers accounts. The caller holds c.mu.
func (c *Control) administered(but string) bool {
	for _, a := range c.accounts {
		if a.ID != but && a.rules() {
			return true
		}
	}
	return false
}
