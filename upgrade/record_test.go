package upgrade

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRecordsOfFormatOneAreRead(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile("testdata/compat/record-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := Read(dir); ok || err != nil {
		t.Fatalf("an empty folder has a record: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "record"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	want := Record{From: "1.4.0", To: "1.5.0", Started: time.Date(2027, 1, 5, 1, 0, 0, 0, time.UTC), Ended: time.Date(2027, 1, 5, 1, 1, 10, 0, time.UTC),
		Result: RolledBack, Reason: "vaad: it ended 3 times by itself; before: it does not answer", Step: "linking", Backup: "/var/lib/vaad/upgrade/20270105T010003Z-1.4.0"}
	if r, ok, err := Read(dir); !ok || err != nil || r != want {
		t.Fatalf("%+v, %v, %v", r, ok, err)
	}
	// One that goes on comes first.
	if err := os.WriteFile(filepath.Join(dir, "pending"), []byte("format=1\nfrom=1.5.0\nto=1.6.0\nstep=judging\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r, _, err := Read(dir); err != nil || r.Result != Pending || r.To != "1.6.0" || r.Step != "judging" {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestRecordsOfOtherFormatsAreRefused(t *testing.T) {
	for _, text := range []string{"", "from=1\n", "format=2\nfrom=1\n", "\x00\xff"} {
		if _, err := parse(strings.NewReader(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add("format=1\nfrom=1\nto=2\nresult=ok\nreason=\xe4\xbd\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parse(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, v := range []string{r.From, r.To, r.Result, r.Reason, r.Step, r.Backup} {
			if !utf8.ValidString(v) || strings.ContainsAny(v, "\n\r\x1b\x00") || len(v) > 600 {
				t.Fatalf("%q came through", v)
			}
		}
	})
}
