package console

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
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

const goodWord = "correct horse battery"

// A browser is somebody with cookies, before the whole server.
type browser struct {
	f       *fixture
	address string
	tls     bool
	cookies map[string]string
	last    *httptest.ResponseRecorder
}

func (f *fixture) browser() *browser {
	return &browser{f: f, address: "192.0.2.7:4000", cookies: map[string]string{}}
}

func (b *browser) ask(method, path string, body any, header ...string) *httptest.ResponseRecorder {
	r := b.f.request(method, path, body)
	r.RemoteAddr, r.Host = b.address, "127.0.0.1:8470"
	if b.tls {
		r.TLS = &tls.ConnectionState{}
	}
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.f.handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	b.last = w
	return w
}

func (b *browser) logIn(name, password, code string) *httptest.ResponseRecorder {
	return b.ask("POST", "/login", api.Credentials{Name: name, Password: password, Code: code})
}

func (f *fixture) account(name string, grants ...access.Grant) access.User {
	f.t.Helper()
	u, err := f.cfg.Access.CreateUser(f.t.Context(), access.NewUser{Name: name, Enabled: true, Grants: grants}, goodWord)
	if err != nil {
		f.t.Fatal(err)
	}
	return u
}

// signedIn is a browser of a new account of that name.
func (f *fixture) signedIn(name string, grants ...access.Grant) *browser {
	f.t.Helper()
	f.account(name, grants...)
	b := f.browser()
	if w := b.logIn(name, goodWord, ""); w.Code != 200 {
		f.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return b
}

func role(r access.Role, groups ...string) access.Grant {
	return access.Grant{Role: r, Groups: groups}
}

func TestNameAndPasswordOpenASession(t *testing.T) {
	f := newFixture(t)
	f.account("Ann", role(access.Supervisor))
	b := f.browser()
	problemIn(t, b.ask("GET", "/lines", nil), "not-entered")
	problemIn(t, b.logIn("ann", "wrong", ""), "wrong-login")
	problemIn(t, b.logIn("nobody", goodWord, ""), "wrong-login")
	me := decode[api.Actor](t, b.logIn("ann", goodWord, ""), 200)
	if me.Name != "Ann" || me.Kind != "user" || !me.Account || !slices.Contains(me.Verbs, "play") || slices.Contains(me.Verbs, "users") {
		t.Errorf("%+v", me)
	}
	set := b.last.Header().Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie %q lacks %s", set, want)
		}
	}
	if w := b.ask("GET", "/lines", nil); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	secret := b.cookies["vaad_session_8470"]
	if w := b.ask("POST", "/logout", nil); w.Code/100 != 2 || len(b.cookies) != 0 {
		t.Errorf("log-out: %d, %v", w.Code, b.cookies)
	}
	b.cookies["vaad_session_8470"] = secret
	problemIn(t, b.ask("GET", "/lines", nil), "not-entered")
	var words []string
	for _, e := range f.audit.rows(t) {
		words = append(words, fmt.Sprint(e.Actor, " ", e.Verb, " ", e.Result, " ", e.Detail["reason"], e.Detail["act"]))
	}
	if got := strings.Join(words, "; "); got != "Ann log-in denied password; ? log-in denied name; Ann log-in ok ; Ann account ok log-out" {
		t.Errorf("the audit log says %s", got)
	}
}

func TestCookiesOfTLSAreSecure(t *testing.T) {
	f := newFixture(t)
	f.account("ann", role(access.Agent))
	b := f.browser()
	b.tls = true
	if w := b.logIn("ann", goodWord, ""); w.Code != 200 || !strings.Contains(w.Header().Get("Set-Cookie"), "__Host-vaad_8470=") || !strings.Contains(w.Header().Get("Set-Cookie"), "; Secure") {
		t.Errorf("%d %s", w.Code, w.Header().Get("Set-Cookie"))
	}
	plain := f.browser()
	plain.cookies["vaad_session_8470"] = b.cookies["__Host-vaad_8470"]
	plain.tls = true
	problemIn(t, plain.ask("GET", "/session", nil), "not-entered")
}

func TestASessionCannotBeFixed(t *testing.T) {
	f := newFixture(t)
	f.account("ann", role(access.Administrator))
	b := f.browser()
	b.cookies["vaad_session_8470"] = "CHOSENBYSOMEBODYELSE000000"
	b.logIn("ann", goodWord, "")
	first := b.cookies["vaad_session_8470"]
	if first == "CHOSENBYSOMEBODYELSE000000" {
		t.Fatal("a secret from outside was taken")
	}
	b.logIn("ann", goodWord, "")
	second := b.cookies["vaad_session_8470"]
	b.ask("POST", "/session/confirm", api.Confirmation{Password: goodWord})
	third := b.cookies["vaad_session_8470"]
	if first == second || second == third {
		t.Error("a secret was kept over a log-in or a confirmation")
	}
	old := f.browser()
	old.cookies["vaad_session_8470"] = second
	problemIn(t, old.ask("GET", "/session", nil), "not-entered")
}

