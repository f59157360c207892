package emulated

import (
	"bytes"
	"fmt"
)

// A Setup is the head of a control transfer.
type Setup struct {
	Type, Request        byte
	Value, Index, Length uint16
}

// A Transfer is one that the device saw: all but the standard requests by which a
// host gets to know it.
type Transfer struct {
	Endpoint byte // 0, or the address of a bulk endpoint: bit 7 is to the host
	Setup    Setup
	Data     []byte // of a control transfer to the host: none
}

func (t Transfer) String() string {
	if t.Endpoint == 0 {
		return fmt.Sprintf("control %02x %02x %04x %04x %d: %x", t.Setup.Type, t.Setup.Request, t.Setup.Value, t.Setup.Index, t.Setup.Length, t.Data)
	}
	return fmt.Sprintf("bulk %02x: %x", t.Endpoint, t.Data)
}

// Equal says whether two transfers are the same, byte for byte.
func (t Transfer) Equal(o Transfer) bool {
	return t.Endpoint == o.Endpoint && t.Setup == o.Setup && bytes.Equal(t.Data, o.Data)
}

// A Fate is what becomes of a transfer.
type Fate int

const (
	Works   Fate = iota
	Stalls       // the endpoint refuses it
	Hangs        // it is never answered
	Unplugs      // somebody pulls the plug: it is not answered, and the device is gone
)

// A Port is where a device is plugged in.
type Port interface {
	// Send gives data to a bulk endpoint to the host, as one transfer.
	Send(endpoint byte, data []byte)
	// Leave takes the device off the bus; it comes back as what it is then.
	Leave()
}

// A Gadget is a device as a Port sees it. Its methods are called by one goroutine at
// a time, but In, which another asks meanwhile.
type Gadget interface {
	// Descriptors are the device's, its configuration's and its strings from 1 on.
	Descriptors() (device, configuration []byte, strings []string)
	// Control does a class or vendor request; out is what the host sends along.
	Control(p Port, s Setup, out []byte) (in []byte, fate Fate)
	// Out takes a bulk transfer, and In is told of one to the host before it is given.
	Out(p Port, endpoint byte, data []byte) Fate
	In(endpoint byte, data []byte) Fate
	// Off is told that the power is gone.
	Off()
}
