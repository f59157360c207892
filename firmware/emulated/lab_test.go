//go:build lab

package emulated

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/firmware/wire"
)

// These run as root in the lab (lab/test firmware/emulated): the emulated boards are
// plugged into Debian's kernel, and the built vaad-usb loads them through libusb.

// A bench is an Astribank, its images, and the program that loads them.
type bench struct {
	*Astribank
	t      *testing.T
	port   int
	dir    string
	socket *Socket
}

func newBench(t *testing.T, family uint16) *bench {
	t.Helper()
	for _, m := range []string{"vhci_hcd", "xpp_usb"} {
		if out, err := exec.Command("modprobe", m).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	b := &bench{Astribank: Sample(family), t: t, dir: t.TempDir()}
	if err := WriteSamples(b.dir, family); err != nil {
		t.Fatal(err)
	}
	b.plug()
	t.Cleanup(func() { b.unplug() })
	return b
}

func (b *bench) write(name, text string) {
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) plug() {
	b.t.Helper()
	var err error
	if b.socket, err = Plug(b.port, b.Astribank); err != nil {
		b.t.Fatal(err)
	}
	b.appears(b.Product())
}

func (b *bench) unplug() {
	if err := b.socket.Unplug(); err != nil {
		b.t.Error(err)
	}
	b.waitFor("it is gone", func() bool { return len(b.sysfs()) == 0 })
}

// sysfs returns the folders of Astribanks.
func (b *bench) sysfs() []string {
	var all []string
	vendors, _ := filepath.Glob("/sys/bus/usb/devices/*/idVendor")
	for _, v := range vendors {
		if text(v) == "e4e4" {
			all = append(all, filepath.Dir(v))
		}
	}
	return all
}

func text(file string) string {
	b, _ := os.ReadFile(file)
	return strings.TrimSpace(string(b))
}

func (b *bench) waitFor(what string, done func() bool) {
	b.t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatal("not within 10 s: ", what)
}

// appears waits until the kernel shows the product, and returns its node.
func (b *bench) appears(product uint16) (node string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf("%04x", product), func() bool {
		for _, dir := range b.sysfs() {
			if text(dir+"/idProduct") == fmt.Sprintf("%04x", product) && text(dir+"/devnum") != "" {
				var bus, number int
				fmt.Sscan(text(dir+"/busnum")+" "+text(dir+"/devnum"), &bus, &number)
				node = fmt.Sprintf("/dev/bus/usb/%03d/%03d", bus, number)
				_, err := os.Stat(node)
				return err == nil
			}
		}
		return false
	})
	return node
}

type outcome struct {
	Devices []wire.Device `json:"devices"`
	Error   *wire.Error   `json:"error"`
}

// vaadUSB runs the built program.
func (b *bench) vaadUSB(args ...string) (outcome, int) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "./vaad-usb", append(args, "--json", "--images", b.dir, "--state", b.dir+"/run/state.json")...)
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	var o outcome
	if json.Unmarshal(out, &o) != nil {
		b.t.Fatalf("vaad-usb %v: %v\n%s\n%s", args, err, out, said.String())
	}
	return o, c.ProcessState.ExitCode()
}

