package console

import (
	"slices"
	"testing"
	"time"

	"vaad/access"
	"vaad/api"
)

func TestATokenIsNoWayAroundWhatMustBeDoneFirst(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn("ann", role(access.Administrator))
	p := access.DefaultPolicy()
	p.TOTP = []access.Role{access.Administrator}
	f.cfg.Access.SetPolicy(p)
	problemIn(t, b.ask("POST", "/account/tokens", api.TokenWish{Name: "mine"}), "must-enrol")
	bob := f.account("bob", role(access.Supervisor))
	if _, err := f.cfg.Access.SetPassword(t.Context(), bob.ID, goodWord, true, ""); err != nil {
		t.Fatal(err)
	}
	b = f.browser()
	b.logIn("bob", goodWord, "")
	problemIn(t, b.ask("POST", "/account/tokens", api.TokenWish{Name: "mine"}), "must-change-password")
	if all := f.cfg.Access.Tokens(""); len(all) != 0 {
		t.Errorf("there are tokens: %+v", all)
	}
}

func TestASecondFactorIsNotPutOnAnUnattendedConsole(t *testing.T) {
	f := newFixture(t)
	b := f.signedIn("ann", role(access.Agent))
	f.later.Add(int64(access.Fresh + time.Minute))
	problemIn(t, b.ask("POST", "/account/totp", nil), "confirm-needed")
}

func TestATokenIsNoSecondPerson(t *testing.T) {
	f := newFixture(t)
	f.keep.policy.Second = true
	id := f.record(1, 800, "mixed").ID
	f.actOn(id, "trash", api.Act{})
	b := f.signedIn("ann", role(access.Administrator))
	asked := decode[api.ActedOn](t, b.ask("POST", "/recordings/"+id+"/erase", api.Act{Reason: "old"}), 200)
	made := decode[api.TokenMade](t, b.ask("POST", "/account/tokens", api.TokenWish{Name: "mine", Verbs: []string{"erase"}}), 200)
	problemIn(t, f.browser().ask("POST", "/approvals/"+asked.Approval+"/approve", api.Decision{}, "Authorization", "Bearer "+made.Secret), "same-actor")
}

func TestWhoMayOnlyManageAccountsMakesNoFirstAdministrator(t *testing.T) {
	f := newFixture(t)
	a := access.Actor{Name: "token/x", Kind: access.Token, UID: -1, Grants: []access.Grant{{Role: access.Administrator}}, Limit: &access.Limit{Verbs: []access.Verb{access.Users}}}
	problemIn(t, f.doAs(a, "POST", "/setup/administrator", api.NewAdministrator{Name: "root", Password: goodWord}), "beyond-rights")
}

// guardedIDs must be those of routes: a misspelt one would guard nothing.
func TestGuardedRoutesAreThere(t *testing.T) {
	known := 0
	for _, rt := range routes() {
		if guarded(rt.ID) {
			known++
		}
	}
	if known != 15 || slices.ContainsFunc(routes(), func(rt route) bool { return rt.ID == "" }) {
		t.Errorf("%d routes want the password again", known)
	}
}
