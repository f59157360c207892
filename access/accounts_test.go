package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"
)

const secretWord = "correct horse battery"

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	c.at = c.at.Add(d)
	c.mu.Unlock()
}

func makeUser(t *testing.T, c *Control, name string, grants ...Grant) User {
	t.Helper()
	u, err := c.CreateUser(t.Context(), NewUser{Name: name, Enabled: true, Grants: grants}, secretWord)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func from(address string) Origin { return Origin{address, "test"} }

func enter(t *testing.T, c *Control, name, password, code, address string) (string, Entered, error) {
	t.Helper()
	return c.LogIn(t.Context(), Credentials{name, password, code, from(address)})
}

func TestAccountsSurviveARestartAndSessionsToo(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	u := makeUser(t, c, "Ann", Grant{Role: Supervisor, Groups: []string{"sales"}, More: []Verb{Hold}})
	secret, e, err := enter(t, c, "ann", secretWord, "", "10.0.0.1")
	if err != nil || e.Name != "Ann" || e.Kind != Person || e.ID != u.ID {
		t.Fatalf("%+v %v", e, err)
	}
	token, info, err := c.CreateToken(u.ID, "Ann", "script", Limit{Verbs: []Verb{Play}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	k.add(time.Hour)
	if _, ok := c.Session(secret); !ok {
		t.Fatal("the session ended early")
	}
	if _, ok := c.Bearer(token, from("10.0.0.2")); !ok {
		t.Fatal("the token is not taken")
	}
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	again := control(t, Config{DB: c.db, Now: k.now})
	if e, ok := again.Session(secret); !ok || e.Name != "Ann" {
		t.Errorf("the session is gone: %+v", e)
	}
	if a, ok := again.Bearer(token, from("10.0.0.2")); !ok || a.Name != "Ann/script" || a.Kind != Token {
		t.Errorf("the token is gone: %+v", a)
	}
	if got := again.Tokens(u.ID); len(got) != 1 || got[0].ID != info.ID || got[0].Address != "10.0.0.2" || !got[0].Used.Equal(k.now()) {
		t.Errorf("tokens %+v", got)
	}
	if got := again.Sessions(u.ID); len(got) != 1 || !got[0].Seen.Equal(k.now()) || got[0].Agent != "test" {
		t.Errorf("sessions %+v", got)
	}
}

func TestSecretsStandNowhereInTheFile(t *testing.T) {
	c := control(t, Config{})
	u := makeUser(t, c, "ann", Grant{Role: Administrator})
	secret, _, err := enter(t, c, "ann", secretWord, "", "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := c.CreateToken(u.ID, "ann", "x", Limit{Verbs: []Verb{Play}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for h, s := range c.sessions {
		if strings.Contains(fmt.Sprint(h, *s), secret) {
			t.Error("the secret of a session is kept")
		}
	}
	for h, one := range c.tokens {
		if strings.Contains(fmt.Sprint(h, *one), token) {
			t.Error("the secret of a token is kept")
		}
	}
	if a := c.accounts[u.ID]; strings.Contains(fmt.Sprint(*a), secretWord) || !strings.HasPrefix(a.Password, "$argon2id$") {
		t.Errorf("the password is kept as %q", a.Password)
	}
}

func TestRightsHoldPerVerbAndGroup(t *testing.T) {
	c := control(t, Config{})
	c.SetGroups(map[string][]int{"sales": {1, 2}, "support": {2, 3}})
	a := Actor{Grants: []Grant{{Role: Reviewer, Groups: []string{"support"}}, {Role: Agent, Groups: []string{"sales"}, More: []Verb{Listen}, Less: []Verb{SearchRecords, Play}}}}
	s := c.Scope(a)
	for _, x := range []struct {
		v    Verb
		line int
		want bool
	}{{Listen, 1, true}, {Listen, 2, true}, {Listen, 3, false}, {SearchRecords, 1, false}, {SearchRecords, 2, true}, {SearchRecords, 3, true}, {Export, 1, false},
		{Note, 3, false}, {Note, 1, true}, {Users, 0, false}} {
		if s.Allows(x.v, x.line) != x.want {
			t.Errorf("%s on line %d: %v", x.v, x.line, !x.want)
		}
	}
	if !s.Sees(1) || !s.Sees(3) || s.Sees(4) || s.Everywhere(Listen) || !s.May(Listen) {
		t.Error("what is seen is wrong")
	}
}

// TestScopesAreWhatGrantsSay compares the scope of any grants and limit with what
// they say, one by one.
func TestScopesAreWhatGrantsSay(t *testing.T) {
	groups := map[string][]int{"a": {1, 2}, "b": {2, 3}, "c": {}}
	names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "gone"}), 0, 3, rapid.ID)
	some := rapid.SliceOfN(rapid.SampledFrom(Verbs()), 0, 4)
	in := func(list []string, line int) bool {
		if len(list) == 0 {
			return true
		}
		for _, g := range list {
			for _, n := range groups[g] {
				if n == line {
					return true
				}
			}
		}
		return false
	}
	has := func(list []Verb, v Verb) bool {
		for _, one := range list {
			if one == v {
				return true
			}
		}
		return false
	}
	rapid.Check(t, func(t *rapid.T) {
		var a Actor
		for range rapid.IntRange(0, 3).Draw(t, "grants") {
			a.Grants = append(a.Grants, Grant{rapid.SampledFrom(append(Roles(), "chief")).Draw(t, "role"), names.Draw(t, "groups"), some.Draw(t, "more"), some.Draw(t, "less")})
		}
		if rapid.Bool().Draw(t, "limited") {
			a.Limit = &Limit{some.Draw(t, "verbs"), names.Draw(t, "only")}
		}
		s := scopeOf(&a, groups)
		for _, v := range Verbs() {
			for line := 1; line <= 4; line++ {
				want := false
				for _, g := range a.Grants {
					want = want || in(g.Groups, line) && !has(g.Less, v) && (has(verbsOf(g.Role), v) || has(g.More, v))
				}
				if a.Limit != nil {
					want = want && has(a.Limit.Verbs, v) && in(a.Limit.Groups, line)
				}
				if s.Allows(v, line) != want {
					t.Fatalf("%s on %d: %v, want %v, of %+v limit %+v", v, line, !want, want, a.Grants, a.Limit)
				}
			}
		}
		if !s.Covers(s) || !(scopeOf(&Actor{Grants: []Grant{{Role: Administrator}}}, groups)).Covers(s) {
			t.Fatal("a scope does not cover itself, or an administrator's does not")
		}
	})
}

