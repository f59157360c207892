package firmware

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxText bounds what is taken over of a device's own words.
const maxText = 128

// ReadSysfs lists the USB devices that the kernel shows in a folder like
// /sys/bus/usb/devices. A device that goes while it is read is left out. Where the
// kernel has no USB at all the list is empty.
func ReadSysfs(dir string) ([]Found, error) {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Found
	for _, e := range all {
		port := e.Name()
		if strings.Contains(port, ":") || strings.HasPrefix(port, "usb") { // an interface, a root hub
			continue
		}
		at := filepath.Join(dir, port)
		f := Found{Port: port, Home: home(at), Serial: text(at, "serial"), Name: text(at, "product")}
		var ok [5]bool
		f.Vendor, ok[0] = hex16(at, "idVendor")
		f.Product, ok[1] = hex16(at, "idProduct")
		f.Release, ok[2] = hex16(at, "bcdDevice")
		f.Bus, ok[3] = decimal(at, "busnum")
		f.Address, ok[4] = decimal(at, "devnum")
		if ok != [5]bool{true, true, true, true, true} {
			continue
		}
		for _, i := range all {
			if strings.HasPrefix(i.Name(), port+":") {
				if iface, ok := readInterface(filepath.Join(dir, i.Name())); ok {
					f.Interfaces = append(f.Interfaces, iface)
				}
			}
		}
		slices.SortFunc(f.Interfaces, func(a, b Interface) int { return cmp.Compare(a.Number, b.Number) })
		found = append(found, f)
	}
	return found, nil
}

func readInterface(at string) (Interface, bool) {
	n, ok := hex16(at, "bInterfaceNumber")
	class, _ := hex16(at, "bInterfaceClass")
	sub, _ := hex16(at, "bInterfaceSubClass")
	protocol, _ := hex16(at, "bInterfaceProtocol")
	i := Interface{Number: int(n), Class: byte(class), SubClass: byte(sub), Protocol: byte(protocol)}
	if to, err := os.Readlink(filepath.Join(at, "driver")); err == nil {
		i.Driver = filepath.Base(to)
	}
	if ttys, err := os.ReadDir(filepath.Join(at, "tty")); err == nil && len(ttys) > 0 {
		i.TTY = ttys[0].Name()
	}
	return i, ok
}

// home names the host controller and the ports behind it. The folder is a link
// like ../../../devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.2.
func home(at string) string {
	to, err := os.Readlink(at)
	if err != nil {
		return ""
	}
	parts := strings.Split(filepath.ToSlash(to), "/")
	for i := len(parts) - 1; i > 0; i-- {
		if bus, ok := strings.CutPrefix(parts[i], "usb"); ok {
			if ports, ok := strings.CutPrefix(parts[len(parts)-1], bus+"-"); ok {
				return parts[i-1] + "-" + ports
			}
		}
	}
	return ""
}

// text reads one attribute: printable, bounded, "" if there is none.
func text(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(b), ""))
	s = strings.TrimSpace(s)
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

func hex16(dir, name string) (uint16, bool) {
	n, err := strconv.ParseUint(text(dir, name), 16, 16)
	return uint16(n), err == nil
}

func decimal(dir, name string) (int, bool) {
	n, err := strconv.ParseUint(text(dir, name), 10, 16)
	return int(n), err == nil
}
