package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vaad/console"
	"vaad/firmware/image"
	"vaad/firmware/wire"
)

// alarms is what raises and clears them: [alarm.Manager].
type alarms interface {
	Raise(code, subject string, args map[string]string)
	Clear(code, subject string)
}

const (
	judgeEvery  = 5 * time.Second  // is how often devices that wait are looked at
	imagesEvery = 30 * time.Second // … and the folder of images because of them
	waitsLong   = time.Minute      // that a device waits although its image is there
	helperLate  = 20 * time.Second // that vaad-usb does not answer
)

// helperFails is the alarm about vaad-usb itself, and its subject.
var helperFails = [2]string{"usb-helper-failing", "vaad-usb"}

// judge turns what is known of devices into alarms, until ctx ends. It alone touches
// u.watch.
func (u *usb) judge(ctx context.Context) {
	tick := time.NewTicker(judgeEvery)
	defer tick.Stop()
	f := imageFolder{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-u.look:
		}
		u.alarms(ctx, &f)
	}
}

// imageFolder is what was last known of the images.
type imageFolder struct {
	looked time.Time
	images []wire.Image
	err    error
}

// of says whether a device finds an image, and if not, why not: a code, and what it is
// about.
func (f *imageFolder) of(d *wire.Device) (code, detail string) {
	var we *wire.Error
	if errors.As(f.err, &we) {
		if we.Code == wire.NoManifest || we.Code == wire.ManifestInvalid {
			return we.Code, we.Detail
		}
		return "", "" // the helper's own trouble, which is told elsewhere
	}
	if f.err != nil {
		return "", ""
	}
	code, detail = wire.NoImage, fmt.Sprintf("%04x:%04x", d.Vendor, d.Product)
	for _, i := range f.images {
		kind, ids, _ := strings.Cut(i.Loads, " ")
		if kind == string(image.PIC) || !slices.Contains(strings.Fields(ids), detail) { // modules' controllers are loaded after the FPGA
			continue
		}
		if i.Fault == "" {
			return "", ""
		}
		code, detail = i.Fault, i.File
		break
	}
	return code, detail
}

// alarms raises and clears what holds now.
func (u *usb) alarms(ctx context.Context, f *imageFolder) {
	now := u.now()
	u.mu.Lock()
	devices, fault, since, well, known := u.list(), u.fault, u.since, u.well, u.known
	waiting := u.waiting(devices, now)
	u.mu.Unlock()

	if len(waiting) > 0 && fault == nil && now.Sub(f.looked) >= imagesEvery {
		f.looked = now
		_, f.images, f.err = u.Images(ctx)
		if ctx.Err() != nil {
			return
		}
	}
	up := map[[2]string]bool{}
	raise := func(code, subject string, args map[string]string) {
		up[[2]string{code, subject}] = true
		u.watch.set(true, code, subject, args)
	}
	for i := range devices {
		d := &devices[i]
		args := map[string]string{"model": d.Model, "port": d.Port}
		begun, waits := waiting[d.ID]
		switch {
		case d.State == wire.Failed:
			args["code"], args["reason"] = d.Reason, d.Detail
			if ofImages(d.Reason) {
				raise("firmware-missing", d.ID, args)
				break
			}
			raise("firmware-failed", d.ID, args)
		case !waits:
		case fault != nil: // its own alarm
		default:
			if args["code"], args["reason"] = f.of(&d.Device); args["code"] != "" {
				raise("firmware-missing", d.ID, args)
			} else if now.Sub(begun) >= waitsLong {
				raise("firmware-waiting", d.ID, args)
			}
		}
	}
	if fault != nil && now.Sub(since) >= helperLate && (known || bankWaits(u.sysfs)) {
		raise(helperFails[0], helperFails[1], map[string]string{"code": fault.Code, "reason": fault.Detail})
	} else if fault == nil && now.Sub(well) < helperLate {
		up[helperFails] = true // if it stands, it stands until vaad-usb has lived for a while
	}
	for key := range u.watch.up {
		if !up[key] {
			u.watch.set(false, key[0], key[1], nil)
		}
	}
}

// waiting are the devices without their firmware, and since when. mu is held.
func (u *usb) waiting(devices []console.USBDevice, now time.Time) map[string]time.Time {
	out := map[string]time.Time{}
	for i := range devices {
		d := &devices[i]
		if d.Kind != wire.Astribank || d.State != wire.NoFirmware && d.State != wire.USBFirmware {
			continue
		}
		since, ok := u.waits[d.ID]
		if !ok {
			since = now
		}
		out[d.ID] = since
	}
	u.waits = out
	return out
}

// ofImages says that a load failed for want of the right image.
func ofImages(code string) bool {
	return slices.Contains([]string{wire.NoManifest, wire.ManifestInvalid, wire.ImageMissing, wire.ImageChanged, wire.ImageUnlisted, wire.ImageInvalid, wire.NoImage}, code)
}

// bankWaits says whether the kernel sees an Astribank without its whole firmware: its
// product (of vendor e4e4) ends in 0, 1 or 3 then.
func bankWaits(sysfs string) bool {
	vendors, _ := filepath.Glob(filepath.Join(sysfs, "bus/usb/devices/*/idVendor")) // a pattern that is right
	return slices.ContainsFunc(vendors, func(name string) bool {
		vendor, err := os.ReadFile(name)
		product, perr := os.ReadFile(filepath.Join(filepath.Dir(name), "idProduct"))
		if err != nil || perr != nil || strings.TrimSpace(string(vendor)) != "e4e4" {
			return false
		}
		p := strings.TrimSpace(string(product))
		return len(p) == 4 && strings.HasPrefix(p, "11") && strings.Contains("013", p[3:])
	})
}
