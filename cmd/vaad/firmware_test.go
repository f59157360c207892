package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/console"
	"vaad/firmware/wire"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// A helperForTest answers as vaad-usb does, or as one that is broken.
type helperForTest struct {
	t       *testing.T
	socket  string
	version int

	mu      sync.Mutex
	broken  string // how a load goes: "" well
	devices []wire.Device
	images  []wire.Image
	asked   []string
	conns   []net.Conn
	again   chan struct{} // closed when devices change
}

func bank(state wire.State, product uint16) wire.Device {
	return wire.Device{ID: "X1", Port: "1-2", Vendor: 0xe4e4, Product: product, Model: "Astribank", Kind: wire.Astribank, State: state}
}

func newHelper(t *testing.T, devices ...wire.Device) *helperForTest {
	t.Helper()
	h := &helperForTest{t: t, socket: filepath.Join(t.TempDir(), "usb.sock"), version: wire.Version, devices: devices, again: make(chan struct{}),
		images: []wire.Image{{File: "fx2.hex", Loads: "fx2 e4e4:1130 (release 0101)"}, {File: "fpga.hex", Loads: "fpga e4e4:1131"}}}
	h.open()
	return h
}

// open lets the helper be reached.
func (h *helperForTest) open() {
	h.t.Helper()
	l, err := net.Listen("unix", h.socket)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = l.Close(); h.drop(); h.plug() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.mu.Lock()
			h.conns = append(h.conns, c)
			h.mu.Unlock()
			go h.serve(c)
		}
	}()
}

// drop ends all conversations, as a crash does.
func (h *helperForTest) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		_ = c.Close()
	}
	h.conns = nil
}

// breaks says how loads go from now on.
func (h *helperForTest) breaks(how string) { h.mu.Lock(); defer h.mu.Unlock(); h.broken = how }

// speaks says which version it speaks from now on.
func (h *helperForTest) speaks(version int) { h.mu.Lock(); defer h.mu.Unlock(); h.version = version }

// plug changes which devices there are.
func (h *helperForTest) plug(devices ...wire.Device) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.devices = devices
	close(h.again)
	h.again = make(chan struct{})
}

func (h *helperForTest) did() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.asked)
}

func (h *helperForTest) serve(c net.Conn) {
	defer c.Close()
	say := func(a wire.Answer) { _ = wire.Write(c, a) }
	h.mu.Lock()
	version := h.version
	h.mu.Unlock()
	say(wire.Answer{Hello: &wire.Hello{Version: version, Program: "test"}})
	var r wire.Request
	if wire.NewReader(c).Read(&r) != nil {
		return
	}
	h.mu.Lock()
	h.asked = append(h.asked, strings.TrimSpace(string(r.Op)+" "+r.Device))
	devices, images, broken, again := h.devices, h.images, h.broken, h.again
	h.mu.Unlock()
	switch r.Op {
	case wire.Watch:
		for {
			if wire.Write(c, wire.Answer{ID: r.ID, Devices: devices}) != nil {
				return
			}
			<-again
			h.mu.Lock()
			devices, again = h.devices, h.again
			h.mu.Unlock()
		}
	case wire.Verify:
		if images == nil {
			say(wire.Answer{ID: r.ID, Error: &wire.Error{Code: wire.NoManifest, Detail: "no such file"}})
			return
		}
		say(wire.Answer{ID: r.ID, Images: images, Done: true})
	case wire.Load:
		say(wire.Answer{ID: r.ID, Progress: &wire.Progress{Device: r.Device, Stage: 1, Image: "fx2.hex", Step: wire.Sending, Done: 10, Total: 100}})
		switch broken {
		case "":
			say(wire.Answer{ID: r.ID, Devices: []wire.Device{bank(wire.Ready, 0x1132)}, Done: true})
			h.plug(bank(wire.Ready, 0x1132))
		case "refuses":
			say(wire.Answer{ID: r.ID, Error: &wire.Error{Code: wire.ImageChanged, Device: r.Device, Detail: "fx2.hex"}})
		case "another": // process is faster
			say(wire.Answer{ID: r.ID, Error: &wire.Error{Code: wire.DeviceBusy, Device: r.Device, Loading: true}})
		case "garbage":
			_, _ = c.Write([]byte("}{\x00\n"))
		case "endless":
			_, _ = c.Write([]byte(strings.Repeat("x", wire.MaxLine+1)))
		case "hangs":
			_, _ = c.Read(make([]byte, 1))
		case "pulled": // out, half-way
			h.plug()
			say(wire.Answer{ID: r.ID, Error: &wire.Error{Code: wire.NoDevice, Device: r.Device, Detail: "it was pulled out"}})
		case "crashes": // half-way
		}
	default:
		say(wire.Answer{ID: r.ID, Devices: devices, Done: true})
	}
}

