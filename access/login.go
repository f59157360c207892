package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// Errors of log-ins. What is wrong with name or password is never said.
var (
	ErrWrong      = errors.New("name or password is wrong")
	ErrCodeNeeded = errors.New("a code of the second factor is needed")
)

// Locked says that a log-in was not looked at, and for how long none will be.
type Locked struct{ For time.Duration }

func (e *Locked) Error() string {
	return fmt.Sprintf("too many wrong log-ins; the next is looked at in %s", e.For.Round(time.Second))
}

// Credentials are what somebody enters.
type Credentials struct {
	Name, Password string
	Code           string // of the second factor, or one for recovery
	Origin
}

// An Event is a log-in, or a try at one, for the audit log. Names that are no account's are not
// told: people enter passwords there by mistake.
type Event struct {
	Name    string // of the account; "" = there is none of that name
	Kind    Kind
	Reason  string // why it was wrong; "" = it was right
	Locked  bool   // no other is looked at for a while
	Unnoted int    // wrong ones since the last that were not told
	Origin
}

// Entry is the row of the audit log that tells of it.
func (ev Event) Entry() Entry {
	e := Entry{Actor: cmp.Or(ev.Name, "?"), Kind: ev.Kind, Verb: LogIn, Result: "ok", Detail: map[string]string{"address": ev.Address, "agent": clean(ev.Agent)}}
	if ev.Reason != "" {
		e.Result, e.Detail["reason"] = "denied", ev.Reason
	}
	if ev.Locked {
		e.Detail["locked"] = "true"
	}
	if ev.Unnoted > 0 {
		e.Detail["more"] = strconv.Itoa(ev.Unnoted)
	}
	return e
}

// LogIn opens a session with a password; secret is what goes into the cookie. Errors: [ErrWrong],
// [ErrCodeNeeded], [ErrCode], [ErrReplay], [*Locked], [ErrBusy], those of the disk.
func (c *Control) LogIn(ctx context.Context, cr Credentials) (secret string, e Entered, err error) {
	id, err := c.prove(ctx, cr)
	if err != nil {
		return "", e, err
	}
	c.changing.Lock()
	secret, err = c.begin(session{Kind: Person, User: id}, cr.Origin)
	c.changing.Unlock()
	if err != nil {
		return "", e, err
	}
	e, ok := c.Session(secret)
	if !ok { // it was disabled just now
		return "", e, ErrWrong
	}
	c.note(Event{Name: e.Name, Kind: e.Kind, Origin: cr.Origin})
	return secret, e, nil
}

// Confirm says again that the password of a session's account is known, and gives the session another
// secret. Errors: as of [Control.LogIn], [ErrNoSession].
func (c *Control) Confirm(ctx context.Context, id string, cr Credentials) (secret string, err error) {
	proven, err := c.prove(ctx, cr)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	mine := false
	for _, s := range c.sessions {
		mine = mine || s.ID == id && s.User == proven
	}
	c.mu.Unlock()
	if !mine {
		return "", ErrNoSession
	}
	return c.Renew(id, true)
}

// Knows is nil when the password is that of the account; the code does not matter. Errors: as of [Control.LogIn].
func (c *Control) Knows(ctx context.Context, id string, cr Credentials) error {
	proven, err := c.prove(ctx, cr)
	if err == nil && proven != id {
		err = ErrWrong
	}
	if errors.Is(err, ErrCodeNeeded) { // what comes before it was right
		err = nil
	}
	return err
}

