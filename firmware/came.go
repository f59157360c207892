package firmware

import (
	"context"
	"errors"
	"time"

	"vaad/firmware/wire"
)

// fresh is how old a failure may be that was of the same appearance: numbers are
// used again.
const fresh = time.Minute

// Came loads the device that came at a port ("1-1.2") with this number on its bus,
// as udev tells of each appearance. While another process loads it, it waits: what
// comes just as that one ends would be nobody's otherwise. A device that is gone,
// that needs nothing, or that the other process has failed with is no error.
func (l *Loader) Came(ctx context.Context, port string, number int) ([]wire.Device, error) {
	for done := 0; ; {
		u, err := l.at(port)
		if err != nil {
			return nil, err
		}
		if u == nil || u.found.Address != number || rank(u.device.State) == complete { // what else is there came later, and has its own start
			return l.List()
		}
		id := u.device.ID
		busy := l.State.Taken(id)
		if !busy {
			if f, failed := l.State.Failures()[id]; failed && f.Number == number && time.Since(f.At) < fresh && done == 0 {
				return l.List()
			}
			err = l.one(ctx, *u, func(wire.Progress) {})
			var e *wire.Error
			busy = errors.As(err, &e) && e.Loading
		}
		if busy {
			if failed := l.pause(ctx, id, u.found); failed != nil {
				return nil, failed
			}
			continue
		}
		if err == nil {
			return l.List()
		}
		now, looking := l.at(port)
		if done++; done == tries || looking != nil || now == nil || now.found.Address == number || rank(now.device.State) > rank(u.device.State) {
			return nil, err
		}
		number = now.found.Address
	}
}

// at returns the Astribank at a port, nil if there is none.
func (l *Loader) at(port string) (*unit, error) {
	units, err := l.units()
	if err != nil {
		return nil, err
	}
	for i := range units {
		if u := &units[i]; u.device.Port == port && u.device.Kind == wire.Astribank {
			return u, nil
		}
	}
	return nil, nil
}
