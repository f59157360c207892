package firmware

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"vaad/firmware/emulated"
)

// memoryBus is a USB in memory with emulated devices. Within synctest its waits cost
// nothing.
type memoryBus struct {
	mu     sync.Mutex
	next   int // address
	places map[string]*place
	opened int // handles that are open
	denied error
	slow   time.Duration // that udev takes to give a device that has come to us
	driver string        // the kernel's, that takes a device that is ready

	rebinds string // driver that takes a device when it is asked to, but not by itself
}

// A place is a port with what is plugged into it.
type place struct {
	bus     *memoryBus
	port    string
	gadget  emulated.Gadget
	address int // 0 while it is off the bus
	gone    chan struct{}
	queue   map[byte]chan []byte
	came    time.Time
	found   Found // as the kernel read it when the device came
}

func newMemoryBus() *memoryBus { return &memoryBus{places: map[string]*place{}, driver: "xpp_usb"} }

func (b *memoryBus) plug(port string, g emulated.Gadget) *place {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &place{bus: b, port: port, gadget: g}
	b.places[port] = p
	p.join()
	return p
}

// join puts the device onto the bus. The bus's mu is held.
func (p *place) join() {
	p.bus.next++
	p.came = time.Now()
	p.address, p.gone, p.queue = p.bus.next, make(chan struct{}), map[byte]chan []byte{}
	for _, e := range []byte{0x86, 0x88} {
		p.queue[e] = make(chan []byte, 100)
	}
	d, _, words := p.gadget.Descriptors()
	p.found = Found{Port: p.port, Home: "0000:00:14.0-" + p.port, Bus: 1, Address: p.address, Vendor: binary.LittleEndian.Uint16(d[8:]),
		Product: binary.LittleEndian.Uint16(d[10:]), Release: binary.LittleEndian.Uint16(d[12:]), Interfaces: []Interface{{}}}
	if len(words) == 3 {
		p.found.Serial = words[2]
	}
	if p.found.Product&0xf == 2 {
		p.found.Interfaces[0].Driver = p.bus.driver
	}
}

func (b *memoryBus) unplug(port string) {
	b.mu.Lock()
	p := b.places[port]
	delete(b.places, port)
	if p.address != 0 {
		p.address = 0
		close(p.gone)
	}
	b.mu.Unlock()
	p.gadget.Off()
}

func (p *place) Send(endpoint byte, data []byte) {
	p.bus.mu.Lock()
	to := p.queue[endpoint]
	p.bus.mu.Unlock()
	to <- data
}

func (p *place) Leave() {
	time.AfterFunc(20*time.Millisecond, func() {
		p.bus.mu.Lock()
		defer p.bus.mu.Unlock()
		if p.address != 0 {
			p.address = 0
			close(p.gone)
		}
	})
	time.AfterFunc(2*time.Second, func() {
		p.bus.mu.Lock()
		defer p.bus.mu.Unlock()
		if p.bus.places[p.port] == p {
			p.join()
		}
	})
}

func (b *memoryBus) Devices() ([]Found, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []Found
	for _, p := range b.places {
		if p.address == 0 {
			continue
		}
		all = append(all, p.found)
	}
	return all, nil
}

func (b *memoryBus) Rebind(f Found) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.places[f.Port]
	if p == nil || p.address != f.Address {
		return ErrGone
	}
	if b.rebinds != "" {
		p.found.Interfaces = []Interface{{Driver: b.rebinds}}
	}
	return nil
}

func (b *memoryBus) Changes(context.Context) <-chan struct{} { return nil }

func (b *memoryBus) Open(f Found) (Handle, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.places[f.Port]
	switch {
	case b.denied != nil:
		return nil, b.denied
	case p == nil || p.address != f.Address:
		return nil, ErrGone
	case time.Since(p.came) < b.slow/2: // there is no node yet
		return nil, ErrGone
	case time.Since(p.came) < b.slow:
		return nil, ErrDenied
	}
	b.opened++
	return &memoryHandle{p, p.gone, p.queue}, nil
}

type memoryHandle struct {
	*place
	gone  chan struct{}
	queue map[byte]chan []byte // of this appearance
}

func (h *memoryHandle) off() bool {
	select {
	case <-h.gone:
		return true
	default:
		return false
	}
}

// end ends a transfer as its fate is.
func (h *memoryHandle) end(fate emulated.Fate) error {
	switch fate {
	case emulated.Stalls:
		return errors.New("pipe error")
	case emulated.Hangs:
		time.Sleep(2 * time.Second)
		return ErrTimeout
	case emulated.Unplugs:
		h.bus.unplug(h.port)
		return errors.New("i/o error") // as usbfs says it at times
	}
	return nil
}

func (h *memoryHandle) Control(typ, request byte, value, index uint16, data []byte) (int, error) {
	if h.off() {
		return 0, ErrGone
	}
	out := data
	if typ&0x80 != 0 {
		out = nil
	}
	in, fate := h.gadget.Control(h.place, emulated.Setup{Type: typ, Request: request, Value: value, Index: index, Length: uint16(len(data))}, out)
	if err := h.end(fate); err != nil {
		return 0, err
	}
	if out == nil {
		return copy(data, in), nil
	}
	return len(data), nil
}

func (h *memoryHandle) Claim(n int) (Pipe, error) {
	if _, config, _ := h.gadget.Descriptors(); n >= int(config[4]) {
		return nil, fmt.Errorf("no interface %d", n)
	}
	return &memoryPipe{h, byte(2 + 2*n), byte(0x86 + 2*n)}, nil
}

func (h *memoryHandle) Reset() error {
	h.Leave()
	time.Sleep(time.Second)
	return ErrGone
}

func (h *memoryHandle) Close() {
	h.bus.mu.Lock()
	defer h.bus.mu.Unlock()
	h.bus.opened--
}

type memoryPipe struct {
	*memoryHandle
	out, in byte
}

func (p *memoryPipe) Write(ctx context.Context, data []byte) error {
	if p.off() {
		return ErrGone
	}
	return p.end(p.gadget.Out(p.place, p.out, data))
}

func (p *memoryPipe) Read(ctx context.Context, data []byte) (int, error) {
	select {
	case b := <-p.memoryHandle.queue[p.in]:
		if err := p.end(p.gadget.In(p.in, b)); err != nil {
			return 0, err
		}
		return copy(data, b), nil
	case <-p.memoryHandle.gone:
		return 0, ErrGone
	case <-ctx.Done():
		return 0, ErrTimeout
	}
}
