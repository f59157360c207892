package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// FirmwareProblem is the code of the problem that a code of vaad-usb is: its words
// stand in the catalogue below problem.CODE, as those of every problem.
func FirmwareProblem(code string) string { return "firmware-" + strings.TrimPrefix(code, "firmware-") }

// USBDevices are the USB telephony devices that are plugged in, as vaad-usb last
// told them.
type USBDevices struct {
	Items []USBDevice `json:"items" nullable:"false" doc:"The devices, in the order of their ports"`
	Known bool        `json:"known" doc:"The list is of now: vaad-usb answers. Otherwise it is the last one known, and fault says why"`
	Seen  *Time       `json:"seen,omitempty" doc:"When vaad-usb last told of a change; absent: not since the program started"`
	Fault *Fault      `json:"fault,omitempty" doc:"Why vaad-usb does not answer"`
}

// A USBDevice is one of them.
type USBDevice struct {
	ID       string       `json:"id" doc:"Stays through unplugging and restarts: its serial number, or its port where it has none"`
	Port     string       `json:"port" doc:"Bus and ports, as the kernel names them: 1-1.2"`
	USB      string       `json:"usb" doc:"Vendor and product now, as lsusb shows them: e4e4:1130"`
	Serial   string       `json:"serial,omitempty" doc:"Serial number"`
	Model    string       `json:"model" doc:"What it is"`
	Kind     string       `json:"kind" enum:"astribank,voicemodem,unsupported" doc:"astribank: lines by DAHDI, once its firmware is loaded; voicemodem: one line; unsupported: vaad has no driver for it"`
	State    string       `json:"state" enum:"no-firmware,usb-firmware,ready,loading,failed,unbound" doc:"How far it has come: without firmware, its controller runs, nothing is missing, firmware is being loaded, the last load failed, the kernel has no driver for it"`
	Text     string       `json:"text" doc:"The state in words, in the caller's language"`
	Remedy   string       `json:"remedy,omitempty" doc:"What to do, in the caller's language, where something is to be done"`
	Loadable bool         `json:"loadable" doc:"Firmware can be loaded into it now"`
	TTY      string       `json:"tty,omitempty" doc:"Of a modem: its device file"`
	Driver   string       `json:"driver,omitempty" doc:"The kernel's driver"`
	Fault    *Fault       `json:"fault,omitempty" doc:"Why the last load failed"`
	Progress *USBProgress `json:"progress,omitempty" doc:"While firmware is being loaded: how far that is"`
}

// USBProgress is how far a load is. Each image of a device is a stage of its own.
type USBProgress struct {
	Stage int    `json:"stage" doc:"1: the USB controller, 2: the FPGA, 3 and more: further parts"`
	Image string `json:"image" doc:"Name of the file"`
	Step  string `json:"step" enum:"checking,sending,re-enumerating,loaded" doc:"What is being done: the image is compared with the manifest, it is sent, the device has gone and is awaited, it is loaded"`
	Done  int    `json:"done" doc:"Bytes sent"`
	Total int    `json:"total" doc:"Bytes of the image; 0 where there are none to send"`
}

// Firmware is the folder of images against its manifest.
type Firmware struct {
	Folder string          `json:"folder,omitempty" doc:"Where vaad-usb looks for images"`
	Items  []FirmwareImage `json:"items" nullable:"false" doc:"The images of the manifest, and files that stand beside them"`
	Fault  *Fault          `json:"fault,omitempty" doc:"Why there is no list: no manifest, or one that cannot be read"`
}

// A FirmwareImage is one line of the manifest, and what was found of it.
type FirmwareImage struct {
	File    string `json:"file" doc:"Name of the file"`
	Version string `json:"version,omitempty" doc:"Version, as the manifest says"`
	Licence string `json:"licence,omitempty" doc:"Where it is from and what may be done with it, as the manifest says"`
	SHA256  string `json:"sha256,omitempty" doc:"SHA-256 that it must have"`
	Loads   string `json:"loads,omitempty" doc:"What it is for: fx2 e4e4:1130, fpga e4e4:1131"`
	OK      bool   `json:"ok" doc:"The file is as the manifest says; no other is ever loaded"`
	Fault   *Fault `json:"fault,omitempty" doc:"What is wrong with it"`
}

// USBDevices lists the USB telephony devices that are plugged in.
func (c *Client) USBDevices(ctx context.Context) (USBDevices, error) {
	return ask[USBDevices](ctx, c, http.MethodGet, "/usb/devices", nil, nil)
}

// LoadFirmware begins to load firmware into a device. It does not wait for its end.
func (c *Client) LoadFirmware(ctx context.Context, id string) (USBDevice, error) {
	return ask[USBDevice](ctx, c, http.MethodPost, "/usb/devices/"+url.PathEscape(id)+"/load", nil, nil)
}

// ResetUSB makes a device be found anew, as if it were unplugged and plugged in.
func (c *Client) ResetUSB(ctx context.Context, id string) (USBDevices, error) {
	return ask[USBDevices](ctx, c, http.MethodPost, "/usb/devices/"+url.PathEscape(id)+"/reset", nil, nil)
}

// Firmware compares the folder of images with its manifest.
func (c *Client) Firmware(ctx context.Context) (Firmware, error) {
	return ask[Firmware](ctx, c, http.MethodGet, "/firmware", nil, nil)
}
