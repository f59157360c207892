package access

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWrongLogInsLockTheAccountForTheirAddressOnly(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	u := makeUser(t, c, "ann", Grant{Role: Agent})
	if _, _, err := enter(t, c, "ann", secretWord, "", "10.0.0.9"); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if _, _, err := enter(t, c, "ann", "wrong", "", "10.0.0.1"); !errors.Is(err, ErrWrong) {
			t.Fatalf("%d: %v", i, err)
		}
		k.add(3 * time.Second)
	}
	var locked *Locked
	if _, _, err := enter(t, c, "ANN ", secretWord, "", "10.0.0.1"); !errors.As(err, &locked) || locked.For > time.Minute {
		t.Fatalf("the right password from there: %v", err)
	}
	if got, _ := c.FindUser(u.ID); got.LockedUntil.IsZero() {
		t.Error("nobody is told that it is locked")
	}
	if _, _, err := enter(t, c, "ann", secretWord, "", "10.0.0.9"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	wait := time.Minute
	for range 8 { // one more each time: it grows, to an hour
		k.add(wait)
		if _, _, err := enter(t, c, "ann", "wrong", "", "10.0.0.1"); !errors.Is(err, ErrWrong) {
			t.Fatalf("after %s: %v", wait, err)
		}
		_, _, err := enter(t, c, "ann", "wrong", "", "10.0.0.1")
		if !errors.As(err, &locked) || locked.For < wait || locked.For > time.Hour {
			t.Fatalf("after %s: %v", wait, err)
		}
		wait = locked.For
	}
	if wait != time.Hour {
		t.Errorf("it grew to %s", wait)
	}
	k.add(wait)
	if _, _, err := enter(t, c, "ann", secretWord, "", "10.0.0.1"); err != nil {
		t.Errorf("the right one after the lock: %v", err)
	}
	if _, _, err := enter(t, c, "ann", "wrong", "", "10.0.0.1"); !errors.Is(err, ErrWrong) {
		t.Errorf("a slip afterwards: %v", err)
	}
}

func TestUnlockingOpensAtOnce(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	u := makeUser(t, c, "ann", Grant{Role: Agent})
	for range 6 {
		_, _, _ = enter(t, c, "ann", "wrong", "", "10.0.0.1")
	}
	if got, err := c.Unlock(u.ID); err != nil || !got.LockedUntil.IsZero() {
		t.Errorf("%+v %v", got, err)
	}
	if _, _, err := enter(t, c, "ann", secretWord, "", "10.0.0.1"); err != nil {
		t.Error(err)
	}
}

// TestTenThousandWrongLogIns comes from one address, then from ten thousand: memory stays bounded, few
// are checked at all, and who the account belongs to comes in from where they always did.
func TestTenThousandWrongLogIns(t *testing.T) {
	k := newClock()
	rows, attacks := 0, 0
	c := control(t, Config{Now: k.now, Note: func(Event) { rows++ }, Attack: func(on bool, _ int) {
		if on {
			attacks++
		}
	}})
	makeUser(t, c, "admin", Grant{Role: Administrator})
	if _, _, err := enter(t, c, "admin", secretWord, "", "192.168.1.10"); err != nil {
		t.Fatal(err)
	}
	checked := 0
	try := func(name, address string) {
		k.add(20 * time.Millisecond)
		if _, _, err := enter(t, c, name, "guess", "", address); errors.Is(err, ErrWrong) {
			checked++
		}
	}
	for i := range 10_000 {
		try([]string{"admin", "root", fmt.Sprint("user", i)}[i%3], "10.0.0.1")
	}
	if checked > 60 {
		t.Errorf("%d of 10,000 from one address were checked", checked)
	}
	if attacks != 1 {
		t.Errorf("%d alarms", attacks)
	}
	if _, _, err := enter(t, c, "admin", secretWord, "", "192.168.1.10"); err != nil {
		t.Errorf("the administrator, from where they always come: %v", err)
	}
	checked = 0
	for i := range 10_000 {
		try("admin", fmt.Sprintf("10.%d.%d.%d", 1+i>>16, i>>8&255, i&255))
	}
	if checked > 250 {
		t.Errorf("%d of 10,000 from as many addresses were checked", checked)
	}
	if _, _, err := enter(t, c, "admin", secretWord, "", "192.168.1.10"); err != nil {
		t.Errorf("the administrator, while it is tried from everywhere: %v", err)
	}
	if rows > 600 {
		t.Errorf("%d rows in the audit log", rows)
	}
	for i := range 3 * maxTallies {
		c.guard.try(&c.policy, fmt.Sprint("u", i), fmt.Sprintf("fd00:%x:%x::1", i>>16, i&0xffff), false, k.now())
	}
	if n := len(c.guard.pairs) + len(c.guard.address) + len(c.guard.accounts) + len(c.guard.paces); n > 4*maxTallies {
		t.Errorf("%d tallies", n)
	}
	k.add(2 * time.Hour)
	if _, _, err := enter(t, c, "admin", secretWord, "", "172.16.0.1"); err != nil {
		t.Errorf("the administrator, from a new place, later: %v", err)
	}
	c.calm()
	if c.attack.on {
		t.Error("the alarm stays")
	}
}

