package emulated

import (
	"bytes"
	"slices"
	"sync"
)

// A Piece of an image: data at an address.
type Piece struct {
	Addr uint32
	Data []byte
}

// Endpoints of an Astribank: lines and management.
const (
	linesOut, linesIn           = 0x02, 0x86
	managementOut, managementIn = 0x04, 0x88
)

// An Astribank is Xorcom's bank of lines, from an empty controller (state 0) by way
// of one that runs (1) to one whose FPGA is loaded (2). It accepts one image each.
type Astribank struct {
	Family  uint16 // 0x1130, 0x1140, …
	Release uint16 // bcdDevice
	Serial  string // told when the controller runs
	USB     []Piece
	FPGA    []Piece         // in this order
	Modules map[byte][]byte // images of its modules' controllers by type, words of 3 bytes

	// Fate says what becomes of the nth transfer, from 0; nil: each works.
	Fate func(n int, t Transfer) Fate
	// Forgetful memory does not keep what is written to it (a broken chip).
	Forgetful bool

	mu     sync.Mutex
	state  uint16
	ram    [1 << 16]byte
	held   bool
	fpga   bitstream
	loaded map[byte]bool // modules
	module []byte
	seen   []Transfer
	lines  lines
}

// New returns one that accepts these images, plugged in nowhere.
func New(family, release uint16, usb, fpga []Piece) *Astribank {
	return &Astribank{Family: family, Release: release, Serial: "X1000001", USB: usb, FPGA: fpga, loaded: map[byte]bool{}}
}

// Product returns idProduct as it is now.
func (a *Astribank) Product() uint16 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.Family + a.state
}

// Seen returns all transfers since it was made, or since the last call of Forget.
func (a *Astribank) Seen() []Transfer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.seen)
}

// Forget forgets the transfers seen so far, and sets the fate of those to come.
func (a *Astribank) Forget(fate func(n int, t Transfer) Fate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen, a.Fate = nil, fate
}

// Descriptors implements Gadget. The boot loader of an empty controller tells no
// strings.
func (a *Astribank) Descriptors() (device, config []byte, strings []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == 0 {
		return deviceDescriptor(0xe4e4, a.Family, a.Release, 0), configuration([2]byte{linesOut, linesIn}), nil
	}
	return deviceDescriptor(0xe4e4, a.Family+a.state, a.Release, 3),
		configuration([2]byte{linesOut, linesIn}, [2]byte{managementOut, managementIn}),
		[]string{"Xorcom LTD", "Astribank (emulated)", a.Serial}
}

// Off implements Gadget.
func (a *Astribank) Off() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state, a.held, a.fpga = 0, false, bitstream{}
	a.lines.off()
	clear(a.ram[:])
	clear(a.loaded)
}

// note keeps a transfer and says what becomes of it.
func (a *Astribank) note(t Transfer) Fate {
	t.Data = bytes.Clone(t.Data)
	a.seen = append(a.seen, t)
	if a.Fate == nil {
		return Works
	}
	return a.Fate(len(a.seen)-1, t)
}

// Of the EZ-USB Technical Reference Manual: request 0xA0 reads and writes memory,
// and bit 0 of CPUCS holds the processor.
const (
	load             = 0xA0
	cpucs            = 0xE600
	ramEnd           = 0x4000
	scratch, regions = 0xE000, 0xE200
)

// Control implements Gadget.
func (a *Astribank) Control(p Port, s Setup, out []byte) ([]byte, Fate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if fate := a.note(Transfer{Setup: s, Data: out}); fate != Works {
		return nil, fate
	}
	from, to := int(s.Value), int(s.Value)+int(s.Length)
	inside := to <= ramEnd || from >= scratch && to <= regions
	switch {
	case a.state != 0 || s.Request != load || s.Index != 0:
		return nil, Stalls
	case s.Type == 0x40 && s.Value == cpucs && s.Length == 1:
		was := a.held
		if a.held = out[0]&1 != 0; was && !a.held && a.starts() {
			a.state = 1
			p.Leave()
		}
		return nil, Works
	case !inside || !a.held: // a running program would be overwritten
		return nil, Stalls
	case s.Type == 0x40:
		if !a.Forgetful {
			copy(a.ram[from:to], out)
		}
		return nil, Works
	case s.Type == 0xC0:
		return bytes.Clone(a.ram[from:to]), Works
	}
	return nil, Stalls
}

// starts says whether the program in memory is the one that runs on this board; any
// other does nothing that a host would notice.
func (a *Astribank) starts() bool {
	for _, p := range a.USB {
		if !bytes.Equal(a.ram[p.Addr:int(p.Addr)+len(p.Data)], p.Data) {
			return false
		}
	}
	return true
}

// Out implements Gadget.
func (a *Astribank) Out(p Port, endpoint byte, data []byte) Fate {
	a.mu.Lock()
	defer a.mu.Unlock()
	if endpoint == linesOut && a.state == 2 { // a thousand in a second: not noted
		a.talk(p, data)
		return Works
	}
	fate := a.note(Transfer{Endpoint: endpoint, Data: data})
	if fate != Works {
		return fate
	}
	switch {
	case endpoint == managementOut && a.state > 0:
		a.manage(p, data)
	case endpoint == linesOut && a.state == 1:
		a.modules(p, data)
	}
	return Works
}

// In implements Gadget.
func (a *Astribank) In(endpoint byte, data []byte) Fate {
	a.mu.Lock()
	defer a.mu.Unlock()
	if endpoint == linesIn && a.state == 2 {
		return Works
	}
	return a.note(Transfer{Endpoint: endpoint, Data: data})
}
