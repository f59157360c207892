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
			} else if f, failed := failures[d.ID]; failed {
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
// device that needs nothing is no error. progress may be nil.
func (l *Loader) Load(ctx context.Context, name string, progress func(wire.Progress)) ([]wire.Device, error) {
	if progress == nil {
		progress = func(wire.Progress) {}
	}
	if name == "" {
		return l.loadAll(ctx, progress)
	}
	units, err := l.units()
	if err != nil {
		return nil, err
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
	if rank(u.device.State) < complete {
		if err := l.one(ctx, u, progress); err != nil {
			return nil, err
		}
	}
	return l.List()
}

// loadAll loads whatever needs it, also what is plugged in meanwhile: systemd does
// not start a second load beside the first for it. A device whose load failed is not
// tried again before it has left the bus.
func (l *Loader) loadAll(ctx context.Context, progress func(wire.Progress)) ([]wire.Device, error) {
	tried := map[string]int{} // ID → address when it had been tried
	var failed []*wire.Error
	for range maxLoads {
		units, err := l.units()
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(units, func(u unit) bool {
			at, was := tried[u.device.ID]
			return u.device.Kind == wire.Astribank && rank(u.device.State) < complete && (!was || at != u.found.Address)
		})
		if i < 0 || ctx.Err() != nil {
			break
		}
		u := units[i]
		id := u.device.ID
		failed = slices.DeleteFunc(failed, func(e *wire.Error) bool { return e.Device == id })
		if e := (*wire.Error)(nil); errors.As(l.one(ctx, u, progress), &e) {
			failed = append(failed, e)
		}
		tried[id] = u.found.Address
		if now, err := l.units(); err == nil {
			if u, err := find(now, id); err == nil {
				tried[id] = u.found.Address
			}
		}
	}
	if len(failed) > 0 { // that another process loads one is no failure beside one
		return nil, failed[max(0, slices.IndexFunc(failed, func(e *wire.Error) bool { return !e.Loading }))]
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
