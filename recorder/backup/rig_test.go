package backup_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/backup"
	"vaad/recorder/backup/target"
)

var ctx = context.Background()

var t0 = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// rig is an appliance with an archive in memory and a target.
type rig struct {
	t      testing.TB
	disk   *memdisk.Disk
	a      *archive.Archive
	state  *memdisk.Disk
	root   string
	tgt    *memTarget
	now    time.Time
	o      backup.Options
	ids    []age.Identity
	secret string // of ids
	e      *backup.Engine
	n      int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, disk: memdisk.New(), state: memdisk.New(), root: t.TempDir(), tgt: newTarget(), now: t0}
	r.open()
	r.write("settings.jsonl", `{"n":1}`+"\n")
	r.engine()
	if _, err := r.e.Adopt(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) open() {
	r.t.Helper()
	a, err := archive.Open(archive.Config{Disk: r.disk, Now: func() time.Time { return r.now }})
	if err != nil {
		r.t.Fatal(err)
	}
	r.a = a
	r.t.Cleanup(func() { a.Close() })
}

func (r *rig) write(name, text string) {
	r.t.Helper()
	at := filepath.Join(r.root, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) config() backup.Config {
	return backup.Config{Name: "mem", Root: r.root, Appliance: "vaad-one", Version: "1", Journals: r.a, Disk: r.disk, State: r.state,
		Open:       func(context.Context) (target.Target, error) { return r.tgt, nil },
		Options:    func() backup.Options { return r.o },
		Identities: func() []age.Identity { return r.ids },
		Now:        func() time.Time { return r.now }}
}

// engine begins anew, as after a start of the daemon.
func (r *rig) engine() {
	r.t.Helper()
	e, err := backup.New(r.config())
	if err != nil {
		r.t.Fatal(err)
	}
	e.NoWaits()
	r.e = e
	r.t.Cleanup(func() { _ = e.Close() })
}

// seal makes a recording that began so many days before the rig's first day.
func (r *rig) seal(daysAgo int, class string) string {
	r.t.Helper()
	r.n++
	begin := t0.AddDate(0, 0, -daysAgo).Add(time.Duration(r.n) * time.Minute)
	w, err := r.a.Begin(archive.Start{Line: 1 + r.n%4, Codec: archive.G711A, Sides: []string{"network", "local"}, Begin: begin, Trigger: "manual", Class: class})
	if err != nil {
		r.t.Fatal(err)
	}
	for side := range 2 {
		if err := w.Append(side, []byte(strings.Repeat(fmt.Sprintf("%d-%d ", r.n, side), 40))); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := w.Checkpoint(begin.Add(time.Second), w.Bytes(0)); err != nil {
		r.t.Fatal(err)
	}
	if err := w.Finish(archive.End{Time: begin.Add(time.Minute), EndedBy: "on-hook"}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.a.Flush(ctx); err != nil {
		r.t.Fatal(err)
	}
	return w.ID()
}

func (r *rig) act(id, kind, value string) archive.JournalLine {
	r.t.Helper()
	l, err := r.a.Act(ctx, archive.Act{ID: id, Kind: kind, Value: value, Actor: "bob"})
	if err != nil {
		r.t.Fatal(err)
	}
	return l
}

// erase erases a recording, with what its lines say of people where forget is set.
func (r *rig) erase(id string, forget bool) {
	r.t.Helper()
	for _, d := range r.a.EraseAll(ctx, []archive.Act{{ID: id, Actor: "bob", Forget: forget}}, nil) {
		if d.Err != nil {
			r.t.Fatal(d.Err)
		}
	}
}

func dir(d archive.Day) string { return strings.ReplaceAll(string(d), "-", "/") }

func (r *rig) run() backup.Report {
	r.t.Helper()
	rep, err := r.e.Run(ctx)
	if err != nil {
		r.t.Fatalf("%v: %+v", err, rep.Faults)
	}
	return rep
}

// mirrors are the files that the target should have, plain.
func (r *rig) mirrors() map[string]string {
	r.t.Helper()
	out := map[string]string{}
	for _, name := range r.disk.Files() {
		if name[0] != '2' {
			continue
		}
		b, err := r.disk.ReadFile(name)
		if err != nil {
			r.t.Fatal(err)
		}
		out["recordings/"+name] = string(b)
	}
	return out
}

// stored is a file of the archive.
func (r *rig) stored(name string) []byte {
	r.t.Helper()
	b, err := r.disk.ReadFile(name)
	if err != nil {
		r.t.Fatal(err)
	}
	return bytes.Clone(b)
}