func TestEveryLogInHasANewSecret(t *testing.T) {
	c := control(t, Config{})
	u := makeUser(t, c, "ann", Grant{Role: Administrator})
	one, e, _ := enter(t, c, "ann", secretWord, "", "::1")
	two, _, _ := enter(t, c, "ann", secretWord, "", "::1")
	if one == two || one == "" {
		t.Error("the same secret twice")
	}
	three, err := c.Renew(e.Session, true)
	if err != nil || three == one {
		t.Errorf("%v", err)
	}
	if _, ok := c.Session(one); ok {
		t.Error("the old secret still opens")
	}
	if got, ok := c.Session(three); !ok || got.Session != e.Session {
		t.Error("the new one does not")
	}
	if _, err := c.ChangeUser(u.ID, NewUser{Name: "ann", Enabled: true, Grants: []Grant{{Role: Administrator}, {Role: Agent}}}, e.Session); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Session(two); ok {
		t.Error("a session outlives a change of its rights")
	}
	if _, ok := c.Session(three); !ok {
		t.Error("the session that asked for it ended")
	}
	if err := c.Revoke(e.Session); err != nil || c.Revoke(e.Session) == nil {
		t.Error("revoking")
	}
}

func TestSessionsEndIdleAndAbsolutely(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	c.SetPolicy(Policy{Idle: time.Hour, Absolute: 3 * time.Hour})
	makeUser(t, c, "ann", Grant{Role: Agent})
	secret, _, _ := enter(t, c, "ann", secretWord, "", "::1")
	idle, _, _ := enter(t, c, "ann", secretWord, "", "::1")
	for range 3 {
		k.add(59 * time.Minute)
		if _, ok := c.Session(secret); !ok {
			t.Fatal("it ended early")
		}
	}
	if _, ok := c.Session(idle); ok {
		t.Error("an idle session goes on")
	}
	k.add(4 * time.Minute)
	if _, ok := c.Session(secret); ok {
		t.Error("a session never ends")
	}
	if err := c.flush(); err != nil || len(c.sessions) != 0 {
		t.Errorf("%d sessions are kept for nothing, %v", len(c.sessions), err)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	u := makeUser(t, c, "ann", Grant{Role: Agent})
	first := ""
	for i := range maxOwnSessions + 1 {
		k.add(time.Second)
		s, err := c.OpenFor(u.ID, from("::1"))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = s
		}
	}
	if _, ok := c.Session(first); ok || len(c.Sessions(u.ID)) != maxOwnSessions {
		t.Errorf("%d sessions", len(c.Sessions(u.ID)))
	}
}

