package main

import (
	"path/filepath"
	"testing"
	"time"

	"vaad/access"
	"vaad/store"
)

func TestALinkMadeWithATokenEndsWithTheToken(t *testing.T) {
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	c, err := access.New(access.Config{DB: db, Cost: access.Cost{MemoryKiB: 8, Iterations: 1}})
	if err != nil {
		t.Fatal(err)
	}
	d := &running{access: c}
	u, err := c.CreateUser(t.Context(), access.NewUser{Name: "ann", Enabled: true, Grants: []access.Grant{{Role: access.Supervisor}}}, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	secret, info, err := c.CreateToken(u.ID, "ann", "crm", access.Limit{Verbs: []access.Verb{access.Share, access.Play}}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	a, ok := c.Bearer(secret, access.Origin{})
	if !ok {
		t.Fatal("the token is not known")
	}
	if now, ok := d.maker(a); !ok || now.Limit == nil || now.Name != "ann" {
		t.Errorf("%+v %v", now, ok)
	}
	if _, err := c.RevokeToken(info.ID, u.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.maker(a); ok {
		t.Error("the token was revoked, and its links hold")
	}
	a.Kind, a.Name, a.Limit = access.Person, "ann", nil
	if _, ok := d.maker(a); !ok {
		t.Error("ann's own links do not hold")
	}
}
