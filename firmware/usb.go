package firmware

import (
	"context"
	"errors"
)

// What went wrong with a device, as far as the loader treats it differently. A Bus
// wraps them.
var (
	ErrGone    = errors.New("the device is gone")
	ErrBusy    = errors.New("another program or the kernel has it")
	ErrDenied  = errors.New("no right to open it")
	ErrLibUSB  = errors.New("libusb does not work here")
	ErrTimeout = errors.New("the device did not answer in time")
)

// A Bus is the machine's USB.
type Bus interface {
	// Devices lists what is plugged in now, telephony or not.
	Devices() ([]Found, error)
	// Open takes the very device that was found, not one that took its place.
	Open(Found) (Handle, error)
	// Rebind asks the kernel to find drivers for the interfaces that have none.
	Rebind(Found) error
	// Changes returns a bell that rings after devices came or went, until ctx ends.
	// It may ring too often, and where it is not to be had it is nil: callers look
	// from time to time too.
	Changes(ctx context.Context) <-chan struct{}
}

// A Handle is one device that is open. Not for several goroutines at once. Waits
// are bounded by the Handle itself.
type Handle interface {
	// Control does one transfer on endpoint 0. With bit 7 of typ it reads into data.
	Control(typ, request byte, value, index uint16, data []byte) (int, error)
	// Claim takes an interface, alternate setting 0, with its first bulk endpoints.
	Claim(number int) (Pipe, error)
	// Reset lets the port find its device anew; the Handle is good for Close only
	// after that.
	Reset() error
	Close()
}

// A Pipe is a pair of bulk endpoints.
type Pipe interface {
	Write(ctx context.Context, data []byte) error
	Read(ctx context.Context, data []byte) (int, error)
}

// Found is one device as the kernel shows it.
type Found struct {
	Port       string // bus and path of ports, "1-1.2"
	Home       string // controller and path of ports: stays when buses are numbered anew; "" if unknown
	Bus        int
	Address    int // on the bus: a new one each time the device comes
	Vendor     uint16
	Product    uint16
	Release    uint16 // bcdDevice
	Serial     string
	Name       string // iProduct
	Interfaces []Interface
}

// An Interface of a device.
type Interface struct {
	Number                    int
	Class, SubClass, Protocol byte
	Driver                    string // the kernel's; "" for none
	TTY                       string // "ttyACM0"
}

// driver returns the kernel's driver of the first interface that has one.
func (f *Found) driver() string {
	for _, i := range f.Interfaces {
		if i.Driver != "" {
			return i.Driver
		}
	}
	return ""
}
