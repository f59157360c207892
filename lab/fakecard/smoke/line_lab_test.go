//go:build lab

package smoke_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vaad/driver/dahdi/labtest"
)

// Events of include/dahdi/user.h.
const (
	evOnHook      = 1
	evOffHook     = 2 // or the end of a ring
	evFlash       = 3
	evAlarm       = 4
	evNoAlarm     = 5
	evBits        = 13
	evPolarity    = 17
	evRingBegin   = 18
	evRemoved     = 20
	evMWIOn       = 21
	evMWIOff      = 22
	evPulseDigit  = 1 << 16
	evDTMFDown    = 1 << 17
	evDTMFUp      = 1 << 18
	reqStats      = 0x800cda3c
	reqToneDetect = 0x4004da5b
	reqSpecify    = 0x4004da26
)

// volts is WCTDM_GET_STATS: tip, ring, battery in mV.
func volts(t *testing.T, channel int) ([3]int, error) {
	t.Helper()
	fd, err := unix.Open("/dev/dahdi/channel", unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	ioctl := func(req uint, arg []byte) error {
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(req), uintptr(unsafe.Pointer(&arg[0]))); e != 0 {
			return e
		}
		return nil
	}
	if err := ioctl(reqSpecify, binary.LittleEndian.AppendUint32(nil, uint32(channel))); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 12)
	err = ioctl(reqStats, b)
	var v [3]int
	for i := range v {
		v[i] = int(int32(binary.LittleEndian.Uint32(b[4*i:])))
	}
	return v, err
}

func TestAnFXOPortMeasuresVolts(t *testing.T) {
	c := port(t, fxo, 1, 3, labtest.FXSKewl)
	c.Close()
	for line, want := range map[string]int{
		"volts 1:3 52000": 52000, "volts 1:3 -7400": -7000, "volts 1:3 4600": 5000, "volts 1:3 300": 0, "volts 1:3 200000": 127000,
	} {
		tell(t, line)
		if v, err := volts(t, c.Number); err != nil || v != [3]int{want, want, want} {
			t.Errorf("%s: measured %v, %v", line, v, err)
		}
	}
	tell(t, "volts 1:3 48000", "polarity 1:3 reversed")
	if v, _ := volts(t, c.Number); v[0] != -48000 {
		t.Errorf("reversed: %v", v)
	}
	tell(t, "battery 1:3 lost")
	if v, _ := volts(t, c.Number); v[0] != 0 {
		t.Errorf("without battery: %v", v)
	}
	tell(t, "battery 1:3 back", "polarity 1:3 normal", "volts 1:3 none")
	if _, err := volts(t, c.Number); err != unix.ENOTTY {
		t.Errorf("a card that does not measure: %v", err)
	}
	tell(t, "volts 1:3 48000", "slow 1 40")
	began := time.Now()
	if _, err := volts(t, c.Number); err != nil || time.Since(began) < 40*time.Millisecond {
		t.Errorf("a slow card answered after %v, %v", time.Since(began), err)
	}
	tell(t, "slow 1 0")
}

func TestAnFXOLineSpeaksInEvents(t *testing.T) {
	c := port(t, fxo, 1, 1, labtest.FXSKewl)
	tell(t, "wait 1 +2100") // DAHDI is deaf to rings for 2 s
	before := number(t, "port 1:1", "hooksigs")
	tell(t, "ring 1:1 on", "at +1000 ring 1:1 off")
	began := await(t, c, evRingBegin, time.Second)
	if d := await(t, c, evOffHook, 3*time.Second).Sub(began); d < 1040*time.Millisecond || d > 1070*time.Millisecond {
		t.Errorf("a ring of 1 s ended after %v", d)
	}
	tell(t, "polarity 1:1")
	await(t, c, evPolarity, time.Second)
	tell(t, "polarity 1:1 reversed") // it is
	tell(t, "mwi 1:1 on", "battery 1:1 lost")
	await(t, c, evMWIOn, time.Second)
	await(t, c, evAlarm, time.Second)
	if p, _ := labtest.ChannelParams(c.Number); p.Alarms != 8 {
		t.Errorf("alarms %#x without battery, want red", p.Alarms)
	}
	tell(t, "battery 1:1 back", "mwi 1:1 off", "polarity 1:1 normal")
	await(t, c, evNoAlarm, time.Second)
	await(t, c, evMWIOff, time.Second)
	await(t, c, evPolarity, time.Second)
	tell(t, "dtmf 1:1 down 5") // nobody asked for digits
	if err := c.Int(reqToneDetect, 1); err != nil {
		t.Fatal(err)
	}
	tell(t, "dtmf 1:1 down #", "at +80 dtmf 1:1 up #")
	await(t, c, evDTMFDown|'#', time.Second)
	await(t, c, evDTMFUp|'#', time.Second)
	tell(t, "event 1:1 19", "wait 1 +5")
	if all, _ := c.Events(); !slices.Equal(all, []int{19}) {
		t.Errorf("events %v", all)
	}
	if n := number(t, "port 1:1", "hooksigs") - before; n != 0 || state(t, "port 1:1", "seizures") != "0" {
		t.Errorf("listening moved the hook: %s", state(t, "port 1:1", "seizures"))
	}
}