func TestTheSetUpTokenEndsWithTheFirstAdministrator(t *testing.T) {
	c := control(t, Config{})
	token := c.NewToken()
	secret, e, err := c.Login(token, from("::1"))
	if err != nil || e.Kind != Setup || !c.Scope(e.Actor).Everywhere(Users) || !e.Confirmed.IsZero() {
		t.Fatalf("%+v %v", e, err)
	}
	if a, ok := c.Bearer(token, from("::1")); !ok || a.Kind != Setup {
		t.Error("a program is not let in with it")
	}
	makeUser(t, c, "tech", Grant{Role: Technician})
	if c.HasAdministrator() {
		t.Error("a technician is none")
	}
	makeUser(t, c, "half", Grant{Role: Administrator, Groups: []string{"sales"}})
	if _, ok := c.Session(secret); !ok || c.HasAdministrator() {
		t.Error("who administers some lines is none either")
	}
	makeUser(t, c, "ann", Grant{Role: Administrator})
	if _, ok := c.Session(secret); ok || !c.HasAdministrator() {
		t.Error("the session of the set-up goes on")
	}
	if _, ok := c.Bearer(token, from("::1")); ok {
		t.Error("the token is still taken")
	}
	if _, _, err := c.Login(token, from("::1")); !errors.Is(err, ErrDenied) {
		t.Errorf("a link with it: %v", err)
	}
}

