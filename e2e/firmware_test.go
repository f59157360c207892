package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaad/api"
	usb "vaad/firmware/wire"
)

// usbFolder names the variable with which this program is vaad-usb, for a daemon
// under test: the folder that has the state of its one device, and how it breaks.
const usbFolder = "VAAD_USB_OF_A_TEST"

// vaadUSB answers as vaad-usb does, or breaks as its folder says.
func vaadUSB(dir string) {
	said := func(name string) string {
		b, _ := os.ReadFile(filepath.Join(dir, name)) // without one it is empty
		return strings.TrimSpace(string(b))
	}
	devices := func() []usb.Device {
		state := usb.State(said("state"))
		return []usb.Device{{ID: "X1057234", Port: "1-4", Vendor: 0xe4e4, Product: 0x1130, Serial: "X1057234", Model: "Astribank 8/16", Kind: usb.Astribank, State: state}}
	}
	say := func(a usb.Answer) {
		if usb.Write(os.Stdout, a) != nil {
			os.Exit(0) // nobody listens any more
		}
	}
	hello := usb.Hello{Version: usb.Version, Program: "of a test", Images: "/images"}
	if said("breaks") == "version" {
		hello.Version++
	}
	say(usb.Answer{Hello: &hello})
	var r usb.Request
	if usb.NewReader(os.Stdin).Read(&r) != nil {
		return
	}
	switch r.Op {
	case usb.Watch:
		go func() { _, _ = io.Copy(io.Discard, os.Stdin); os.Exit(0) }()
		for range time.Tick(50 * time.Millisecond) {
			say(usb.Answer{ID: r.ID, Devices: devices()})
		}
	case usb.Verify:
		say(usb.Answer{ID: r.ID, Images: []usb.Image{{File: "USB_FW.hex", Version: "9841", Loads: "fx2 e4e4:1130", SHA256: strings.Repeat("0", 64)}}, Done: true})
	case usb.Load:
		for sent := 0; sent <= 4096; sent += 1024 {
			say(usb.Answer{ID: r.ID, Progress: &usb.Progress{Device: r.Device, Stage: 1, Image: "USB_FW.hex", Step: usb.Sending, Done: sent, Total: 8192}})
		}
		switch said("breaks") {
		case "crashes":
			panic("half-way")
		case "garbage":
			_, _ = os.Stdout.WriteString("}{ \x00 garbage\n")
		default:
			if err := os.WriteFile(filepath.Join(dir, "state"), []byte(usb.Ready), 0o600); err != nil {
				panic(err)
			}
			say(usb.Answer{ID: r.ID, Devices: devices(), Done: true})
		}
	default:
		say(usb.Answer{ID: r.ID, Devices: devices(), Done: true})
	}
}

// TestFirmwareIsLoadedThroughAHelperThatMayBreak loads firmware with the built programs.
// The helper crashes, talks nonsense and is of another version before it works; the
// daemon says so each time and goes on.
func TestFirmwareIsLoadedThroughAHelperThatMayBreak(t *testing.T) {
	t.Parallel()
	dir, root := scratch(t), scratch(t)
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	put("state", string(usb.NoFirmware))
	put("breaks", "version")
	put("vaad-usb", fmt.Sprintf("#!/bin/sh\necho \"$@\" >%s/args\n%s=%s exec %s\n", dir, usbFolder, dir, self))
	d := start(t, root, quietly+board("sim", "real", 2, "")+fmt.Sprintf("[firmware]\nhelper = %q\n", dir+"/vaad-usb"))
	ctx := within(t, 2*time.Minute)
	list := func() (all api.USBDevices, out string, err error) {
		out, err = d.Ctl(ctx, "firmware", "list", "--json")
		if line, _, _ := strings.Cut(out, "\n"); line != "" {
			_ = json.Unmarshal([]byte(line), &all) // what it is not, the caller sees
		}
		return all, out, err
	}
	until := func(what string, so func(api.USBDevices) bool) {
		t.Helper()
		last := ""
		if err := Until(ctx, what, func() (bool, error) {
			all, out, _ := list()
			last = out
			return so(all), nil
		}); err != nil {
			t.Fatalf("%v\n%s\n%s", err, last, d.Log())
		}
	}
	well := func() {
		t.Helper()
		if err := Until(ctx, "the lines go on", func() (bool, error) {
			out, err := d.Ctl(ctx, "lines", "--json")
			return strings.Count(out, `"state":"idle"`)+strings.Count(out, `"state":"no-battery"`) > 0, err
		}); err != nil {
			t.Fatalf("%v\n%s", err, d.Log())
		}
	}

	until("another version", func(all api.USBDevices) bool { return all.Fault != nil && all.Fault.Code == "firmware-helper-version" })
	if out, err := d.Ctl(ctx, "--lang", "en", "firmware", "load"); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("load by another version: %v\n%s", err, out)
	}
	well()
	put("breaks", "crashes")
	until("the device", func(all api.USBDevices) bool {
		return all.Known && len(all.Items) == 1 && all.Items[0].State == "no-firmware"
	})
	for _, breaks := range []string{"crashes", "garbage"} {
		put("breaks", breaks)
		out, err := d.Ctl(ctx, "--lang", "en", "firmware", "load")
		if err == nil || !strings.Contains(err.Error(), "firmware was not loaded: vaad-usb ended") {
			t.Errorf("a helper that %s: %v\n%s", breaks, err, out)
		}
		untilAlarm(t, d, "firmware-failed", true)
		well()
	}
	put("breaks", "")
	if out, err := d.Ctl(ctx, "--lang", "en", "firmware", "verify"); err != nil || !strings.Contains(out, "USB_FW.hex") {
		t.Errorf("verify: %v\n%s", err, out)
	}
	if out, err := d.Ctl(ctx, "--lang", "zh", "firmware", "load", "1-4"); err != nil || !strings.Contains(out, "固件已载入") {
		t.Errorf("load: %v\n%s", err, out)
	}
	until("ready", func(all api.USBDevices) bool { return len(all.Items) == 1 && all.Items[0].State == "ready" })
	untilAlarm(t, d, "firmware-failed", false)
	if out, err := d.Ctl(ctx, "--lang", "en", "firmware", "load"); err != nil || !strings.Contains(out, "No device needs firmware.") {
		t.Errorf("load once more: %v\n%s", err, out)
	}
	if out, err := d.Ctl(ctx, "--lang", "en", "firmware", "load", "nothing"); err == nil || !strings.Contains(err.Error(), "firmware list") {
		t.Errorf("load of what is not there: %v\n%s", err, out)
	}
	if out, err := d.Ctl(ctx, "firmware", "reset", "X1057234"); err != nil {
		t.Errorf("reset: %v\n%s", err, out)
	}
	out, err := d.Ctl(ctx, "audit", "--json")
	if err != nil || strings.Count(out, `"object":"usb X1057234"`) != 4 {
		t.Errorf("the audit log: %v\n%s", err, out)
	}
	if args, err := os.ReadFile(filepath.Join(dir, "args")); err != nil || !strings.HasPrefix(string(args), "serve --images "+root+"/firmware ") {
		t.Errorf("vaad-usb was started with %q, %v", args, err)
	}
	stop(t, d)
}
