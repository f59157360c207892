package firmware

import (
	"bytes"
	"fmt"

	"vaad/firmware/image"
)

// Of the EZ-USB Technical Reference Manual: the firmware load request that the
// chip answers by itself, and the register that holds its processor.
const (
	toDevice, fromDevice = 0x40, 0xC0 // vendor requests to the device
	firmwareLoad         = 0xA0
	cpucs                = 0xE600
	hold, release        = 1, 0

	// chunk is how much one transfer writes at most: what fxload does, so that both
	// say the same on the bus.
	chunk = 1023
)

// A segment is what one transfer writes.
type segment struct {
	addr uint16
	data []byte
}

// segments joins records that follow each other, in the order of the file.
func segments(records []image.Record) []segment {
	var all []segment
	for _, r := range records {
		if n := len(all); n > 0 {
			if s := &all[n-1]; uint32(s.addr)+uint32(len(s.data)) == r.Addr && len(s.data)+len(r.Data) <= chunk {
				s.data = append(s.data, r.Data...)
				continue
			}
		}
		all = append(all, segment{uint16(r.Addr), bytes.Clone(r.Data)})
	}
	return all
}

// errVerify is what was read back and is not what was sent.
type errVerify struct{ what string }

func (e *errVerify) Error() string { return e.what }

// loadFX2 holds the processor, writes the image, reads it back and lets the
// processor go. It returns released when the last transfer was begun: the device
// leaves the bus then, maybe before it has answered.
func loadFX2(h Handle, img *image.Image, sent func(bytes int)) (released bool, err error) {
	control := func(what string, typ byte, addr uint16, data []byte) error {
		n, err := h.Control(typ, firmwareLoad, addr, 0, data)
		if err == nil && n != len(data) {
			err = fmt.Errorf("%d of %d bytes", n, len(data))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	if err := control("holding the processor", toDevice, cpucs, []byte{hold}); err != nil {
		return false, err
	}
	all := segments(img.Records)
	done := 0
	for _, s := range all {
		if err := control(fmt.Sprintf("writing %d bytes to %04x", len(s.data), s.addr), toDevice, s.addr, s.data); err != nil {
			return false, err
		}
		done += len(s.data)
		sent(done)
	}
	back := make([]byte, chunk)
	for _, s := range all {
		got := back[:len(s.data)]
		clear(got)
		if err := control(fmt.Sprintf("reading %d bytes at %04x", len(s.data), s.addr), fromDevice, s.addr, got); err != nil {
			return false, err
		}
		if !bytes.Equal(got, s.data) {
			return false, &errVerify{fmt.Sprintf("the memory at %04x is not what was written", s.addr)}
		}
	}
	return true, control("letting the processor go", toDevice, cpucs, []byte{release})
}
