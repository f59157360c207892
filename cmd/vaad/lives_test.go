package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"vaad/alarm"

	"github.com/prometheus/client_golang/prometheus"
)

func TestADaemonThatEndsSoonAgainAndAgainIsStartedEverMoreSlowly(t *testing.T) {
	const boot = "a"
	at := 100 * time.Second
	l, pause := lives{}.next(boot, at) // the first start of the machine
	if pause != 0 || l.Short != 0 {
		t.Fatalf("the first start waits %v: %+v", pause, l)
	}
	for n, want := range []time.Duration{0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30} {
		at = l.Began + 3*time.Second // it lives for 3 s, not counting the pause before
		l, pause = l.next(boot, at)
		if pause != want*time.Second || l.Short != n+1 {
			t.Errorf("after %d short lives it waits %v, want %d s: %+v", n+1, pause, want, l)
		}
	}
	if again, pause := l.next(boot, at+time.Second); pause != 30*time.Second || again.Short != l.Short+1 {
		t.Errorf("ended while it waited: %v, %+v", pause, again)
	}
	if well, pause := l.next(boot, l.Began+shortLife); pause != 0 || well.Short != 0 {
		t.Errorf("after a minute it is well: %v, %+v", pause, well)
	}
	if other, pause := l.next("b", time.Second); pause != 0 || other.Short != 0 {
		t.Errorf("the machine was started: %v, %+v", pause, other)
	}
}

func TestALifeThatEndsInOrderIsNotCounted(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	folder := t.TempDir()
	begin := func() (int, func()) { return beginLife(t.Context(), folder, log) }
	for want := range quickStarts {
		if short, _ := begin(); short != want {
			t.Fatalf("%d short lives before, want %d", short, want)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel() // systemctl stop while it waits
	_, inOrder := beginLife(over, folder, log)
	inOrder()
	if short, _ := begin(); short != 0 {
		t.Errorf("%d short lives after one in order", short)
	}
	if err := os.WriteFile(filepath.Join(folder, "lives.json"), []byte(`{"boot":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if short, _ := begin(); short != 0 {
		t.Errorf("%d short lives in half a file", short)
	}
	if short, inOrder := beginLife(t.Context(), filepath.Join(folder, "no such folder"), log); short != 0 {
		t.Errorf("%d short lives without a folder", short)
	} else {
		inOrder()
	}
}

func TestShortLivesAreAnAlarmUntilALifeIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alarms, err := alarm.New(alarm.Config{DB: stateDB(t), Registerer: prometheus.NewRegistry()})
		if err != nil {
			t.Fatal(err)
		}
		defer alarms.Close()
		d := &running{short: quickStarts}
		d.alarms = alarms
		go func() { _ = d.tellShortLives(t.Context()) }()
		time.Sleep(shortLife - time.Second)
		synctest.Wait()
		if a := d.alarms.Active(); len(a) != 1 || a[0].Code != alarmCrashLoop || a[0].Args["count"] != "5" {
			t.Errorf("%+v", a)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if a := d.alarms.Active(); len(a) != 0 {
			t.Errorf("still %+v", a)
		}
	})
}