func TestALinkOpensOneSession(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	u := makeUser(t, c, "ann", Grant{Role: Administrator})
	link, _, err := c.NewLink(u.ID, "root")
	if err != nil {
		t.Fatal(err)
	}
	if _, e, err := c.Login(link, from("::1")); err != nil || e.ID != u.ID || !e.Reset {
		t.Errorf("%+v %v", e, err)
	}
	if _, _, err := c.Login(link, from("::1")); err == nil {
		t.Error("twice")
	}
	link, _, _ = c.NewLink("", "root")
	if _, e, err := c.Login(link, from("::1")); err != nil || e.Kind != Link || e.Name != "root" || e.ID != "" {
		t.Errorf("%+v %v", e, err)
	}
	link, _, _ = c.NewLink("", "root")
	k.add(linkLasts)
	if _, _, err := c.Login(link, from("::1")); err == nil {
		t.Error("an old link holds")
	}
	if _, _, err := c.NewLink("nobody", "root"); !errors.Is(err, ErrNoUser) {
		t.Errorf("%v", err)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	c := control(t, Config{})
	ann := makeUser(t, c, "ann", Grant{Role: Administrator})
	for what, err := range map[string]error{
		"removed":  c.RemoveUser(ann.ID),
		"demoted":  func() error { _, err := c.ChangeUser(ann.ID, NewUser{Name: "ann", Enabled: true}, ""); return err }(),
		"disabled": func() error { _, err := c.ChangeUser(ann.ID, NewUser{Name: "ann", Grants: ann.Grants}, ""); return err }(),
	} {
		if !errors.Is(err, ErrLastAdmin) {
			t.Errorf("%s: %v", what, err)
		}
	}
	makeUser(t, c, "bob", Grant{Role: Administrator})
	secret, _, _ := enter(t, c, "ann", secretWord, "", "::1")
	if err := c.RemoveUser(ann.ID); err != nil {
		t.Error(err)
	}
	if _, ok := c.Session(secret); ok {
		t.Error("a removed account is signed in")
	}
}

func TestNamesAndPasswordsAreChecked(t *testing.T) {
	c := control(t, Config{})
	makeUser(t, c, "王小明", Grant{Role: Agent})
	for name, want := range map[string]error{"": ErrName, "a b": ErrName, "a/b": ErrName, "a\nb": ErrName, "<b>": ErrName, strings.Repeat("x", 65): ErrName, "王小明": ErrExists} {
		if _, err := c.CreateUser(t.Context(), NewUser{Name: name}, secretWord); !errors.Is(err, want) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	for pw, why := range map[string]string{"short": "short", "password123": "common", "aaaaaaaaaaaa": "common", "barbara-12": "name", strings.Repeat("x", 257): "long", "一二三四五六七八九": "short"} {
		var weak *Weak
		if _, err := c.CreateUser(t.Context(), NewUser{Name: "barbara"}, pw); !errors.As(err, &weak) || weak.Reason != why {
			t.Errorf("password %q: %v, want %s", pw, err, why)
		}
	}
	if _, err := c.CreateUser(t.Context(), NewUser{Name: "x", Grants: []Grant{{Role: "king"}}}, secretWord); !errors.Is(err, ErrGrants) {
		t.Error(err)
	}
}

func TestSecondFactorsHoldOnceEach(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	u := makeUser(t, c, "ann", Grant{Role: Administrator})
	e, err := c.BeginTOTP(u.ID, "Site: one")
	if err != nil || !strings.HasPrefix(e.URI, "otpauth://totp/") {
		t.Fatalf("%+v %v", e, err)
	}
	code := func() string { s, _ := totp.GenerateCode(e.Secret, k.now()); return s }
	near := func() map[string]bool { // the codes of the steps that are let through, now or in the next one
		all := map[string]bool{"000000": true}
		for step := -1; step <= 2; step++ {
			s, _ := totp.GenerateCode(e.Secret, k.now().Add(time.Duration(step*stepSeconds)*time.Second))
			all[s] = true
		}
		return all
	}
	for len(near()) < 5 { // two steps may have one code, by chance
		if e, err = c.BeginTOTP(u.ID, "Site: one"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.EnrolTOTP(u.ID, "000000"); !errors.Is(err, ErrCode) {
		t.Fatalf("%v", err)
	}
	recovery, err := c.EnrolTOTP(u.ID, code())
	if err != nil || len(recovery) != codesMade {
		t.Fatal(err)
	}
	if _, _, err := enter(t, c, "ann", secretWord, "", "::1"); !errors.Is(err, ErrCodeNeeded) {
		t.Errorf("without a code: %v", err)
	}
	if _, _, err := enter(t, c, "ann", secretWord, code(), "::1"); !errors.Is(err, ErrReplay) {
		t.Errorf("the code of the enrolment again: %v", err)
	}
	k.add(30 * time.Second)
	if _, _, err := enter(t, c, "ann", secretWord, code(), "::1"); err != nil {
		t.Errorf("the next one: %v", err)
	}
	if _, _, err := enter(t, c, "ann", secretWord, code(), "::2"); !errors.Is(err, ErrReplay) {
		t.Errorf("a replay: %v", err)
	}
	k.add(-30 * time.Second)
	if _, _, err := enter(t, c, "ann", secretWord, code(), "::3"); !errors.Is(err, ErrReplay) {
		t.Errorf("one from before: %v", err)
	}
	if _, _, err := enter(t, c, "ann", secretWord, strings.ToUpper(recovery[3]), "::4"); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
	if _, _, err := enter(t, c, "ann", secretWord, recovery[3], "::5"); !errors.Is(err, ErrCode) {
		t.Errorf("it again: %v", err)
	}
	if got, _ := c.FindUser("ann"); got.Recovery != codesMade-1 || !got.TOTP {
		t.Errorf("%+v", got)
	}
	if _, err := c.BeginTOTP(u.ID, "x"); !errors.Is(err, ErrEnrolled) {
		t.Error(err)
	}
}

func TestPolicyDemandsASecondFactorOfRoles(t *testing.T) {
	c := control(t, Config{})
	p := DefaultPolicy()
	p.TOTP = []Role{Administrator}
	c.SetPolicy(p)
	makeUser(t, c, "ann", Grant{Role: Administrator})
	makeUser(t, c, "bob", Grant{Role: Agent})
	if _, e, _ := enter(t, c, "ann", secretWord, "", "::1"); e.Must != MustEnrol {
		t.Errorf("must %q", e.Must)
	}
	if _, e, _ := enter(t, c, "bob", secretWord, "", "::1"); e.Must != "" {
		t.Errorf("must %q", e.Must)
	}
}

func TestTokensAreNeverMoreThanTheirOwner(t *testing.T) {
	k := newClock()
	c := control(t, Config{Now: k.now})
	c.SetGroups(map[string][]int{"sales": {1}, "support": {2}})
	u := makeUser(t, c, "ann", Grant{Role: Supervisor})
	makeUser(t, c, "root", Grant{Role: Administrator})
	token, _, err := c.CreateToken(u.ID, "ann", "x", Limit{Verbs: []Verb{Play, Users, Listen}, Groups: []string{"sales"}}, k.now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := c.Bearer(token, from("::1"))
	s := c.Scope(a)
	if !s.Allows(Play, 1) || s.Allows(Play, 2) || s.May(Users) || s.May(Export) || !s.Allows(Listen, 1) {
		t.Errorf("scope %+v", s)
	}
	if _, err := c.ChangeUser(u.ID, NewUser{Name: "ann", Enabled: true, Grants: []Grant{{Role: Reviewer, Groups: []string{"support"}}}}, ""); err != nil {
		t.Fatal(err)
	}
	a, _ = c.Bearer(token, from("::1"))
	if s := c.Scope(a); s.Allows(Play, 1) || s.Allows(Play, 2) || s.May(Listen) {
		t.Errorf("after the owner lost rights: %+v", s)
	}
	k.add(time.Hour)
	if _, ok := c.Bearer(token, from("::1")); ok {
		t.Error("an expired token is taken")
	}
	if _, _, err := c.CreateToken(u.ID, "ann", "X", Limit{}, time.Time{}); !errors.Is(err, ErrExists) {
		t.Errorf("a second of that name: %v", err)
	}
	other, _, _ := c.CreateToken("", "root", "x", Limit{Verbs: []Verb{Status}}, time.Time{})
	if a, ok := c.Bearer(other, from("::1")); !ok || a.Name != "token/x" || !c.Scope(a).May(Status) || c.Scope(a).May(Play) {
		t.Errorf("%+v", a)
	}
	if err := c.RemoveUser(u.ID); err != nil || len(c.Tokens("")) != 1 {
		t.Errorf("tokens outlive their owner: %v", err)
	}
}

func TestFailuresAreCountedByReason(t *testing.T) {
	k := newClock()
	var told []Event
	c := control(t, Config{Now: k.now, Note: func(e Event) { told = append(told, e) }})
	makeUser(t, c, "ann", Grant{Role: Agent})
	_, _, _ = enter(t, c, "ann", "wrong", "", "10.0.0.1")
	_, _, _ = enter(t, c, "hunter2-typed-as-name", "x", "", "10.0.0.1")
	_, _ = c.Bearer("vaad_nonsense", from("10.0.0.1"))
	_, _, _ = c.Login("nonsense", from("10.0.0.1"))
	_, _, _ = enter(t, c, "ann", secretWord, "", "10.0.0.1")
	for reason, want := range map[string]float64{"password": 1, "name": 1, "token": 1, "link": 1, "locked": 0} {
		if got := testutil.ToFloat64(c.metrics.failures.WithLabelValues(reason)); got != want {
			t.Errorf("%s: %v, want %v", reason, got, want)
		}
	}
	if len(told) != 3 || told[0].Name != "ann" || told[1].Name != "" || told[2].Reason != "" {
		t.Errorf("told %+v", told)
	}
	for _, e := range told {
		if strings.Contains(fmt.Sprint(e.Entry()), "hunter2") {
			t.Error("what was typed as a name stands in the audit log")
		}
	}
}

func TestHashingWaitsInAShortQueue(t *testing.T) {
	block := make(chan struct{})
	h, err := newHasher(cheap(), poolFunc(func(ctx context.Context) error {
		select {
		case <-block:
		case <-ctx.Done():
		}
		return ctx.Err()
	}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for range 100 {
		wg.Go(func() { _, err := h.hash(ctx, "x"); errs <- err })
	}
	for range 100 - maxHashing - maxWaiting {
		if err := <-errs; !errors.Is(err, ErrBusy) {
			t.Errorf("%v", err)
		}
	}
	close(block)
	wg.Wait()
	for range maxHashing + maxWaiting {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

type poolFunc func(context.Context) error

func (f poolFunc) Acquire(ctx context.Context) error { return f(ctx) }
func (f poolFunc) Release()                          {}

func TestHashesOfAnotherCostAreMadeAnew(t *testing.T) {
	c := control(t, Config{})
	u := makeUser(t, c, "ann", Grant{Role: Agent})
	before := c.accounts[u.ID].Password
	c.hasher.cost.Iterations = 2
	if _, _, err := enter(t, c, "ann", secretWord, "", "::1"); err != nil {
		t.Fatal(err)
	}
	if after := c.accounts[u.ID].Password; after == before || !strings.Contains(after, "t=2") {
		t.Errorf("%s → %s", before, after)
	}
	if _, _, err := enter(t, c, "ann", secretWord, "", "::1"); err != nil {
		t.Fatal(err)
	}
}
