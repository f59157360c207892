package logs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func masked(key, s string) string {
	if key == "token" {
		return "(removed)"
	}
	return strings.ReplaceAll(s, "075512345678", "xxxxxxxxxx78")
}

func texts(all []Line) (out []string) {
	for _, l := range all {
		out = append(out, l.Text)
	}
	return out
}

func TestLinesAreKeptWithoutSecretsAndHandedOn(t *testing.T) {
	var below bytes.Buffer
	b := New(masked)
	log := slog.New(b.Handler(slog.NewTextHandler(&below, nil)))
	news, cancel := b.Subscribe()
	defer cancel()
	log.Debug("not wanted")
	log.With("board", "a").WithGroup("call").Warn("from 075512345678", "n", 75512345678, "token", "abc", slog.Group("x", "y", "075512345678"))
	<-news
	all := b.Find(Filter{})
	if len(all) != 1 || !strings.Contains(below.String(), "075512345678") {
		t.Fatalf("%+v; below %s", all, &below)
	}
	if got := fmt.Sprint(all[0].Text, all[0].Attrs); got != "from xxxxxxxxxx78[{board a} {call.n 75512345678} {call.token (removed)} {call.x.y xxxxxxxxxx78}]" {
		t.Error(got)
	}
	log.Error(strings.Repeat("€", 5000), "v", strings.Repeat("x", 5000))
	if l := b.Find(Filter{Level: slog.LevelError})[0]; len(l.Text) > maxText+6 || len(l.Attrs[0].Value) > maxText+6 {
		t.Errorf("%d and %d bytes", len(l.Text), len(l.Attrs[0].Value))
	}
}

func TestLinesAreFound(t *testing.T) {
	b := New(masked)
	log := slog.New(b.Handler(slog.DiscardHandler))
	if log.Enabled(context.Background(), slog.LevelError) {
		t.Error("what is not wanted below is not wanted at all")
	}
	log = slog.New(b.Handler(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	for n := range Ring + 100 {
		log.Info(fmt.Sprint("line ", n), "board", fmt.Sprint("b", n%7))
	}
	all := b.Find(Filter{Limit: Ring * 2})
	if len(all) != Ring || all[0].Text != fmt.Sprint("line ", Ring+99) || all[Ring-1].Text != "line 100" || b.Last() != Ring+100 {
		t.Fatalf("%d lines, %s … %s", len(all), all[0].Text, all[len(all)-1].Text)
	}
	if got := texts(b.Find(Filter{Text: "BOARD=b3", Before: 200, Limit: 2})); fmt.Sprint(got) != "[line 192 line 185]" && len(got) != 2 {
		t.Error(got)
	}
	if got := texts(b.Find(Filter{After: Ring + 90, Limit: 3})); fmt.Sprint(got) != fmt.Sprintf("[line %d line %d line %d]", Ring+92, Ring+91, Ring+90) {
		t.Error(got)
	}
	if got := b.Find(Filter{From: time.Now().Add(time.Hour)}); len(got) != 0 {
		t.Error(texts(got))
	}
}

// run logs in a run of its own with a folder.
func run(t *testing.T, dir string, lines ...string) *Book {
	t.Helper()
	b := New(masked)
	log := slog.New(b.Handler(slog.NewTextHandler(&bytes.Buffer{}, nil)))
	log.Info("begun")
	if err := b.Keep(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { b.Run(ctx) })
	for _, l := range lines {
		log.Info(l)
	}
	cancel()
	wg.Wait()
	return b
}

func TestTheEndOfTheLastRunCanBeRead(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "one", "the last words")
	f, err := os.OpenFile(filepath.Join(dir, fileName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"seq":99,"time":"2026-`) // cut off by a crash
	_ = f.Close()
	b := run(t, dir, "two")
	all := b.Find(Filter{})
	if got := fmt.Sprint(texts(all)); got != "[two begun the last words one begun]" || all[1].Earlier || !all[2].Earlier || all[0].Seq != 5 {
		t.Errorf("%s %+v", got, all)
	}
	if got := fmt.Sprint(texts(run(t, dir).Find(Filter{}))); got != "[begun two begun the last words one begun]" {
		t.Error(got)
	}
}

func TestFilesAreBounded(t *testing.T) {
	dir := t.TempDir()
	var lines []string
	for n := range 9000 {
		lines = append(lines, fmt.Sprint(n, " ", strings.Repeat("x", 900)))
	}
	for i := 0; i < len(lines); i += 3000 {
		run(t, dir, lines[i:i+3000]...)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != Files {
		t.Fatalf("%v %v", entries, err)
	}
	for _, e := range entries {
		if st, err := e.Info(); err != nil || st.Size() > FileBytes+maxText*2 {
			t.Errorf("%s: %d bytes, %v", e.Name(), st.Size(), err)
		}
	}
	if b := run(t, dir); !strings.HasPrefix(b.Find(Filter{Limit: 2})[1].Text, "8999 ") {
		t.Error("the newest line of the run before is gone")
	}
}

// FuzzDamagedFilesAreRead has a file of anything.
func FuzzDamagedFilesAreRead(f *testing.F) {
	f.Add([]byte("{\"seq\":1,\"time\":\"2026-11-22T16:00:00Z\",\"level\":\"INFO\",\"text\":\"a\"}\n"))
	f.Add([]byte("{\"seq\":18446744073709551615,\"time\":\"2026-11-22T16:00:00Z\"}\n\x00\n{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), b, 0o600); err != nil {
			t.Fatal(err)
		}
		got := run(t, dir, "x").Find(Filter{Limit: Ring})
		if got[0].Text != "x" {
			t.Errorf("%+v", got)
		}
		for i := 1; i < len(got); i++ {
			if got[i].Seq >= got[i-1].Seq {
				t.Errorf("numbers do not rise: %d behind %d", got[i-1].Seq, got[i].Seq)
			}
		}
	})
}

func TestAFullDiskAtTheStartDoesNotKeepTheLogInMemory(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, fileName)
	cut := []byte(`{"seq":99,"time":"2026-`)
	if err := os.WriteFile(name, cut, 0o600); err != nil {
		t.Fatal(err)
	}
	b := New(masked)
	if err := b.Keep(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, cut) {
		t.Errorf("Keep needs room on the disk: it wrote %q, %v", got, err)
	}
}

func TestAFileThatCannotBeBegunPushesNoOldOneOut(t *testing.T) {
	dir := t.TempDir()
	f := &file{dir: dir}
	for age := range Files {
		if err := os.WriteFile(f.name(age), []byte{byte('0' + age)}, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.open(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.f.Close() }()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	for range 3 * Files { // too many files are open, for a while
		f.rotate()
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	for age := range Files {
		if b, err := os.ReadFile(f.name(age)); err != nil || string(b) != string(rune('0'+age)) {
			t.Errorf("%s: %q, %v", f.name(age), b, err)
		}
	}
	f.rotate()
	if b, err := os.ReadFile(f.name(1)); err != nil || string(b) != "0" {
		t.Errorf("after that: %q, %v", b, err)
	}
}
