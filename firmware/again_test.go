package firmware

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"vaad/firmware/emulated"
	"vaad/firmware/wire"

	"pgregory.net/rapid"
)

// Whether udev has a start for it too, and whether all are loaded or only this one: who
// asked for the load is told that it is loaded.
func TestALoadByHandFollowsWhatIsPulledOutAndPluggedInAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		here := rapid.IntRange(1, 3900).Draw(rt, "ms until it is pulled out") // a load takes 4 s
		away := rapid.IntRange(1, 12000).Draw(rt, "ms until it is plugged in again")
		name := rapid.SampledFrom([]string{"", bankID}).Draw(rt, "device")
		udev := rapid.Bool().Draw(rt, "udev")
		wrong := ""
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, t.TempDir(), 0x1130)
			end := func() []string { return nil }
			if udev {
				end = r.startEach(t.Context()).end
			}
			time.AfterFunc(time.Duration(here)*time.Millisecond, func() {
				r.bus.unplug("1")
				time.Sleep(time.Duration(away) * time.Millisecond)
				r.bus.plug("1", r.bank)
			})
			_, err := r.load(t.Context(), name)
			var told *wire.Error
			if errors.As(err, &told); told != nil && !(udev && told.Loading) {
				wrong = fmt.Sprint("it was told that ", err)
			}
			time.Sleep(time.Minute)
			errs := end()
			if devices, err := r.loader.List(); wrong == "" && (err != nil || len(devices) != 1 || devices[0].State != wire.Ready) {
				wrong = fmt.Sprint(devices, err, errs)
			}
		})
		if wrong != "" {
			rt.Error(wrong)
		}
	})
}

func TestWhatIsPulledOutAndStaysAwayIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		other := newRig(t, t.TempDir(), 0x1130).bank
		r.bus.plug("2", other)
		r.bank.Forget(func(n int, _ emulated.Transfer) emulated.Fate {
			if n == 10 {
				return emulated.Unplugs
			}
			return emulated.Works
		})
		began := time.Now()
		_, err := r.load(t.Context(), "")
		var told *wire.Error
		if !errors.As(err, &told) || told.Code != wire.NoDevice || told.Device != bankID || told.Detail != "it was pulled out while it was being loaded, and was not plugged in again there" {
			t.Error(err)
		}
		if took := time.Since(began); took < replugWait || took > replugWait+loadWait || other.Product() != 0x1132 {
			t.Errorf("after %v; the other one is %04x", took, other.Product())
		}
		r.bank.Forget(nil)
		r.bus.plug("1", r.bank)
		if devices, err := r.loader.List(); err != nil || devices[0].State != wire.NoFirmware {
			t.Error("it is there again, and is said to be", devices, err)
		}
	})
}

func TestByHandTooWhatComesBackAsItWasIsNotLoadedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bus.unplug("1")
		r.bus.plug("1", relapsing{r.bank})
		_, err := r.load(t.Context(), bankID)
		if c, _ := loads(r.bank); c != tries || code(err) != wire.DidNotReturn {
			t.Errorf("loaded %d times: %v", c, err)
		}
	})
}
