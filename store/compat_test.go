package store_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"vaad/access"
	"vaad/alarm"
	"vaad/calls"
	"vaad/channels"
	"vaad/settings"
	"vaad/store"
)

var update = flag.Bool("update", false, "write the sample of the format of today")

type siteSample struct {
	Language string `json:"language"`
}

type lineSample struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

var then = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// contents is all that a state.db of the packages that write one says, as JSON.
func contents(t *testing.T, db *store.DB, journal string, write bool) string {
	t.Helper()
	now := func() time.Time { return then }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	site := settings.NewSection("site", siteSample{"zh"}, nil)
	lines := settings.NewMap("lines", func(string) lineSample { return lineSample{} }, nil)
	doc, rep, err := settings.New(settings.Config{DB: db, Journal: journal, Sections: []settings.Part{site, lines}, Now: now})
	must(err)
	if rep.Journal != nil || len(rep.Ignored) > 0 {
		t.Errorf("settings: %+v", rep)
	}
	audit := access.NewAudit(db, now)
	alarms, err := alarm.New(alarm.Config{DB: db, Now: now})
	must(err)
	if write {
		_, err = doc.Set("ann", "test", "lines.12", json.RawMessage(`{"name":"十二","port":7}`))
		must(err)
		_, err = doc.Set("bob", "", "site.language", json.RawMessage(`"en"`))
		must(err)
		_, err = audit.Append(access.Entry{Actor: "ann", Kind: access.Local, Verb: access.SettingsWrite, Object: "lines.12", Line: 12,
			Result: "ok", Detail: map[string]string{"version": "1"}})
		must(err)
		alarms.Raise("state-db-damaged", "state.db", map[string]string{"age": "1h"})
		alarms.Raise("disk-full", "/rec", nil)
		alarms.Clear("disk-full", "/rec")
	}
	must(alarms.Close())
	journalOfCalls, err := calls.New(calls.Config{DB: db, Now: now})
	must(err)
	if write {
		ctx, cancel := context.WithCancel(context.Background())
		journalOfCalls.Attach("01KDYP7X8R0000000000000000", "01KDYP7X8R0000000000000001", "recorded-by-voltage")
		cancel()
		must(journalOfCalls.Run(ctx, &sampleFeed{}))
	}
	page, err := journalOfCalls.Query(context.Background(), calls.Filter{})
	must(err)
	entries, err := audit.Query(access.AuditFilter{})
	must(err)
	history, err := alarms.History(0, 10)
	must(err)
	versions, err := doc.History(0, 10)
	must(err)
	out, err := json.MarshalIndent(map[string]any{"settings": json.RawMessage(doc.Export()), "versions": versions, "audit": entries,
		"alarms": history, "calls": page.Rows}, "", " ")
	must(err)
	return string(out) + "\n"
}

type sampleFeed struct{ done bool }

func (f *sampleFeed) Wake() <-chan struct{} { return nil }
func (f *sampleFeed) Close()                {}
func (f *sampleFeed) Drain(dst []channels.Event) ([]channels.Event, bool) {
	if f.done {
		return dst, false
	}
	f.done = true
	const call = "01KDYP7X8R0000000000000000"
	return append(dst,
		channels.Event{Kind: channels.CallBegin, Call: call, Line: 12, Board: "sim", Time: then, Direction: channels.Outgoing},
		channels.Event{Kind: channels.Digit, Call: call, Text: "1"},
		channels.Event{Kind: channels.Digit, Call: call, Text: "0"},
		channels.Event{Kind: channels.CallAnswered, Call: call, Time: then.Add(time.Second), AnsweredBy: "reversal"},
		channels.Event{Kind: channels.Key, Call: call, Text: "#"},
		channels.Event{Kind: channels.CallEnd, Call: call, Time: then.Add(time.Minute), EndedBy: "on-hook"}), false
}

// The samples are what versions have written; they are never changed, only added to.
func TestWhatOldVersionsWroteOpens(t *testing.T) {
	const dir = "testdata/compat"
	if *update {
		for _, name := range []string{"state-1.db", "settings-1.jsonl"} {
			_ = os.Remove(filepath.Join(dir, name))
		}
		db, _, err := store.Open(filepath.Join(dir, "state-1.db"), store.Options{Name: "state"})
		if err != nil {
			t.Fatal(err)
		}
		text := contents(t, db, filepath.Join(dir, "settings-1.jsonl"), true)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "state-1.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	samples, err := filepath.Glob(filepath.Join(dir, "state-*.db"))
	if err != nil || len(samples) == 0 {
		t.Fatal("no samples", err)
	}
	for _, sample := range samples {
		want, err := os.ReadFile(sample[:len(sample)-3] + ".json")
		if err != nil {
			t.Fatal(err)
		}
		mine := filepath.Join(t.TempDir(), "state.db")
		b, err := os.ReadFile(sample)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(mine, b, 0o600); err != nil {
			t.Fatal(err)
		}
		db, rep, err := store.Open(mine, store.Options{})
		if err != nil || rep.Damaged != nil || rep.Created {
			t.Fatalf("%s: %v, report %+v", sample, err, rep)
		}
		if got := contents(t, db, "", false); got != string(want) {
			t.Errorf("%s says:\n%s\nwant\n%s", sample, got, want)
		}
		_ = db.Close()
	}
	_, doc, history, err := settings.RestoreFromJournal(filepath.Join(dir, "settings-1.jsonl"))
	if err != nil || len(history) != 2 || string(doc) != `{"lines":{"12":{"name":"十二","port":7}},"site":{"language":"en"}}` {
		t.Errorf("journal: %s %v %v", doc, history, err)
	}
	if !reflect.DeepEqual(history[0].Time, then) {
		t.Errorf("time %v", history[0].Time)
	}
}
