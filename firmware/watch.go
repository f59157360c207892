package firmware

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"vaad/firmware/wire"
)

// Reset lets a device's port find it anew, and waits until it is there and, where
// the kernel had a driver for it, for bindWait until it has one again.
func (l *Loader) Reset(ctx context.Context, name string) ([]wire.Device, error) {
	units, err := l.units()
	if err != nil {
		return nil, err
	}
	u, err := find(units, name)
	if err != nil {
		return nil, err
	}
	id := u.device.ID
	free, err := l.take(id)
	if err != nil {
		return nil, err
	}
	defer free()
	l.Log.Info("resetting", "device", id, "port", u.device.Port)
	h, err := l.Bus.Open(u.found)
	if err != nil {
		return nil, l.failure(err, id, u.found)
	}
	err = h.Reset()
	h.Close()
	if err != nil && !errors.Is(err, ErrGone) { // gone: it comes back as another
		return nil, &wire.Error{Code: wire.ResetForbidden, Device: id, Detail: err.Error()}
	}
	var seenBy, bindBy time.Time
	if err != nil { // it has left the bus, and the kernel takes a moment to notice
		seenBy = time.Now().Add(bindWait)
	}
	for deadline := time.Now().Add(returnWait); ; {
		if units, err = l.units(); err != nil {
			return nil, err
		}
		now, err := find(units, id)
		if err == nil && (now.found.Address != u.found.Address || !time.Now().Before(seenBy)) {
			if bindBy.IsZero() {
				bindBy = time.Now().Add(bindWait)
			}
			if u.found.driver() == "" || now.found.driver() != "" || time.Now().After(bindBy) {
				return l.List()
			}
			// xpp_usb resets its device when it takes it. Where the kernel offers it the
			// device within our reset that is refused, and it does not take it.
			if err := l.Bus.Rebind(now.found); err != nil { // as udev has not given it to us yet
				l.Log.Debug("no driver is found", "device", id, "err", err)
			}
		} else if time.Now().After(deadline) {
			return nil, &wire.Error{Code: wire.DidNotReturn, Device: id, Detail: fmt.Sprintf("after %v it is gone", returnWait)}
		}
		select {
		case <-ctx.Done():
			return nil, l.failure(ctx.Err(), id, u.found)
		case <-time.After(lookEvery):
		}
	}
}

// Watch tells the devices now, after each change, and every wire.Heartbeat, until
// ctx ends or told fails.
func (l *Loader) Watch(ctx context.Context, told func([]wire.Device) error) error {
	bell := l.Bus.Changes(ctx)
	var last []wire.Device
	var at time.Time
	for {
		devices, err := l.List()
		if err != nil {
			return err
		}
		if at.IsZero() || time.Since(at) >= wire.Heartbeat || !reflect.DeepEqual(last, devices) {
			if err := told(devices); err != nil {
				return err
			}
			last, at = devices, time.Now()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-bell:
			time.Sleep(lookEvery) // drivers are bound, one interface after the other
		case <-time.After(5 * lookEvery): // what other processes load rings no bell
		}
	}
}
