package voicemodem

import (
	"context"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"vaad/driver"
)

// A modem is a serial port for AT commands as the kernel's USB tree shows it.
type modem struct {
	id     string // stable: vendor:product:serial, or vendor:product@port where the serial number is missing or not unique
	place  string // vendor:product@port
	model  string
	vendor string // as 0572
	number string // USB serial number; may be shared by all of a make
	port   string // USB port, as 1-2.4
	tty    string // /dev/ttyACM0; empty: no driver has taken it
}

const usbDevices = "sys/bus/usb/devices"

// inventory lists modems: interfaces of class 02 (communications), subclass 02
// (abstract control) and protocol 01 (AT commands) (USB CDC PSTN120). root is "/".
func inventory(ctx context.Context, root fs.FS) ([]modem, error) {
	names, err := fs.ReadDir(root, usbDevices)
	if err != nil {
		return nil, nil // no USB on this machine
	}
	text := func(name string) string {
		b, err := fs.ReadFile(root, name)
		if err != nil || len(b) > 1024 {
			return ""
		}
		return strings.TrimSpace(string(b))
	}
	var out []modem
	for _, n := range names {
		port, function, isInterface := strings.Cut(n.Name(), ":")
		if !isInterface {
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		at, dev := path.Join(usbDevices, n.Name()), path.Join(usbDevices, port)
		if text(at+"/bInterfaceClass") != "02" || text(at+"/bInterfaceSubClass") != "02" || text(at+"/bInterfaceProtocol") != "01" {
			continue
		}
		m := modem{port: port, number: text(dev + "/serial"), model: strings.TrimSpace(text(dev+"/manufacturer") + " " + text(dev+"/product"))}
		m.vendor = text(dev+"/idVendor") + ":" + text(dev+"/idProduct")
		if m.model == "" {
			m.model = "modem " + m.vendor
		}
		if _, n, ok := strings.Cut(function, "."); ok && n != "0" { // several in one device
			m.port += "." + "if" + n
		}
		if ttys, err := fs.ReadDir(root, at+"/tty"); err == nil && len(ttys) > 0 {
			m.tty = "/dev/" + ttys[0].Name()
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b modem) int { return strings.Compare(a.port, b.port) })
	for i := range out {
		m := &out[i]
		m.place = m.vendor + "@" + m.port
		m.id = m.vendor + ":" + m.number
		same := slices.ContainsFunc(out, func(o modem) bool { return o.port != m.port && o.vendor == m.vendor && o.number == m.number })
		if m.number == "" || same {
			m.id = m.place
		}
	}
	return out, nil
}

// usbPort is the device's place, without the number of the interface.
func (m modem) usbPort() string {
	port, _, _ := strings.Cut(m.port, ".if")
	return port
}

func (m modem) candidate() driver.Candidate {
	c := driver.Candidate{ID: m.id, Model: m.model, Serial: m.number, Location: "USB " + m.usbPort()}
	if m.tty == "" {
		c.Broken = "no driver of the kernel has taken it: load the module with modprobe cdc_acm"
	} else {
		c.Location += ", " + m.tty
	}
	return c
}

// pick finds the modem that a board names.
func pick(board, device string, all []modem) (modem, error) {
	if strings.HasPrefix(device, "/") {
		m := modem{tty: device}
		if real, err := filepath.EvalSymlinks(device); err == nil {
			for _, k := range all {
				if k.tty == real {
					m = k
				}
			}
		}
		return m, nil
	}
	var fit []modem
	for _, m := range all {
		if device == "" || device == m.id || device == m.place || m.number != "" && (device == m.number || device == m.vendor+":"+m.number) ||
			device == m.port || device == path.Base(m.tty) {
			fit = append(fit, m)
		}
	}
	switch {
	case len(fit) > 1 && device == "":
		return modem{}, fault(CodeAmbiguous, "open board %q: there are several modems and the board names none; set device to one of: %s", board, list(fit))
	case len(fit) > 1:
		return modem{}, fault(CodeAmbiguous, "open board %q: %q is said of several modems; set device to one of: %s", board, device, list(fit))
	case len(fit) == 0 && len(all) == 0:
		return modem{}, fault(CodeNotFound, "open board %q: no USB modem is plugged in", board)
	case len(fit) == 0:
		return modem{}, fault(CodeNotFound, "open board %q: no modem is called %q; there are: %s", board, device, list(all))
	case fit[0].tty == "":
		return modem{}, fault(CodeNotFound, "open board %q: modem %s: no driver of the kernel has taken it: load the module with modprobe cdc_acm", board, fit[0].id)
	}
	return fit[0], nil
}