func TestOtherSitesCannotLogAnybodyIn(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn("ann", role(access.Administrator))
	for _, path := range []string{"/login", "/logout", "/users", "/account/password", "/account/tokens", "/session/confirm"} {
		for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
			problemIn(t, b.ask("POST", path, map[string]string{}, h...), "forbidden-origin")
		}
		if w := b.ask("POST", path, "name=ann&password=x", "Content-Type", "application/x-www-form-urlencoded"); w.Code/100 == 2 && path != "/logout" {
			t.Errorf("%s takes a form", path)
		}
	}
}

func TestHostileNamesAndAgentsStayWords(t *testing.T) {
	f := newFixture(t)
	f.account("ann", role(access.Administrator))
	b := f.browser()
	w := b.ask("POST", "/login", api.Credentials{Name: "ann", Password: goodWord}, "User-Agent", "x\x01<script>"+strings.Repeat("y", 5000))
	if w.Code != 200 {
		t.Fatal(w.Body)
	}
	all := decode[api.Page[api.Session]](t, b.ask("GET", "/account/sessions", nil), 200)
	if len(all.Items) != 1 || len(all.Items[0].Agent) > 200 || strings.ContainsRune(all.Items[0].Agent, 1) || !all.Items[0].Current || all.Items[0].Address != "192.0.2.7" {
		t.Errorf("%+v", all.Items)
	}
	for _, name := range []string{"a\r\nSet-Cookie: x=y", "<img>", "a b", "../x", strings.Repeat("字", 65)} {
		w := b.ask("POST", "/users", api.NewUser{UserWish: api.UserWish{Name: name, Grants: []api.Grant{}}})
		if w.Code != 422 || len(w.Header()["Set-Cookie"]) > 0 {
			t.Errorf("%q: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestLockedOutSaysForHowLong(t *testing.T) {
	f := newFixture(t)
	u := f.account("ann", role(access.Administrator))
	b := f.browser()
	for range 5 {
		problemIn(t, b.logIn("ann", "wrong", ""), "wrong-login")
	}
	p := problemIn(t, b.logIn("ann", goodWord, ""), "locked-out")
	if !strings.Contains(p.Remedy, "60 s") {
		t.Errorf("%s", p.Remedy)
	}
	other := f.browser()
	other.address = "198.51.100.1:1"
	if w := other.logIn("ann", goodWord, ""); w.Code != 200 {
		t.Errorf("from elsewhere: %d", w.Code)
	}
	if got := decode[api.User](t, other.ask("GET", "/users/ann", nil), 200); got.LockedUntil == nil {
		t.Error("the lock does not show")
	}
	if w := other.ask("POST", "/users/"+u.ID+"/unlock", nil); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if w := b.logIn("ann", goodWord, ""); w.Code != 200 {
		t.Errorf("after it was unlocked: %d", w.Code)
	}
}

func TestDangerousActsWantTheirPasswordAgain(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn("ann", role(access.Administrator))
	wish := api.NewUser{UserWish: api.UserWish{Name: "bob", Grants: []api.Grant{{Role: "agent"}}}}
	f.later.Add(int64(16 * time.Minute))
	problemIn(t, b.ask("POST", "/users", wish), "confirm-needed")
	if w := b.ask("GET", "/users", nil); w.Code != 200 {
		t.Errorf("looking: %d", w.Code)
	}
	problemIn(t, b.ask("POST", "/session/confirm", api.Confirmation{Password: "wrong"}), "wrong-login")
	if w := b.ask("POST", "/session/confirm", api.Confirmation{Password: goodWord}); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	made := decode[api.UserMade](t, b.ask("POST", "/users", wish), 200)
	if len(made.Password) < 14 || made.User.Name != "bob" || !made.User.MustChange {
		t.Fatalf("%+v", made)
	}
	bob := f.browser()
	if me := decode[api.Actor](t, bob.logIn("bob", made.Password, ""), 200); me.Must != "change-password" {
		t.Errorf("%+v", me)
	}
	problemIn(t, bob.ask("GET", "/lines", nil), "must-change-password")
	problemIn(t, bob.ask("POST", "/account/password", api.NewPassword{Old: made.Password, New: "short"}), "weak-password")
	problemIn(t, bob.ask("POST", "/account/password", api.NewPassword{Old: "wrong", New: "another good word"}), "wrong-login")
	if w := bob.ask("POST", "/account/password", api.NewPassword{Old: made.Password, New: "another good word"}); w.Code/100 != 2 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := bob.ask("GET", "/lines", nil); w.Code != 200 {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}

func TestSecondFactorFromEnrolmentToLogIn(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn("ann", role(access.Administrator))
	begun := decode[api.TOTPStart](t, b.ask("POST", "/account/totp", nil), 200)
	if !strings.HasPrefix(begun.QR, "data:image/png;base64,iVBOR") || !strings.HasPrefix(begun.URI, "otpauth://totp/vaad:ann?") {
		t.Errorf("%.60s %s", begun.QR, begun.URI)
	}
	code := func() string { s, _ := totp.GenerateCode(begun.Secret, f.clock()); return s }
	problemIn(t, b.ask("POST", "/account/totp/confirm", api.TOTPCode{Code: "1"}), "wrong-code")
	codes := decode[api.RecoveryCodes](t, b.ask("POST", "/account/totp/confirm", api.TOTPCode{Code: code()}), 200)
	if len(codes.Codes) != 10 {
		t.Fatalf("%+v", codes)
	}
	if w := b.ask("GET", "/session", nil); w.Code != 200 {
		t.Errorf("the session ended: %d", w.Code)
	}
	other := f.browser()
	problemIn(t, other.logIn("ann", goodWord, ""), "code-needed")
	problemIn(t, other.logIn("ann", goodWord, code()), "used-code")
	if w := other.logIn("ann", goodWord, codes.Codes[0]); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, e := range f.audit.rows(t) {
		all := fmt.Sprint(e)
		for _, secret := range append(codes.Codes, begun.Secret, goodWord) {
			if strings.Contains(all, secret) {
				t.Errorf("a secret stands in the audit log: %s", all)
			}
		}
	}
}

func TestTokensLetProgramsInWithAPartOfTheRights(t *testing.T) {
	f := newFixture(t)
	f.record(1, 8000, "mixed")
	f.record(2, 8000, "mixed")
	f.cfg.Access.SetGroups(map[string][]int{"front": {1}})
	b := f.signedIn("ann", role(access.Supervisor))
	made := decode[api.TokenMade](t, b.ask("POST", "/account/tokens", api.TokenWish{Name: "script", Verbs: []string{"search"}, Groups: []string{"front"}}), 200)
	program := f.browser()
	bearer := []string{"Authorization", "Bearer " + made.Secret}
	if got := decode[api.Page[api.Recording]](t, program.ask("GET", "/recordings", nil, bearer...), 200); got.Total != 1 {
		t.Errorf("%d recordings", got.Total)
	}
	problemIn(t, program.ask("GET", "/calls", nil, bearer...), "forbidden")
	problemIn(t, program.ask("POST", "/account/tokens", api.TokenWish{Name: "more"}, bearer...), "no-account")
	problemIn(t, b.ask("POST", "/account/tokens", api.TokenWish{Name: "more", Verbs: []string{"users"}}), "beyond-rights")
	problemIn(t, b.ask("POST", "/account/tokens", api.TokenWish{Name: "script"}), "name-taken")
	before := f.clock().Add(-time.Hour)
	problemIn(t, b.ask("POST", "/account/tokens", api.TokenWish{Name: "old", Expires: &before}), "bad-expiry")
	if me := decode[api.Actor](t, program.ask("GET", "/session", nil, bearer...), 200); me.Name != "ann/script" || me.Kind != "token" || !slices.Equal(me.On["search"], []int{1}) {
		t.Errorf("%+v", me)
	}
	if w := b.ask("DELETE", "/account/tokens/"+made.Token.ID, nil); w.Code/100 != 2 {
		t.Fatal(w.Body)
	}
	problemIn(t, program.ask("GET", "/recordings", nil, bearer...), "not-entered")
}

func TestWhoManagesAccountsDoesNotBecomeMore(t *testing.T) {
	f := newFixture(t)
	f.account("root", role(access.Administrator))
	b := f.signedIn("tech", access.Grant{Role: access.Technician, More: []access.Verb{access.Users}})
	problemIn(t, b.ask("POST", "/users", api.NewUser{UserWish: api.UserWish{Name: "x", Grants: []api.Grant{{Role: "administrator"}}}}), "beyond-rights")
	problemIn(t, b.ask("PUT", "/users/tech", api.UserWish{Name: "tech", Grants: []api.Grant{{Role: "administrator"}}}), "beyond-rights")
	problemIn(t, b.ask("POST", "/users/root/password", api.ResetPassword{}), "beyond-rights")
	problemIn(t, b.ask("DELETE", "/users/root", nil), "beyond-rights")
	if w := b.ask("POST", "/users", api.NewUser{UserWish: api.UserWish{Name: "x", Grants: []api.Grant{{Role: "technician"}}}}); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	limited := f.signedIn("half", role(access.Administrator, "front"))
	problemIn(t, limited.ask("GET", "/users", nil), "forbidden")
	problemIn(t, limited.ask("GET", "/sessions", nil), "forbidden")
	problemIn(t, limited.ask("GET", "/tokens", nil), "forbidden")
}

func TestLinksAreMadeOnTheMachineOnly(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn("ann", role(access.Administrator))
	problemIn(t, b.ask("POST", "/login-links", api.LoginLinkWish{User: "ann"}), "local-only")
	made := decode[api.LoginLink](t, f.do("POST", "/login-links", api.LoginLinkWish{User: "ann"}), 200)
	_, token, _ := strings.Cut(made.Link, "?token=")
	open := func(method string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/?token="+token, nil)
		r.Host = "127.0.0.1:8470"
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return w
	}
	for _, w := range []*httptest.ResponseRecorder{open("HEAD"), open("GET", "Sec-Purpose", "prefetch")} {
		if len(w.Result().Cookies()) > 0 {
			t.Error("a look in advance spent the link")
		}
	}
	w := open("GET")
	if w.Code != http.StatusSeeOther || len(w.Result().Cookies()) != 1 {
		t.Fatalf("%d", w.Code)
	}
	lost := f.browser()
	c := w.Result().Cookies()[0]
	lost.cookies[c.Name] = c.Value
	if w := lost.ask("POST", "/account/password", api.NewPassword{New: "a quite new password"}); w.Code/100 != 2 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	problemIn(t, lost.ask("POST", "/account/password", api.NewPassword{New: "another new password"}), "wrong-login")
	problemIn(t, b.ask("GET", "/session", nil), "not-entered") // the other sessions ended
	if open("GET").Code != http.StatusForbidden {
		t.Error("a link holds twice")
	}
}

// TestEachVerbHasItsOwnLines gives one person listening on one line and searching on another.
func TestEachVerbHasItsOwnLines(t *testing.T) {
	f := newFixture(t)
	one, two := f.record(1, 8000, "mixed"), f.record(2, 8000, "mixed")
	f.cfg.Access.SetGroups(map[string][]int{"sales": {1}, "support": {2}})
	a := access.Actor{Name: "x", Kind: access.Person, Grants: []access.Grant{
		{Role: access.Agent, Groups: []string{"sales"}, More: []access.Verb{access.Listen, access.Export}, Less: []access.Verb{access.SearchRecords, access.Calls, access.Play}},
		{Role: access.Reviewer, Groups: []string{"support"}, Less: []access.Verb{access.ViewLines, access.Export}}}}
	recs := decode[api.Page[api.Recording]](t, f.doAs(a, "GET", "/recordings", nil), 200)
	if len(recs.Items) != 1 || recs.Items[0].ID != two.ID || recs.Total != 1 {
		t.Errorf("searches %+v", recs.Items)
	}
	lines := decode[api.Page[api.Line]](t, f.doAs(a, "GET", "/lines", nil), 200)
	if len(lines.Items) != 1 || lines.Items[0].Line != 1 {
		t.Errorf("sees %+v", lines.Items)
	}
	for path, code := range map[string]int{"/lines/1/listen": 200, "/lines/2/listen": 404, "/lines/2": 404, "/recordings/" + two.ID: 200, "/recordings/" + one.ID: 404,
		"/recordings/" + two.ID + "/audio": 200, "/recordings/" + one.ID + "/audio": 404, "/recordings/" + one.ID + "/export": 200, "/recordings/" + two.ID + "/export": 404} {
		if w := f.doAs(a, "GET", path, nil); w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
	problemIn(t, f.doAs(a, "GET", "/recordings?line=1", nil), "invalid")
	j := f.doAs(a, "POST", "/exports", api.NewExport{Search: true})
	if j.Code/100 == 2 {
		var x api.Export
		if err := json.Unmarshal(j.Body.Bytes(), &x); err != nil || x.Total != 1 {
			t.Errorf("exports %s", j.Body)
		}
	}
}