func (b *bench) tool(name string, args ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		b.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// select returns the transfers to an endpoint.
func selected(all []Transfer, want func(Transfer) bool) []Transfer {
	return slices.DeleteFunc(slices.Clone(all), func(t Transfer) bool { return !want(t) })
}

func writes(t Transfer) bool     { return t.Endpoint == 0 && t.Setup.Type == 0x40 }
func reads(t Transfer) bool      { return t.Endpoint == 0 && t.Setup.Type == 0xC0 }
func management(t Transfer) bool { return t.Endpoint == managementOut }

func same(t *testing.T, what string, ours, theirs []Transfer) {
	t.Helper()
	if !slices.EqualFunc(ours, theirs, Transfer.Equal) {
		for i := range max(len(ours), len(theirs)) {
			if i >= len(ours) || i >= len(theirs) || !ours[i].Equal(theirs[i]) {
				t.Fatalf("%s: ours %d, theirs %d transfers; they differ at %d:\n%.150v\n%.150v", what, len(ours), len(theirs), i, ours[min(i, len(ours)-1)], theirs[min(i, len(theirs)-1)])
			}
		}
	}
}

func TestAnEmptyAstribankBecomesOneThatTheKernelTakes(t *testing.T) {
	for _, family := range []uint16{0x1130, 0x1140, 0x1150, 0x1160} {
		t.Run(fmt.Sprintf("%04x", family), func(t *testing.T) {
			b := newBench(t, family)
			if o, _ := b.vaadUSB("list"); len(o.Devices) != 1 || o.Devices[0].State != wire.NoFirmware {
				t.Fatal(o)
			}
			began := time.Now()
			o, status := b.vaadUSB("load")
			if status != 0 || o.Error != nil || len(o.Devices) != 1 || b.Product() != family+2 {
				t.Fatalf("%+v, status %d, it is %04x", o, status, b.Product())
			}
			t.Logf("%d transfers in %v", len(b.Seen()), time.Since(began).Round(time.Millisecond))
			for card := range b.Modules {
				if !b.HasModule(card) {
					t.Error("module type", card, "has no image")
				}
			}
			// The judge that is not ours: Debian's xpp_usb knows the board and takes it.
			b.waitFor("xpp_usb has it", func() bool {
				o, _ = b.vaadUSB("list")
				return len(o.Devices) == 1 && o.Devices[0].State == wire.Ready && o.Devices[0].Driver == "xpp_usb"
			})
			if d := o.Devices[0]; d.Serial != b.Serial || d.Product != family+2 {
				t.Error(d)
			}
			log, _ := exec.Command("sh", "-c", "dmesg | grep -i -E 'xpp|astribank' | tail -n 4").Output()
			t.Logf("the kernel says:\n%s", log)
		})
	}
}

// Debian's fxload is the judge: with the same image the same control transfers,
// byte for byte. Ours reads back besides, before it lets the processor go.
func TestTheFirstStageIsWhatFxloadSends(t *testing.T) {
	b := newBench(t, 0x1130)
	b.tool("fxload", "-t", "fx2", "-I", b.dir+"/usb1130.hex", "-D", b.appears(0x1130))
	b.appears(0x1131)
	theirs := b.Seen()
	b.unplug()
	b.Forget(nil)
	b.plug()
	if o, _ := b.vaadUSB("load"); o.Error != nil {
		t.Fatal(o.Error)
	}
	ours := selected(b.Seen(), func(t Transfer) bool { return t.Endpoint == 0 })
	if other := selected(theirs, func(t Transfer) bool { return !writes(t) }); len(other) != 0 {
		t.Fatal("fxload does more than write", other)
	}
	same(t, "writes", selected(ours, writes), theirs)
	if got := selected(ours, reads); len(got) != len(theirs)-2 || !ours[len(ours)-1].Equal(theirs[len(theirs)-1]) {
		t.Error(len(got), "reads, and the last transfer is", ours[len(ours)-1])
	}
	t.Logf("%d writes are the same, byte for byte; ours reads %d back besides", len(theirs), len(selected(ours, reads)))
}

// Debian's astribank_hexload and astribank_tool judge the second stage: the emulator
// that we load takes theirs, and what ours sends is the same, with one question more
// whether the FPGA has it.
func TestTheSecondStageIsWhatDebiansToolsSend(t *testing.T) {
	b := newBench(t, 0x1130)
	b.tool("fxload", "-t", "fx2", "-I", b.dir+"/usb1130.hex", "-D", b.appears(0x1130))
	node := b.appears(0x1131)
	b.Forget(nil)
	b.tool("astribank_hexload", "-D", node, "-F", b.dir+"/fpga1130.hex")
	theirs := selected(b.Seen(), management)
	b.Forget(nil)
	b.tool("astribank_tool", "-D", node, "-n")
	b.appears(0x1132)
	renew := selected(b.Seen(), management)
	b.unplug()
	b.plug()
	b.Forget(nil)
	if o, _ := b.vaadUSB("load"); o.Error != nil {
		t.Fatal(o.Error)
	}
	ours := selected(b.Seen(), management)
	same(t, "the FPGA", ours[:len(theirs)], theirs)
	if rest := ours[len(theirs):]; len(rest) != 2 || rest[0].Data[4] != opStatus || len(renew) == 0 || rest[1].Data[4] != renew[len(renew)-1].Data[4] {
		t.Error("after it:", rest, renew)
	}
	t.Logf("%d packets are the same, byte for byte", len(theirs))
}

func TestAWrongImageIsRefusedWithoutATransfer(t *testing.T) {
	for what, c := range map[string]struct {
		do   func(b *bench)
		want string
	}{
		"its hash is not the manifest's": {func(b *bench) { b.write("usb1130.hex", HEX(1, run(0, 2, 16))) }, wire.ImageChanged},
		"the next one's is not":          {func(b *bench) { b.write("fpga1130.hex", HEX(1, run(0, 2, 16))) }, wire.ImageChanged},
		"the hash is right, the HEX not": {func(b *bench) {
			b.write("usb1130.hex", ":00000001FE\n")
			b.write("manifest.toml", "version = 1\n"+Entry("usb1130.hex", "fx2", b.Family, ":00000001FE\n"))
		}, wire.ImageInvalid},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, 0x1130)
			c.do(b)
			o, status := b.vaadUSB("load")
			if status != 1 || o.Error == nil || o.Error.Code != c.want || len(b.Seen()) != 0 {
				t.Fatal(o, status, b.Seen())
			}
			if o, _ = b.vaadUSB("list"); o.Devices[0].State != wire.Failed || o.Devices[0].Reason != c.want {
				t.Error(o)
			}
		})
	}
}

