package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"vaad/access"
	"vaad/alarm"
	"vaad/api"
	"vaad/api/text"
	"vaad/firmware/wire"
)

// usbOne is an Astribank without firmware.
const usbOne = "X1234567"

// fakeUSB has one Astribank, a modem, and a folder with one good image.
type fakeUSB struct {
	mu     sync.Mutex
	state  USBState
	images []wire.Image
	err    error // of acts and of Images
	did    []string
	subs   []chan struct{}
}

func newFakeUSB() *fakeUSB {
	return &fakeUSB{
		state: USBState{Seen: begun, Devices: []USBDevice{
			{Device: wire.Device{ID: usbOne, Port: "1-2", Vendor: 0xe4e4, Product: 0x1130, Serial: usbOne, Model: "Astribank", Kind: wire.Astribank, State: wire.NoFirmware}},
			{Device: wire.Device{ID: "1-1", Port: "1-1", Vendor: 0x0572, Product: 0x1340, Model: "modem", Kind: wire.VoiceModem, State: wire.Ready, TTY: "/dev/ttyACM0", Driver: "cdc_acm"}}}},
		images: []wire.Image{{File: "USB_FW.hex", Version: "10.0", Licence: "of its maker", SHA256: strings.Repeat("0", 64), Loads: "fx2 e4e4:1130"}},
	}
}

func (u *fakeUSB) Devices() USBState {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.state
}

func (u *fakeUSB) Images(context.Context) (string, []wire.Image, error) {
	return "/etc/vaad/firmware", u.images, u.err
}

func (u *fakeUSB) Load(id, by string) error {
	return u.act(id, "load "+id+" by "+by)
}

func (u *fakeUSB) Reset(_ context.Context, id, by string) error {
	return u.act(id, "reset "+id+" by "+by)
}

