package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"vaad/console"
	"vaad/firmware/wire"

	"github.com/prometheus/client_golang/prometheus"
)

// firmwareConfig is the [firmware] table of vaad.toml.
type firmwareConfig struct {
	Images string `toml:"images"` // folder of images and manifest; default /etc/vaad/firmware, ROOT/firmware with --root
	Socket string `toml:"socket"` // where vaad-usb is asked; default /run/vaad-usb.sock, none with --root
	Helper string `toml:"helper"` // program that is started where nobody listens there; default vaad-usb beside this program, else on PATH

	state string // file in which vaad-usb keeps how loads failed; "": its own
}

const (
	defaultImages = "/etc/vaad/firmware"
	defaultUSB    = "/run/vaad-usb.sock"
	maxSaid       = 500 // bytes of a line that vaad-usb writes to standard error
)

// useDefaults fills in what the file leaves open; own is the folder of --root.
func (f *firmwareConfig) useDefaults(own string) {
	if own != "" {
		f.Images = cmp.Or(f.Images, filepath.Join(own, "firmware"))
		f.state = filepath.Join(own, "run", "vaad-usb", "state.json")
	} else {
		f.Socket = cmp.Or(f.Socket, defaultUSB)
	}
	f.Images = cmp.Or(f.Images, defaultImages)
	if f.Helper == "" {
		f.Helper = "vaad-usb"
		if self, err := os.Executable(); err == nil && exists(filepath.Join(filepath.Dir(self), f.Helper)) {
			f.Helper = filepath.Join(filepath.Dir(self), f.Helper)
		}
	}
}

func (f *firmwareConfig) validate() error {
	var errs []error
	for key, path := range map[string]string{"images": f.Images, "socket": f.Socket} {
		if path != "" && !filepath.IsAbs(path) {
			errs = append(errs, fmt.Errorf("firmware.%s: %q: write the whole path, from /", key, path))
		}
	}
	return errors.Join(errs...)
}

// client is how vaad-usb is asked.
func (f *firmwareConfig) client(log *slog.Logger) *wire.Helper {
	args := []string{"serve", "--images", f.Images}
	if f.state != "" {
		args = append(args, "--state", f.state)
	}
	return &wire.Helper{Socket: f.Socket, Program: f.Helper, Args: args,
		Log: func(line string) { log.Info("vaad-usb says", "line", line[:min(len(line), maxSaid)]) }}
}

// usb knows the USB telephony devices, through vaad-usb. That it is missing, hangs or
// crashes hurts nobody else: the last known devices are shown, with the reason.
type usb struct {
	helper  *wire.Helper
	images  string
	log     *slog.Logger
	watch   watch  // its alarms
	sysfs   string // /sys, where it is seen whether a device waits for a helper that is not there
	came    func() // an Astribank is ready: its lines will come through DAHDI
	now     func() time.Time
	metrics usbMetrics

	asked chan string   // devices that are to be loaded
	look  chan struct{} // something changed that alarms are about

	mu      sync.Mutex
	known   bool          // whether there ever was an inventory
	seen    time.Time     // when it changed last
	devices []wire.Device // as vaad-usb told
	fault   *wire.Error   // why they may not be of now
	since   time.Time     // … since when, moments between left out
	well    time.Time     // since when they are known, after they were not
	loads   map[string]*load
	failed  map[string]*wire.Error // last load of a device
	waits   map[string]time.Time   // since when a device is without firmware
	subs    map[chan struct{}]bool
}

// openUSB makes what [usb.run] keeps going.
func (d *running) openUSB() {
	d.usb = newUSB(d.cfg.Firmware, d.log, d.alarms, d.reg, func() { d.sys.Expect("dahdi", bankSettles) })
}

// bankSettles is how long DAHDI may take until the spans of an Astribank are there.
const bankSettles = time.Minute

func newUSB(c firmwareConfig, log *slog.Logger, alarms alarms, reg prometheus.Registerer, came func()) *usb {
	return &usb{helper: c.client(log), images: c.Images, log: log, watch: watch{alarms: alarms, up: map[[2]string]string{}}, sysfs: "/sys", came: came,
		now: time.Now, metrics: newUSBMetrics(reg), asked: make(chan string, maxLoads), look: make(chan struct{}, 1),
		loads: map[string]*load{}, failed: map[string]*wire.Error{}, waits: map[string]time.Time{}, subs: map[chan struct{}]bool{}}
}