func TestPulledOutHalfWayItIsLoadedAnew(t *testing.T) {
	b := newBench(t, 0x1130)
	for _, at := range []int{0, 5, 14, 19, 20, 101, 424, 428} {
		pulled := make(chan struct{}, 1)
		b.Forget(func(n int, _ Transfer) Fate {
			if n == at {
				pulled <- struct{}{}
				return Unplugs
			}
			return Works
		})
		type end struct {
			outcome
			status int
		}
		ended := make(chan end, 1)
		began := time.Now()
		go func() {
			o, status := b.vaadUSB("load")
			ended <- end{o, status}
		}()
		<-pulled
		b.unplug()
		b.Forget(nil)
		b.plug()
		if e := <-ended; e.status != 0 || b.Product() != 0x1132 {
			t.Fatalf("pulled at transfer %d and plugged in again: %+v", at, e)
		}
		t.Logf("pulled at transfer %d and plugged in again: loaded after %v", at, time.Since(began).Round(10*time.Millisecond))
		if at == 19 && len(selected(b.Seen(), reads)) != 9 {
			t.Error("transfer 19 is not the one that lets the processor go")
		}
		b.unplug()
		b.plug()
	}
	b.Forget(func(n int, _ Transfer) Fate {
		if n == 20 {
			return Unplugs
		}
		return Works
	})
	if o, status := b.vaadUSB("load"); status != 1 || o.Error == nil || !slices.Contains([]string{wire.NoDevice, wire.DidNotReturn}, o.Error.Code) {
		t.Fatalf("it stays away: %+v, status %d", o, status)
	}
	b.unplug()
	b.Forget(nil)
	b.plug()
	if o, status := b.vaadUSB("load"); status != 0 || b.Product() != 0x1132 {
		t.Fatalf("the next load: %+v", o)
	}
}

