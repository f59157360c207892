package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"vaad/access"
	"vaad/api"
	"vaad/firmware/wire"
)

// USB is what the daemon knows of USB telephony devices, through vaad-usb. Its errors
// are [*wire.Error], [ErrLoading] or the context's.
type USB interface {
	Devices() USBState
	Images(context.Context) (folder string, images []wire.Image, err error)
	Load(id, by string) error // begins; Devices says how it goes
	Reset(ctx context.Context, id, by string) error
	Subscribe() (changes <-chan struct{}, cancel func())
}

// USBState is the inventory as it was last told.
type USBState struct {
	Devices []USBDevice
	Seen    time.Time   // when it was told; zero: never
	Fault   *wire.Error // why it may not be of now; nil: it is
}

// A USBDevice is one of them, and how far a load of it is.
type USBDevice struct {
	wire.Device
	Progress *wire.Progress // nil: no load is under way
}

// ErrLoading is why a load does not begin: one of that device is under way.
var ErrLoading = errors.New("firmware is being loaded into it already")

// firmwareRoutes are the routes about USB devices and their firmware.
func firmwareRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		{"usb-devices", get, "/usb/devices", access.Status, usb, "The USB telephony devices that are plugged in, and how far each has come", with((*Server).usbDevices)},
		{"usb-load", post, "/usb/devices/{device}/load", access.Maintain, usb, "Load firmware into a device; the answer does not wait for its end", with((*Server).usbLoad)},
		{"usb-reset", post, "/usb/devices/{device}/reset", access.Maintain, usb, "Make a device be found anew, as if it were unplugged and plugged in: a line of it is away meanwhile", with((*Server).usbReset)},
		{"firmware", get, "/firmware", access.Status, usb, "The folder of firmware images against its manifest", with((*Server).firmware)},
	}
}

// usb is the tag of those routes.
const usb = "USB devices"

// firmwareStatuses are the codes of vaad-usb, each with the HTTP status of the problem
// that says so.
func firmwareStatuses() map[string]int {
	return map[string]int{
		wire.NoManifest:      http.StatusConflict,
		wire.ManifestInvalid: http.StatusConflict,
		wire.ImageMissing:    http.StatusConflict,
		wire.ImageChanged:    http.StatusConflict,
		wire.ImageUnlisted:   http.StatusConflict,
		wire.ImageInvalid:    http.StatusConflict,
		wire.NoImage:         http.StatusConflict,
		wire.NoDevice:        http.StatusNotFound,
		wire.DeviceBusy:      http.StatusConflict,
		wire.DeviceDenied:    http.StatusServiceUnavailable,
		wire.TransferFailed:  http.StatusBadGateway,
		wire.DidNotReturn:    http.StatusGatewayTimeout,
		wire.VerifyFailed:    http.StatusBadGateway,
		wire.NoLibUSB:        http.StatusServiceUnavailable,
		wire.HelperMissing:   http.StatusServiceUnavailable,
		wire.HelperGone:      http.StatusServiceUnavailable,
		wire.WrongVersion:    http.StatusServiceUnavailable,
		wire.BadRequest:      http.StatusInternalServerError,
		wire.NotLoadable:     http.StatusConflict,
		wire.ResetForbidden:  http.StatusConflict,
	}
}

// firmwareCode is the problem that a code of vaad-usb is.
func firmwareCode(code string) string {
	if firmwareStatuses()[code] == 0 { // a newer vaad-usb than this program
		code = wire.HelperGone
	}
	return api.FirmwareProblem(code)
}

// firmwareFault is a code of vaad-usb in words; nil where there is none.
func firmwareFault(lang, code, detail string) *api.Fault {
	if code == "" {
		return nil
	}
	f := &api.Fault{Code: firmwareCode(code), Detail: detail}
	f.Text, f.Remedy = wordsOf(lang, "problem", f.Code)
	return f
}

// usbFailure is the problem that an error of USB is answered with.
func usbFailure(err error) error {
	var of *wire.Error
	switch {
	case errors.Is(err, ErrLoading), errors.As(err, &of) && of.Loading:
		return fail("firmware-loading", "")
	case of != nil:
		return fail(firmwareCode(of.Code), of.Detail)
	}
	return err
}

// DeviceInput names a USB device.
type DeviceInput struct {
	Device string `path:"device" minLength:"1" maxLength:"200" doc:"ID of the device, as GET /usb/devices lists it"`
}

func (s *Server) usbDevices(ctx context.Context, _ *empty) (*body[api.USBDevices], error) {
	if s.cfg.USB == nil {
		return nil, fail("not-available", "")
	}
	return &body[api.USBDevices]{usbOf(languageOf(ctx), s.cfg.USB.Devices())}, nil
}