func TestTheHookOfAnFXOPortIsSeen(t *testing.T) {
	c := port(t, fxo, 1, 2, labtest.FXSKewl)
	if err := c.Hook(labtest.OffHook); err != nil {
		t.Fatal(err)
	}
	tell(t, "wait 1 +700")
	if tx, n := state(t, "port 1:2", "tx"), number(t, "port 1:2", "seizures"); tx != "offhook" || n < 1 {
		t.Errorf("tx %s, %d seizures", tx, n)
	}
	if mv := number(t, "port 1:2", "mv"); mv != 7000 {
		t.Errorf("%d mV while seized", mv)
	}
	// kewlstart: the exchange takes the battery away
	tell(t, "battery 1:2 lost", "at +500 battery 1:2 back")
	await(t, c, evOnHook, time.Second)
	c.Close()
	tell(t, "wait 1 +50")
	if tx := state(t, "port 1:2", "tx"); tx != "onhook" {
		t.Errorf("tx %s after close", tx)
	}
}

func TestATelephoneAtAnFXSPort(t *testing.T) {
	c := port(t, fxs, 1, 1, labtest.FXOKewl)
	tell(t, "wait 2 +1500")
	c.Events()
	began := number(t, "card 2", "ms")
	if err := c.Hook(labtest.Ring); err != nil {
		t.Fatal(err)
	}
	tell(t, "wait 2 +5")
	if tx, at := state(t, "port 2:1", "tx"), number(t, "port 2:1", "tx_ms"); tx != "start" || at < began || at > began+2 {
		t.Errorf("tx %s since %d, rung at %d", tx, at, began)
	}
	tell(t, "hook 2:1 off")
	await(t, c, evOffHook, time.Second)
	if err := c.Hook(labtest.OffHook); err != nil { // DAHDI leaves it to the program to stop ringing
		t.Fatal(err)
	}
	tell(t, "wait 2 +700")
	if tx := state(t, "port 2:1", "tx"); tx != "offhook" {
		t.Errorf("tx %s after the answer", tx)
	}
	tell(t, "flash 2:1")
	await(t, c, evFlash, 2*time.Second)
	tell(t, "pulse 2:1 1*0#9 61 39 700")
	var got []string
	for len(got) < 5 {
		if re, err := c.Ready(unix.POLLPRI, 10*time.Second); err != nil || re == 0 {
			t.Fatalf("after %v: nothing, %v", got, err)
		}
		e, err := c.Event()
		if err != nil {
			t.Fatal(err)
		}
		if e&evPulseDigit != 0 {
			got = append(got, string(rune(e&0xff)))
		}
	}
	if s := strings.Join(got, ""); s != "1*0#9" {
		t.Errorf("DAHDI counted %s", s)
	}
	if s := state(t, "port 2:1", "dialling"); s != "no" {
		t.Errorf("dialling %s", s)
	}
	tell(t, "hook 2:1 on")
	await(t, c, evOnHook, 3*time.Second)
}

func TestSpansTellTheirTroubles(t *testing.T) {
	c := port(t, near, 1, 1, labtest.Clear)
	tell(t, "link 3:20 4:20", "wait 3 +10")
	tell(t, "alarm 3:1 red,los")
	await(t, c, evAlarm, time.Second)
	if s := proc(t, near, 1); !strings.Contains(s, "RED") {
		t.Error(s)
	}
	if heard := hear(t, c, 160); bytes.Count(heard, []byte{0xff}) != len(heard) {
		t.Errorf("heard %x through a red alarm", heard[:8])
	}
	tell(t, "alarm 3:1 yellow")
	// the channels keep the first alarm: DAHDI tells them only of none and some
	if s, _, _ := strings.Cut(proc(t, near, 1), "\n"); !strings.Contains(s, "YELLOW") || strings.Contains(s, "RED") {
		t.Error(s)
	}
	tell(t, "alarm 3:1 none")
	await(t, c, evNoAlarm, time.Second)
	if n := number(t, "span 3:1", "slips"); n != 0 {
		t.Errorf("%d slips during the alarm", n)
	}
	tell(t, "count 3:1 bpv 7 crc4 8 ebit 9 fas 10 slips 11 errsec 12 irqmisses 13", "count 3:1 bpv +3")
	s := proc(t, near, 1)
	for _, want := range []string{"BPV count: 10", "CRC4 error count: 8", "E-bit error count: 9", "FAS error count: 10", "IRQ misses: 13", "Timing slips: 11"} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in %s", want, s)
		}
	}
	if s := proc(t, near, 2); strings.Contains(s, "BPV") {
		t.Error(s)
	}
	tell(t, "count 3 bpv 0 crc4 0 ebit 0 fas 0 slips 0 errsec 0 irqmisses 0")
}

func TestSignallingBitsCross(t *testing.T) {
	c := port(t, near, 1, 5, labtest.CAS)
	tell(t, "wait 3 +3") // DAHDI learns the bits that were there
	c.Events()
	tell(t, "bits 3:5 0101")
	await(t, c, evBits, time.Second)
	if b, err := c.RxBits(); err != nil || b != 5 {
		t.Errorf("received %04b, %v", b, err)
	}
	d := port(t, far, 1, 5, labtest.CAS)
	tell(t, "link 3:5 4:5")
	for _, bits := range []int{0b1001, 0b0110, 0b1111} {
		if err := d.Bits(bits); err != nil {
			t.Fatal(err)
		}
		await(t, c, evBits, time.Second)
		tell(t, "wait 3 +3")
		if b, _ := c.RxBits(); b != bits {
			t.Errorf("sent %04b, received %04b", bits, b)
		}
		c.Events()
	}
	if s := state(t, "port 4:5", "txbits"); s != fmt.Sprintf("%04b", 0b1111) {
		t.Errorf("txbits %s", s)
	}
	tell(t, "silence 3:5")
}
