package firmware

import "vaad/firmware/wire"

// xorcom is the vendor of Astribanks.
const xorcom = 0xe4e4

// families are Xorcom's products by their first three digits. The last digit says
// how far the firmware is.
var families = map[uint16]string{
	0x1130: "Astribank 8/16",
	0x1140: "Astribank BRI",
	0x1150: "Astribank multi",
	0x1160: "Astribank modular",
}

// stages are the last digits. 1163 is a 1160 of another boot loader.
var stages = map[uint16]wire.State{
	0: wire.NoFirmware,
	1: wire.USBFirmware,
	2: wire.Ready,
	3: wire.NoFirmware,
	4: wire.Ready,
}

// unsupported are telephony devices that no driver of ours serves.
var unsupported = map[[2]uint16]string{
	{0x06e6, 0x831c}: "TigerJet USB phone adapter",
	{0x06e6, 0x831e}: "TigerJet USB phone adapter",
	{0x06e6, 0xb210}: "TigerJet USB phone adapter",
	{0x10c4, 0x8461}: "USB telephone adapter",
}

// astribank says which Astribank a product is and how far, if it is one.
func astribank(vendor, product uint16) (model string, state wire.State, ok bool) {
	if vendor != xorcom {
		return "", "", false
	}
	model, known := families[product&^0xf]
	state, staged := stages[product&0xf]
	return model, state, known && staged
}

// Of CDC PSTN120: communications, abstract control model, AT commands.
const cdc, acm, atCommands = 2, 2, 1

// modem returns the control interface of a modem.
func (f *Found) modem() *Interface {
	for i := range f.Interfaces {
		if n := &f.Interfaces[i]; n.Class == cdc && n.SubClass == acm && n.Protocol == atCommands {
			return n
		}
	}
	return nil
}