func usbOf(lang string, st USBState) api.USBDevices {
	out := api.USBDevices{Items: []api.USBDevice{}, Known: st.Fault == nil && !st.Seen.IsZero(), Seen: moment(st.Seen)}
	if st.Fault != nil {
		out.Fault = firmwareFault(lang, st.Fault.Code, st.Fault.Detail)
	}
	for i := range st.Devices {
		out.Items = append(out.Items, usbDeviceOf(lang, &st.Devices[i]))
	}
	slices.SortStableFunc(out.Items, func(a, b api.USBDevice) int { return strings.Compare(a.Port, b.Port) })
	return out
}

func usbDeviceOf(lang string, d *USBDevice) api.USBDevice {
	out := api.USBDevice{ID: d.ID, Port: d.Port, USB: fmt.Sprintf("%04x:%04x", d.Vendor, d.Product), Serial: d.Serial, Model: d.Model,
		Kind: string(d.Kind), State: string(d.State), TTY: d.TTY, Driver: d.Driver}
	out.Loadable = d.Kind == wire.Astribank && (d.State == wire.NoFirmware || d.State == wire.USBFirmware || d.State == wire.Failed)
	out.Text, out.Remedy = wordsOf(lang, "usb-state", out.State)
	if d.Kind == wire.Unsupported && d.State != wire.Unbound {
		out.Text, out.Remedy = wordsOf(lang, "usb-state", out.Kind)
	}
	if p := d.Progress; p != nil {
		out.Progress = &api.USBProgress{Stage: p.Stage, Image: p.Image, Step: string(p.Step), Done: p.Done, Total: p.Total}
	}
	if out.Fault = firmwareFault(lang, d.Reason, d.Detail); out.Fault != nil {
		out.Remedy = out.Fault.Remedy
	}
	return out
}

// usbLoad begins to load firmware into a device.
func (s *Server) usbLoad(ctx context.Context, in *DeviceInput) (*body[api.USBDevice], error) {
	err := s.onUSB(ctx, in.Device, "load", func(by string) error { return s.cfg.USB.Load(in.Device, by) })
	if err != nil {
		return nil, err
	}
	all := s.cfg.USB.Devices().Devices
	i := slices.IndexFunc(all, func(d USBDevice) bool { return d.ID == in.Device })
	if i < 0 { // it was unplugged at this moment
		return nil, fail(firmwareCode(wire.NoDevice), "")
	}
	return &body[api.USBDevice]{usbDeviceOf(languageOf(ctx), &all[i])}, nil
}

// usbReset makes a device be found anew.
func (s *Server) usbReset(ctx context.Context, in *DeviceInput) (*body[api.USBDevices], error) {
	err := s.onUSB(ctx, in.Device, "reset", func(by string) error { return s.cfg.USB.Reset(ctx, in.Device, by) })
	if err != nil {
		return nil, err
	}
	return s.usbDevices(ctx, nil)
}

// onUSB does something to a device, audited. It is about every line of the box.
func (s *Server) onUSB(ctx context.Context, device, what string, do func(by string) error) error {
	if s.cfg.USB == nil {
		return fail("not-available", "")
	}
	if err := s.wholeBox(ctx, access.Maintain, "usb "+device); err != nil {
		return err
	}
	e := access.Entry{Verb: access.Maintain, Object: "usb " + device, Detail: map[string]string{"what": what}}
	return usbFailure(s.act(ctx, e, func(*access.Entry) error { return do(who(ctx).Name) }))
}

// firmware compares the folder of images with its manifest. A folder that is not in
// order is an answer too.
func (s *Server) firmware(ctx context.Context, _ *empty) (*body[api.Firmware], error) {
	if s.cfg.USB == nil {
		return nil, fail("not-available", "")
	}
	folder, images, err := s.cfg.USB.Images(ctx)
	out := api.Firmware{Folder: folder, Items: []api.FirmwareImage{}}
	lang := languageOf(ctx)
	var of *wire.Error
	switch {
	case errors.As(err, &of) && (of.Code == wire.NoManifest || of.Code == wire.ManifestInvalid):
		out.Fault = firmwareFault(lang, of.Code, of.Detail)
	case err != nil:
		return nil, usbFailure(err)
	}
	for _, i := range images {
		out.Items = append(out.Items, api.FirmwareImage{File: i.File, Version: i.Version, Licence: i.Licence, SHA256: i.SHA256, Loads: i.Loads,
			OK: i.Fault == "", Fault: firmwareFault(lang, i.Fault, i.Detail)})
	}
	return &body[api.Firmware]{out}, nil
}

// usbCause puts words to the cause of an alarm of USB; empty where it is none.
func usbCause(lang, alarm, code, detail string) (words, remedy string) {
	if code == "" || !strings.HasPrefix(alarm, "firmware-") && !strings.HasPrefix(alarm, "usb-") {
		return "", ""
	}
	words, remedy = wordsOf(lang, "problem", firmwareCode(code))
	return inBrackets(lang, words, detail), remedy
}
