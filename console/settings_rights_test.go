package console

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"vaad/access"
	"vaad/api"
	"vaad/settings"
	"vaad/store"
)

// rightsDoc has the settings that rights hang on.
func rightsDoc(t *testing.T) *settings.Document {
	t.Helper()
	db, _, err := store.Open(filepath.Join(t.TempDir(), "s.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	type line struct {
		Trigger string `json:"trigger"`
		Group   string `json:"group"`
	}
	type group struct {
		Lines []int  `json:"lines"`
		Class string `json:"class"`
	}
	type security struct {
		Failures int `json:"lock_after"`
	}
	type place struct {
		Secret string `json:"password_file"`
	}
	doc, _, err := settings.New(settings.Config{DB: db, Sections: []settings.Part{
		settings.NewSection("mail", place{}, nil),
		settings.NewMap("backup_targets", func(string) place { return place{} }, nil),
		settings.NewMap("lines", func(string) line { return line{} }, nil),
		settings.NewMap("groups", func(string) group { return group{Lines: []int{}} }, nil),
		settings.NewSection("security", security{5}, nil)}})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestNobodyGetsRightsBySettings(t *testing.T) {
	f := newFixture(t)
	f.cfg.Settings = rightsDoc(t)
	f.cfg.Access.SetGroups(map[string][]int{"desk": {1}})
	technician := actor(access.Technician)
	both := access.Actor{Name: "both", Kind: access.Local, Grants: []access.Grant{{Role: access.Technician}, {Role: access.Reviewer, Groups: []string{"desk"}}}}
	half := actor(access.Technician, "desk")
	manager := access.Actor{Name: "manager", Kind: access.Local, Grants: []access.Grant{{Role: access.Technician, More: []access.Verb{access.Users}}, {Role: access.Reviewer, Groups: []string{"desk"}}}}
	set := func(path, value string) api.SetValue {
		return api.SetValue{Path: path, Value: json.RawMessage(value)}
	}
	if w := f.do("PUT", "/settings/value", set("security.lock_after", "9")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	for _, c := range []struct {
		who         access.Actor
		path, value string
		refused     bool
	}{
		{technician, "security.lock_after", "50", true},
		{technician, "security", `{"lock_after":50}`, true},
		{technician, `\security.lock_after`, "50", true},
		{technician, "security", "null", true},
		{technician, "mail.password_file", `"/var/lib/vaad/keys/master"`, true},
		{technician, "backup_targets.mine", `{"password_file":"/etc/passwd"}`, true},
		{technician, "groups.desk.lines", "[1,2]", false},
		{technician, "lines.2.group", `"desk"`, false},
		{both, "groups.desk.lines", "[1,2,3]", true},
		{both, "groups.desk", `{"lines":[1,2,3]}`, true},
		{both, "groups", `{"desk":{"lines":[1,2,3]}}`, true},
		{both, "groups.desk.class", `"long"`, false},
		{both, "lines.3.group", `"desk"`, true},
		{both, "lines.3", `{"group":"desk"}`, true},
		{both, "lines.3", `{"trigger":"off"}`, false},
		{manager, "groups.desk.lines", "[1,2,3]", true},
		{manager, "security.lock_after", "9", false},
		{half, "lines.1.trigger", `"off"`, false},
		{half, "lines.1.group", `"hall"`, true},
	} {
		version := f.cfg.Settings.Version()
		change := api.ChangeSettings{Changes: []api.SetOne{one(c.path, c.value)}}
		if !c.refused {
			if w := f.doAs(c.who, "PUT", "/settings/value", set(c.path, c.value)); w.Code != 200 {
				t.Errorf("%s sets %s: %s", c.who.Name, c.path, w.Body)
			}
			continue
		}
		problemIn(t, f.doAs(c.who, "PUT", "/settings/value", set(c.path, c.value)), "beyond-rights")
		problemIn(t, f.doAs(c.who, "POST", "/settings/change", change), "beyond-rights")
		if f.cfg.Settings.Version() != version {
			t.Errorf("%s: it was changed all the same", c.path)
		}
	}
	problemIn(t, f.doAs(technician, "POST", "/settings/rollback", api.Rollback{Version: 0}), "beyond-rights")
	problemIn(t, f.doAs(technician, "POST", "/settings/import", `{"vaad":"settings","format":1,"settings":{"security":{"lock_after":50}}}`), "beyond-rights")
	if v := get[api.Setting](f, "/settings/value?path=security.lock_after"); string(v.Value) != "9" {
		t.Errorf("%s", v.Value)
	}
}

func TestASecretInTheWrongPlaceIsNotAudited(t *testing.T) {
	f := newFixture(t)
	problemIn(t, f.do("PUT", "/settings/value", api.SetValue{Path: "lines.1.preroll_ms", Value: json.RawMessage(`"AGE-SECRET-KEY-1"`)}), "settings-invalid")
	if all := f.rows(); len(all) != 1 || all[0].Result != "failed" || strings.Contains(fmt.Sprint(all[0]), "AGE-SECRET") {
		t.Errorf("audited %+v", all)
	}
	decode[api.Setting](t, f.do("PUT", "/settings/value", api.SetValue{Path: "lines.1.preroll_ms", Value: json.RawMessage(`100`)}), 200)
	if all := f.rows(); all[0].Result != "ok" || all[0].Detail["value"] != "100" {
		t.Errorf("audited %+v", all)
	}
}
