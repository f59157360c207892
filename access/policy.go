package access

import (
	"slices"
	"time"
)

// A Policy is how careful log-in is. The zero value stands for [DefaultPolicy].
type Policy struct {
	Idle      time.Duration // a session ends after so long without use
	Absolute  time.Duration // and so long after the log-in
	Failures  int           // wrong log-ins to an account from one address, until it is locked for this address
	Within    time.Duration // … within so long
	MinLength int           // characters of a new password
	TOTP      []Role        // who has one of these needs a second factor
}

// DefaultPolicy holds where settings say nothing.
func DefaultPolicy() Policy {
	return Policy{Idle: 12 * time.Hour, Absolute: 7 * 24 * time.Hour, Failures: 5, Within: 15 * time.Minute, MinLength: 10}
}

// Fresh is how long after a password was given dangerous acts need no other one.
const Fresh = 15 * time.Minute

// SetPolicy puts a policy in force, also for the sessions that are open.
func (c *Control) SetPolicy(p Policy) {
	d := DefaultPolicy()
	for _, f := range []struct{ is, usual *time.Duration }{{&p.Idle, &d.Idle}, {&p.Absolute, &d.Absolute}, {&p.Within, &d.Within}} {
		if *f.is <= 0 {
			*f.is = *f.usual
		}
	}
	if p.Failures <= 0 {
		p.Failures = d.Failures
	}
	if p.MinLength <= 0 {
		p.MinLength = d.MinLength
	}
	p.TOTP = slices.Clone(p.TOTP)
	c.mu.Lock()
	c.policy = p
	c.mu.Unlock()
}

// Policy is the one in force.
func (c *Control) Policy() Policy {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.policy
}

// demands says whether the policy wants a second factor of who has the grants.
func (p *Policy) demands(grants []Grant) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return slices.Contains(p.TOTP, g.Role) })
}