func (u *fakeUSB) act(id, what string) error {
	if id != usbOne {
		return &wire.Error{Code: wire.NoDevice, Device: id}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.did = append(u.did, what)
	return u.err
}

func (u *fakeUSB) Subscribe() (<-chan struct{}, func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := make(chan struct{}, 1)
	u.subs = append(u.subs, c)
	return c, func() {}
}

func TestUSBDevicesAreListedWithWhatToDo(t *testing.T) {
	f := newFixture(t)
	all := get[api.USBDevices](f, "/usb/devices")
	if !all.Known || all.Fault != nil || len(all.Items) != 2 {
		t.Fatalf("%+v", all)
	}
	modem, bank := all.Items[0], all.Items[1]
	if modem.State != "ready" || modem.Loadable || modem.Remedy != "" || modem.TTY != "/dev/ttyACM0" || modem.USB != "0572:1340" {
		t.Errorf("modem %+v", modem)
	}
	if bank.USB != "e4e4:1130" || !bank.Loadable || bank.Text == "" || !strings.Contains(bank.Remedy, "vaactl firmware load") {
		t.Errorf("astribank %+v", bank)
	}
	f.usb.state.Devices[0].State, f.usb.state.Devices[0].Reason, f.usb.state.Devices[0].Detail = wire.Failed, wire.ImageChanged, "USB_FW.hex"
	bank = get[api.USBDevices](f, "/usb/devices").Items[1]
	if bank.Fault == nil || bank.Fault.Code != "firmware-image-changed" || bank.Fault.Detail != "USB_FW.hex" || !strings.Contains(bank.Remedy, "sha256sum") || !bank.Loadable {
		t.Errorf("failed astribank %+v %+v", bank, bank.Fault)
	}
	f.usb.state.Devices[0].State, f.usb.state.Devices[0].Progress = wire.Loading, &wire.Progress{Stage: 2, Image: "FPGA.hex", Step: wire.Sending, Done: 10, Total: 40}
	if p := get[api.USBDevices](f, "/usb/devices").Items[1].Progress; p == nil || *p != (api.USBProgress{Stage: 2, Image: "FPGA.hex", Step: "sending", Done: 10, Total: 40}) {
		t.Errorf("progress %+v", p)
	}
}

func TestNoDevicesIsAnAnswerAndAMissingHelperIsOne(t *testing.T) {
	f := newFixture(t)
	f.usb.state = USBState{Seen: begun}
	if all := get[api.USBDevices](f, "/usb/devices"); !all.Known || all.Items == nil || len(all.Items) != 0 {
		t.Errorf("nothing plugged in: %+v", all)
	}
	f.usb.state = USBState{Fault: &wire.Error{Code: wire.HelperMissing, Detail: "no such file"}}
	all := get[api.USBDevices](f, "/usb/devices")
	if all.Known || all.Seen != nil || all.Fault == nil || all.Fault.Text == "" || all.Fault.Remedy == "" {
		t.Errorf("no helper: %+v", all)
	}
	f.usb.state.Fault.Code = "of-tomorrow"
	if fault := get[api.USBDevices](f, "/usb/devices").Fault; fault == nil || fault.Text == "" {
		t.Errorf("a code that is not known: %+v", fault)
	}
}

func TestFirmwareImagesAreShownAgainstTheirManifest(t *testing.T) {
	f := newFixture(t)
	f.usb.images = append(f.usb.images, wire.Image{File: "stray.hex", Fault: wire.ImageUnlisted})
	fw := get[api.Firmware](f, "/firmware")
	if fw.Folder != "/etc/vaad/firmware" || len(fw.Items) != 2 || !fw.Items[0].OK || fw.Items[1].OK || fw.Items[1].Fault.Text == "" {
		t.Errorf("%+v", fw)
	}
	f.usb.images, f.usb.err = nil, &wire.Error{Code: wire.NoManifest, Detail: "no such file"}
	if fw = get[api.Firmware](f, "/firmware"); fw.Fault == nil || fw.Fault.Code != "firmware-no-manifest" || len(fw.Items) != 0 {
		t.Errorf("without a manifest: %+v", fw)
	}
	f.usb.err = &wire.Error{Code: wire.HelperGone}
	problemIn(t, f.do("GET", "/firmware", nil), "firmware-helper-gone")
}

func TestLoadsAndResetsAreAuditedAndRefusedInWords(t *testing.T) {
	f := newFixture(t)
	d := decode[api.USBDevice](t, f.doAs(actor(access.Technician), "POST", "/usb/devices/"+usbOne+"/load", nil), http.StatusOK)
	if d.ID != usbOne || len(f.usb.did) != 1 || f.usb.did[0] != "load "+usbOne+" by technician" {
		t.Errorf("%+v, did %q", d, f.usb.did)
	}
	decode[api.USBDevices](t, f.do("POST", "/usb/devices/"+usbOne+"/reset", nil), http.StatusOK)
	problemIn(t, f.do("POST", "/usb/devices/none/load", nil), "firmware-no-device")
	problemIn(t, f.doAs(actor(access.Technician, "front"), "POST", "/usb/devices/"+usbOne+"/load", nil), "forbidden")
	f.usb.err = ErrLoading
	problemIn(t, f.do("POST", "/usb/devices/"+usbOne+"/load", nil), "firmware-loading")
	f.usb.err = &wire.Error{Code: wire.NotLoadable, Detail: "it is ready"}
	if p := problemIn(t, f.do("POST", "/usb/devices/"+usbOne+"/load", nil), "firmware-not-loadable"); p.Detail != "it is ready" {
		t.Errorf("%+v", p)
	}
	f.usb.err = nil
	f.audit.refuse(errors.New("disk full"))
	problemIn(t, f.do("POST", "/usb/devices/"+usbOne+"/reset", nil), "audit-failed")
	f.audit.refuse(nil)
	var said []string
	for _, e := range f.audit.rows(t) {
		said = append(said, e.Actor+" "+e.Object+" "+e.Detail["what"]+" "+e.Result)
	}
	want := []string{"technician usb X1234567 load ok", "administrator usb X1234567 reset ok", "administrator usb none load failed",
		"technician usb X1234567  denied", "administrator usb X1234567 load failed", "administrator usb X1234567 load failed"}
	if strings.Join(said, "\n") != strings.Join(want, "\n") {
		t.Errorf("audit log:\n%s\nwant:\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryCodeOfTheHelperHasWordsAndAStatus(t *testing.T) {
	known := firmwareStatuses()
	for _, code := range constants(t, "../firmware/wire", "") {
		if strings.Contains("list load verify reset watch astribank voicemodem unsupported no-firmware usb-firmware ready loading failed unbound checking sending re-enumerating loaded", code) {
			continue
		}
		if known[code] == 0 {
			t.Errorf("%s of vaad-usb is no problem of the API", code)
		}
	}
	hasWords(t, "usb-state", wire.NoFirmware, wire.USBFirmware, wire.Ready, wire.Loading, wire.Failed, wire.Unbound)
	hasWords(t, "usb-state", wire.Unsupported)
}

func TestAlarmsOfFirmwareSayTheCauseInWords(t *testing.T) {
	args := map[string]string{"model": "Astribank", "port": "1-2", "code": wire.NoImage, "reason": "e4e4:1130"}
	a := alarmOf(alarm.Alarm{Code: "firmware-missing", Subject: usbOne, Args: args}, text.English)
	if !strings.HasSuffix(a.Text, "for this device (e4e4:1130)") || !strings.Contains(a.Remedy, "firmware verify") {
		t.Errorf("%s → %s", a.Text, a.Remedy)
	}
	if a = alarmOf(alarm.Alarm{Code: "firmware-missing", Subject: usbOne, Args: args}, text.Chinese); !strings.HasSuffix(a.Text, "（e4e4:1130）") {
		t.Errorf("%s → %s", a.Text, a.Remedy)
	}
}

func TestUSBDevicesThatChangeAreAnnounced(t *testing.T) {
	f := newFixture(t)
	r := f.watch("")
	r.next(api.EventSnapshot)
	f.usb.mu.Lock()
	for _, c := range f.usb.subs {
		c <- struct{}{}
	}
	f.usb.mu.Unlock()
	r.next(api.EventUSB)
}
