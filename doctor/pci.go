package doctor

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// id reads a number of sysfs as 0xd161.
func (c *checker) id(name string) uint16 {
	n, err := strconv.ParseUint(strings.TrimPrefix(c.text(name), "0x"), 16, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

func (c *checker) checkPCI() {
	const bus = "sys/bus/pci/devices"
	for _, slot := range c.list(bus) {
		dir := path.Join(bus, slot)
		vendor, device := c.id(dir+"/vendor"), c.id(dir+"/device")
		sub, subdevice := c.id(dir+"/subsystem_vendor"), c.id(dir+"/subsystem_device")
		card, ok := findPCI(vendor, device, sub, subdevice)
		if !ok {
			if slices.Contains(telephonyVendors(), vendor) {
				c.other++
				c.add("pci-unknown", "slot", slot, "id", fmt.Sprintf("%04x:%04x, %04x:%04x", vendor, device, sub, subdevice))
			}
			continue
		}
		if strings.HasPrefix(card.module, "(") {
			c.other++
			c.add("card-not-supported", "card", card.name, "slot", slot, "module", strings.Trim(card.module, "()"))
			continue
		}
		c.needs(card.module)
		switch driver := c.driverOf(dir); driver {
		case driverNames(card.module):
			c.add("pci-card", "card", card.name, "slot", slot, "driver", driver)
		case "":
			c.add("pci-unbound", "card", card.name, "slot", slot, "module", card.module)
		default:
			c.add("pci-wrong-driver", "card", card.name, "slot", slot, "driver", driver, "module", card.module)
		}
	}
}
