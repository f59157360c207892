package firmware

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vaad/firmware/wire"
)

// A unit is a telephony device: what the kernel shows, and what we say of it.
type unit struct {
	found  Found
	device wire.Device
}

// inventory picks the telephony devices and names them. It knows nothing of loads.
func inventory(found []Found) []unit {
	var units []unit
	for _, f := range found {
		d := wire.Device{Port: f.Port, Vendor: f.Vendor, Product: f.Product, Serial: f.Serial, Driver: f.driver()}
		if model, state, ok := astribank(f.Vendor, f.Product); ok {
			d.Kind, d.Model, d.State = wire.Astribank, model, state
			if state == wire.Ready && d.Driver == "" {
				d.State = wire.Unbound
			}
			// Its boot loader tells no serial number, so the port names it in every state.
			d.ID = portID(&f)
		} else if model, ok := unsupported[[2]uint16{f.Vendor, f.Product}]; ok {
			d.Kind, d.Model, d.State = wire.Unsupported, model, wire.Unbound
			d.ID = serialID(&f)
		} else if m := f.modem(); m != nil {
			d.Kind, d.Model, d.State = wire.VoiceModem, cmp.Or(f.Name, fmt.Sprintf("%04x:%04x", f.Vendor, f.Product)), wire.Unbound
			if m.Driver != "" {
				d.State, d.Driver = wire.Ready, m.Driver
			}
			if m.TTY != "" {
				d.TTY = "/dev/" + m.TTY
			}
			d.ID = serialID(&f)
		} else {
			continue
		}
		units = append(units, unit{f, d})
	}
	distinct(units)
	slices.SortFunc(units, func(a, b unit) int { return cmp.Compare(a.device.ID, b.device.ID) })
	return units
}

// distinct names devices by their ports where several have the same serial number,
// as cheap modems do.
func distinct(units []unit) {
	count := map[string]int{}
	for _, u := range units {
		count[u.device.ID]++
	}
	again := map[string]int{}
	for i := range units {
		if u := &units[i]; count[u.device.ID] > 1 {
			u.device.ID = portID(&u.found)
		}
		again[units[i].device.ID]++
	}
	for i := range units {
		if u := &units[i]; again[u.device.ID] > 1 { // two buses of one controller
			u.device.ID = "at-" + plain(u.found.Port)
		}
	}
}

func portID(f *Found) string { return "at-" + plain(cmp.Or(f.Home, f.Port)) }

func serialID(f *Found) string {
	if f.Serial == "" {
		return portID(f)
	}
	return fmt.Sprintf("%04x-%04x-%s", f.Vendor, f.Product, plain(f.Serial))
}

// plain keeps of a name what may stand in an address of the API and in a file name.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
			return r
		case r == ':':
			return '_'
		}
		return -1
	}, s)
}

// find returns the unit that somebody means by an ID, a port ("1-1.2") or a serial
// number.
func find(units []unit, name string) (unit, error) {
	if name == "" {
		return unit{}, &wire.Error{Code: wire.BadRequest, Detail: "no device is named"}
	}
	for _, same := range []func(*wire.Device) bool{
		func(d *wire.Device) bool { return d.ID == name },
		func(d *wire.Device) bool { return d.Port == name },
		func(d *wire.Device) bool { return d.Serial == name },
	} {
		for _, u := range units {
			if same(&u.device) {
				return u, nil
			}
		}
	}
	return unit{}, &wire.Error{Code: wire.NoDevice, Device: short(name), Detail: fmt.Sprintf("nothing that is plugged in is called %.80q", name)}
}