// told keeps alarms that are raised.
type raisedAlarms struct {
	mu sync.Mutex
	up map[string]map[string]string
}

func (r *raisedAlarms) Raise(code, subject string, args map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up[code+" "+subject] = args
}

func (r *raisedAlarms) Clear(code, subject string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.up, code+" "+subject)
}

func (r *raisedAlarms) all() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, args := range r.up {
		all = append(all, strings.TrimSpace(k+" "+args["code"]))
	}
	slices.Sort(all)
	return all
}

type usbRig struct {
	*usb
	t      *testing.T
	h      *helperForTest
	alarms *raisedAlarms
	came   chan struct{}
	reg    *prometheus.Registry
	f      imageFolder

	clock sync.Mutex
	later time.Duration
}

// newUSBRig runs a usb against a helper, without its judge, which tests call.
func newUSBRig(t *testing.T, h *helperForTest) *usbRig {
	t.Helper()
	r := &usbRig{t: t, h: h, alarms: &raisedAlarms{up: map[string]map[string]string{}}, came: make(chan struct{}, 16), reg: prometheus.NewRegistry()}
	r.usb = newUSB(firmwareConfig{Socket: h.socket, Images: "/images"}, slog.New(slog.DiscardHandler), r.alarms, r.reg, func() { r.came <- struct{}{} })
	r.usb.sysfs = t.TempDir()
	r.usb.helper.Silence = time.Hour // however long this machine stands still
	watches := *r.usb.helper         // its silence stays, whatever a test makes loads bear
	began := time.Now()
	r.usb.now = func() time.Time {
		r.clock.Lock()
		defer r.clock.Unlock()
		return began.Add(r.later)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { watches.Watch(ctx, r.told) })
	all.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case id := <-r.asked:
				all.Go(func() { r.load(ctx, id) })
			}
		}
	})
	t.Cleanup(func() { cancel(); all.Wait() })
	return r
}

// after moves the clock and looks at what alarms there are.
func (r *usbRig) after(d time.Duration) []string {
	r.clock.Lock()
	r.later += d
	r.clock.Unlock()
	r.usb.alarms(r.t.Context(), &r.f)
	return r.alarms.all()
}

// until waits until the inventory is so.
func (r *usbRig) until(what string, so func(console.USBState) bool) console.USBState {
	r.t.Helper()
	changes, leave := r.Subscribe()
	defer leave()
	patience := time.After(2 * time.Minute)
	for {
		st := r.Devices()
		if so(st) {
			return st
		}
		select {
		case <-changes:
		case <-patience:
			r.t.Fatalf("never: %s; it is %+v, fault %v", what, st.Devices, st.Fault)
		}
	}
}

func stateIs(s wire.State) func(console.USBState) bool {
	return func(st console.USBState) bool {
		return st.Fault == nil && len(st.Devices) == 1 && st.Devices[0].State == s
	}
}

