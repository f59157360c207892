package main

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vaad/access/ca"
	"vaad/api"
	"vaad/console"
	"vaad/settings"
	"vaad/store"
)

// doorsForTest are doors that are never opened, with a clock that the test moves.
func doorsForTest(t *testing.T, db *store.DB) (*doors, *time.Time) {
	t.Helper()
	sec := newSections()
	doc, _, err := settings.New(settings.Config{DB: db, Sections: sec.parts(), Checks: []func(settings.View) error{sec.check}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	d := &doors{log: slog.New(slog.NewTextHandler(io.Discard, nil)), db: db, doc: doc, sec: sec.networkSections, alarms: &raised{}, system: fstest.MapFS{}, now: func() time.Time { return now },
		local: "127.0.0.1:8470", bell: make(chan struct{}, 1), open: map[doorPlan]*entrance{}, expiry: map[string]string{},
		keeper: ca.New(ca.Config{Dir: filepath.Join(t.TempDir(), "tls")})}
	return d, &now
}

// raised are alarms that are up: code and subject.
type raised struct{ up []string }

func (r *raised) Raise(code, subject string, _ map[string]string) {
	if s := code + " " + subject; !slices.Contains(r.up, s) {
		r.up = append(r.up, s)
	}
}

func (r *raised) Clear(code, subject string) {
	r.up = slices.DeleteFunc(r.up, func(s string) bool { return s == code+" "+subject })
}

func stateDB(t *testing.T) *store.DB {
	t.Helper()
	db, _, err := store.Open(filepath.Join(t.TempDir(), "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// set changes the network as somebody does who came in by a door.
func (d *doors) setBy(t *testing.T, door, path, value string) {
	t.Helper()
	before := d.Settings()
	if _, err := d.doc.Set("ann", "", path, json.RawMessage(value)); err != nil {
		t.Fatal(err)
	}
	d.Changed(before, "ann", door)
}

func TestOnlyWhatCutsOffItsCallerIsTried(t *testing.T) {
	for _, one := range []struct {
		door, path, value string
		tried             bool
	}{
		{"network :8443", "network.port", "9443", true},
		{"network :8443", "network.enabled", "false", true},
		{"network :8443", "network.tls", `"given"`, true},
		{"network :8443", "network.addresses", `["192.168.1.20"]`, true},
		{"network :8443", "network.names", `["calls.lan"]`, false},
		{"network :8443", "network.plain_loopback", "false", false},
		{"network :8443", "site.name", `"x"`, false},
		{"loopback 127.0.0.1:8470", "network.plain_loopback", "false", true},
		{"loopback 127.0.0.1:8470", "network.port", "9443", false},
		{"local", "network.enabled", "false", false},
	} {
		d, _ := doorsForTest(t, stateDB(t))
		d.setBy(t, "local", "network.enabled", "true")
		d.setBy(t, one.door, one.path, one.value)
		if (d.trial != nil) != one.tried {
			t.Errorf("by %s, %s = %s: tried %v, want %v", one.door, one.path, one.value, d.trial != nil, one.tried)
		}
	}
}

func TestWhatNobodyConfirmsIsTakenBack(t *testing.T) {
	db := stateDB(t)
	d, _ := doorsForTest(t, db)
	d.setBy(t, "local", "network.enabled", "true")
	d.setBy(t, "network :8443", "network.port", "9443")
	d.setBy(t, "network :9443", "network.port", "9444") // a second thought: the first settings come back
	if err := d.Confirm("network :8443"); !errors.Is(err, console.ErrClosingDoor) {
		t.Errorf("confirmed through the door that is closed: %v", err)
	}
	if err := d.revert("nobody confirmed it"); err != nil {
		t.Fatal(err)
	}
	if n := d.sec.network.Get(d.doc); n.Port != 8443 || !n.Enabled {
		t.Errorf("%+v", n)
	}
	if err := d.Revert(); !errors.Is(err, console.ErrNoTrial) {
		t.Errorf("taken back twice: %v", err)
	}
	d.setBy(t, "network :8443", "network.port", "9443")
	if err := d.Confirm("network :9443"); err != nil || d.trial != nil || d.sec.network.Get(d.doc).Port != 9443 {
		t.Errorf("confirmed: %v", err)
	}
}

func TestARestartTakesATrialBack(t *testing.T) {
	db := stateDB(t)
	d, _ := doorsForTest(t, db)
	d.setBy(t, "local", "network.enabled", "true")
	d.setBy(t, "network :8443", "network.enabled", "false")
	again, _ := doorsForTest(t, db)
	if err := again.revertUnconfirmed(); err != nil || !again.sec.network.Get(again.doc).Enabled {
		t.Errorf("after a restart: %v, %+v", err, again.sec.network.Get(again.doc))
	}
	if err := again.revertUnconfirmed(); err != nil {
		t.Error(err)
	}
}

func TestEndsOfCertificatesAreToldInTime(t *testing.T) {
	d, now := doorsForTest(t, stateDB(t))
	alarms := d.alarms.(*raised)
	s := ca.State{Leaf: ca.Info{Subject: "x", Ends: now.Add(40 * 24 * time.Hour)}, Given: true}
	for _, step := range []struct {
		days int
		want string
	}{{0, ""}, {11, "certificate-expiring console"}, {34, "certificate-ending console"}, {41, "certificate-ending console"}} {
		at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC).Add(time.Duration(step.days) * 24 * time.Hour)
		*now = at
		d.expire(s, nil)
		if got := strings.Join(alarms.up, ","); got != step.want {
			t.Errorf("after %d days: %q, want %q", step.days, got, step.want)
		}
	}
	d.expire(ca.State{}, errors.New("half a file"))
	if got := strings.Join(alarms.up, ","); got != "certificate-refused certificate" {
		t.Errorf("%q", got)
	}
	d.expire(ca.State{}, nil)
	if len(alarms.up) > 0 {
		t.Errorf("%v are still up", alarms.up)
	}
}

func TestATrialThatCannotBeTakenBackAtTheStartIsTriedAgain(t *testing.T) {
	db := stateDB(t)
	d, now := doorsForTest(t, db)
	row := func(before string) {
		t.Helper()
		if err := db.Update(func(tx *store.Tx) error {
			return trialRow().Put(tx, theTrial, trial{Before: json.RawMessage(before), Until: *now, By: "ann"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	row(`{"port":0}`) // is refused, as everything is where the disk is full
	if err := d.revertUnconfirmed(); err == nil {
		t.Fatal("it was taken back")
	}
	if s := d.State(); s.Trial == nil || s.Trial.Seconds != api.Number(confirmLimit.Seconds()) {
		t.Errorf("it is not tried again: %+v", s.Trial)
	}
	d.mu.Lock()
	d.trial.Before = json.RawMessage(`{"port":9443}`)
	d.mu.Unlock()
	if err := d.revert("nobody confirmed it"); err != nil || d.sec.network.Get(d.doc).Port != 9443 || d.State().Trial != nil {
		t.Errorf("%v, port %d", err, d.sec.network.Get(d.doc).Port)
	}
}

func TestAddressesOfTheBoxAreFound(t *testing.T) {
	system := fstest.MapFS{
		"proc/net/fib_trie": {Data: []byte("Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n           |-- 127.0.0.1\n              /32 host LOCAL\n" +
			"           |-- 192.168.1.20\n              /32 host LOCAL\n        |-- 192.168.1.255\n           /32 link BROADCAST\nLocal:\n           |-- 192.168.1.20\n              /32 host LOCAL\n")},
		"proc/net/if_inet6": {Data: []byte("fd000000000000000000000000000020 02 40 00 80 eth0\nfd00000000000000a1b2c3d4e5f60001 02 40 00 01 eth0\n" +
			"fe800000000000000000000000000001 02 40 20 80 eth0\nfd000000000000000000000000000021 02 40 00 48 eth0\nfd000000000000000000000000000022 02 40 00 40 eth0\n00000000000000000000000000000001 01 80 10 80 lo\nnonsense\n")},
	}
	var got []string
	for _, a := range boxAddresses(system) {
		got = append(got, a.String())
	}
	if want := []string{"192.168.1.20", "fd00::20", "fe80::1", "127.0.0.1", "::1"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if all := boxAddresses(fstest.MapFS{}); len(all) != 0 {
		t.Errorf("without the kernel's files: %v", all)
	}
}

func TestWrongSettingsOfTheNetworkAreRefused(t *testing.T) {
	d, _ := doorsForTest(t, stateDB(t))
	for path, value := range map[string]string{"network.port": "0", "network.redirect_port": "8443", "network.addresses": `["all"]`, "network.tls": `"none"`, "network.names": `["*.x"]`,
		"network.hsts": "true", "network.key_file": `"/k"`, "network.cert_file": `"c"`, "network.metrics_address": `"9470"`, "site.time_zone": `"Mars/Olympus"`} {
		if _, err := d.doc.Set("ann", "", path, json.RawMessage(value)); err == nil || !strings.Contains(err.Error(), path[:strings.Index(path, ".")]) {
			t.Errorf("%s = %s: %v", path, value, err)
		}
	}
}

func TestLinksAreDrawnForTerminals(t *testing.T) {
	all := strings.Split(strings.TrimSuffix(drawn("https://192.168.1.20:8443/?token=ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "\n"), "\n")
	wide := len([]rune(all[0]))
	if wide < 29+8 || len(all) != (wide+1)/2 {
		t.Errorf("%d × %d", wide, len(all))
	}
	for _, l := range all {
		if len([]rune(l)) != wide || strings.Trim(l, "█▀▄ ") != "" {
			t.Errorf("%q", l)
		}
	}
}

func TestADoorWithoutACertificateIsNoWayIn(t *testing.T) {
	d, _ := doorsForTest(t, stateDB(t))
	dir := t.TempDir()
	blocked := filepath.Join(dir, "tls")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil { // a folder cannot be made here
		t.Fatal(err)
	}
	d.keeper = ca.New(ca.Config{Dir: blocked})
	p := doorPlan{kind: console.NetworkDoor, address: ":8443"}
	d.open[p] = &entrance{opened: &console.Opened{}}
	d.certify(networkDoc{Enabled: true})
	if d.letsIn(p) {
		t.Error("the address of this machine would be closed, and nobody can come in over the network")
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	d.certify(networkDoc{Enabled: true})
	if !d.letsIn(p) {
		t.Error("with a certificate it is a way in")
	}
}

func TestADoorWhosePortIsTakenIsSaidAndTriedAgain(t *testing.T) {
	d, _ := doorsForTest(t, stateDB(t))
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	p := doorPlan{kind: console.NetworkDoor, address: other.Addr().String()}
	alarms := d.alarms.(*raised)
	if !d.knock(p, networkDoc{}) || d.open[p].fault != "in-use" || !d.shut() || !slices.Equal(alarms.up, []string{"listen-failed " + p.name()}) {
		t.Errorf("%+v, alarms %v", d.open[p], alarms.up)
	}
	if d.knock(p, networkDoc{}) || d.open[p].fault != "in-use" {
		t.Errorf("the same again is news: %+v", d.open[p])
	}
	if d.leave(p); d.shut() || len(alarms.up) > 0 {
		t.Errorf("not wanted any more: %v, alarms %v", d.open, alarms.up)
	}
}

func TestATrialThatCannotBeTakenBackIsTriedAgain(t *testing.T) {
	db := stateDB(t)
	d, now := doorsForTest(t, db)
	d.setBy(t, "local", "network.enabled", "true")
	d.setBy(t, "network :8443", "network.port", "9443")
	good := d.trial.Before
	d.trial.Before = json.RawMessage(`{"port": "no number"}`) // refused, as by a disk that is full
	if err := d.revert("nobody confirmed it"); err == nil || errors.Is(err, console.ErrNoTrial) {
		t.Fatal(err)
	}
	if d.trial == nil || !d.trial.Until.After(*now) {
		t.Fatalf("who was cut off stays so: %+v", d.trial)
	}
	d.trial.Before = good
	if err := d.revert("nobody confirmed it"); err != nil || d.sec.network.Get(d.doc).Port != 8443 || d.trial != nil {
		t.Errorf("%v, %+v", err, d.trial)
	}
}
