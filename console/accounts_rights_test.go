package console

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"

	"github.com/pquerna/otp/totp"
)

// ownCall is a request to a route about accounts that is right in form. It concerns the account of
// the browser, or one that may be spoiled.
func ownCall(t *testing.T, f *fixture, b *browser, rt route, me string) (path string, body any) {
	t.Helper()
	reg := f.cfg.Access
	other, err := reg.FindUser("other")
	if err != nil {
		other = f.account("other", role(access.Agent))
	}
	mine, err := reg.FindUser(me)
	if err != nil {
		mine = other
	}
	session := func(user string) string {
		if _, err := reg.OpenFor(user, access.Origin{}); err != nil {
			t.Fatal(err)
		}
		for _, s := range reg.Sessions(user) {
			if s.Agent == "" {
				return s.ID
			}
		}
		return ""
	}
	token := func(user string) string {
		for _, old := range reg.Tokens(user) {
			_, _ = reg.RevokeToken(old.ID, "")
		}
		_, info, err := reg.CreateToken(user, "x", "x", access.Limit{Verbs: []access.Verb{access.Play}}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return info.ID
	}
	path = strings.NewReplacer("{user}", other.ID).Replace(rt.Path)
	switch rt.ID {
	case "login":
		body = api.Credentials{Name: me, Password: goodWord}
	case "session-confirm":
		body = api.Confirmation{Password: goodWord}
	case "account-change":
		body = api.OwnAccount{Display: "Somebody", Language: "zh"}
	case "account-password":
		body = api.NewPassword{Old: goodWord, New: goodWord}
	case "account-totp", "account-totp-remove":
		_, _ = reg.RemoveTOTP(mine.ID)
	case "account-totp-confirm", "account-recovery":
		_, _ = reg.RemoveTOTP(mine.ID)
		e, err := reg.BeginTOTP(mine.ID, "vaad")
		if err != nil {
			t.Fatal(err)
		}
		code, _ := totp.GenerateCode(e.Secret, f.clock())
		if body = (api.TOTPCode{Code: code}); rt.ID == "account-recovery" {
			if body = nil; b != nil {
				if _, err := reg.EnrolTOTP(mine.ID, code); err != nil {
					t.Fatal(err)
				}
			}
		}
	case "account-session-end":
		path = "/account/sessions/" + session(mine.ID)
	case "session-end":
		path = "/sessions/" + session(other.ID)
	case "account-token-new":
		for _, old := range reg.Tokens(mine.ID) {
			_, _ = reg.RevokeToken(old.ID, "")
		}
		body = api.TokenWish{Name: "mine"}
	case "account-token-revoke":
		path = "/account/tokens/" + token(mine.ID)
	case "token-revoke":
		path = "/tokens/" + token(other.ID)
	case "user-new":
		if u, err := reg.FindUser("newcomer"); err == nil {
			_ = reg.RemoveUser(u.ID)
		}
		body = api.NewUser{UserWish: api.UserWish{Name: "newcomer", Grants: []api.Grant{{Role: "agent"}}}}
	case "user-change":
		body = api.UserWish{Name: "other", Grants: []api.Grant{{Role: "reviewer"}}}
	case "user-password":
		body = api.ResetPassword{}
	case "login-link":
		body = api.LoginLinkWish{}
	}
	return path, body
}

// TestAccountRoutesOfEveryRole sends a request that is right in form to every route about accounts, as
// people of every role who signed in, as nobody, and as who administers some lines only.
func TestAccountRoutesOfEveryRole(t *testing.T) {
	f := newFixture(t)
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	f.account("root", role(access.Administrator))
	who := map[string]*access.Grant{"": nil, "half": {Role: access.Administrator, Groups: []string{"front"}}}
	for _, r := range access.Roles() {
		who[string(r)] = &access.Grant{Role: r}
	}
	for name, g := range who {
		if g != nil {
			f.account(name, *g)
		}
		for _, rt := range accountRoutes() {
			b := f.browser()
			if g != nil {
				u, _ := f.cfg.Access.FindUser(name)
				if u, err := f.cfg.Access.RemoveTOTP(u.ID); err != nil || u.TOTP {
					t.Fatal(err)
				}
				if w := b.logIn(name, goodWord, ""); w.Code != 200 {
					t.Fatalf("%s: %d %s", name, w.Code, w.Body)
				}
			}
			var of *browser
			if g != nil {
				of = b
			}
			path, body := ownCall(t, f, of, rt, name)
			w := b.ask(rt.Method, path, body)
			want := http.StatusForbidden
			switch {
			case rt.ID == "login" && g == nil:
				want = http.StatusForbidden
			case rt.Verb == anybody:
				want = 200
			case g == nil:
				want = http.StatusUnauthorized
			case rt.ID == "login-link": // through the local socket only
			case rt.Verb == anyone, name == string(access.Administrator):
				want = 200
			}
			if w.Code != want && (want != 200 || w.Code/100 != 2) {
				t.Errorf("%s as %q: status %d, want %d: %s", rt.ID, name, w.Code, want, w.Body)
			}
			f.later.Add(int64(31 * time.Second)) // the next code, and a pace that people have
		}
	}
}

func TestAccountActsAreAudited(t *testing.T) {
	f := newFixture(t)
	f.account("root", role(access.Administrator))
	f.account("ann", role(access.Administrator))
	f.account("bob", role(access.Agent))
	looks := []string{"roles", "account", "account-sessions", "account-tokens", "users", "user", "sessions", "tokens"}
	for _, rt := range accountRoutes() {
		b := f.browser()
		if u, _ := f.cfg.Access.FindUser("ann"); u.TOTP {
			_, _ = f.cfg.Access.RemoveTOTP(u.ID)
		}
		b.logIn("ann", goodWord, "")
		path, body := ownCall(t, f, b, rt, "ann")
		before := len(f.audit.rows(t))
		ask := b.ask
		if rt.ID == "login-link" {
			ask = func(method, path string, body any, _ ...string) *httptest.ResponseRecorder {
				return f.do(method, path, body)
			}
		}
		w := ask(rt.Method, path, body)
		if w.Code/100 != 2 {
			t.Errorf("%s: %d %s", rt.ID, w.Code, w.Body)
		}
		rows := f.audit.rows(t)[before:]
		if got := len(rows); got != 1 && !slices.Contains(looks, rt.ID) || got != 0 && slices.Contains(looks, rt.ID) {
			t.Errorf("%s: %d rows", rt.ID, got)
		}
		f.later.Add(int64(31 * time.Second))
		if rt.Verb != access.Users {
			continue
		}
		before = len(f.audit.rows(t))
		agent := f.browser()
		agent.logIn("bob", goodWord, "")
		agent.ask(rt.Method, path, body)
		rows = f.audit.rows(t)[before:]
		if last := rows[len(rows)-1]; last.Result != "denied" || last.Actor != "bob" || last.Verb != access.Users {
			t.Errorf("%s: the refusal is not told: %+v", rt.ID, last)
		}
	}
}

// FuzzComingIn sends any body to log-in, and any cookie and token to the API: nothing panics, and
// nobody comes in.
func FuzzComingIn(fz *testing.F) {
	fz.Add(`{"name":"ann","password":"x"}`, "vaad_session_8470=abc", "Bearer vaad_x")
	fz.Add(`{"name":"ann","password":"x","code":"`+strings.Repeat("9", 64)+`"}`, `a="b`, "Bearer ")
	fz.Add(`[]`, "vaad_session_8470=; vaad_session_8470=\x00", "bearer x")
	fz.Add("{\"name\":\"\u202e\",\"password\":\"\\ud800\"}", "=", "Basic YW5uOng=")
	fz.Fuzz(func(t *testing.T, body, cookie, token string) {
		f := newFixture(t)
		f.account("ann", role(access.Administrator))
		b := f.browser()
		if w := b.ask("POST", "/login", body); w.Code/100 != 4 || len(w.Result().Cookies()) > 0 {
			t.Errorf("%q: %d", body, w.Code)
		}
		if w := b.ask("GET", "/users", nil, "Cookie", cookie, "Authorization", token); w.Code != http.StatusUnauthorized {
			t.Errorf("%q %q: %d", cookie, token, w.Code)
		}
	})
}