func is(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestFirmwareIsLoadedAndItsLinesAreExpected(t *testing.T) {
	r := newUSBRig(t, newHelper(t, bank(wire.NoFirmware, 0x1130)))
	r.until("an Astribank waits", stateIs(wire.NoFirmware))
	is(t, "at first", r.after(0))
	is(t, "its image is there, and nobody has loaded it", r.after(2*time.Minute), "firmware-waiting X1")
	if err := r.Load("X1", "ann"); err != nil {
		t.Fatal(err)
	}
	r.until("it is ready", stateIs(wire.Ready))
	<-r.came
	r.until("the load has ended", func(console.USBState) bool {
		return testutil.ToFloat64(r.metrics.loads.WithLabelValues("ok")) == 1
	})
	is(t, "afterwards", r.after(time.Minute))
	if n := testutil.ToFloat64(r.metrics.devices.WithLabelValues("ready")); n != 1 {
		t.Errorf("%v devices are ready", n)
	}
	var we *wire.Error
	if err := r.Load("X1", "ann"); !errors.As(err, &we) || we.Code != wire.NotLoadable {
		t.Errorf("loading it again: %v", err)
	}
	if err := r.Load("X2", "ann"); !errors.As(err, &we) || we.Code != wire.NoDevice {
		t.Errorf("loading another: %v", err)
	}
}

func TestALoadShowsHowFarItIsAndIsNotBegunTwice(t *testing.T) {
	h := newHelper(t, bank(wire.NoFirmware, 0x1130))
	h.breaks("hangs")
	r := newUSBRig(t, h)
	r.until("an Astribank waits", stateIs(wire.NoFirmware))
	if err := r.Load("X1", "ann"); err != nil {
		t.Fatal(err)
	}
	st := r.until("bytes are sent", func(st console.USBState) bool {
		return stateIs(wire.Loading)(st) && st.Devices[0].Progress.Done == 10
	})
	if p := st.Devices[0].Progress; p.Image != "fx2.hex" || p.Total != 100 || p.Step != wire.Sending {
		t.Errorf("%+v", p)
	}
	if err := r.Load("X1", "ben"); !errors.Is(err, console.ErrLoading) {
		t.Errorf("loading it twice: %v", err)
	}
	if err := r.Reset(t.Context(), "X1", "ben"); !errors.Is(err, console.ErrLoading) {
		t.Errorf("resetting it meanwhile: %v", err)
	}
	h.plug() // it goes, to come back as another
	r.until("it is loading still", func(st console.USBState) bool {
		return slices.Contains(h.did(), "watch") && stateIs(wire.Loading)(st)
	})
	is(t, "meanwhile", r.after(5*time.Minute))
}

// A reset's answer, or a load by another process, may say what the watch never saw:
// what the watch says again corrects it.
func TestWhatTheWatchSaysAgainCorrectsWhatWasHeardMeanwhile(t *testing.T) {
	u := newUSB(firmwareConfig{}, slog.New(slog.DiscardHandler), &raisedAlarms{up: map[string]map[string]string{}}, prometheus.NewRegistry(), func() {})
	now := time.Now()
	u.now = func() time.Time { return now }
	ready := []wire.Device{bank(wire.Ready, 0x1132)}
	u.told(ready, nil)
	seen := u.Devices().Seen
	now = now.Add(wire.Heartbeat)
	changes, leave := u.Subscribe()
	defer leave()
	u.told(ready, nil)
	if len(changes) != 0 || !u.Devices().Seen.Equal(seen) {
		t.Error("a heartbeat is told as a change")
	}
	u.told([]wire.Device{bank(wire.Unbound, 0x1132)}, nil)
	u.told(ready, nil)
	if st := u.Devices(); st.Devices[0].State != wire.Ready || len(changes) != 1 {
		t.Errorf("%+v", st)
	}
}

// However vaad-usb breaks, the load has failed with a reason, and the next one may go well.
func TestABrokenHelperFailsTheLoadAndNothingElse(t *testing.T) {
	for broken, want := range map[string]struct{ code, alarm string }{
		"refuses": {wire.ImageChanged, "firmware-missing X1 image-changed"},
		"garbage": {wire.HelperGone, "firmware-failed X1 helper-gone"},
		"endless": {wire.HelperGone, "firmware-failed X1 helper-gone"},
		"hangs":   {wire.HelperGone, "firmware-failed X1 helper-gone"},
		"crashes": {wire.HelperGone, "firmware-failed X1 helper-gone"},
	} {
		t.Run(broken, func(t *testing.T) {
			h := newHelper(t, bank(wire.USBFirmware, 0x1131))
			h.breaks(broken)
			r := newUSBRig(t, h)
			if broken == "hangs" {
				r.usb.helper.Silence = 100 * time.Millisecond
			}
			r.until("an Astribank waits", stateIs(wire.USBFirmware))
			if err := r.Load("X1", "ann"); err != nil {
				t.Fatal(err)
			}
			st := r.until("it has failed", func(st console.USBState) bool {
				return len(st.Devices) == 1 && st.Devices[0].State == wire.Failed
			})
			if st.Devices[0].Reason != want.code {
				t.Errorf("because of %s, want %s", st.Devices[0].Reason, want.code)
			}
			r.until("vaad-usb answers", stateIs(wire.Failed))
			is(t, "alarms", r.after(time.Second), want.alarm)
			if n := testutil.ToFloat64(r.metrics.loads.WithLabelValues("failed")); n != 1 {
				t.Errorf("%v failed loads", n)
			}
			h.breaks("")
			r.usb.helper.Silence = time.Hour
			if err := r.Load("X1", "ann"); err != nil {
				t.Fatal(err)
			}
			r.until("it is ready", stateIs(wire.Ready))
			is(t, "alarms at the end", r.after(time.Second))
		})
	}
}

func TestALoadOfAnotherProcessIsFollowed(t *testing.T) {
	h := newHelper(t, bank(wire.NoFirmware, 0x1130))
	h.breaks("another")
	r := newUSBRig(t, h)
	r.until("an Astribank waits", stateIs(wire.NoFirmware))
	if err := r.Load("X1", "ann"); err != nil {
		t.Fatal(err)
	}
	r.until("the other one loads it", func(st console.USBState) bool { return stateIs(wire.Loading)(st) && st.Devices[0].Progress == nil })
	if err := r.Load("X1", "ann"); !errors.Is(err, console.ErrLoading) {
		t.Errorf("loading it meanwhile: %v", err)
	}
	h.plug(bank(wire.Ready, 0x1132))
	r.until("it is ready", stateIs(wire.Ready))
	<-r.came
	is(t, "alarms", r.after(time.Hour))
}

func TestWhatWasPulledOutOfALoadHasNotFailedWhenItIsThereAgain(t *testing.T) {
	h := newHelper(t, bank(wire.NoFirmware, 0x1130))
	h.breaks("pulled")
	r := newUSBRig(t, h)
	r.until("an Astribank waits", stateIs(wire.NoFirmware))
	if err := r.Load("X1", "ann"); err != nil {
		t.Fatal(err)
	}
	r.until("it was pulled out", func(st console.USBState) bool { return len(st.Devices) == 0 })
	h.plug(bank(wire.NoFirmware, 0x1130))
	r.until("it is there again, and waits", stateIs(wire.NoFirmware))
}

func TestADeviceWithoutItsImageIsAnAlarmThatSaysWhy(t *testing.T) {
	h := newHelper(t, bank(wire.NoFirmware, 0x1130))
	r := newUSBRig(t, h)
	r.until("an Astribank waits", stateIs(wire.NoFirmware))
	for _, c := range []struct {
		images []wire.Image
		want   string
	}{
		{nil, "firmware-missing X1 no-manifest"},
		{[]wire.Image{}, "firmware-missing X1 no-image"},
		{[]wire.Image{{File: "a.hex", Loads: "fx2 e4e4:1160"}}, "firmware-missing X1 no-image"},
		{[]wire.Image{{File: "p.hex", Loads: "pic 1 e4e4:1130"}}, "firmware-missing X1 no-image"},
		{[]wire.Image{{File: "a.hex", Loads: "fx2 e4e4:1130", Fault: wire.ImageMissing}}, "firmware-missing X1 image-missing"},
		{[]wire.Image{{File: "a.hex", Loads: "fx2 e4e4:1130", Fault: wire.ImageChanged}}, "firmware-missing X1 image-changed"},
	} {
		h.mu.Lock()
		h.images = c.images
		h.mu.Unlock()
		is(t, "images "+strings.TrimSpace(c.want), r.after(time.Minute), c.want)
	}
	h.plug()
	r.until("it is unplugged", func(st console.USBState) bool { return len(st.Devices) == 0 })
	is(t, "without it", r.after(time.Second))
}

func TestAHelperThatIsMissingIsAnAlarmOnlyWhereItIsNeeded(t *testing.T) {
	h := newHelper(t)
	h.speaks(wire.Version + 1)
	r := newUSBRig(t, h)
	st := r.until("it speaks another version", func(st console.USBState) bool { return st.Fault != nil })
	if st.Fault.Code != wire.WrongVersion || len(st.Devices) != 0 {
		t.Errorf("%+v", st)
	}
	is(t, "nobody needs it", r.after(time.Hour))
	var we *wire.Error
	if err := r.Load("X1", "ann"); !errors.As(err, &we) || we.Code != wire.WrongVersion {
		t.Errorf("loading: %v", err)
	}
	dir := filepath.Join(r.sysfs, "bus/usb/devices/1-2")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(dir+"/idVendor", []byte("e4e4\n"), 0o644), os.WriteFile(dir+"/idProduct", []byte("1162\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	is(t, "an Astribank that has its firmware", r.after(time.Second))
	if err := os.WriteFile(dir+"/idProduct", []byte("1160\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	is(t, "an Astribank that waits", r.after(time.Second), "usb-helper-failing vaad-usb helper-version")
}

func TestAHelperThatWorkedAndIsGoneIsOneWarningAndTheLastDevicesStayKnown(t *testing.T) {
	h := newHelper(t, bank(wire.Ready, 0x1132))
	r := newUSBRig(t, h)
	r.until("it is ready", stateIs(wire.Ready))
	select {
	case <-r.came:
		t.Error("a device that was ready at the start is not news")
	default:
	}
	if err := os.Rename(h.socket, h.socket+".away"); err != nil {
		t.Fatal(err)
	}
	h.drop()
	st := r.until("it is gone, and not found again", func(st console.USBState) bool { return st.Fault != nil && st.Fault.Code == wire.HelperMissing })
	if len(st.Devices) != 1 || st.Devices[0].State != wire.Ready {
		t.Errorf("the last devices known: %+v", st.Devices)
	}
	is(t, "for a moment", r.after(time.Second))
	is(t, "for long", r.after(time.Minute), "usb-helper-failing vaad-usb helper-missing")
	if testutil.ToFloat64(r.metrics.up) != 0 {
		t.Error("it is shown as up")
	}
	if err := os.Rename(h.socket+".away", h.socket); err != nil {
		t.Fatal(err)
	}
	r.until("it is back", stateIs(wire.Ready))
	is(t, "afterwards", r.after(helperLate))
}

// As one that a device makes crash: it tells what there is, and is gone again.
func TestAHelperThatAnswersForMomentsOnlyIsOneAlarm(t *testing.T) {
	up := &raisedAlarms{up: map[string]map[string]string{}}
	u := newUSB(firmwareConfig{}, slog.New(slog.DiscardHandler), up, prometheus.NewRegistry(), func() {})
	now, f := time.Now(), imageFolder{}
	u.now = func() time.Time { return now }
	after := func(d time.Duration) []string {
		now = now.Add(d)
		u.alarms(t.Context(), &f)
		return up.all()
	}
	ready := []wire.Device{bank(wire.Ready, 0x1132)}
	const alarm = "usb-helper-failing vaad-usb helper-gone"
	u.told(ready, nil)
	is(t, "it answers", after(time.Hour))
	for pause := time.Second; pause <= time.Minute; pause *= 2 {
		u.told(nil, &wire.Error{Code: wire.HelperGone})
		is(t, "just gone", after(0), up.all()...)
		got := after(pause)
		if late := pause >= helperLate; late || len(got) > 0 {
			is(t, "gone", got, alarm)
		}
		was := up.all()
		u.told(ready, nil)
		is(t, "for a moment", after(0), was...)
	}
	is(t, "for too short a time", after(helperLate-time.Second), alarm)
	is(t, "it lives", after(time.Second))
}

func TestAPortIsResetForItsDriver(t *testing.T) {
	h := newHelper(t, bank(wire.Ready, 0x1132))
	reset := Config{Firmware: firmwareConfig{Socket: h.socket}}.resetUSB(slog.New(slog.DiscardHandler))
	if err := reset(t.Context(), "1-2"); err != nil {
		t.Fatal(err)
	}
	var we *wire.Error
	if err := reset(t.Context(), "1-3"); !errors.As(err, &we) || we.Code != wire.NoDevice {
		t.Errorf("a port that nothing is at: %v", err)
	}
	is(t, "asked", h.did(), "list", "reset X1", "list")
}

func TestFirmwareConfigHasDefaultsAndWantsWholePaths(t *testing.T) {
	var packaged, own firmwareConfig
	packaged.useDefaults("")
	own.useDefaults("/tmp/x")
	if packaged.Images != "/etc/vaad/firmware" || packaged.Socket != "/run/vaad-usb.sock" || packaged.Helper == "" {
		t.Errorf("packaged: %+v", packaged)
	}
	if own.Images != "/tmp/x/firmware" || own.Socket != "" {
		t.Errorf("with --root: %+v", own)
	}
	own.Images, own.Socket = "images", "usb.sock"
	err := own.validate()
	if err == nil || !strings.Contains(err.Error(), "firmware.images") || !strings.Contains(err.Error(), "firmware.socket") {
		t.Error(err)
	}
}
