package firmware

import (
	"context"
	"errors"
	"slices"
	"time"

	"vaad/firmware/wire"
)

// tries is how often a device is loaded that comes back no farther than it was: it
// was plugged in again meanwhile, or its image does not run.
const tries = 3

// An attempt is the last load of a device, of those of one request.
type attempt struct {
	unit   unit // as it was when the load began
	n      int  // loads until now
	failed *wire.Error
	ended  time.Time
}

// again says whether a device that was tried is to be loaded anew: it has left the bus
// since, and has come back no farther.
func (a *attempt) again(now *unit) bool {
	return a.n < tries && now.found.Address != a.unit.found.Address && rank(now.device.State) <= rank(a.unit.device.State)
}

// loadThese loads what is wanted of units and needs it, also what is plugged in
// meanwhile: systemd does not start a second load beside the first for it.
func (l *Loader) loadThese(ctx context.Context, units []unit, wanted func(*wire.Device) bool, progress func(wire.Progress)) ([]wire.Device, error) {
	tried := map[string]*attempt{}
	var order []string
	for loads := 0; ctx.Err() == nil; {
		i := slices.IndexFunc(units, func(u unit) bool {
			a := tried[u.device.ID]
			return wanted(&u.device) && u.device.Kind == wire.Astribank && rank(u.device.State) < complete && (a == nil || a.again(&u))
		})
		if i >= 0 && loads < maxLoads {
			loads++
			id := units[i].device.ID
			a := tried[id]
			if a == nil {
				a = &attempt{}
				tried[id], order = a, append(order, id)
			} else {
				l.Log.Info("it was plugged in again", "device", id)
			}
			a.unit, a.n, a.failed = units[i], a.n+1, nil
			_ = errors.As(l.one(ctx, a.unit, progress), &a.failed)
			a.ended = time.Now()
		} else if away := awaited(units, tried); away != nil {
			progress(wire.Progress{Device: away.unit.device.ID, Step: wire.ReEnumerating})
			if l.pause(ctx, away.unit.device.ID, away.unit.found) != nil {
				break
			}
		} else {
			break
		}
		var err error
		if units, err = l.units(); err != nil {
			return nil, err
		}
	}
	var failed []*wire.Error
	for _, id := range order {
		if e := l.ended(tried[id], units); e != nil {
			failed = append(failed, e)
		}
	}
	if len(failed) > 0 { // that another process loads one is no failure beside one
		return nil, failed[max(0, slices.IndexFunc(failed, func(e *wire.Error) bool { return !e.Loading }))]
	}
	return l.List()
}

// awaited is a device that was pulled out while it was loaded, and may yet be plugged
// in again; nil for none.
func awaited(units []unit, tried map[string]*attempt) *attempt {
	for id, a := range tried {
		_, err := find(units, id)
		if err != nil && a.failed != nil && a.failed.Code == wire.NoDevice && a.n < tries && time.Since(a.ended) < replugWait {
			return a
		}
	}
	return nil
}

// ended is how a device stands after its loads, nil: well. Of one that was plugged in
// again udev may have been faster, whose load is as good.
func (l *Loader) ended(a *attempt, units []unit) *wire.Error {
	if a.failed == nil {
		return nil
	}
	id := a.unit.device.ID
	u, err := find(units, id)
	switch {
	case err == nil && rank(u.device.State) == complete:
		return nil
	case l.State.Taken(id):
		return busy(id)
	case err != nil && a.failed.Code == wire.NoDevice:
		e := *a.failed
		e.Detail = "it was pulled out while it was being loaded, and was not plugged in again there"
		return &e
	}
	return a.failed
}
