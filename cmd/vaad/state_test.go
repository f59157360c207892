package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"vaad/alarm"
	"vaad/settings"
	"vaad/store"

	"github.com/prometheus/client_golang/prometheus"
)

func TestAWriteThatFailsIsAnAlarmUntilOneSucceeds(t *testing.T) {
	alarms, err := alarm.New(alarm.Config{DB: stateDB(t), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := alarms.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := state{alarms: alarms}
	for range 2 {
		s.written(errors.New("no space left on device"))
		if up := alarms.Active(); len(up) != 1 || up[0].Code != "state-db-failing" || up[0].Args["reason"] != "no space left on device" {
			t.Errorf("%+v", up)
		}
	}
	s.written(nil)
	if up := alarms.Active(); len(up) != 0 {
		t.Errorf("afterwards: %+v", up)
	}
}

func TestStoredSettingsThatNoLongerFitAreAnAlarmAndTheirDefaultsCount(t *testing.T) {
	c := Config{Root: t.TempDir(), Run: t.TempDir()}
	db, _, err := store.Open(filepath.Join(c.Root, "state.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	type formerly struct { // of a version that took any port
		Port    int  `json:"port"`
		Enabled bool `json:"enabled"`
	}
	doc, _, err := settings.New(settings.Config{DB: db, Sections: []settings.Part{settings.NewSection("network", formerly{}, func(formerly) error { return nil })}})
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"network.port": "99999", "network.enabled": "true"} {
		if _, err := doc.Set("ann", "", path, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := c.openState(slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close() }()
	if n := s.sec.network.Get(s.doc); n.Port != 8443 || !n.Enabled {
		t.Errorf("in force is %+v", n)
	}
	if up := s.alarms.Active(); len(up) != 1 || up[0].Code != "settings-ignored" || up[0].Subject != "network.port" {
		t.Errorf("%+v", up)
	}
}

func TestACopyThatFailsIsAnAlarmUntilOneSucceeds(t *testing.T) {
	dir := t.TempDir()
	copies := filepath.Join(dir, "copies")
	db, _, err := store.Open(filepath.Join(dir, "state.db"), store.Options{Copies: copies})
	if err != nil {
		t.Fatal(err)
	}
	s := state{db: db}
	if s.alarms, err = alarm.New(alarm.Config{DB: db, Registerer: prometheus.NewRegistry()}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close() }()
	if err := os.WriteFile(copies, nil, 0o600); err != nil { // no folder can be made here
		t.Fatal(err)
	}
	s.copyNow(t.Context(), slog.New(slog.DiscardHandler))
	if up := s.alarms.Active(); len(up) != 1 || up[0].Code != "copy-failed" || up[0].Args["reason"] == "" {
		t.Errorf("%+v", up)
	}
	if err := os.Remove(copies); err != nil {
		t.Fatal(err)
	}
	s.copyNow(t.Context(), slog.New(slog.DiscardHandler))
	if up := s.alarms.Active(); len(up) != 0 {
		t.Errorf("afterwards: %+v", up)
	}
	if all, err := os.ReadDir(copies); err != nil || len(all) != 1 {
		t.Errorf("%d copies, %v", len(all), err)
	}
}
