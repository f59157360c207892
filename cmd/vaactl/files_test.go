package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vaad/api/text"
	"vaad/driver"
	"vaad/driver/framelog"
)

// readers are the commands that read a file, with FILE in its place.
var readers = []string{
	"settings import FILE", "profile import pbx FILE", "replay FILE", "replay --against FILE LOG", "analyse FILE", "transcode FILE out.wav --codec alaw",
	"spectrogram FILE -o out.png",
}

func TestFolderInPlaceOfAFileIsSaidToBeOne(t *testing.T) {
	dir := t.TempDir()
	log := flightLog(t)
	for _, lang := range text.Languages() {
		for _, c := range readers {
			args := strings.Fields(strings.NewReplacer("FILE", dir, "LOG", log, "out.", filepath.Join(dir, "out.")).Replace(c))
			_, errs, code := ctl(t, append([]string{"--root", "/no/such/daemon", "--lang", lang}, args...)...)
			s := &session{lang: lang}
			if want := s.refusal("file-folder", "file", dir).Error(); code != exitFailed || !strings.Contains(errs, want) {
				t.Errorf("%s, %s: %d %q, want %q", lang, c, code, errs, want)
			}
		}
	}
}

func TestFileThatIsNotThereIsNamedWithWhatToDo(t *testing.T) {
	log := flightLog(t)
	for _, c := range readers {
		args := strings.Fields(strings.NewReplacer("FILE", "/no/such/file", "LOG", log).Replace(c))
		_, errs, code := ctl(t, append([]string{"--lang", "en"}, args...)...)
		if code != exitFailed || !strings.Contains(errs, "/no/such/file is not there\n") || !strings.Contains(errs, "ls /no/such") {
			t.Errorf("%s: %d %q", c, code, errs)
		}
	}
	d := newDaemon(t)
	d.on("GET /settings/export", []byte("{}"))
	if _, errs, code := d.ctl(t, "settings", "export", "-o", "/no/such/file"); code != exitFailed || !strings.Contains(errs, "vaactl: /no/such is not there\n") {
		t.Errorf("%d %q", code, errs)
	}
}

func TestFileThatIsNoFrameLogIsSaidToBeNone(t *testing.T) {
	name := put(t, t.TempDir(), "a.wav", tape{1, 2, 3}.wav(1))
	for lang, want := range map[string]string{"en": " is no frame log: ", "zh": " 不是帧日志："} {
		if _, errs, code := ctl(t, "--lang", lang, "replay", name); code != exitFailed || !strings.Contains(errs, name+want) || strings.Count(errs, "\n") != 2 {
			t.Errorf("%d %q", code, errs)
		}
	}
}

func TestErrorsOfFilesSayWhatToDoInBothLanguages(t *testing.T) {
	path := func(err error) error { return &fs.PathError{Op: "open", Path: "/d/f", Err: err} }
	for _, lang := range text.Languages() {
		s := &session{lang: lang}
		for key, err := range map[string]error{
			"file-missing":    path(syscall.ENOENT),
			"file-permission": fmt.Errorf("while listening: %w", path(syscall.EACCES)),
			"file-no-space":   notWritten("/d/f", &fs.PathError{Op: "write", Path: "/d/.vaactl-1", Err: syscall.ENOSPC}),
			"file-read-only":  notWritten("/d/f", &os.LinkError{Op: "rename", Old: "/d/.vaactl-1", New: "/d/f", Err: syscall.EROFS}),
			"file-disk":       path(syscall.EIO),
			"file-path":       path(syscall.ENOTDIR),
			"file-name":       path(syscall.ENAMETOOLONG),
		} {
			want := s.refusal(key, "file", "/d/f", "folder", "/d").Error()
			if got := s.explain(err); got != want {
				t.Errorf("%s: %q, want %q", lang, got, want)
			}
			if got := s.explain(errors.Join(errors.New("first"), err)); got != "first\n"+want {
				t.Errorf("%s, one of two: %q", lang, got)
			}
		}
		if got := s.explain(path(syscall.ETXTBSY)); !strings.HasPrefix(got, "open /d/f: text file busy\n") {
			t.Errorf("%s: another error: %q", lang, got)
		}
		if got := s.explain(errors.New("x: y")); got != "x: y" {
			t.Errorf("%s: an error of no file: %q", lang, got)
		}
	}
}

// flightLog is a frame log of one line that is quiet for a second.
func flightLog(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "flight.vfl")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	info := driver.Info{Model: "card", Lines: []driver.Line{{Port: 1, Kind: driver.FXO, Use: driver.Tap, Law: driver.ALaw}}}
	w, err := framelog.NewWriter(f, info, start)
	if err != nil {
		t.Fatal(err)
	}
	rx := driver.NewFrame(info)
	for range 50 {
		if err := w.Write(rx, nil); err != nil {
			t.Fatal(err)
		}
		rx.Pos += driver.Block
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}
