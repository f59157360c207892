package doctor

import (
	"path"
	"slices"
	"strings"
)

// astribank names Xorcom's products (vendor e4e4) by their id. Its last digit says how
// far the firmware is: 0 none, 1 USB controller, 2 and 3 all.
func astribank(product string) string {
	switch {
	case strings.HasPrefix(product, "113"):
		return "Astribank 8/16"
	case strings.HasPrefix(product, "114"):
		return "Astribank BRI"
	case strings.HasPrefix(product, "115"):
		return "Astribank multi"
	case strings.HasPrefix(product, "116"):
		return "Astribank modular"
	}
	return "Astribank " + product
}

func (c *checker) checkUSB() {
	const bus = "sys/bus/usb/devices"
	all := c.list(bus)
	for _, port := range all {
		if strings.Contains(port, ":") { // an interface
			continue
		}
		dir := path.Join(bus, port)
		vendor, product := c.text(dir+"/idVendor"), c.text(dir+"/idProduct")
		interfaces := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return !strings.HasPrefix(n, port+":") })
		switch {
		case vendor == "e4e4":
			c.astribank(port, product, bus, interfaces)
		case vendor == "06e6" && slices.Contains([]string{"831c", "831e", "b210"}, product), vendor == "10c4" && product == "8461":
			c.other++
			c.add("card-not-supported", "card", "USB "+vendor+":"+product, "slot", port, "module", "-")
		default:
			c.modem(port, dir, bus, interfaces)
		}
	}
	if len(c.modules) == 0 && c.other == 0 && len(c.hardware.Spans) == 0 && len(c.hardware.Devices) == 0 {
		c.add("no-cards")
	}
}

func (c *checker) astribank(port, product, bus string, interfaces []string) {
	name := astribank(product)
	c.needs("xpp_usb")
	if strings.HasSuffix(product, "0") || strings.HasSuffix(product, "1") || product == "1163" { // which is a 1160 of another boot loader
		c.add("astribank-no-firmware", "card", name, "slot", port, "id", "e4e4:"+product)
		return
	}
	for _, i := range interfaces {
		if d := c.driverOf(path.Join(bus, i)); d != "" {
			c.add("usb-device", "card", name, "slot", port, "driver", d)
			return
		}
	}
	c.add("usb-unbound", "card", name, "slot", port, "module", "xpp_usb")
}

// modem finds voice modems: an interface of class 02 (communications), subclass
// 02 (abstract control) that takes AT commands (USB CDC PSTN120).
func (c *checker) modem(port, dir, bus string, interfaces []string) {
	for _, i := range interfaces {
		at := path.Join(bus, i)
		if c.text(at+"/bInterfaceClass") != "02" || c.text(at+"/bInterfaceSubClass") != "02" || c.text(at+"/bInterfaceProtocol") != "01" {
			continue
		}
		name := c.text(dir + "/product")
		if name == "" {
			name = c.text(dir+"/idVendor") + ":" + c.text(dir+"/idProduct")
		}
		c.other++
		if c.driverOf(at) == "" {
			c.add("usb-modem-unbound", "card", name, "slot", port)
			continue
		}
		tty := c.list(at + "/tty")
		c.add("usb-modem", "card", name, "slot", port, "tty", strings.Join(append(tty, "")[:1], ""))
	}
}

// checkDevices looks at cards that DAHDI knows and that have no numbers yet.
func (c *checker) checkDevices() {
	missing := false
	for _, d := range c.hardware.Devices {
		if d.Spans > len(d.Assigned) {
			missing = true
			c.add("device-not-assigned", "device", d.Name, "model", d.Model)
		}
	}
	// A file of assignments means that somebody numbers the spans on purpose.
	if c.text("sys/module/dahdi/parameters/auto_assign_spans") == "0" && !missing && len(c.hardware.Devices) > 0 && !exists(c.Root, "etc/dahdi/assigned-spans.conf") {
		c.add("auto-assign-off")
	}
}
