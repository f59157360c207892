package access

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What wrong log-ins lead to:
//
//	who is counted          when                                what follows
//	account and address     Policy.Failures within .Within      locked for a minute; each further one doubles it, up to an hour
//	address                 ten times as many, of any account   the same
//	account                 twenty times as many, from anywhere one log-in in 30 s from addresses that it never came from
//	address                 more than 20 at once, 1 in 2 s      refused, unchecked
//
// So nobody can be kept out for ever, and who is attacked from elsewhere comes in from where they
// always did. The local socket is never locked.
const (
	firstLock    = time.Minute
	longestLock  = time.Hour
	forgetAfter  = 24 * time.Hour // of quiet
	perAddress   = 10             // times Policy.Failures
	perAccount   = 20
	narrow       = 30 * time.Second
	maxTallies   = 20_000 // of each kind: about 4 MB
	burst        = 20
	perSecond    = 0.5
	attackWithin = 10 // minutes
	attackAt     = 50 // wrong log-ins within these: somebody is trying passwords
	attackOver   = 10
)

// guard counts wrong log-ins.
type guard struct {
	mu       sync.Mutex
	pairs    map[pair]*tally
	address  map[string]*tally
	accounts map[string]*tally
	paces    map[string]*rate.Limiter
}

type pair struct{ account, address string }

// tally is the wrong log-ins of one.
type tally struct {
	first time.Time // of those that count
	last  time.Time
	n     int
	locks int       // since the last quiet day
	until time.Time // locked, or narrowed
}

func newGuard() *guard {
	return &guard{pairs: map[pair]*tally{}, address: map[string]*tally{}, accounts: map[string]*tally{}, paces: map[string]*rate.Limiter{}}
}

// place is what of an address counts: IPv6 networks are handed out as /64.
func place(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is6() {
		if p, err := ip.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

// count adds a wrong log-in and locks where there are too many.
func (t *tally) count(now time.Time, most int, within time.Duration) {
	if now.Sub(t.last) > forgetAfter {
		*t = tally{}
	}
	if t.locks == 0 && now.Sub(t.first) > within {
		t.first, t.n = now, 0
	}
	t.n, t.last = t.n+1, now
	if t.n >= most {
		t.until = now.Add(min(firstLock<<min(t.locks, 10), longestLock))
		t.locks++
	}
}

// tallyOf finds or makes one; of too many some go.
func tallyOf[K comparable](m map[K]*tally, k K, now time.Time, within time.Duration) *tally {
	t := m[k]
	if t != nil {
		return t
	}
	if len(m) >= maxTallies {
		free := func(t *tally) bool { return !now.Before(t.until) }
		shrink(m, func(t *tally) bool { return free(t) && now.Sub(t.last) > within },
			func(t *tally) bool { return free(t) && t.n < 3 }, free)
	}
	t = &tally{}
	m[k] = t
	return t
}

// shrink takes out what is of least use, then of less, and then any, until a quarter is free: so that
// whoever fills it makes it walk through all of it only now and then, and washes out no lock.
func shrink[K comparable, V any](m map[K]V, useless ...func(V) bool) {
	for _, f := range append(useless, func(V) bool { return true }) {
		for k, v := range m {
			if len(m) <= maxTallies*3/4 {
				return
			}
			if f(v) {
				delete(m, k)
			}
		}
	}
}

// try says whether a log-in may be checked, and counts it as a wrong one until [guard.right] says
// otherwise: many at once are no way around. why is what it is refused for, wait for how long;
// locked says that this one is the last that is let through for now.
func (g *guard) try(p *Policy, account, address string, known bool, now time.Time) (why string, wait time.Duration, locked bool) {
	address = place(address)
	g.mu.Lock()
	defer g.mu.Unlock()
	locks := []*tally{g.pairs[pair{account, address}], g.address[address]}
	if !known {
		locks = append(locks, g.accounts[account])
	}
	for _, t := range locks {
		if t != nil && now.Before(t.until) {
			return "locked", t.until.Sub(now), false
		}
	}
	if !g.pace(address, now) {
		return "rate", 2 * time.Second, false
	}
	both, here := tallyOf(g.pairs, pair{account, address}, now, p.Within), tallyOf(g.address, address, now, p.Within)
	there := tallyOf(g.accounts, account, now, p.Within)
	both.count(now, p.Failures, p.Within)
	here.count(now, p.Failures*perAddress, p.Within)
	if there.n++; now.Sub(there.first) > p.Within {
		there.first, there.n = now, 1
	}
	if there.last = now; there.n >= p.Failures*perAccount {
		there.until = now.Add(narrow)
	}
	return "", 0, now.Before(both.until) || now.Before(here.until)
}

// pace says whether one more log-in comes at a human's pace.
func (g *guard) pace(address string, now time.Time) bool {
	l := g.paces[address]
	if l == nil {
		if len(g.paces) >= maxTallies {
			shrink(g.paces, func(old *rate.Limiter) bool { return old.TokensAt(now) >= burst })
		}
		l = rate.NewLimiter(perSecond, burst)
		g.paces[address] = l
	}
	return l.AllowN(now, 1)
}

// right takes back that a log-in was counted as a wrong one. done says that it is the whole: what
// was wrong before on this account from this address is forgotten.
func (g *guard) right(account, address string, now time.Time, done bool) {
	address = place(address)
	g.mu.Lock()
	defer g.mu.Unlock()
	both := g.pairs[pair{account, address}]
	for _, t := range []*tally{both, g.address[address]} {
		if t == nil {
			continue
		}
		if t.n--; now.Before(t.until) { // by this very one: else it had not been let through
			t.until = time.Time{}
			t.locks--
		}
	}
	if t := g.accounts[account]; t != nil {
		t.n--
	}
	if done && both != nil {
		delete(g.pairs, pair{account, address})
	}
}

// forget takes away every lock on an account, and those of the addresses that led to them.
func (g *guard) forget(account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.accounts, account)
	for p := range g.pairs {
		if p.account == account {
			delete(g.pairs, p)
			delete(g.address, p.address)
		}
	}
}

// locked says until when accounts are locked, for some address at least.
func (g *guard) locked(now time.Time) map[string]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[string]time.Time{}
	add := func(account string, t *tally) {
		if now.Before(t.until) && t.until.After(out[account]) {
			out[account] = t.until.UTC()
		}
	}
	for p, t := range g.pairs {
		add(p.account, t)
	}
	for account, t := range g.accounts {
		add(account, t)
	}
	return out
}
