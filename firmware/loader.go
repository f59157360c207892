package firmware

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"vaad/firmware/image"
	"vaad/firmware/wire"
)

const (
	loadWait   = 90 * time.Second // for a device, all of its stages
	returnWait = 15 * time.Second // for it to come back: Astribanks need 2 to 5 s
	bindWait   = 5 * time.Second  // for the kernel's driver to take a device that is loaded
	replugWait = 30 * time.Second // for one that was pulled out to be plugged in again
	maxLoads   = 64               // of one request: a loose plug comes again and again
	lookEvery  = 200 * time.Millisecond
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
	failures, loading := l.State.Failures(), l.State.Loading()
	devices := make([]wire.Device, 0, len(units))
	for _, u := range units {
		d := u.device
		delete(loading, d.ID)
		if d.Kind == wire.Astribank && rank(d.State) < complete {
			if l.State.Taken(d.ID) {
				d.State = wire.Loading
			} else if f, failed := failures[d.ID]; failed && f.Code != wire.NoDevice { // it was pulled out, and is there again
				d.State, d.Reason, d.Detail = wire.Failed, f.Code, f.Detail
			}
		}
		devices = append(devices, d)
	}
	for _, d := range loading { // off the bus for a while
		d.State = wire.Loading
		devices = append(devices, d)
	}
	slices.SortFunc(devices, func(a, b wire.Device) int { return cmp.Compare(a.ID, b.ID) })
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
// device that needs nothing is no error. One that is pulled out meanwhile is awaited,
// and loaded from the beginning when it is plugged in again. progress may be nil.
func (l *Loader) Load(ctx context.Context, name string, progress func(wire.Progress)) ([]wire.Device, error) {
	if progress == nil {
		progress = func(wire.Progress) {}
	}
	units, err := l.units()
	if err != nil {
		return nil, err
	}
	if name == "" {
		return l.loadThese(ctx, units, func(*wire.Device) bool { return true }, progress)
	}
	u, err := find(units, name)
	if _, away := l.State.Loading()[name]; err != nil && away {
		return nil, busy(name)
	}
	if err != nil {
		return nil, err
	}
	if u.device.Kind != wire.Astribank {
		return nil, &wire.Error{Code: wire.NotLoadable, Device: u.device.ID, Detail: u.device.Model}
	}
	return l.loadThese(ctx, units, func(d *wire.Device) bool { return d.ID == u.device.ID }, progress)
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
	if err := l.State.Begin(u.device); err != nil {
		l.Log.Warn("that it is being loaded is not kept", "err", err)
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, loadWait)
	defer cancel()
	failed, number := l.follow(ctx, id, progress), 0
	if failed != nil {
		if units, err := l.units(); err == nil {
			if now, err := find(units, id); err == nil {
				number = now.found.Address
			}
		}
		l.Log.Error("not loaded", "device", id, "code", failed.Code, "detail", failed.Detail)
	} else {
		l.Log.Info("loaded", "device", id, "took", time.Since(began).Round(time.Millisecond))
	}
	if err := l.State.End(id, failed, number); err != nil {
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
		return nil, busy(id)
	case err != nil:
		return nil, &wire.Error{Code: wire.DeviceDenied, Device: id, Detail: err.Error()}
	}
	return free, nil
}

func busy(id string) *wire.Error {
	return &wire.Error{Code: wire.DeviceBusy, Device: id, Detail: errLoading.Error(), Loading: true}
}