func TestADeviceThatHangsIsGivenUp(t *testing.T) {
	b := newBench(t, 0x1130)
	for _, at := range []int{0, 5, 20, 100} {
		b.Forget(func(n int, _ Transfer) Fate {
			if n >= at {
				return Hangs
			}
			return Works
		})
		began := time.Now()
		o, _ := b.vaadUSB("load")
		took := time.Since(began).Round(10 * time.Millisecond)
		if o.Error == nil || o.Error.Code != wire.TransferFailed || took > 10*time.Second {
			t.Fatalf("hangs from %d: %+v after %v", at, o, took)
		}
		t.Logf("hangs from transfer %d: %v after %v", at, o.Error, took)
		b.unplug()
		b.plug()
	}
}

func TestAnImageThatDoesNotRunIsNoticed(t *testing.T) {
	b := newBench(t, 0x1130)
	b.USB = run(0x1f00, 1, 16)
	o, _ := b.vaadUSB("load")
	if o.Error == nil || o.Error.Code != wire.DidNotReturn || !strings.Contains(o.Error.Detail, "still e4e4:1130") {
		t.Fatal(o)
	}
}

func TestTwoAtOnceLoadItOnce(t *testing.T) {
	b := newBench(t, 0x1130)
	type end struct {
		o      outcome
		status int
	}
	ends := make(chan end, 2)
	for range 2 {
		go func() {
			o, status := b.vaadUSB("load")
			ends <- end{o, status}
		}()
	}
	for range 2 {
		if e := <-ends; e.status != 0 || e.o.Error != nil {
			t.Error(e)
		}
	}
	if holds := selected(b.Seen(), func(t Transfer) bool { return writes(t) && t.Setup.Value == cpucs && t.Data[0] == 1 }); len(holds) != 1 {
		t.Error("the processor was held", len(holds), "times")
	}
}

// The daemon's side: the client of firmware/wire starts the program and asks it.
func TestTheClientListsWatchesLoadsAndResets(t *testing.T) {
	b := newBench(t, 0x1130)
	h := &wire.Helper{Program: "./vaad-usb", Args: []string{"serve", "--images", b.dir, "--state", b.dir + "/run/state.json"}, Log: func(l string) { t.Log("vaad-usb:", l) }}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	watching, stop := context.WithCancel(ctx)
	seen := make(chan string, 100)
	done := make(chan struct{})
	began := time.Now()
	go func() {
		defer close(done)
		h.Watch(watching, func(d []wire.Device, err error) {
			s := fmt.Sprint(len(d), " ", err)
			if len(d) > 0 {
				s = string(d[0].State)
			}
			t.Logf("the watch tells after %v: %s", time.Since(began).Round(time.Millisecond), s)
			seen <- s
		})
	}()
	hears := func(want string) {
		t.Helper()
		b.waitFor("the watch tells "+want, func() bool {
			select {
			case s := <-seen:
				return s == want
			default:
				return false
			}
		})
	}
	hears(string(wire.NoFirmware))
	if images, err := h.Verify(ctx); err != nil || len(images) != 2 || images[0].Fault != "" {
		t.Fatal(images, err)
	}
	devices, err := h.List(ctx)
	if err != nil || len(devices) != 1 {
		t.Fatal(devices, err)
	}
	sent := 0
	devices, err = h.Load(ctx, devices[0].ID, func(p wire.Progress) { sent = max(sent, p.Done) })
	if err != nil || len(devices) != 1 || devices[0].Product != 0x1132 || sent != 200*128 {
		t.Fatal(devices, err, sent)
	}
	hears(string(wire.Loading))
	hears(string(wire.Ready))
	if devices, err = h.Reset(ctx, devices[0].Port); err != nil || len(devices) != 1 || devices[0].Product != 0x1132 || devices[0].State != wire.Ready {
		t.Fatal(devices, err) // the kernel's driver has to have it again
	}
	var e *wire.Error
	if _, err := h.Load(ctx, "nothing", nil); !errors.As(err, &e) || e.Code != wire.NoDevice {
		t.Error(err)
	}
	if err := b.socket.Unplug(); err != nil {
		t.Error(err)
	}
	hears("0 <nil>")
	stop()
	<-done
}
