package main

import (
	"encoding/json"
	"strings"
	"testing"

	"vaad/api"
)

func TestAlarmRoutesThatCannotWorkAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		key, doc, want string
	}{
		"a name":          {"Night shift", `{"mail_to":["a@b.c"]}`, "no name of a route"},
		"nobody":          {"n", `{}`, "nobody is told"},
		"two ways":        {"n", `{"mail_to":["a@b.c"],"webhook":"https://a/"}`, "one way"},
		"an address":      {"n", `{"mail_to":["nobody"]}`, "mail_to.0"},
		"a URL":           {"n", `{"webhook":"ftp://a/"}`, "https://"},
		"a password":      {"n", `{"webhook":"https://u:p@a/"}`, "password"},
		"a code":          {"n", `{"webhook":"https://a/","codes":["disk-*","no-such"]}`, "codes.1"},
		"a severity":      {"n", `{"webhook":"https://a/","severities":["loud"]}`, "severities.0"},
		"half a night":    {"n", `{"webhook":"https://a/","quiet_from":"22:00"}`, "both ends"},
		"a time of day":   {"n", `{"webhook":"https://a/","quiet_from":"25:00","quiet_to":"07:00"}`, "25:00"},
		"no flood":        {"n", `{"webhook":"https://a/","flood":0}`, "flood"},
		"too long":        {"n", `{"webhook":"https://a/","delay_s":90000}`, "delay_s"},
		"a relative file": {"n", `{"webhook":"https://a/","webhook_roots":"ca.pem"}`, "webhook_roots"},
		"a console":       {"n", `{"webhook":"https://a/","console":"javascript:alert(1)"}`, "console"},
	} {
		d := defaultAlarmRoute()
		if err := json.Unmarshal([]byte(c.doc), &d); err != nil {
			t.Fatal(name, err)
		}
		if err := d.validate(c.key); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, doc := range []string{`{"webhook":"http://192.168.7.2/x","codes":["disk-*"],"quiet_from":"22:00","quiet_to":"07:00","console":"https://vaad.example.org"}`,
		`{"mail_to":["Duty <duty@example.org>"],"repeat_min":60}`, `{"off":true}`} {
		d := defaultAlarmRoute()
		if err := json.Unmarshal([]byte(doc), &d); err != nil {
			t.Fatal(err)
		}
		if err := d.validate("night-1"); err != nil {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestWhatProgramsSayOfClockAndPackagesIsRead(t *testing.T) {
	var s timeSource
	s.chrony("C0A80701,192.168.7.1,3,1795348800.123,0.000012345,0.00001,0.00002,-1.2,0.0,0.1,0.01,0.002,64.2,Normal\n")
	if s.source != "192.168.7.1" || s.stratum != 3 || !s.knowsOffset || s.offset != 0.000012345 {
		t.Errorf("%+v", &s)
	}
	for _, junk := range []string{"", "a,b", "\"", "x,y,z,1,nothing"} {
		var s timeSource
		if s.chrony(junk); s.knowsOffset {
			t.Errorf("%q: %+v", junk, &s)
		}
	}
	if got := policy("vaad:\n  Installed: 1.2.0\n  Candidate: 1.3.0\n  Version table:\n"); got.Installed != "1.2.0" || got.Available != "1.3.0" {
		t.Errorf("%+v", got)
	}
	if got := policy("vaad:\n  Installed: (none)\n  Candidate: (none)\n"); got.Installed != "" || got.Available != "" {
		t.Errorf("%+v", got)
	}
	got := figures("# HELP a b\na 5.0902436e+10\nb{x=\"y z\"} 3\nc NaN\nnonsense\n")
	if len(got) != 2 || got["a"] != "5.0902436e+10" || got[`b{x="y z"}`] != "3" {
		t.Errorf("%v", got)
	}
}

func TestSystemIsReadable(t *testing.T) {
	d := &running{}
	d.cfg.Root = t.TempDir()
	d.updates = &updates{}
	s := d.system()
	if s.Process.PID == 0 || s.Host.Memory == 0 || s.Host.Kernel == "" || s.Process.Descriptors == 0 || len(s.Changelog) == 0 || s.Heat == nil {
		t.Errorf("%+v", s)
	}
	for _, v := range s.Disks {
		if v == (api.Volume{}) || v.Total == 0 {
			t.Errorf("%+v", v)
		}
	}
}
