package firmware

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vaad/firmware/emulated"
	"vaad/firmware/wire"

	"pgregory.net/rapid"
)

// pieces makes n pieces of a size, one after the other, of bytes that tell places apart.
func pieces(from uint32, n, size int) []emulated.Piece {
	var all []emulated.Piece
	for i := range n {
		p := emulated.Piece{Addr: from + uint32(i*size)}
		for j := range size {
			p.Data = append(p.Data, byte((int(from)+i*size+j)*31>>3)^byte(i))
		}
		all = append(all, p)
	}
	return all
}

// A rig is a bus with an Astribank, and a folder with its images.
type rig struct {
	bus    *memoryBus
	bank   *emulated.Astribank
	loader *Loader
	dir    string
	steps  []string
}

const bankID = "at-0000_00_14.0-1"

func newRig(t interface {
	Helper()
	Fatal(...any)
}, dir string, family uint16) *rig {
	t.Helper()
	usb, fpga := append(pieces(0, 90, 16), pieces(0x1000, 3, 16)...), pieces(0xff80, 6, 64)
	r := &rig{bus: newMemoryBus(), bank: emulated.New(family, 0x0101, usb, fpga), dir: dir}
	r.loader = &Loader{Bus: r.bus, Images: dir, State: NewState(filepath.Join(dir, ".run", "state.json")), Log: slog.New(slog.DiscardHandler)}
	m := "version = 1\n" + r.entry("usb.hex", "fx2", family, emulated.HEX(1, usb)) + r.entry("fpga.hex", "fpga", family+1, emulated.HEX(1, fpga))
	if family == 0x1160 {
		r.bank.Modules = map[byte][]byte{}
		for card := byte(1); card <= 2; card++ {
			image := make([]emulated.Piece, 5)
			for i := range image {
				image[i] = emulated.Piece{Addr: uint32(i), Data: []byte{card, byte(i), 7}}
				r.bank.Modules[card] = append(r.bank.Modules[card], image[i].Data...)
			}
			m += r.entry(fmt.Sprintf("pic%d.hex", card), "pic", family+1, emulated.HEX(3, image)) + fmt.Sprintf("card = %d\n", card)
		}
	}
	r.write("manifest.toml", m)
	r.bus.plug("1", r.bank)
	return r
}

func (r *rig) write(name, text string) {
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		panic(err)
	}
}

func (r *rig) entry(file, kind string, product uint16, text string) string {
	r.write(file, text)
	return fmt.Sprintf("[[image]]\nfile = %q\nversion = \"9841\"\nsha256 = \"%x\"\nlicence = \"none\"\nkind = %q\ndevices = [\"e4e4:%04x\"]\n", file, sha256.Sum256([]byte(text)), kind, product)
}

func (r *rig) load(ctx context.Context, name string) ([]wire.Device, error) {
	r.steps = nil
	return r.loader.Load(ctx, name, func(p wire.Progress) {
		if s := fmt.Sprint(p.Stage, " ", p.Step); !slices.Contains(r.steps, s) {
			r.steps = append(r.steps, s)
		}
		if p.Done < 0 || p.Done > p.Total {
			panic(p)
		}
	})
}

func code(err error) string {
	if e := (*wire.Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestAnEmptyAstribankIsFollowedUntilTheKernelHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		devices, err := r.load(t.Context(), "")
		if err != nil || len(devices) != 1 || devices[0].State != wire.Ready || devices[0].ID != bankID || devices[0].Product != 0x1132 {
			t.Fatal(devices, err)
		}
		want := []string{"1 checking", "1 sending", "1 re-enumerating", "2 checking", "2 sending", "2 re-enumerating", "0 loaded"}
		if !reflect.DeepEqual(r.steps, want) {
			t.Error(r.steps)
		}
		r.bank.Forget(nil)
		if _, err := r.load(t.Context(), bankID); err != nil || len(r.bank.Seen()) != 0 {
			t.Error("a device that is ready was touched", err, r.bank.Seen())
		}
	})
}

func TestAModularAstribankHasItsModulesLoadedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1160)
		if _, err := r.load(t.Context(), "X1000001"); code(err) != wire.NoDevice {
			t.Fatal("an empty controller tells no serial number", err)
		}
		devices, err := r.load(t.Context(), "1")
		if err != nil || devices[0].Product != 0x1162 || !r.bank.HasModule(1) || !r.bank.HasModule(2) || r.bank.HasModule(3) {
			t.Fatal(devices, err)
		}
	})
}

func TestWhereTheKernelHasNoDriverThatIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1140)
		r.bus.driver = ""
		if devices, err := r.load(t.Context(), ""); err != nil || devices[0].State != wire.Unbound {
			t.Fatal(devices, err)
		}
	})
}

func TestADeviceThatHasJustComeIsAwaitedUntilUdevHasGivenItToUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bus.slow = 3 * time.Second
		if devices, err := r.load(t.Context(), ""); err != nil || devices[0].State != wire.Ready {
			t.Fatal(devices, err)
		}
	})
}

func TestAWrongImageIsRefusedBeforeAnythingIsSent(t *testing.T) {
	for what, c := range map[string]struct {
		do   func(r *rig)
		want string
	}{
		"another USB image":       {func(r *rig) { r.write("usb.hex", emulated.HEX(1, pieces(0, 2, 16))) }, wire.ImageChanged},
		"another FPGA image":      {func(r *rig) { r.write("fpga.hex", emulated.HEX(1, pieces(0, 2, 16))) }, wire.ImageChanged},
		"no USB image":            {func(r *rig) { os.Remove(filepath.Join(r.dir, "usb.hex")) }, wire.ImageMissing},
		"right hash, wrong words": {func(r *rig) { r.write("manifest.toml", "version = 1\n"+r.entry("usb.hex", "fx2", 0x1130, "no hex")) }, wire.ImageInvalid},
		"for another device": {func(r *rig) {
			r.write("manifest.toml", "version = 1\n"+r.entry("usb.hex", "fx2", 0x1140, emulated.HEX(1, pieces(0, 2, 16))))
		}, wire.NoImage},
		"no manifest":       {func(r *rig) { os.Remove(filepath.Join(r.dir, "manifest.toml")) }, wire.NoManifest},
		"a broken manifest": {func(r *rig) { r.write("manifest.toml", "versio") }, wire.ManifestInvalid},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, t.TempDir(), 0x1130)
				c.do(r)
				_, err := r.load(t.Context(), "")
				if code(err) != c.want || len(r.bank.Seen()) != 0 {
					t.Fatal(err, r.bank.Seen())
				}
				devices, _ := r.loader.List()
				if devices[0].State != wire.Failed || devices[0].Reason != c.want {
					t.Fatal(devices)
				}
			})
		})
	}
}

func TestAnImageThatDoesNotStartIsNotLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bank.USB = pieces(0x40, 1, 8)
		began := time.Now()
		if _, err := r.load(t.Context(), ""); code(err) != wire.DidNotReturn || time.Since(began) > returnWait+time.Second {
			t.Fatal(err, time.Since(began))
		}
	})
}

func TestMemoryThatDoesNotKeepIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bank.Forgetful = true
		if _, err := r.load(t.Context(), ""); code(err) != wire.VerifyFailed {
			t.Fatal(err)
		}
	})
}

func TestAnFPGAThatRefusesItsImageIsNotLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bank.FPGA = pieces(0, 1, 8)
		if _, err := r.load(t.Context(), ""); code(err) != wire.TransferFailed || !strings.Contains(err.Error(), "FPGA") {
			t.Fatal(err)
		}
	})
}

