package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vaad/api"
)

func aBank(state string) api.USBDevice {
	d := api.USBDevice{ID: "X1", Port: "1-2", USB: "e4e4:1130", Model: "Astribank 8/16", Kind: "astribank", State: state, Text: "It has no firmware yet"}
	if state == "no-firmware" {
		d.Loadable, d.Remedy = true, "Load it."
	}
	return d
}

// devicesInTurn answers each look at the devices with the next one; the last stays.
func devicesInTurn(d *daemon, in ...api.USBDevice) {
	var mu sync.Mutex
	d.mux.HandleFunc("GET "+api.Prefix+"/usb/devices", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = json.NewEncoder(w).Encode(api.USBDevices{Known: true, Items: in[:1]})
		if len(in) > 1 {
			in = in[1:]
		}
	})
}

func TestFirmwareListSaysWhatToDoAndThatThereIsNothing(t *testing.T) {
	d := newDaemon(t)
	failed := aBank("failed")
	failed.ID, failed.Remedy = "X2", "Another cable."
	failed.Fault = &api.Fault{Code: "firmware-transfer-failed", Text: "A USB transfer failed", Detail: "record 7\x1b[2J"}
	d.on("GET /usb/devices", api.USBDevices{Known: true, Items: []api.USBDevice{aBank("no-firmware"), failed, aBank("ready")}})
	out, errs, code := d.ctl(t, "firmware")
	for _, want := range []string{"Astribank 8/16 X1: It has no firmware yet\n  → Load it.", "Astribank 8/16 X2: A USB transfer failed\n  record 7[2J\n  → Another cable.", "e4e4:1130"} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q:\n%s", want, out)
		}
	}
	if code != exitOK || strings.Contains(out, "\x1b") {
		t.Errorf("%d %s\n%s", code, errs, out)
	}
	d = newDaemon(t)
	d.on("GET /usb/devices", api.USBDevices{Known: true, Items: []api.USBDevice{}})
	for _, args := range [][]string{{"firmware", "list"}, {"firmware", "load"}} {
		if out, errs, code := d.ctl(t, args...); code != exitOK || !strings.HasPrefix(out, "No USB telephony device is plugged in.") {
			t.Errorf("%q: %d %s\n%s", args, code, errs, out)
		}
	}
	d = newDaemon(t)
	d.on("GET /usb/devices", api.USBDevices{Items: []api.USBDevice{}, Fault: &api.Fault{Code: "firmware-helper-missing", Text: "vaad-usb is not installed", Remedy: "Install it.", Detail: "no such file"}})
	for _, args := range [][]string{{"firmware", "list"}, {"firmware", "load"}, {"firmware", "load", "X1"}, {"firmware", "reset", "X1"}} {
		if _, errs, code := d.ctl(t, args...); code != exitFailed || !strings.Contains(errs, "vaad-usb is not installed: no such file\nInstall it.") {
			t.Errorf("%q without vaad-usb: %d %s", args, code, errs)
		}
	}
}

func TestFirmwareLoadShowsStepsAndEndsAsTheLoadDid(t *testing.T) {
	d := newDaemon(t)
	loading := aBank("loading")
	loading.Progress = &api.USBProgress{Stage: 1, Image: "fx2.hex", Step: "sending", Done: 50, Total: 100}
	away := loading
	away.Progress = &api.USBProgress{Stage: 1, Image: "fx2.hex", Step: "re-enumerating"}
	devicesInTurn(d, aBank("no-firmware"), loading, away, aBank("ready"))
	d.on("POST /usb/devices/X1/load", loading)
	out, errs, code := d.ctl(t, "firmware", "load")
	if code != exitOK || out != "Astribank 8/16 X1: firmware is loaded; state: Ready\n" || errs != "X1: sending fx2.hex\nX1: waiting for the device to come back\n" {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}

	d = newDaemon(t)
	failed := aBank("failed")
	failed.Remedy, failed.Fault = "Put the genuine file there.", &api.Fault{Code: "firmware-image-changed", Text: "The image is not the one of the manifest", Detail: "fx2.hex"}
	devicesInTurn(d, aBank("no-firmware"), failed)
	d.on("POST /usb/devices/X1/load", loading)
	if out, errs, code = d.ctl(t, "firmware", "load", "1-2"); code != exitFailed || out != "" || !strings.Contains(errs, "not loaded: The image is not the one of the manifest: fx2.hex\nPut the genuine file there.") {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}

	d = newDaemon(t) // somebody else loads it
	devicesInTurn(d, aBank("no-firmware"), loading, aBank("ready"))
	d.on("POST /usb/devices/X1/load", &api.Problem{Code: "firmware-loading", Status: http.StatusConflict, Title: "already"})
	if out, errs, code = d.ctl(t, "--json", "firmware", "load", "X1"); code != exitOK || errs != "" || !strings.Contains(out, `"state":"ready"`) {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
}

func TestFirmwareVerifyNeedsNoDaemonAndEndsWithOneIfAnImageIsWrong(t *testing.T) {
	dir := t.TempDir()
	put := func(name, body string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, errs, code := ctl(t, "--lang", "en", "firmware", "verify", dir); code != exitFailed || !strings.Contains(errs, "has no manifest") || !strings.Contains(errs, "docs/firmware.md") {
		t.Errorf("an empty folder: %d %s", code, errs)
	}
	const hex = ":0100000002FD\n:00000001FF\n"
	put("fx2.hex", hex)
	put("manifest.toml", fmt.Sprintf("version = 1\n[[image]]\nfile = \"fx2.hex\"\nversion = \"7\"\nsha256 = \"%x\"\nlicence = \"ours\"\nkind = \"fx2\"\ndevices = [\"e4e4:1130\"]\n", sha256.Sum256([]byte(hex))))
	put("stray.hex", hex)
	out, errs, code := ctl(t, "--lang", "en", "firmware", "verify", dir)
	if code != exitOK || !strings.Contains(out, "as it should be") || !strings.Contains(out, "stray.hex: A file that the manifest does not name") {
		t.Errorf("a good folder with a file too many: %d %s\n%s", code, errs, out)
	}
	put("fx2.hex", hex+"\n")
	if out, errs, code = ctl(t, "--lang", "zh", "firmware", "verify", dir); code != exitFailed || !strings.Contains(out, "映像与清单不符，绝不载入") || !strings.Contains(errs, "1 个映像") {
		t.Errorf("a changed image: %d %s\n%s", code, errs, out)
	}
	if out, _, code = ctl(t, "--json", "firmware", "verify", dir); code != exitFailed || !strings.Contains(out, `"code":"firmware-image-changed"`) {
		t.Errorf("as JSON: %d\n%s", code, out)
	}
}
