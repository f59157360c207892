//go:build lab

package emulated

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver/dahdi/labtest"
	"vaad/firmware/wire"
)

// These go on where loading ends: the kernel's own xpp_usb, xpp and xpd_fxo, and
// Debian's init_card_2_30, are given lines by the emulated board.

// spans waits until the board's span is there, and configures its channels.
func (b *bench) span() labtest.Span {
	b.t.Helper()
	var s labtest.Span
	b.waitFor("the kernel has set the board up", func() bool {
		for _, state := range glob("/sys/bus/astribanks/devices/xbus-*/xbus_state") {
			if strings.HasPrefix(text(state), "READY") {
				// Spans are numbered by themselves here: Debian's dahdi_registration does this.
				_ = os.WriteFile(filepath.Dir(state)+"/dahdi_registration", []byte("1"), 0o644)
				return true
			}
		}
		return false
	})
	b.waitFor("its span", func() bool {
		for _, dir := range glob("/sys/bus/dahdi_spans/devices/span-*") {
			if strings.Contains(text(dir+"/name"), "XBUS") {
				fmt.Sscanf(filepath.Base(dir), "span-%d", &s.Number)
				fmt.Sscan(text(dir+"/basechan")+" "+text(dir+"/channels"), &s.Base, &s.Channels)
				return s.Base > 0 && s.Channels > 0
			}
		}
		return false
	})
	if err := s.Configure(1, s.Channels, labtest.FXSKewl, labtest.MuLaw); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func glob(pattern string) []string {
	all, _ := filepath.Glob(pattern)
	return all
}

// load makes the board whole by the built vaad-usb.
func (b *bench) load() {
	b.t.Helper()
	if o, status := b.vaadUSB("load"); status != 0 || o.Error != nil {
		b.t.Fatal(o, status)
	}
	if o, _ := b.vaadUSB("list"); len(o.Devices) != 1 || o.Devices[0].State != wire.Ready {
		b.t.Fatal(o)
	}
}

// kernelSays logs what the kernel said, where a test has failed.
func (b *bench) kernelSays() {
	if out, _ := exec.Command("dmesg").Output(); b.t.Failed() {
		lines := strings.Split(string(out), "\n")
		b.t.Log(strings.Join(lines[max(0, len(lines)-60):], "\n"))
	}
}

// newLines is a board whose lines the kernel has.
func newLines(t *testing.T) (*bench, labtest.Span) {
	t.Helper()
	b := newBench(t, 0x1160)
	t.Cleanup(b.kernelSays)
	b.tool("modprobe", "xpd_fxo", "caller_id_style=3") // as vaad's manual asks; the guest's kernel cannot do it itself
	b.load()
	return b, b.span()
}

func TestALoadedBoardGivesTheKernelItsLines(t *testing.T) {
	b, s := newLines(t)
	if s.Channels != Lines {
		t.Errorf("%d channels, want %d", s.Channels, Lines)
	}
	if err := b.Do("2 cut"); err != nil {
		t.Fatal(err)
	}
	b.waitFor("the kernel measures the lines", func() bool {
		for _, file := range glob("/proc/xpp/XBUS-*/XPD-00/fxo_info") {
			for l := range strings.Lines(text(file)) {
				if f := strings.Fields(l); len(f) > 2 && f[0] == "voltage" {
					return strings.Join(f[2:], " ") == "48 0 48 48 48 48 48 48"
				}
			}
		}
		return false
	})
}

// A call comes in on the board's third line, as any program that uses DAHDI has it.
func TestACallThroughTheRealDAHDI(t *testing.T) {
	b, s := newLines(t)
	var mu sync.Mutex
	var told []string
	b.Tell(func(line int, what string) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(line, " ", what))
		t.Log("line", line, what)
	})
	c, err := labtest.Open(s.Channel(3), false)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	defer c.Close()
	must(c.Buffers(16, labtest.BlockSize, false))
	labtest.Pause(2500 * time.Millisecond) // so long DAHDI is deaf to ringing
	_, err = c.Events()
	must(err)
	must(b.Do("3 call bursts=4 hz=700 talk=10000"))
	_, err = c.Await(labtest.EvRingBegin, 3*time.Second)
	must(err)
	_, err = c.Await(labtest.EvRingOffHook, 3*time.Second)
	must(err)
	must(c.Hook(labtest.OffHook))
	must(c.Flush())

	// Both say the same tone for the rest of the call.
	heard, said := Tone{Hz: 700}, source{}
	var events []int
	samples, block := make([]int16, labtest.BlockSize), make([]byte, labtest.BlockSize)
	for began := time.Now(); time.Since(began) < 9*time.Second; {
		re, err := c.Ready(unix.POLLIN|unix.POLLOUT, time.Second)
		must(err)
		lost := func(e int) { events = append(events, e) }
		if re&unix.POLLOUT != 0 {
			said.tone(samples, 700)
			for i, v := range samples {
				block[i] = muLaw(v)
			}
			if _, err := c.Write(block, lost); err != nil && !errors.Is(err, unix.EAGAIN) {
				t.Fatal(err)
			}
		}
		if re&unix.POLLIN != 0 {
			n, err := c.Read(block, lost)
			if err != nil && !errors.Is(err, unix.EAGAIN) {
				t.Fatal(err)
			}
			for _, code := range block[:max(n, 0)] {
				heard.Hear(muSample(code))
			}
		}
	}
	t.Log("DAHDI heard", heard, events)
	if heard.Longest < 8*8500 || heard.Jumps != 0 {
		t.Error("that is not a tone of 9 s")
	}
	_, err = c.Await(labtest.EvOnHook, 8*time.Second)
	must(err)
	must(c.Hook(labtest.OnHook))
	b.waitFor("the line is idle", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return told[len(told)-1] == "3 idle"
	})
	b.Astribank.mu.Lock()
	other := b.lines.ports[2].line.ear
	b.Astribank.mu.Unlock()
	if other.Longest < 8*8500 {
		t.Error("the other side has heard", other)
	}
	for _, f := range glob("/proc/xpp/XBUS-*/xpp_usb") { // what the kernel's driver dropped
		for l := range strings.Lines(text(f)) {
			if strings.Contains(l, "DROPS") && !strings.HasSuffix(strings.TrimSpace(l), "= 0") {
				t.Error(l)
			}
		}
	}
}