// prove is the account that somebody knows the password of, and has the second factor.
func (c *Control) prove(ctx context.Context, cr Credentials) (id string, err error) {
	name := folded(cr.Name)
	if len(name) > 256 {
		name = name[:256]
	}
	c.mu.Lock()
	p := c.policy
	a := c.find(name)
	if a != nil && folded(a.Name) != name {
		a = nil // found by its ID: nobody logs in with that
	}
	known := a != nil && slices.Contains(a.Known, place(cr.Address))
	c.mu.Unlock()
	now := c.cfg.Now()
	why, wait, last := c.guard.try(&p, name, cr.Address, known, now)
	ev := Event{Kind: Person, Reason: why, Locked: last, Origin: cr.Origin}
	if a != nil {
		ev.Name = a.Name
	}
	if why != "" {
		c.wrong(ev)
		return "", &Locked{wait}
	}
	phc := ""
	if a != nil && !a.Disabled {
		phc = a.Password
	}
	ok, again, err := c.hasher.check(ctx, cr.Password, phc)
	if err != nil {
		c.guard.right(name, cr.Address, now, false) // it was not looked at
		return "", err
	}
	if !ok {
		switch {
		case a == nil:
			ev.Reason = "name"
		case a.Disabled:
			ev.Reason = "disabled"
		default:
			ev.Reason = "password"
		}
		c.wrong(ev)
		return "", ErrWrong
	}
	if a.TOTP != "" && strings.TrimSpace(cr.Code) == "" {
		c.guard.right(name, cr.Address, now, false)
		return "", ErrCodeNeeded
	}
	if again {
		if phc, err = c.hasher.hash(ctx, cr.Password); err != nil {
			phc = "" // next time
		}
	}
	_, err = c.change(a.ID, func(row *account) error {
		if row.Password != a.Password || row.Disabled {
			return ErrWrong // it was changed meanwhile
		}
		if row.TOTP != "" {
			if err := row.second(cr.Code, now); err != nil {
				return err
			}
		}
		if again && phc != "" {
			row.Password = phc
		}
		row.came(place(cr.Address), now)
		return nil
	})
	switch {
	case err == nil:
		c.guard.right(name, cr.Address, now, true)
		return a.ID, nil
	case errors.Is(err, ErrCode):
		ev.Reason = "code"
	case errors.Is(err, ErrReplay):
		ev.Reason = "replay"
	case errors.Is(err, ErrWrong), errors.Is(err, ErrNoUser):
		ev.Reason, err = "password", ErrWrong
	default:
		c.guard.right(name, cr.Address, now, false)
		return "", err
	}
	c.wrong(ev)
	return "", err
}

// came notes when and from where an account was used.
func (a *account) came(from string, now time.Time) {
	a.LastLogin, a.LastAddress = now.UTC(), from
	known := append([]string{from}, slices.DeleteFunc(slices.Clone(a.Known), func(k string) bool { return k == from })...)
	a.Known = known[:min(len(known), maxKnown)]
}

// attack is how many log-ins were wrong lately, by minute.
type attack struct {
	mu      sync.Mutex
	minutes [attackWithin]struct {
		at int64
		n  int
	}
	on      bool
	rows    *rate.Limiter // of what is told
	unnoted int
}

func (a *attack) sum(now time.Time) (n int) {
	for _, m := range a.minutes {
		if now.Unix()/60-m.at < attackWithin {
			n += m.n
		}
	}
	return n
}

// wrong counts a log-in that was none, and tells of it, unless too much is told already.
func (c *Control) wrong(ev Event) {
	c.failed(ev.Reason)
	now, a := c.cfg.Now(), &c.attack
	a.mu.Lock()
	m := &a.minutes[now.Unix()/60%attackWithin]
	if m.at != now.Unix()/60 {
		m.at, m.n = now.Unix()/60, 0
	}
	m.n++
	n := a.sum(now)
	begins := n >= attackAt && !a.on
	a.on = a.on || begins
	if a.rows == nil {
		a.rows = rate.NewLimiter(rate.Every(2*time.Second), 100)
	}
	refused := ev.Reason == "locked" || ev.Reason == "rate" // when it began was told
	tell := !refused && a.rows.AllowN(now, 1)
	if tell {
		ev.Unnoted, a.unnoted = a.unnoted, 0
	} else {
		a.unnoted++
	}
	a.mu.Unlock()
	if tell {
		c.note(ev)
	}
	if begins && c.cfg.Attack != nil {
		c.cfg.Attack(true, n)
	}
}

// calm says when nobody tries passwords any more.
func (c *Control) calm() {
	a := &c.attack
	a.mu.Lock()
	n := a.sum(c.cfg.Now())
	over := a.on && n < attackOver
	a.on = a.on && !over
	a.mu.Unlock()
	if over && c.cfg.Attack != nil {
		c.cfg.Attack(false, n)
	}
}

func (c *Control) note(ev Event) {
	if c.cfg.Note != nil {
		c.cfg.Note(ev)
	}
}

// metrics of log-ins.
type metrics struct{ failures *prometheus.CounterVec }

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vaad_login_failures_total",
		Help: "Log-ins that were refused, by reason: password, name, disabled, code, replay, locked, rate, token, link.",
	}, []string{"reason"})}
	for _, r := range []string{"password", "name", "disabled", "code", "replay", "locked", "rate", "token", "link"} {
		m.failures.WithLabelValues(r)
	}
	if reg != nil {
		reg.MustRegister(m.failures)
	}
	return m
}

func (c *Control) failed(reason string) { c.metrics.failures.WithLabelValues(reason).Inc() }
