package firmware

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/firmware/wire"
)

// kernel makes a folder like /sys/bus/usb/devices out of lines "folder/attribute
// value"; a value that begins with -> makes a link.
func kernel(t *testing.T, lines string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "bus/usb/devices")
	for line := range strings.Lines(lines) {
		path, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path == "" {
			continue
		}
		to := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch link, isLink := strings.CutPrefix(value, "-> "); {
		case isLink:
			if strings.HasPrefix(link, "../../../") {
				if err = os.MkdirAll(filepath.Join(dir, link), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			err = os.Symlink(link, to)
		case value == "/":
			err = os.MkdirAll(to, 0o755)
		default:
			err = os.WriteFile(to, []byte(value+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const machine = `
usb1/idVendor 1d6b
1-1 -> ../../../devices/pci0000:00/0000:00:14.0/usb1/1-1
1-1/idVendor e4e4
1-1/idProduct 1130
1-1/bcdDevice 0101
1-1/busnum 1
1-1/devnum 7
1-1:1.0/bInterfaceNumber 00
1-2.3 -> ../../../devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.3
1-2.3/idVendor e4e4
1-2.3/idProduct 1162
1-2.3/bcdDevice 0202
1-2.3/busnum 1
1-2.3/devnum 9
1-2.3/serial X1041234
1-2.3:1.0/bInterfaceNumber 00
1-2.3:1.0/driver -> ../../drivers/xpp_usb
1-2.3:1.1/bInterfaceNumber 01
1-4/idVendor 0572
1-4/idProduct 1329
1-4/bcdDevice 0100
1-4/busnum 1
1-4/devnum 10
1-4/serial 24680246
1-4/product USB Modem
1-4:1.0/bInterfaceNumber 00
1-4:1.0/bInterfaceClass 02
1-4:1.0/bInterfaceSubClass 02
1-4:1.0/bInterfaceProtocol 01
1-4:1.0/driver -> ../../drivers/cdc_acm
1-4:1.0/tty/ttyACM0 /
1-5/idVendor 06e6
1-5/idProduct b210
1-5/bcdDevice 0100
1-5/busnum 1
1-5/devnum 11
1-6/idVendor 046d
1-6/idProduct c31c
1-6/bcdDevice 0100
1-6/busnum 1
1-6/devnum 12
1-7/idVendor e4e4
1-8/idVendor zzzz
`

func TestTheInventoryHasTelephonyDevicesOnly(t *testing.T) {
	found, err := ReadSysfs(kernel(t, machine))
	if err != nil || len(found) != 5 {
		t.Fatal(found, err)
	}
	want := map[string]wire.Device{
		"at-0000_00_14.0-1":   {Kind: wire.Astribank, State: wire.NoFirmware, Port: "1-1", Vendor: 0xe4e4, Product: 0x1130, Model: "Astribank 8/16"},
		"at-0000_00_14.0-2.3": {Kind: wire.Astribank, State: wire.Ready, Port: "1-2.3", Vendor: 0xe4e4, Product: 0x1162, Model: "Astribank modular", Serial: "X1041234", Driver: "xpp_usb"},
		"0572-1329-24680246":  {Kind: wire.VoiceModem, State: wire.Ready, Port: "1-4", Vendor: 0x0572, Product: 0x1329, Model: "USB Modem", Serial: "24680246", Driver: "cdc_acm", TTY: "/dev/ttyACM0"},
		"at-1-5":              {Kind: wire.Unsupported, State: wire.Unbound, Port: "1-5", Vendor: 0x06e6, Product: 0xb210, Model: "TigerJet USB phone adapter"},
	}
	units := inventory(found)
	for _, u := range units {
		d := want[u.device.ID]
		d.ID = u.device.ID
		if d != u.device {
			t.Errorf("%+v, want %+v", u.device, d)
		}
	}
	if len(units) != len(want) {
		t.Error(units)
	}
	for _, name := range []string{"0572-1329-24680246", "1-4", "24680246"} {
		if u, err := find(units, name); err != nil || u.device.Port != "1-4" {
			t.Error(name, u, err)
		}
	}
}

func TestModemsWithOneSerialNumberAreToldApartByTheirPorts(t *testing.T) {
	modem := Found{Vendor: 1, Product: 2, Serial: "12345678", Interfaces: []Interface{{Class: 2, SubClass: 2, Protocol: 1}}}
	a, b, c := modem, modem, modem
	a.Port, a.Home = "1-1", "0000:00:14.0-1"
	b.Port, b.Home = "2-1", "0000:00:14.0-1" // the fast half of the same controller
	c.Port, c.Serial = "3-1", "1/../<other>\x00"
	ids := map[string]bool{}
	for _, u := range inventory([]Found{a, b, c}) {
		ids[u.device.ID] = true
	}
	if !ids["at-1-1"] || !ids["at-2-1"] || !ids["0001-0002-1..other"] || len(ids) != 3 {
		t.Error(ids)
	}
}

func TestAMachineWithoutUSBHasNoDevices(t *testing.T) {
	if found, err := ReadSysfs(filepath.Join(t.TempDir(), "none")); found != nil || err != nil {
		t.Error(found, err)
	}
}

func TestADevicesOwnWordsAreBoundedAndPrintable(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "product"), []byte("\x1b[31m\xff"+strings.Repeat("ü", 200)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := text(dir, "product")
	if len(got) > maxText || !strings.HasPrefix(got, "[31mü") || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == '\uFFFD' }) {
		t.Errorf("%q", got)
	}
}
