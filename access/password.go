package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
)

// ErrBusy says that too many passwords are being checked: somebody tries them.
var ErrBusy = errors.New("too many passwords are being checked at the moment")

// Weak says why a new password is not taken.
type Weak struct {
	Reason string // "short", "long", "common", "name"
	Least  int    // characters that it needs
}

func (e *Weak) Error() string {
	return fmt.Sprintf("the password is too easy to guess (%s); it needs %d characters", e.Reason, e.Least)
}

// A Cost is how much work a password's hash is.
type Cost struct {
	MemoryKiB  uint32
	Iterations uint32
}

// usualCost is what OWASP's password storage cheat sheet names first for argon2id:
// 19 MiB, two passes. It takes about 60 ms.
func usualCost() Cost { return Cost{19 << 10, 2} }

func (c Cost) params() *argon2id.Params {
	return &argon2id.Params{Memory: c.MemoryKiB, Iterations: c.Iterations, Parallelism: 1, SaltLength: 16, KeyLength: 32}
}

// A Pool bounds the CPU-heavy work of the whole process.
type Pool interface {
	Acquire(context.Context) error
	Release()
}

const (
	maxHashing = 2   // at once: their memory counts
	maxWaiting = 16  // for their turn: who comes later is sent away
	maxSecret  = 256 // bytes of a password
)

// hasher makes and checks hashes of passwords, a few at once.
type hasher struct {
	cost    Cost
	pool    Pool
	turns   chan struct{}
	waiting chan struct{}
	dummy   string // what the password of nobody is compared with
}

func newHasher(cost Cost, pool Pool) (*hasher, error) {
	h := &hasher{cost: cost, pool: pool, turns: make(chan struct{}, maxHashing), waiting: make(chan struct{}, maxHashing+maxWaiting)}
	var err error
	h.dummy, err = argon2id.CreateHash("", cost.params())
	return h, err
}

// work runs f when it is its turn.
func (h *hasher) work(ctx context.Context, f func() error) error {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return ErrBusy
	}
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := h.pool.Acquire(ctx); err != nil {
		return err
	}
	defer h.pool.Release()
	return f()
}

// hash is the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (phc string, err error) {
	err = h.work(ctx, func() error {
		phc, err = argon2id.CreateHash(password, h.cost.params())
		return err
	})
	return phc, err
}

// check compares. Without a hash it takes as long, and nothing fits. again says that the
// hash was made with another cost than is usual now.
func (h *hasher) check(ctx context.Context, password, phc string) (ok, again bool, err error) {
	known := phc != ""
	if !known {
		phc = h.dummy
	}
	if len(password) > maxSecret {
		password, known = "", false
	}
	err = h.work(ctx, func() error {
		fits, p, err := argon2id.CheckHash(password, phc)
		if err != nil {
			return fmt.Errorf("the hash of a password cannot be read: %w", err)
		}
		ok, again = fits && known, p.Memory != h.cost.MemoryKiB || p.Iterations != h.cost.Iterations
		return nil
	})
	return ok, again && ok, err
}

// worst is what is tried first: passwords from the top of published lists that are long enough
// for the least length that can be set.
const worst = " password password1 password123 passw0rd 12345678 123456789 1234567890 0123456789 9876543210 11111111 00000000 88888888 66666666 qwertyuiop qwerty123 " +
	"1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc iloveyou administrator letmein123 welcome123 changeme changeme123 woaini1314 5201314520 a123456789 qwer1234 asdfghjkl zxcvbnm123 "

// Password says whether a new password of an account is good enough: long enough, and none
// of those that are tried first. The error is a [*Weak].
func (p Policy) Password(name, password string) error {
	least := max(p.MinLength, 8)
	low, n := strings.ToLower(password), utf8.RuneCountInString(password)
	why := ""
	switch {
	case !utf8.ValidString(password) || len(password) > maxSecret:
		why = "long"
	case n < least:
		why = "short"
	case strings.Trim(low, low[:1]) == "", strings.Contains(worst, " "+low+" "):
		why = "common"
	case name != "" && strings.Contains(low, strings.ToLower(name)) && n-utf8.RuneCountInString(name) < 6:
		why = "name"
	default:
		return nil
	}
	return &Weak{why, least}
}
