package access

import (
	"context"
	"crypto/rand"
	"slices"

	"vaad/store"
)

// CreateUser makes an account with a password. Errors: [ErrName], [ErrExists], [ErrGrants],
// [*Weak], [ErrBusy], [ErrFull], those of the disk.
func (c *Control) CreateUser(ctx context.Context, n NewUser, password string) (User, error) {
	if err := n.check(); err != nil {
		return User{}, err
	}
	if err := c.Policy().Password(n.Name, password); err != nil {
		return User{}, err
	}
	phc, err := c.hasher.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	now := c.cfg.Now().UTC()
	a := &account{ID: rand.Text(), Password: phc, Created: now, PasswordSet: now}
	n.into(a)
	c.changing.Lock()
	defer c.changing.Unlock()
	if err := c.free(a); err != nil {
		return User{}, err
	}
	return c.keep(a)
}

// free says whether there is room for an account of that name.
func (c *Control) free(a *account) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other := c.find(a.Name); other != nil && other.ID != a.ID {
		return ErrExists
	}
	if len(c.accounts) >= maxAccounts && c.accounts[a.ID] == nil {
		return ErrFull
	}
	return nil
}

// keep writes a row, and shows it to everybody then. The caller holds c.changing.
func (c *Control) keep(a *account) (User, error) {
	if err := c.db.Update(func(tx *store.Tx) error { return accountRows().Put(tx, a.ID, *a) }); err != nil {
		return User{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accounts[a.ID] = a
	return c.user(a, c.guard.locked(c.cfg.Now())), nil
}

// change makes another row of an account's.
func (c *Control) change(id string, f func(*account) error) (User, error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	old, ok := c.accounts[id]
	c.mu.Unlock()
	if !ok {
		return User{}, ErrNoUser
	}
	a := *old
	if err := f(&a); err != nil {
		return User{}, err
	}
	if old.rules() && !a.rules() {
		c.mu.Lock()
		left := c.administered(id)
		c.mu.Unlock()
		if !left {
			return User{}, ErrLastAdmin
		}
	}
	return c.keep(&a)
}

// ChangeUser changes what an administrator says of an account. Where its rights become others,
// or it is disabled, its sessions end, all but the one that is asking. Errors: as of
// [Control.CreateUser], [ErrNoUser], [ErrLastAdmin].
func (c *Control) ChangeUser(id string, n NewUser, but string) (User, error) {
	if err := n.check(); err != nil {
		return User{}, err
	}
	ends := false
	u, err := c.change(id, func(a *account) error {
		ends = !a.Disabled && !n.Enabled || !sameGrants(a.Grants, n.Grants)
		n.into(a)
		return c.free(a)
	})
	if err == nil && ends {
		err = c.endSessions(func(s *session) bool { return s.User == id && s.ID != but })
	}
	return u, err
}

func sameGrants(a, b []Grant) bool {
	return slices.EqualFunc(a, b, func(x, y Grant) bool {
		return x.Role == y.Role && slices.Equal(x.Groups, y.Groups) && slices.Equal(x.More, y.More) && slices.Equal(x.Less, y.Less)
	})
}

// SetOwn changes what people say of themselves.
func (c *Control) SetOwn(id, display, language string) (User, error) {
	return c.change(id, func(a *account) error {
		n := NewUser{Name: a.Name, Display: display}
		if err := n.check(); err != nil {
			return err
		}
		a.Display, a.Language = n.Display, language
		return nil
	})
}

// SetPassword gives an account another password and ends its sessions, all but one. must says that
// its owner has to choose an own one at the next log-in. Locks on the account are taken away.
func (c *Control) SetPassword(ctx context.Context, id, password string, must bool, but string) (User, error) {
	c.mu.Lock()
	a, ok := c.accounts[id]
	c.mu.Unlock()
	if !ok {
		return User{}, ErrNoUser
	}
	if err := c.Policy().Password(a.Name, password); err != nil {
		return User{}, err
	}
	phc, err := c.hasher.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	u, err := c.change(id, func(a *account) error {
		a.Password, a.MustChange, a.PasswordSet = phc, must, c.cfg.Now().UTC()
		return nil
	})
	if err != nil {
		return u, err
	}
	c.guard.forget(folded(a.Name))
	return u, c.endSessions(func(s *session) bool { return s.User == id && s.ID != but })
}

// Unlock takes away all locks on an account.
func (c *Control) Unlock(id string) (User, error) {
	u, err := c.FindUser(id)
	if err == nil {
		c.guard.forget(folded(u.Name))
		u, err = c.FindUser(id)
	}
	return u, err
}

// RemoveUser removes an account with its sessions and tokens. Errors: [ErrNoUser],
// [ErrLastAdmin], those of the disk.
func (c *Control) RemoveUser(id string) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	a, ok := c.accounts[id]
	last := ok && a.rules() && !c.administered(id)
	var tokens []string
	for h, t := range c.tokens {
		if t.User == id {
			tokens = append(tokens, h)
		}
	}
	c.mu.Unlock()
	switch {
	case !ok:
		return ErrNoUser
	case last:
		return ErrLastAdmin
	}
	err := c.db.Update(func(tx *store.Tx) error {
		for _, h := range tokens {
			if err := tokenRows().Delete(tx, h); err != nil {
				return err
			}
		}
		return accountRows().Delete(tx, id)
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	delete(c.accounts, id)
	for _, h := range tokens {
		delete(c.tokens, h)
	}
	c.mu.Unlock()
	return c.endSessions(func(s *session) bool { return s.User == id })
}

// BeginTOTP makes a second factor for an account. It counts once [Control.EnrolTOTP] has been
// given a code of it.
func (c *Control) BeginTOTP(id, issuer string) (Enrolment, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.accounts[id]
	switch {
	case !ok:
		return Enrolment{}, ErrNoUser
	case a.TOTP != "":
		return Enrolment{}, ErrEnrolled
	}
	e, err := newEnrolment(issuer, a.Name)
	if err == nil {
		c.enrolling[id] = enrolling{e.Secret, c.cfg.Now().Add(enrolFor)}
	}
	return e, err
}

// EnrolTOTP makes the second factor that was begun count, and returns codes for recovery, which
// are shown once. Errors: [ErrNoEnrol], [ErrCode], those of the disk.
func (c *Control) EnrolTOTP(id, code string) ([]string, error) {
	now := c.cfg.Now()
	c.mu.Lock()
	e, ok := c.enrolling[id]
	c.mu.Unlock()
	if !ok || now.After(e.until) {
		return nil, ErrNoEnrol
	}
	step, err := stepOf(e.secret, code, 0, now)
	if err != nil {
		return nil, err
	}
	shown, kept := newRecovery()
	_, err = c.change(id, func(a *account) error {
		if a.TOTP != "" {
			return ErrEnrolled
		}
		a.TOTP, a.Step, a.Recovery = e.secret, step, kept
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	delete(c.enrolling, id)
	c.mu.Unlock()
	return shown, nil
}

// NewRecovery replaces the codes for recovery. Errors: [ErrNoEnrol] where there is no second factor.
func (c *Control) NewRecovery(id string) ([]string, error) {
	shown, kept := newRecovery()
	_, err := c.change(id, func(a *account) error {
		if a.TOTP == "" {
			return ErrNoEnrol
		}
		a.Recovery = kept
		return nil
	})
	return shown, err
}

// RemoveTOTP takes the second factor of an account away.
func (c *Control) RemoveTOTP(id string) (User, error) {
	return c.change(id, func(a *account) error {
		a.TOTP, a.Step, a.Recovery = "", 0, nil
		return nil
	})
}
