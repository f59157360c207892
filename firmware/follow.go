package firmware

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vaad/firmware/wire"
)

// follow loads stage after stage until the device needs nothing more.
func (l *Loader) follow(ctx context.Context, id string, progress func(wire.Progress)) *wire.Error {
	var bindBy time.Time // until when the kernel's driver is awaited
	for {
		units, err := l.units()
		if err != nil {
			return l.failure(err, id, Found{})
		}
		u, err := find(units, id)
		if err != nil {
			return l.failure(err, id, Found{})
		}
		var left bool // the device was told to leave the bus
		s := stage{Loader: l, unit: u, progress: progress}
		switch rank(u.device.State) {
		case 0:
			left, err = s.fx2(ctx)
		case 1:
			left, err = s.fpga(ctx)
		default:
			if u.device.State == wire.Unbound && time.Now().Before(bindBy) { // the kernel's driver takes a moment
				if failed := l.pause(ctx, id, u.found); failed != nil {
					return failed
				}
				continue
			}
			progress(wire.Progress{Device: id, Step: wire.Loaded})
			return nil
		}
		if err != nil && !left {
			return l.failure(err, id, u.found)
		}
		s.step(wire.ReEnumerating, s.size, s.size)
		if failed := l.await(ctx, u, err); failed != nil {
			return failed
		}
		bindBy = time.Now().Add(bindWait)
	}
}

// pause waits a moment between two looks.
func (l *Loader) pause(ctx context.Context, id string, f Found) *wire.Error {
	select {
	case <-ctx.Done():
		return l.failure(ctx.Err(), id, f)
	case <-time.After(lookEvery):
		return nil
	}
}

// await waits until the device is back and farther than it was. leaving is the
// error of the transfer that made it leave, which is none if it does leave.
func (l *Loader) await(ctx context.Context, was unit, leaving error) *wire.Error {
	id, old := was.device.ID, was.found
	deadline := time.Now().Add(returnWait)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	bell := l.Bus.Changes(listening)
	for {
		units, err := l.units()
		if err != nil {
			return l.failure(err, id, Found{})
		}
		u, err := find(units, id)
		seen := ""
		same := err == nil && u.found.Address == old.Address
		switch {
		case err != nil:
			seen = "it is gone"
		case same:
			seen = fmt.Sprintf("it is still %04x:%04x", old.Vendor, old.Product)
		case rank(u.device.State) > rank(was.device.State):
			return nil
		default:
			return &wire.Error{Code: wire.DidNotReturn, Device: id, Detail: fmt.Sprintf("it came back as %04x:%04x", u.found.Vendor, u.found.Product)}
		}
		if time.Now().After(deadline) {
			if same && leaving != nil {
				return l.failure(leaving, id, old)
			}
			return &wire.Error{Code: wire.DidNotReturn, Device: id, Detail: fmt.Sprintf("after %v %s", returnWait, seen)}
		}
		select {
		case <-ctx.Done():
			return l.failure(ctx.Err(), id, old)
		case <-bell:
		case <-time.After(lookEvery):
		}
	}
}

// failure says what an error means. A transfer that fails since its device was
// pulled out looks in many ways, so it is looked for.
func (l *Loader) failure(err error, id string, was Found) *wire.Error {
	e := &wire.Error{Code: wire.TransferFailed, Device: id, Detail: short(err.Error())}
	var told *wire.Error
	var verify *errVerify
	switch {
	case errors.As(err, &told):
		e.Code, e.Detail = told.Code, told.Detail
	case errors.As(err, &verify):
		e.Code = wire.VerifyFailed
	case errors.Is(err, ErrLibUSB):
		e.Code = wire.NoLibUSB
	case errors.Is(err, ErrBusy):
		e.Code = wire.DeviceBusy
	case errors.Is(err, ErrDenied):
		e.Code = wire.DeviceDenied
	case errors.Is(err, ErrGone) || !l.there(id, was):
		e.Code = wire.NoDevice
	}
	return e
}

// there says whether the very device is still plugged in. The kernel takes a moment
// to notice that one is not.
func (l *Loader) there(id string, was Found) bool {
	for i := range 2 {
		if i > 0 {
			time.Sleep(lookEvery)
		}
		units, err := l.units()
		if err != nil {
			return true
		}
		if u, err := find(units, id); err != nil || u.found.Address != was.Address {
			return false
		}
	}
	return true
}
