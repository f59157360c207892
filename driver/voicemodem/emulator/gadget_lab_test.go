//go:build lab

package emulator_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/drivertest"
	"vaad/driver/voicemodem"
	"vaad/driver/voicemodem/emulator"
	"vaad/dsp/g711"
)

// The kernel's own USB gadget with an abstract control model, at the kernel's own
// dummy controller: the real cdc_acm gives /dev/ttyACM0, and the emulator is what
// is inside of the modem, at /dev/ttyGS0.

var full = flag.Bool("full", false, "calls of ten minutes")

const (
	gadget = "/sys/kernel/config/usb_gadget/modem"
	number = "V1234567"
	serial = "0572:1340:" + number
)

func shell(t *testing.T, script string) {
	t.Helper()
	if out, err := exec.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// newGadget makes a modem of the kernel's parts, plugged in.
func newGadget(t *testing.T, chip string) *rig { return newGadgetAt(t, chip, 0) }

func newGadgetAt(t *testing.T, chip string, ppm float64) *rig {
	t.Helper()
	if _, err := os.Stat(gadget); err != nil {
		shell(t, `modprobe dummy_hcd; modprobe libcomposite; modprobe usb_f_acm; modprobe cdc_acm
[ -d /sys/kernel/config/usb_gadget ] || mount -t configfs configfs /sys/kernel/config
mkdir -p `+gadget+`; cd `+gadget+`
echo 0x0572 > idVendor; echo 0x1340 > idProduct
mkdir -p strings/0x409 configs/c.1 functions/acm.usb0
echo `+number+` > strings/0x409/serialnumber; echo Conexant > strings/0x409/manufacturer; echo "USB Modem" > strings/0x409/product
ln -s functions/acm.usb0 configs/c.1/`)
	}
	r := newRig(t, chip, ppm)
	r.insert(t)
	t.Cleanup(func() { pull(t) })
	return r
}

// insert plugs the modem in.
func (r *rig) insert(t *testing.T) {
	t.Helper()
	shell(t, "echo dummy_udc.0 > "+gadget+"/UDC")
	f, err := emulator.OpenTTY("/dev/ttyGS0")
	if err != nil {
		t.Fatal(err)
	}
	r.Plug(f)
	until(t, "the kernel has found the modem", func() bool { return tty() != "" })
}

// pull takes it out.
func pull(t *testing.T) {
	t.Helper()
	if b, err := os.ReadFile(gadget + "/UDC"); err == nil && strings.TrimSpace(string(b)) != "" {
		shell(t, "echo > "+gadget+"/UDC")
	}
	until(t, "the kernel has lost the modem", func() bool { return tty() == "" })
}

// tty is what the kernel calls the host's end now.
func tty() string {
	all, _ := filepath.Glob("/sys/bus/usb/devices/*/tty/ttyACM*")
	if len(all) == 0 {
		return ""
	}
	return filepath.Base(all[0])
}

// board opens the modem by its serial number.
func board(t *testing.T) driver.Board {
	t.Helper()
	return opened(t, serial)
}

func TestLabAModemOnUSBKeepsThePromisesOfABoard(t *testing.T) {
	newGadget(t, "v253")
	// The emulator allocates, in the same process.
	drivertest.TestBoard(t, board, drivertest.Options{Allocates: true, MayLose: true})
}

func TestLabAModemOnUSBIsFoundByItsSerialNumber(t *testing.T) {
	newGadget(t, "cx93001")
	all, err := voicemodem.Driver().Find(t.Context())
	if err != nil || len(all) != 1 || all[0].ID != serial || all[0].Broken != "" {
		t.Fatalf("%v: %+v", err, all)
	}
}

// call is a short call: it rings, is answered, both talk.
func (s *session) call(r *rig) {
	s.t.Helper()
	s.answer(r)
	r.say(sine(1800, 2000))
	tone, at := sine(1000, 2000), 0
	s.must(s.frames(100, func(pcm []int16) { at += copy(pcm, tone[min(at, len(tone)):]) }))
	s.must(s.frames(50, nil))
	about(s.t, "the board hears 1800 Hz", seconds(s.heard, 1800), 2, 0.1)
	about(s.t, "the exchange hears 1000 Hz", seconds(r.all(), 1000), 2, 0.1)
	s.tx.Command(driver.GoOnHook, 0, 0, 0, nil)
	s.must(s.frames(50, nil))
	if r.offHook() {
		s.t.Fatalf("it is not released; events %q", s.events)
	}
}

// noise is audio that A-law does not change and that is nowhere twice.
func noise(seed uint64, samples int) []int16 {
	r := rand.New(rand.NewPCG(seed, 7))
	pcm := make([]int16, samples)
	for i := range pcm {
		pcm[i] = g711.DecodeTable(g711.ALaw)[byte(r.IntN(64))^0xD5]
	}
	return pcm
}

// whole says that what was said is in what was heard, every sample in its order.
func whole(t *testing.T, what string, heard, said []int16) {
	t.Helper()
	at := 0
	for at+400 <= len(heard) && !slices.Equal(heard[at:at+400], said[:400]) {
		at++
	}
	n := 0
	for n < len(said) && at+n < len(heard) && heard[at+n] == said[n] {
		n++
	}
	if n < len(said) {
		t.Errorf("%s: of %d samples that were said %d arrived, then another", what, len(said), n)
	}
	t.Logf("%s: %d samples of %d", what, n, len(said))
}

// One clock in the modem, another in the machine: a call loses nothing and nothing
// is added, however long it lasts.
func TestLabNoCallOnUSBLosesOrAddsASample(t *testing.T) {
	length := 20 * driver.Rate
	if *full {
		length = 600 * driver.Rate
	}
	said, spoken := noise(1, length), noise(2, length)
	for _, ppm := range []float64{80, -80} {
		r := newGadgetAt(t, "v253", ppm)
		s := newSession(t, board(t))
		// Modem, exchange and board share one processor: what takes long is done before the call.
		room, kept := make([]int16, 0, length+10*driver.Rate), make([]int16, 0, length+10*driver.Rate)
		clear(room[:cap(room)])
		clear(kept[:cap(kept)])
		s.tx.Command(driver.GoOffHook, 0, 0, 0, nil)
		must(t, s.frames(100, nil))
		before, at := r.Status(), 0
		r.do(func() { r.heard, r.says = room, said })
		s.heard, s.events = kept, nil
		must(t, s.frames(length/driver.Block, func(pcm []int16) { at += copy(pcm, spoken[at:]) }))
		must(t, s.frames(50, nil))
		whole(t, "the board hears", s.heard, said)
		whole(t, "the exchange hears", r.all(), spoken)
		after := r.Status()
		t.Logf("%+.0f ppm: %+v after %+v", ppm, after, before)
		if s.saw(driver.Missed) || s.saw(driver.Slip) || s.saw(driver.Lost) || after.Underruns != before.Underruns || after.Overruns != before.Overruns {
			t.Errorf("%+.0f ppm: something was lost: %+v after %+v", ppm, after, before)
		}
		must(t, s.b.Close())
		pull(t)
	}
}

func TestLabAModemOnUSBTakesACallIsPulledOutAndComesBackUnderAnotherName(t *testing.T) {
	r := newGadget(t, "cx93001")
	s := newSession(t, board(t))
	s.call(r)
	first := tty()
	hold, err := os.OpenFile("/dev/"+first, os.O_RDWR|0o4000, 0) // O_NONBLOCK: who holds it keeps its name
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	pull(t)
	began := time.Now()
	for s.frames(1, nil) == nil {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the board does not notice that its modem is gone")
		}
	}
	must(t, s.b.Close())
	r.insert(t)
	if second := tty(); second == first {
		t.Errorf("it has the same name %s", second)
	}
	s = newSession(t, board(t))
	s.call(r)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
