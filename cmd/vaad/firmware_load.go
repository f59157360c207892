package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"vaad/console"
	"vaad/firmware/wire"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	helperPatience = 30 * time.Second       // for an answer that people wait for
	loadPatience   = 10 * time.Minute       // for a whole load, of the slowest device
	progressEvery  = 200 * time.Millisecond // is how often it is told how far a load is
	maxLoads       = 64                     // at once: more USB devices than a machine has ports
)

// A load of firmware into a device that is under way.
type load struct {
	device wire.Device // as it was when the load was asked for
	by     string
	far    wire.Progress
	told   time.Time
}

func (l *load) progress() *wire.Progress {
	p := l.far
	return &p
}

// Load begins to load firmware into a device, for somebody.
func (u *usb) Load(id, by string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	i := slices.IndexFunc(u.devices, func(d wire.Device) bool { return d.ID == id })
	switch {
	case u.loads[id] != nil:
		return console.ErrLoading
	case i < 0 && u.fault != nil:
		return u.fault
	case i < 0:
		return &wire.Error{Code: wire.NoDevice, Device: id}
	}
	d := u.devices[i]
	switch {
	case d.Kind != wire.Astribank || d.State == wire.Ready || d.State == wire.Unbound:
		return &wire.Error{Code: wire.NotLoadable, Device: id, Detail: d.Model + ": " + string(d.State)}
	case d.State == wire.Loading: // by udev, or by hand
		return console.ErrLoading
	case u.fault != nil:
		return u.fault
	}
	select {
	case u.asked <- id:
	default:
		return console.ErrLoading
	}
	u.loads[id] = &load{device: d, by: by, far: wire.Progress{Device: id, Stage: 1, Step: wire.Checking}}
	u.metrics.count(u.list())
	u.changed()
	return nil
}

// load loads firmware into a device, and keeps what became of it.
func (u *usb) load(ctx context.Context, id string) {
	u.mu.Lock()
	l := u.loads[id]
	u.mu.Unlock()
	begun := u.now()
	log := u.log.With("device", id, "port", l.device.Port, "model", l.device.Model)
	log.Info("firmware is being loaded", "by", l.by)
	patient, cancel := context.WithTimeout(ctx, loadPatience)
	defer cancel()
	devices, err := u.helper.Load(patient, id, func(p wire.Progress) { u.far(l, p) })
	took := u.now().Sub(begun)

	u.mu.Lock()
	defer u.mu.Unlock()
	defer u.changed()
	delete(u.loads, id)
	if ctx.Err() != nil { // the daemon ends
		return
	}
	var of *wire.Error
	if errors.As(err, &of) && of.Loading { // by another process, as udev starts it
		log.Info("firmware is being loaded by another process", "detail", of.Detail)
		for i := range u.devices {
			if u.devices[i].ID == id {
				u.devices[i].State = wire.Loading // until vaad-usb tells how it goes
			}
		}
		return
	}
	u.metrics.took.Observe(took.Seconds())
	if err == nil {
		u.metrics.loads.WithLabelValues("ok").Inc()
		delete(u.failed, id)
		log.Info("firmware is loaded", "by", l.by, "seconds", took.Seconds())
		u.take(devices)
		return
	}
	if of == nil {
		of = &wire.Error{Code: wire.HelperGone, Detail: "loading has taken " + took.Round(time.Second).String()}
	}
	u.metrics.loads.WithLabelValues("failed").Inc()
	u.failed[id] = of
	log.Warn("firmware could not be loaded", "by", l.by, "code", of.Code, "error", of.Detail, "seconds", took.Seconds())
	u.metrics.count(u.list())
}

// far takes how far a load is, and tells it now and then.
func (u *usb) far(l *load, p wire.Progress) {
	u.mu.Lock()
	defer u.mu.Unlock()
	news := p.Step != l.far.Step || p.Stage != l.far.Stage || p.Image != l.far.Image
	if news {
		u.log.Info("firmware", "device", l.device.ID, "stage", p.Stage, "image", p.Image, "step", string(p.Step), "bytes", p.Total)
	}
	l.far = p
	if now := u.now(); news || now.Sub(l.told) >= progressEvery {
		l.told = now
		u.changed()
	}
}

// Reset makes a device be found anew, for somebody.
func (u *usb) Reset(ctx context.Context, id, by string) error {
	u.mu.Lock()
	loading := u.loads[id] != nil
	u.mu.Unlock()
	if loading {
		return console.ErrLoading
	}
	ctx, cancel := context.WithTimeout(ctx, helperPatience)
	defer cancel()
	devices, err := u.helper.Reset(ctx, id)
	if err != nil {
		u.log.Warn("USB port could not be reset", "device", id, "by", by, "error", err)
		return err
	}
	u.log.Info("USB port was reset", "device", id, "by", by)
	u.told(devices, nil)
	return nil
}

// resetUSB makes the device at a USB port be found anew, as "1-1.2": the last resort of
// a driver whose device does not answer any more. Its errors are *wire.Error or the context's.
func (c Config) resetUSB(log *slog.Logger) func(ctx context.Context, port string) error {
	helper := c.Firmware.client(log)
	return func(ctx context.Context, port string) error {
		ctx, cancel := context.WithTimeout(ctx, helperPatience)
		defer cancel()
		devices, err := helper.List(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(devices, func(d wire.Device) bool { return d.Port == port })
		if i < 0 {
			return &wire.Error{Code: wire.NoDevice, Detail: "nothing that is known is at USB port " + port}
		}
		_, err = helper.Reset(ctx, devices[i].ID)
		log.Info("USB port was reset for its driver", "port", port, "device", devices[i].ID, "error", err)
		return err
	}
}

// usbMetrics are what usb moves.
type usbMetrics struct {
	devices *prometheus.GaugeVec
	up      prometheus.Gauge
	loads   *prometheus.CounterVec
	took    prometheus.Histogram
}

func newUSBMetrics(reg prometheus.Registerer) usbMetrics {
	m := usbMetrics{
		devices: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "vaad_usb_devices", Help: "USB telephony devices that are plugged in, by how far each has come."}, []string{"state"}),
		up:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "vaad_usb_helper_up", Help: "1 while vaad-usb, which knows the USB devices, answers."}),
		loads:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vaad_firmware_loads_total", Help: "Loads of firmware that the daemon was asked for."}, []string{"result"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "vaad_firmware_load_seconds", Help: "How long loading firmware into a device took.",
			Buckets: []float64{1, 2, 5, 10, 20, 60, 120, 300}}),
	}
	for _, result := range []string{"ok", "failed"} {
		m.loads.WithLabelValues(result)
	}
	m.count(nil)
	reg.MustRegister(m.devices, m.up, m.loads, m.took)
	return m
}

func (m *usbMetrics) count(devices []console.USBDevice) {
	n := map[wire.State]int{}
	for i := range devices {
		n[devices[i].State]++
	}
	for _, s := range []wire.State{wire.NoFirmware, wire.USBFirmware, wire.Ready, wire.Loading, wire.Failed, wire.Unbound} {
		m.devices.WithLabelValues(string(s)).Set(float64(n[s]))
	}
}
