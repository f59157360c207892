// Package wire is how the daemon and vaad-usb, the helper that alone links
// libusb, speak: JSON lines, one message a line, both ways.
//
//	vaad, vaactl ──Request──▶ vaad-usb      over its standard input and output, which under
//	             ◀──Answer──                systemd are a connection to its socket
//
// In: requests. Out: answers, any number per request, the last one with Done or
// Error. Callers: cmd/vaad, cmd/vaactl and cmd/vaad-usb. The types hold no
// behaviour of USB; the helper may crash or hang, and its callers bound every
// wait (see Client).
package wire

// Version of the messages; Hello carries it, and a helper of another version is
// not used.
const Version = 1

// MaxLine bounds a message, bytes. A longer one ends the conversation.
const MaxLine = 256 << 10

// An Op is what is asked for.
type Op string

const (
	List   Op = "list"   // which telephony devices are plugged in → Devices
	Load   Op = "load"   // load firmware into Device, or into all that need it → Progress…, Devices
	Verify Op = "verify" // compare the folder of images with its manifest → Images
	Reset  Op = "reset"  // make a USB port find its device anew → Devices
	Watch  Op = "watch"  // Devices now, and again after each change, until the connection ends
)

// A Request asks for one thing. Requests of one connection are answered in order.
type Request struct {
	ID     int    `json:"id"` // chosen by the asker, repeated in each answer
	Op     Op     `json:"op"`
	Device string `json:"device,omitempty"` // a Device.ID; for Load empty means all that need it
}

// An Answer belongs to the request with its ID; 0 is the Hello at the start.
type Answer struct {
	ID       int       `json:"id"`
	Hello    *Hello    `json:"hello,omitempty"`
	Devices  []Device  `json:"devices,omitempty"`
	Images   []Image   `json:"images,omitempty"`
	Progress *Progress `json:"progress,omitempty"`
	Error    *Error    `json:"error,omitempty"` // final
	Done     bool      `json:"done,omitempty"`  // final
}

// Hello is the first line that a helper says.
type Hello struct {
	Version int    `json:"version"` // of the messages
	Program string `json:"program"` // version of vaad-usb
	Images  string `json:"images"`  // the folder it takes images from
}

// A Kind says what a device is to us.
type Kind string

const (
	Astribank   Kind = "astribank"   // becomes lines through DAHDI once its firmware is loaded
	VoiceModem  Kind = "voicemodem"  // a line of driver/voicemodem
	Unsupported Kind = "unsupported" // a telephony device that no driver of ours serves
)

// A State says how far a device has come.
type State string

const (
	NoFirmware  State = "no-firmware"  // Astribank xx0: the boot loader of the USB controller waits
	USBFirmware State = "usb-firmware" // Astribank xx1: the controller runs, the FPGA is empty
	Ready       State = "ready"        // nothing is missing
	Loading     State = "loading"
	Failed      State = "failed"  // the last load failed; Reason says why
	Unbound     State = "unbound" // the kernel has no driver for it
)

// A Device is one USB telephony device.
type Device struct {
	ID      string `json:"id"`               // stays through re-enumeration and reboot: serial number where it has one, else its port
	Port    string `json:"port"`             // bus and path of ports as the kernel names them, "1-1.2"
	Vendor  uint16 `json:"vendor"`           // idVendor now
	Product uint16 `json:"product"`          // idProduct now
	Serial  string `json:"serial,omitempty"` // iSerial
	Model   string `json:"model"`
	Kind    Kind   `json:"kind"`
	State   State  `json:"state"`
	TTY     string `json:"tty,omitempty"`    // "/dev/ttyACM0" of a modem
	Driver  string `json:"driver,omitempty"` // the kernel's, of its first bound interface
	Reason  string `json:"reason,omitempty"` // why it failed, a Code of Error
	Detail  string `json:"detail,omitempty"`
}

// Progress of a load: bytes of one image.
type Progress struct {
	Device string `json:"device"`
	Stage  int    `json:"stage"` // 1 USB controller, 2 FPGA, 3… further parts
	Image  string `json:"image"`
	Step   Step   `json:"step"`
	Done   int    `json:"done"`  // bytes
	Total  int    `json:"total"` // bytes
}

// A Step is what a load does now.
type Step string

const (
	Checking      Step = "checking" // the image against the manifest
	Sending       Step = "sending"
	ReEnumerating Step = "re-enumerating" // the device has gone and is awaited
	Loaded        Step = "loaded"
)

// An Image is one line of the manifest, and what was found of it.
type Image struct {
	File    string `json:"file"`
	Version string `json:"version"`
	Licence string `json:"licence"` // a note: where it is from and what may be done with it
	SHA256  string `json:"sha256"`
	Loads   string `json:"loads"`           // what it is for: "fx2 e4e4:1130", "fpga e4e4:1131"
	Fault   string `json:"fault,omitempty"` // a Code; "" if the file is as the manifest says
	Detail  string `json:"detail,omitempty"`
}

// Codes of Error and of faults of images. Each is a problem of the API, firmware-CODE,
// with a title and a remedy in api/text.
const (
	NoManifest      = "no-manifest"       // the folder has none, or it cannot be read
	ManifestInvalid = "manifest-invalid"  // Detail: line and what
	ImageMissing    = "image-missing"     // the manifest names a file that is not there
	ImageChanged    = "image-changed"     // its SHA-256 is not the manifest's: never loaded
	ImageUnlisted   = "image-unlisted"    // a file that the manifest does not name: never loaded
	ImageInvalid    = "image-invalid"     // not Intel HEX, or outside the device's memory
	NoImage         = "no-image"          // no image in the manifest is for this device
	NoDevice        = "no-device"         // it is not plugged in (any more)
	DeviceBusy      = "device-busy"       // another program or the kernel has it
	DeviceDenied    = "device-denied"     // no right to open it
	TransferFailed  = "transfer-failed"   // a USB transfer failed; Detail says which
	DidNotReturn    = "did-not-return"    // after loading it did not come back as expected in time
	VerifyFailed    = "verify-failed"     // what was read back is not what was sent
	NoLibUSB        = "no-libusb"         // libusb cannot start, or this vaad-usb was built without it
	HelperMissing   = "helper-missing"    // vaad-usb is not installed or does not start
	HelperGone      = "helper-gone"       // it ended or hung while it was asked
	WrongVersion    = "helper-version"    // it speaks another version of the messages
	BadRequest      = "firmware-request"  // not a request this helper knows
	NotLoadable     = "not-loadable"      // this device takes no firmware from us
	ResetForbidden  = "reset-unavailable" // the port cannot be reset here
)

// An Error ends a request.
type Error struct {
	Code    string `json:"code"`
	Device  string `json:"device,omitempty"`
	Detail  string `json:"detail,omitempty"`  // what was being done and what was answered
	Loading bool   `json:"loading,omitempty"` // of DeviceBusy: a load or reset of ours has it
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Code
	}
	return e.Code + ": " + e.Detail
}
