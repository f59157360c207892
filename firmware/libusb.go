//go:build cgo

package firmware

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/gousb"
)

const controlWait = 2 * time.Second

// libusbHandle is one device. Close gives back, in this order, interfaces,
// configuration, device and context.
type libusbHandle struct {
	context    *gousb.Context
	device     *gousb.Device
	config     *gousb.Config
	interfaces []*gousb.Interface
	closed     func()
}

// openLibUSB opens the very device that was found, and calls closed after it was
// closed.
func openLibUSB(f Found, closed func()) (_ Handle, err error) {
	context, err := newContext()
	if err != nil {
		return nil, err
	}
	h := &libusbHandle{context: context, closed: func() {}}
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	matched := false
	devices, err := context.OpenDevices(func(d *gousb.DeviceDesc) bool {
		if d.Bus != f.Bus || d.Address != f.Address || uint16(d.Vendor) != f.Vendor || uint16(d.Product) != f.Product {
			return false
		}
		first := !matched
		matched = true
		return first
	})
	if len(devices) == 0 {
		if err != nil && matched {
			return nil, fmt.Errorf("opening: %w", classify(err))
		}
		return nil, fmt.Errorf("opening: %w", ErrGone)
	}
	h.device, h.closed = devices[0], closed // errors of other devices are not ours
	h.device.ControlTimeout = controlWait
	return h, nil
}

// newContext turns gousb's panic into an error. A context that has no udev to listen
// to knows only what was plugged in when it was made, so each device that is opened
// has its own; System sees to it that there is never more than one.
func newContext() (c *gousb.Context, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("%w: %v", ErrLibUSB, p)
		}
	}()
	return gousb.NewContext(), nil
}

func (h *libusbHandle) Control(typ, request byte, value, index uint16, data []byte) (int, error) {
	n, err := h.device.Control(typ, request, value, index, data)
	return n, classify(err)
}

func (h *libusbHandle) Claim(number int) (Pipe, error) {
	if h.config == nil {
		active, err := h.device.ActiveConfigNum()
		if err != nil {
			return nil, classify(err)
		}
		if h.config, err = h.device.Config(max(active, 1)); err != nil {
			return nil, classify(err)
		}
	}
	// gousb takes the number for the place in its list.
	all := h.config.Desc.Interfaces
	if number >= len(all) || all[number].Number != number {
		return nil, fmt.Errorf("the device has no interface %d", number)
	}
	i, err := h.config.Interface(number, 0)
	if err != nil {
		return nil, classify(err)
	}
	h.interfaces = append(h.interfaces, i)
	p := &libusbPipe{}
	for _, e := range sortedEndpoints(i) {
		switch {
		case e.TransferType != gousb.TransferTypeBulk:
		case e.Direction == gousb.EndpointDirectionIn && p.in == nil:
			p.in, err = i.InEndpoint(e.Number)
		case e.Direction == gousb.EndpointDirectionOut && p.out == nil:
			p.out, err = i.OutEndpoint(e.Number)
		}
		if err != nil {
			return nil, classify(err)
		}
	}
	if p.in == nil || p.out == nil {
		return nil, fmt.Errorf("interface %d has no pair of bulk endpoints", number)
	}
	return p, nil
}

func sortedEndpoints(i *gousb.Interface) []gousb.EndpointDesc {
	var all []gousb.EndpointDesc
	for _, e := range i.Setting.Endpoints {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b gousb.EndpointDesc) int { return int(a.Address) - int(b.Address) })
	return all
}

func (h *libusbHandle) Reset() error { return classify(h.device.Reset()) }

func (h *libusbHandle) Close() {
	for _, i := range h.interfaces {
		i.Close()
	}
	// What is not closed in order is refused, and then there is nothing to be done.
	if h.config != nil {
		_ = h.config.Close()
	}
	if h.device != nil {
		_ = h.device.Close()
	}
	_ = h.context.Close()
	h.closed()
}

type libusbPipe struct {
	in  *gousb.InEndpoint
	out *gousb.OutEndpoint
}

func (p *libusbPipe) Write(ctx context.Context, data []byte) error {
	n, err := p.out.WriteContext(ctx, data)
	if err != nil {
		return p.classify(ctx, err)
	}
	if n != len(data) {
		return fmt.Errorf("%d of %d bytes were taken", n, len(data))
	}
	return nil
}

func (p *libusbPipe) Read(ctx context.Context, data []byte) (int, error) {
	n, err := p.in.ReadContext(ctx, data)
	if err != nil {
		return n, p.classify(ctx, err)
	}
	return n, nil
}

func (p *libusbPipe) classify(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return classify(err)
}

// classify finds out what the loader wants to know of an error. gousb wraps most of
// them as text.
func classify(err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	for _, c := range []struct {
		theirs error
		ours   error
	}{
		{gousb.ErrorNoDevice, ErrGone},
		{gousb.ErrorNotFound, ErrGone},
		{gousb.TransferNoDevice, ErrGone},
		{gousb.ErrorTimeout, ErrTimeout},
		{gousb.TransferTimedOut, ErrTimeout},
		{gousb.ErrorBusy, ErrBusy},
		{gousb.ErrorAccess, ErrDenied},
	} {
		if errors.Is(err, c.theirs) || strings.Contains(said, c.theirs.Error()) {
			return fmt.Errorf("%w (%s)", c.ours, said)
		}
	}
	return err
}
