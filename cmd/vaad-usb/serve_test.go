package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/firmware"
	"vaad/firmware/wire"
)

// bus is a USB whose devices cannot be opened.
type bus struct {
	mu    sync.Mutex
	found []firmware.Found
}

func (b *bus) Devices() ([]firmware.Found, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.found), nil
}
func (b *bus) Open(firmware.Found) (firmware.Handle, error) { return nil, firmware.ErrDenied }
func (b *bus) Rebind(firmware.Found) error                  { return nil }
func (b *bus) Changes(context.Context) <-chan struct{}      { return nil }
func (b *bus) set(found ...firmware.Found)                  { b.mu.Lock(); b.found = found; b.mu.Unlock() }
func bank(port string) firmware.Found {
	return firmware.Found{Port: port, Address: 1, Vendor: 0xe4e4, Product: 0x1130, Release: 0x0101}
}
func loader(t *testing.T, b *bus) *firmware.Loader {
	return &firmware.Loader{Bus: b, Images: "../../firmware/image/testdata/compat/v1", State: firmware.NewState(filepath.Join(t.TempDir(), "state.json")), Log: slog.New(slog.DiscardHandler)}
}

// talk says all lines at once and returns the answers.
func talk(t *testing.T, b *bus, said string) []wire.Answer {
	t.Helper()
	var out bytes.Buffer
	if err := serve(t.Context(), loader(t, b), strings.NewReader(said), &out); err != nil {
		t.Fatal(err)
	}
	var all []wire.Answer
	for line := range strings.Lines(out.String()) {
		var a wire.Answer
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err, line)
		}
		all = append(all, a)
	}
	return all
}

func TestItGreetsAndAnswersInOrder(t *testing.T) {
	b := &bus{}
	b.set(bank("1-1"))
	all := talk(t, b, `{"id":1,"op":"list"}`+"\n"+`{"id":2,"op":"verify"}`+"\n"+`{"id":3,"op":"load","device":"1-1"}`+"\n")
	if len(all) != 4+1 || all[0].Hello == nil || all[0].Hello.Version != wire.Version ||
		all[1].ID != 1 || !all[1].Done || all[1].Devices[0].State != wire.NoFirmware ||
		all[2].ID != 2 || len(all[2].Images) != 3 || all[3].Progress == nil ||
		all[4].Error == nil || all[4].Error.Code != wire.DeviceDenied || all[4].Error.Device != "at-1-1" {
		t.Fatalf("%+v", all)
	}
}

func TestNothingThatIsSaidCrashesIt(t *testing.T) {
	for said, want := range map[string][]string{
		"":                                    {},
		"garbage\n":                           {wire.BadRequest},
		"\x00\xff\n[]\nnull\n{}\n":            {wire.BadRequest, wire.BadRequest, wire.BadRequest, wire.BadRequest},
		`{"id":7,"op":"format"}` + "\n":       {wire.BadRequest},
		`{"id":1e99}` + "\n" + `{"op":"list"`: {wire.BadRequest},
		`{"id":1,"op":"load","device":"x"}` + "\n":                               {wire.NoDevice},
		`{"id":1,"op":"reset"}` + "\n":                                           {wire.BadRequest},
		strings.Repeat("x", wire.MaxLine) + "\n" + `{"id":1,"op":"list"}` + "\n": {wire.BadRequest}, // it ends there
	} {
		all := talk(t, &bus{}, said)
		var codes []string
		for _, a := range all[1:] {
			if a.Error == nil {
				t.Errorf("%.40q: %+v", said, a)
				continue
			}
			codes = append(codes, a.Error.Code)
		}
		if !slices.Equal(codes, want) && len(codes)+len(want) > 0 {
			t.Errorf("%.40q: %v, want %v", said, codes, want)
		}
	}
}

func TestAWatchEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &bus{}
		ours, theirs := net.Pipe()
		done := make(chan error)
		go func() { done <- serve(t.Context(), loader(t, b), theirs, theirs) }()
		in := wire.NewReader(ours)
		var a wire.Answer
		if err := in.Read(&a); err != nil || a.Hello == nil {
			t.Fatal(err)
		}
		if err := wire.Write(ours, wire.Request{ID: 5, Op: wire.Watch}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{0, 1, 1} { // the last is the heartbeat
			a = wire.Answer{}
			if err := in.Read(&a); err != nil || a.ID != 5 || len(a.Devices) != want || a.Done {
				t.Fatal(a, err)
			}
			b.set(bank("1-1"))
		}
		ours.Close()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

func TestOneWhoDoesNotReadKeepsNobodyFromEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ours, theirs := net.Pipe()
		done := make(chan error)
		go func() { done <- serve(ctx, loader(t, &bus{}), theirs, theirs) }()
		time.Sleep(time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		ours.Close()
		theirs.Close()
	})
}

// As a daemon that stands still in a debugger, and has a watch.
func TestOneWhoReadsNothingOfAWatchKeepsNobodyFromEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ours, theirs := net.Pipe()
		done := make(chan error, 1)
		go func() { done <- serve(ctx, loader(t, &bus{}), theirs, theirs) }()
		if err := wire.Write(ours, wire.Request{ID: 5, Op: wire.Watch}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * queued * wire.Heartbeat)
		cancel()
		synctest.Wait()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("it does not end")
		}
		ours.Close()
		theirs.Close()
	})
}

func TestOnlyTheFolderOfImagesIsReadFromTheConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vaad.toml")
	for text, want := range map[string]string{
		"[firmware]\nimages = \"/srv/fw\"\nother = 3\n[[board]]\nid = \"a\"\n": "/srv/fw",
		"root = \"/x\"\n": "",
		"[firmware\n":     "!",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := configured(file)
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	if _, err := configured(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that was named is not there")
	}
}

func TestTheListIsForPeopleOrPrograms(t *testing.T) {
	devices := []wire.Device{{ID: "at-1-1", Port: "1-1", Vendor: 0xe4e4, Product: 0x1130, Model: "Astribank 8/16", State: wire.Failed, Reason: wire.ImageChanged, Detail: "x.hex"}}
	var out bytes.Buffer
	if err := show(&out, false, devices, nil); err != nil || !strings.Contains(out.String(), "at-1-1  1-1   e4e4:1130  Astribank 8/16  image-changed  x.hex") {
		t.Error(out.String(), err)
	}
	out.Reset()
	if err := show(&out, true, nil, &wire.Error{Code: "x"}); err != nil || !strings.Contains(out.String(), `"devices": []`) || !strings.Contains(out.String(), `"code": "x"`) {
		t.Error(out.String(), err)
	}
	if err := show(broken{}, true, devices, nil); err == nil {
		t.Error("a full disk is no error")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestAManifestWithVeryManyFaultsIsToldInOneMessage(t *testing.T) {
	l := loader(t, &bus{})
	l.Images = t.TempDir()
	manifest := "version = 1\n[[image]]\nfile = \"" + strings.Repeat("/", wire.MaxLine) + "\"\n"
	if err := os.WriteFile(filepath.Join(l.Images, "manifest.toml"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := serve(t.Context(), l, strings.NewReader(`{"id":1,"op":"verify"}`+"\n"), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"code":"`+wire.ManifestInvalid+`"`) {
		t.Errorf("%.200q", out.String())
	}
}