// run follows the devices until ctx ends. Loads that are under way then are given up:
// a device without its whole firmware can be loaded again.
func (u *usb) run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { u.helper.Watch(ctx, u.told) })
	all.Go(func() { u.judge(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-u.asked:
			all.Go(func() { u.load(ctx, id) })
		}
	}
}

// told takes what vaad-usb says: the devices of now, or why they are not known.
func (u *usb) told(devices []wire.Device, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err != nil {
		var of *wire.Error
		if !errors.As(err, &of) {
			of = &wire.Error{Code: wire.HelperGone, Detail: err.Error()}
		}
		if u.fault == nil {
			if now := u.now(); u.since.IsZero() || now.Sub(u.well) >= helperLate { // one that crashes as soon as it has told was no help
				u.since = now
			}
			u.log.Info("USB devices are not known: vaad-usb does not answer", "code", of.Code, "error", of.Detail)
		}
		u.fault = of
		u.metrics.up.Set(0)
	} else {
		if u.fault == nil && u.known && slices.Equal(devices, u.devices) { // it lives
			return
		}
		if u.fault != nil || !u.known {
			u.well = u.now()
			u.log.Info("vaad-usb tells of USB devices", "devices", len(devices))
		}
		u.fault = nil
		u.metrics.up.Set(1)
		u.take(devices)
	}
	u.changed()
}

// take compares devices with those that were known. mu is held.
func (u *usb) take(devices []wire.Device) {
	old := map[string]wire.Device{}
	for _, d := range u.devices {
		old[d.ID] = d
	}
	for _, d := range devices {
		was, there := old[d.ID]
		delete(old, d.ID)
		if !there && u.loads[d.ID] == nil { // it was pulled out while it was loaded, and is there again
			delete(u.failed, d.ID)
		}
		if there && was.State == d.State {
			continue
		}
		u.log.Info("USB device", "device", d.ID, "port", d.Port, "model", d.Model, "state", string(d.State), "was", string(was.State))
		if d.State == wire.Ready {
			delete(u.failed, d.ID)
			if u.known && d.Kind == wire.Astribank {
				u.came()
			}
		}
	}
	for id, d := range old {
		if u.loads[id] == nil { // which goes and comes by itself
			u.log.Info("USB device was unplugged", "device", id, "port", d.Port, "model", d.Model)
			delete(u.failed, id)
		}
	}
	u.known, u.seen, u.devices = true, u.now(), slices.Clone(devices)
	u.metrics.count(u.list())
}

// changed tells all who follow. mu is held.
func (u *usb) changed() {
	for c := range u.subs {
		nudge(c)
	}
	nudge(u.look)
}

// nudge rings a bell that need not ring twice.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// list is every device with what is known of its loads. mu is held.
func (u *usb) list() []console.USBDevice {
	var all []console.USBDevice
	there := map[string]bool{}
	for _, d := range u.devices {
		one := console.USBDevice{Device: d}
		there[d.ID] = true
		if l := u.loads[d.ID]; l != nil {
			one.State, one.Reason, one.Detail, one.Progress = wire.Loading, "", "", l.progress()
		} else if f := u.failed[d.ID]; f != nil && (d.State == wire.NoFirmware || d.State == wire.USBFirmware) {
			one.State, one.Reason, one.Detail = wire.Failed, f.Code, f.Detail
		}
		all = append(all, one)
	}
	for id, l := range u.loads {
		if !there[id] { // it has gone, to come back as another
			one := console.USBDevice{Device: l.device, Progress: l.progress()}
			one.State = wire.Loading
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b console.USBDevice) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Devices is the inventory as it was last told.
func (u *usb) Devices() console.USBState {
	u.mu.Lock()
	defer u.mu.Unlock()
	return console.USBState{Devices: u.list(), Seen: u.seen, Fault: u.fault}
}

// Images compares the folder of images with its manifest.
func (u *usb) Images(ctx context.Context) (folder string, images []wire.Image, err error) {
	ctx, cancel := context.WithTimeout(ctx, helperPatience)
	defer cancel()
	images, err = u.helper.Verify(ctx)
	return u.images, images, err
}

// Subscribe returns a channel that has a value after something has changed.
func (u *usb) Subscribe() (changes <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.subs[c] = true
	return c, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.subs, c)
	}
}
