package firmware

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vaad/firmware/emulated"
	"vaad/firmware/wire"

	"pgregory.net/rapid"
)

// A starter does what udev and systemd do: a process for each appearance of a device
// that waits for firmware.
type starter struct {
	r      *rig
	ctx    context.Context
	stop   func()
	mu     sync.Mutex
	errs   []string // how they ended, if not well
	starts int
	all    sync.WaitGroup
}

// startEach begins; end waits for all.
func (r *rig) startEach(ctx context.Context) *starter {
	s := &starter{r: r}
	s.ctx, s.stop = context.WithCancel(ctx)
	s.all.Go(func() {
		seen := map[int]bool{}
		for s.ctx.Err() == nil {
			found, _ := r.bus.Devices() // a memoryBus has no errors
			for _, u := range inventory(found) {
				if rank(u.device.State) < complete && !seen[u.found.Address] {
					seen[u.found.Address] = true
					s.start(u.found.Port, u.found.Address)
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	return s
}

func (s *starter) start(port string, number int) {
	s.starts++
	s.all.Go(func() {
		time.Sleep(50 * time.Millisecond) // until the process runs
		other := *s.r.loader
		other.State = NewState(s.r.loader.State.path)
		if _, err := other.Came(context.WithoutCancel(s.ctx), port, number); err != nil {
			s.mu.Lock()
			s.errs = append(s.errs, code(err))
			s.mu.Unlock()
		}
	})
}

func (s *starter) end() []string {
	s.stop()
	s.all.Wait()
	return s.errs
}

// loads counts how often a load of the USB controller was begun, and of the FPGA.
func loads(a *emulated.Astribank) (controller, fpga int) {
	for _, t := range a.Seen() {
		switch {
		case t.Endpoint == 0 && t.Setup.Type == toDevice && t.Setup.Value == cpucs && t.Data[0] == hold:
			controller++
		case t.Endpoint == 4 && len(t.Data) > 4 && t.Data[4] == mppSendStart:
			fpga++
		}
	}
	return controller, fpga
}

func TestOfAllStartsForADeviceOneLoadsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		late := newRig(t, t.TempDir(), 0x1130).bank
		s := r.startEach(t.Context())
		time.Sleep(time.Second)
		r.bus.plug("2", late)
		time.Sleep(time.Minute)
		errs := s.end()
		for _, a := range []*emulated.Astribank{r.bank, late} {
			if c, f := loads(a); a.Product() != 0x1132 || c != 1 || f != 1 {
				t.Errorf("it is %04x; its controller was loaded %d times, its FPGA %d times", a.Product(), c, f)
			}
		}
		if len(errs) != 0 || s.starts != 4 {
			t.Error(errs, s.starts)
		}
	})
}

// Also when it comes just as the load before ends, or while that awaits it.
func TestWheneverItIsPulledOutAndPluggedInAgainItIsLoaded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		here := rapid.IntRange(0, 6000).Draw(rt, "ms until it is pulled out")
		away := rapid.IntRange(1, 20000).Draw(rt, "ms until it is plugged in again")
		wrong := ""
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, t.TempDir(), 0x1130)
			s := r.startEach(t.Context())
			time.Sleep(time.Duration(here) * time.Millisecond)
			r.bus.unplug("1")
			time.Sleep(time.Duration(away) * time.Millisecond)
			r.bus.plug("1", r.bank)
			time.Sleep(time.Minute)
			errs := s.end()
			if devices, err := r.loader.List(); err != nil || len(devices) != 1 || devices[0].State != wire.Ready {
				wrong = fmt.Sprint(devices, err, errs)
			}
		})
		if wrong != "" {
			rt.Error(wrong)
		}
	})
}

// A relapsing device comes back as it was, whatever was loaded.
type relapsing struct{ *emulated.Astribank }

func (g relapsing) Control(p emulated.Port, s emulated.Setup, out []byte) ([]byte, emulated.Fate) {
	return g.Astribank.Control(relapse{p, g.Astribank}, s, out)
}

type relapse struct {
	emulated.Port
	bank *emulated.Astribank
}

func (p relapse) Leave() {
	time.AfterFunc(time.Second, p.bank.Off)
	p.Port.Leave()
}

func TestWhatComesBackAsItWasIsNotLoadedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bus.unplug("1")
		r.bus.plug("1", relapsing{r.bank})
		s := r.startEach(t.Context())
		time.Sleep(10 * time.Minute)
		errs := s.end()
		if c, _ := loads(r.bank); c != tries || len(errs) != 1 || errs[0] != wire.DidNotReturn {
			t.Errorf("loaded %d times: %v", c, errs)
		}
		if devices, err := r.loader.List(); err != nil || devices[0].State != wire.Failed {
			t.Error(devices, err)
		}
	})
}

func TestAFailureHalfWayIsTriedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bank.FPGA = pieces(0x40, 1, 8)
		s := r.startEach(t.Context())
		time.Sleep(5 * time.Minute)
		errs := s.end()
		if c, f := loads(r.bank); c != 1 || f != 1 || s.starts != 2 || len(errs) != 1 {
			t.Errorf("%d times, its FPGA %d times, %d starts: %v", c, f, s.starts, errs)
		}
	})
}

func TestAStartForWhatIsGoneEndsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		for _, c := range []struct {
			port   string
			number int
		}{{"7", 1}, {"1", 99}} {
			if _, err := r.loader.Came(t.Context(), c.port, c.number); err != nil || len(r.bank.Seen()) != 0 {
				t.Error(c, err)
			}
		}
	})
}
