package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/upgrade"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// told keeps what alarms are up.
type toldAlarms map[string]map[string]string

func (a toldAlarms) Raise(code, _ string, args map[string]string) { a[code] = args }
func (a toldAlarms) Clear(code, _ string)                         { delete(a, code) }

func TestAFailedUpgradeIsAnAlarmUntilAnotherSucceeds(t *testing.T) {
	dir, up := t.TempDir(), toldAlarms{}
	var audited []string
	u := &updates{notes: filepath.Join(dir, "notes"), kept: filepath.Join(dir, "vaad/kept"), alarms: up,
		when: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "x"}, []string{"result"}),
		seen: func(r upgrade.Record) error { audited = append(audited, r.Result); return nil }}
	for _, d := range []string{"notes", "vaad/kept/1.0", "vaad/kept/.new"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"vaad/kept/1.0/vaad", "vaad/kept/.new/vaad"} {
		if err := os.WriteFile(filepath.Join(dir, p), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	step := func(name, text string, wantErr bool) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(u.notes, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := u.look(); (err != nil) != wantErr {
			t.Fatalf("%v", err)
		}
	}
	if err := u.look(); err != nil || len(up) != 0 {
		t.Fatal(err, up)
	}
	step("record", "format=1\nfrom=1.0\nto=1.1\nstarted=2027-01-05T01:00:00Z\nended=2027-01-05T01:01:00Z\nresult=rolled-back\nreason=it does not answer\n", false)
	if a := up["update-rolled-back"]; a["from"] != "1.0" || a["to"] != "1.1" || a["reason"] != "it does not answer" {
		t.Fatalf("alarms: %v", up)
	}
	kept, last := u.state()
	if kept != "1.0" || last == nil || last.Result != "rolled-back" || last.Ended == nil || last.Ended.Unix() != 1799110860 {
		t.Fatalf("%q, %+v", kept, last)
	}
	if n := testutil.ToFloat64(u.when.WithLabelValues("rolled-back")); n != 1799110860 {
		t.Fatalf("the metric says %v", n)
	}
	// The next try goes on: the alarm stands until it is decided.
	step("pending", "format=1\nfrom=1.0\nto=1.2\nstarted=2027-01-06T01:00:00Z\nstep=judging\n", false)
	if _, last := u.state(); len(up) != 1 || last.Result != "pending" || last.Ended != nil {
		t.Fatalf("%v, %+v", up, last)
	}
	if err := os.Remove(filepath.Join(u.notes, "pending")); err != nil {
		t.Fatal(err)
	}
	step("record", "format=1\nfrom=1.0\nto=1.2\nended=2027-01-06T01:01:00Z\nresult=ok\n", false)
	if len(up) != 0 || strings.Join(audited, " ") != "rolled-back ok" {
		t.Fatalf("%v, audited %v", up, audited)
	}
	step("record", "format=9\n", true)
	if _, last := u.state(); last != nil {
		t.Fatalf("%+v", last)
	}
}