// Whatever transfer fails, however: the load ends in bounded time with a code, never
// as loaded; and after the plug was pulled and put in again it is loaded anew.
func TestWhateverTransferFailsALoadEndsAndTheNextSucceeds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		family := rapid.SampledFrom([]uint16{0x1130, 0x1160}).Draw(rt, "family")
		at := rapid.IntRange(0, 75).Draw(rt, "transfer")
		how := rapid.SampledFrom([]emulated.Fate{emulated.Stalls, emulated.Hangs, emulated.Unplugs}).Draw(rt, "how")
		dir, err := os.MkdirTemp("", "vaad-firmware")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		synctest.Test(t, func(t *testing.T) { err = failOnce(t, newRig(rt, dir, family), at, how) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// failOnce loads with one transfer that fails, and again after the plug was pulled
// and put in. It answers which promise was broken.
func failOnce(t *testing.T, r *rig, at int, how emulated.Fate) error {
	failed := false
	r.bank.Forget(func(n int, _ emulated.Transfer) emulated.Fate {
		if n == at {
			failed = true
			return how
		}
		return emulated.Works
	})
	began := time.Now()
	devices, err := r.load(t.Context(), "")
	if took := time.Since(began); took > 2*returnWait+replugWait || r.bus.opened != 0 {
		return fmt.Errorf("it took %v and left %d open", took, r.bus.opened)
	}
	if !failed {
		if err != nil || devices[0].State != wire.Ready {
			return fmt.Errorf("nothing failed: %v %v", devices, err)
		}
		return nil
	}
	want := []string{wire.TransferFailed}
	if how == emulated.Unplugs {
		want = []string{wire.NoDevice, wire.DidNotReturn}
	}
	if !slices.Contains(want, code(err)) || slices.Contains(r.steps, "0 loaded") {
		return fmt.Errorf("%v after %v", err, r.steps)
	}
	devices, listing := r.loader.List()
	if how == emulated.Unplugs {
		if listing != nil || len(devices) != 0 {
			return fmt.Errorf("unplugged, listed: %v %v", devices, listing)
		}
	} else {
		if listing != nil || devices[0].State != wire.Failed || devices[0].Reason != code(err) {
			return fmt.Errorf("failed with %v, listed: %v %v", err, devices, listing)
		}
		r.bus.unplug("1")
	}
	time.Sleep(time.Minute)
	r.bank.Forget(nil)
	r.bus.plug("1", r.bank)
	if devices, err := r.load(t.Context(), ""); err != nil || devices[0].State != wire.Ready || devices[0].Reason != "" {
		return fmt.Errorf("plugged in again: %v %v", devices, err)
	}
	return nil
}

func TestOneDeviceIsLoadedByOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bank.Forget(func(_ int, x emulated.Transfer) emulated.Fate {
			if x.Endpoint != 0 {
				return emulated.Hangs
			}
			return emulated.Works
		})
		done := make(chan error)
		go func() {
			_, err := r.load(t.Context(), "")
			done <- err
		}()
		time.Sleep(time.Second) // it is away
		if devices, err := r.loader.List(); err != nil || len(devices) != 1 || devices[0].ID != bankID || devices[0].State != wire.Loading {
			t.Error("away:", devices, err)
		}
		if _, err := r.loader.Load(t.Context(), bankID, nil); code(err) != wire.DeviceBusy {
			t.Error("away:", err)
		}
		time.Sleep(2 * time.Second) // it is back, and hangs
		r.bus.plug("2", emulated.New(0x1130, 0x0101, nil, nil))
		other := *r.loader // of another process
		other.State = NewState(r.loader.State.path)
		var e *wire.Error
		if _, err := other.Load(t.Context(), bankID, nil); !errors.As(err, &e) || e.Code != wire.DeviceBusy || !e.Loading {
			t.Error(err)
		}
		if _, err := other.Reset(t.Context(), bankID); code(err) != wire.DeviceBusy {
			t.Error(err)
		}
		if devices, err := other.List(); err != nil || devices[0].State != wire.Loading || devices[1].State != wire.NoFirmware {
			t.Error(devices, err)
		}
		if err := <-done; code(err) != wire.TransferFailed {
			t.Error(err)
		}
	})
}

func TestOneThatFailsDoesNotKeepOthersWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bank.USB = pieces(0x40, 1, 8)
		good := newRig(t, t.TempDir(), 0x1130).bank
		r.bus.plug("2", good)
		if _, err := r.load(t.Context(), ""); code(err) != wire.DidNotReturn || good.Product() != 0x1132 {
			t.Fatal(err, good.Product())
		}
	})
}

func TestWhatIsPluggedInDuringALoadIsLoadedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		late := newRig(t, t.TempDir(), 0x1130).bank
		time.AfterFunc(time.Second, func() { r.bus.plug("2", late) })
		if devices, err := r.load(t.Context(), ""); err != nil || len(devices) != 2 || late.Product() != 0x1132 {
			t.Fatal(devices, err)
		}
	})
}

func TestWhyADeviceCannotBeOpenedIsTold(t *testing.T) {
	for err, want := range map[error]string{ErrDenied: wire.DeviceDenied, ErrBusy: wire.DeviceBusy, ErrLibUSB: wire.NoLibUSB, ErrGone: wire.NoDevice} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, t.TempDir(), 0x1130)
			r.bus.denied = fmt.Errorf("opening: %w", err)
			if _, err := r.load(t.Context(), ""); code(err) != want {
				t.Error(err, want)
			}
		})
	}
}

func TestAResetDeviceIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		if devices, err := r.loader.Reset(t.Context(), bankID); err != nil || len(devices) != 1 {
			t.Fatal(devices, err)
		}
		for name, want := range map[string]string{"another": wire.NoDevice, "": wire.BadRequest} {
			if _, err := r.loader.Reset(t.Context(), name); code(err) != want {
				t.Fatal(name, err)
			}
		}
	})
}

func TestAResetDeviceHasItsDriverAgain(t *testing.T) {
	for late, want := range map[time.Duration]wire.State{3 * time.Second: wire.Ready, time.Minute: wire.Unbound} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, t.TempDir(), 0x1130)
			if devices, err := r.load(t.Context(), ""); err != nil || devices[0].State != wire.Ready {
				t.Fatal(devices, err)
			}
			driver := r.bus.driver
			r.bus.driver = "" // it takes the device some time after that is back
			time.AfterFunc(2*time.Second+late, func() {
				r.bus.mu.Lock()
				defer r.bus.mu.Unlock()
				r.bus.places["1"].found.Interfaces = []Interface{{Driver: driver}}
			})
			if devices, err := r.loader.Reset(t.Context(), bankID); err != nil || devices[0].State != want {
				t.Error(late, devices, err)
			}
			time.Sleep(2 * time.Minute)
		})
	}
}

// As xpp_usb, which resets the device it takes, which the kernel refuses within a reset.
func TestAResetDeviceIsOfferedToItsDriverAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		if _, err := r.load(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		r.bus.driver, r.bus.rebinds = "", r.bus.driver
		if devices, err := r.loader.Reset(t.Context(), bankID); err != nil || devices[0].State != wire.Ready {
			t.Error(devices, err)
		}
	})
}

func TestALoadOfAnotherProcessHidesNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		r.bus.plug("2", emulated.New(0x1150, 0x0101, nil, nil)) // there is no image for it
		release, err := NewState(r.loader.State.path).Take(bankID)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if _, err := r.load(t.Context(), ""); code(err) != wire.NoImage {
			t.Error(err)
		}
	})
}

func TestAWatchTellsChangesAndThatItLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, t.TempDir(), 0x1130)
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var told []string
		done := make(chan error)
		go func() {
			done <- r.loader.Watch(ctx, func(d []wire.Device) error {
				s := fmt.Sprintf("%.0f:", time.Since(began).Seconds())
				for _, d := range d {
					s += " " + string(d.State)
				}
				told = append(told, s)
				return nil
			})
		}()
		time.Sleep(15500 * time.Millisecond)
		r.bus.unplug("1")
		time.Sleep(2 * time.Second)
		cancel()
		if err := <-done; err != nil || !reflect.DeepEqual(told, []string{"0: no-firmware", "10: no-firmware", "16:"}) {
			t.Fatal(told, err)
		}
	})
}
