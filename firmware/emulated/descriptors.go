package emulated

import "encoding/binary"

// Of the USB 2.0 specification, section 9.6.
const (
	vendorClass = 0xff
	bulk        = 2
	highSpeed   = 512 // bytes of a bulk packet
)

func deviceDescriptor(vendor, product, release uint16, strings int) []byte {
	d := []byte{18, 1, 0x00, 0x02, vendorClass, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	binary.LittleEndian.PutUint16(d[8:], vendor)
	binary.LittleEndian.PutUint16(d[10:], product)
	binary.LittleEndian.PutUint16(d[12:], release)
	for i := range strings { // manufacturer, product, serial number
		d[14+i] = byte(i + 1)
	}
	return d
}

// configuration has one interface per pair of bulk endpoints.
func configuration(pairs ...[2]byte) []byte {
	c := []byte{9, 2, 0, 0, byte(len(pairs)), 1, 0, 0x80, 50}
	for i, p := range pairs {
		c = append(c, 9, 4, byte(i), 0, 2, vendorClass, vendorClass, vendorClass, 0)
		for _, endpoint := range p {
			c = append(c, 7, 5, endpoint, bulk, highSpeed&0xff, highSpeed>>8, 0)
		}
	}
	binary.LittleEndian.PutUint16(c[2:], uint16(len(c)))
	return c
}

// stringDescriptor is UTF-16; the strings here are ASCII.
func stringDescriptor(s string) []byte {
	d := []byte{byte(2 + 2*len(s)), 3}
	for _, c := range []byte(s) {
		d = append(d, c, 0)
	}
	return d
}
