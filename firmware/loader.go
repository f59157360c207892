package firmware

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"vaad/firmware/image"
	"vaad/firmware/wire"
)

const (
	loadWait   = 90 * time.Second // for a device, all of its stages
	returnWait = 15 * time.Second // for it to come back: Astribanks need 2 to 5 s
	lookEvery  = 200 * time.Millisecond
	maxStages  = 4
)

// A Loader does what requests ask for. Its methods may be called by several
// goroutines at once; their errors are *wire.Error.
type Loader struct {
	Bus    Bus
	Images string // folder
	State  *State
	Log    *slog.Logger
}

// List returns the telephony devices that are plugged in, with what is known of
// their loads.
func (l *Loader) List() ([]wire.Device, error) {
	units, err := l.units()
	if err != nil {
		return nil, err
	}
	failures := l.State.Failures()
	devices := make([]wire.Device, len(units))
	for i, u := range units {
		d := u.device
		if d.Kind == wire.Astribank && rank(d.State) < complete {
			if l.State.Taken(d.ID) {
				d.State = wire.Loading
			} else if f, failed := failures[d.ID]; failed {
				d.State, d.Reason, d.Detail = wire.Failed, f.Code, f.Detail
			}
		}
		devices[i] = d
	}
	return devices, nil
}

func (l *Loader) units() ([]unit, error) {
	found, err := l.Bus.Devices()
	if err != nil {
		return nil, &wire.Error{Code: wire.NoLibUSB, Detail: "looking for devices: " + err.Error()}
	}
	return inventory(found), nil
}

// Verify compares the folder of images with its manifest.
func (l *Loader) Verify() ([]wire.Image, error) { return image.Verify(l.Images) }

// complete is the rank of a device that needs nothing from us.
const complete = 2

func rank(s wire.State) int {
	switch s {
	case wire.NoFirmware:
		return 0
	case wire.USBFirmware:
		return 1
	}
	return complete
}

// Load loads one device, or with "" all that need it, one after the other: one that
// fails does not keep the others waiting, and the first failure is the answer. A
// device that needs nothing is no error. progress may be nil.
func (l *Loader) Load(ctx context.Context, name string, progress func(wire.Progress)) ([]wire.Device, error) {
	units, err := l.units()
	if err != nil {
		return nil, err
	}
	if progress == nil {
		progress = func(wire.Progress) {}
	}
	if name != "" {
		u, err := find(units, name)
		if err != nil {
			return nil, err
		}
		if u.device.Kind != wire.Astribank {
			return nil, &wire.Error{Code: wire.NotLoadable, Device: u.device.ID, Detail: u.device.Model}
		}
		units = []unit{u}
	}
	var first error
	for _, u := range units {
		if u.device.Kind != wire.Astribank || rank(u.device.State) == complete {
			continue
		}
		if err := l.one(ctx, u, progress); err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	return l.List()
}

// one loads one device and keeps how it ended.
func (l *Loader) one(ctx context.Context, u unit, progress func(wire.Progress)) error {
	id := u.device.ID
	free, err := l.take(id)
	if err != nil {
		return err
	}
	defer free()
	l.Log.Info("loading", "device", id, "port", u.device.Port, "model", u.device.Model)
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, loadWait)
	defer cancel()
	failed := l.follow(ctx, id, progress)
	if failed != nil {
		l.Log.Error("not loaded", "device", id, "code", failed.Code, "detail", failed.Detail)
	} else {
		l.Log.Info("loaded", "device", id, "took", time.Since(began).Round(time.Millisecond))
	}
	if err := l.State.Record(id, failed); err != nil {
		l.Log.Warn("the outcome is not kept", "err", err)
	}
	if failed != nil {
		return failed
	}
	return nil
}

func (l *Loader) take(id string) (func(), error) {
	free, err := l.State.Take(id)
	switch {
	case errors.Is(err, errLoading):
		return nil, &wire.Error{Code: wire.DeviceBusy, Device: id, Detail: err.Error(), Loading: true}
	case err != nil:
		return nil, &wire.Error{Code: wire.DeviceDenied, Device: id, Detail: err.Error()}
	}
	return free, nil
}

// follow loads stage after stage until the device needs nothing more.
func (l *Loader) follow(ctx context.Context, id string, progress func(wire.Progress)) *wire.Error {
	for range maxStages {
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
	}
	return &wire.Error{Code: wire.DidNotReturn, Device: id, Detail: "it needs firmware again and again"}
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

// Reset lets a device's port find it anew, and waits until it is there.
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
	for deadline := time.Now().Add(returnWait); ; {
		if units, err = l.units(); err != nil {
			return nil, err
		}
		if _, err := find(units, id); err == nil {
			return l.List()
		}
		if time.Now().After(deadline) {
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