// TestNobodyIsLockedForEver lets anything happen for a while; an hour later the right password
// opens.
func TestNobodyIsLockedForEver(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		k := newClock()
		c := &Control{guard: newGuard(), policy: DefaultPolicy()}
		names, addresses := rapid.SampledFrom([]string{"ann", "bob"}), rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", ""})
		for range rapid.IntRange(0, 300).Draw(r, "tries") {
			name, address := names.Draw(r, "name"), addresses.Draw(r, "address")
			why, _, _ := c.guard.try(&c.policy, name, address, rapid.Bool().Draw(r, "known"), k.now())
			if why == "" && rapid.IntRange(0, 9).Draw(r, "right") == 0 {
				c.guard.right(name, address, k.now(), rapid.Bool().Draw(r, "done"))
			}
			k.add(time.Duration(rapid.IntRange(0, 100).Draw(r, "seconds")) * time.Second)
		}
		k.add(longestLock)
		for _, name := range []string{"ann", "bob"} {
			if why, wait, _ := c.guard.try(&c.policy, name, "10.0.0.3", false, k.now()); why != "" {
				r.Fatalf("%s is %s for %s", name, why, wait)
			}
			c.guard.right(name, "10.0.0.3", k.now(), true)
		}
	})
}

func TestManyAtOnceAreNoWayAroundTheLock(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	let := 0
	for range 100 { // none of them is answered yet
		if why, _, _ := c.guard.try(&c.policy, "ann", "10.0.0.1", false, k.now()); why == "" {
			let++
		}
	}
	if let != c.policy.Failures {
		t.Errorf("%d were let through at once", let)
	}
}

// TestALockIsNotWashedOutByOtherNames tries names without end from an address where an account is locked,
// as far as that is let through, and then from everywhere.
func TestALockIsNotWashedOutByOtherNames(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	for range c.policy.Failures {
		c.guard.try(&c.policy, "admin", "10.0.0.1", false, k.now())
	}
	for i := range 10 * maxTallies {
		c.guard.try(&c.policy, fmt.Sprint("a", i), "10.0.0.1", false, k.now())
	}
	if n := len(c.guard.pairs); n > 100 {
		t.Errorf("%d tallies of log-ins that were not looked at", n)
	}
	if why, _, _ := c.guard.try(&c.policy, "admin", "10.0.0.1", false, k.now()); why != "locked" {
		t.Errorf("after names without end: %q", why)
	}
	for i := range 10 * maxTallies {
		c.guard.try(&c.policy, fmt.Sprint("b", i), fmt.Sprintf("10.1.%d.%d", i>>8&255, i&255), false, k.now())
	}
	if why, _, _ := c.guard.try(&c.policy, "admin", "10.0.0.1", false, k.now()); why != "locked" {
		t.Errorf("after names from everywhere: %q", why)
	}
}
