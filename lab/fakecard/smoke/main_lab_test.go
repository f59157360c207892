//go:build lab

// Package smoke_test proves inside the lab's machine, against the real DAHDI,
// that each word of the test card does what lab/fakecard/README.md says. It is
// built and run by lab/fakecard/smoke.sh.
package smoke_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver/dahdi/labtest"
)

// The cards of all tests: smoke.sh loads them.
const (
	fxo  = 1 // 4 FXO ports
	fxs  = 2 // 2 FXS ports
	near = 3 // 2 E1 spans
	far  = 4 // 1 E1 span
)

func tell(t *testing.T, lines ...string) {
	t.Helper()
	if err := labtest.Tell(lines...); err != nil {
		t.Fatal(err)
	}
}

func state(t *testing.T, what, key string) string {
	t.Helper()
	m, err := labtest.Look(what)
	if err != nil {
		t.Fatal(err)
	}
	return m[key]
}

func number(t *testing.T, what, key string) int {
	t.Helper()
	n, err := labtest.Number(what, key)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// port configures a port of a card (its position in the span) and opens it.
func port(t *testing.T, card, span, pos, sig int) *labtest.Channel {
	t.Helper()
	s, err := labtest.CardSpan(card, span)
	if err != nil {
		t.Fatal(err)
	}
	law := labtest.MuLaw
	if card >= near {
		law = labtest.ALaw
	}
	if err := s.Configure(pos, pos, sig, law); err != nil {
		t.Fatal(err)
	}
	c, err := labtest.Open(s.Channel(pos), false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if sig == labtest.Clear {
		if err := c.Audio(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func await(t *testing.T, c *labtest.Channel, event int, d time.Duration) time.Time {
	t.Helper()
	at, err := c.Await(event, d)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// hear reads so many samples in buffers of 20 ms, beginning now.
func hear(t *testing.T, c *labtest.Channel, samples int) []byte {
	t.Helper()
	if err := c.Buffers(32, labtest.BlockSize, false); err != nil {
		t.Fatal(err)
	}
	return more(t, c, samples)
}

// more goes on reading.
func more(t *testing.T, c *labtest.Channel, samples int) []byte {
	t.Helper()
	var heard []byte
	b := make([]byte, labtest.BlockSize)
	for len(heard) < samples {
		if _, err := c.Ready(unix.POLLIN, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(b, nil)
		if err != nil {
			t.Fatalf("after %d samples: %v", len(heard), err)
		}
		heard = append(heard, b[:n]...)
	}
	return heard
}

func proc(t *testing.T, card, span int) string {
	t.Helper()
	b, err := os.ReadFile("/proc/dahdi/" + state(t, fmt.Sprintf("span %d:%d", card, span), "spanno"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Keeps the order of the run: the last test takes the cards away.
func TestWrongLinesAreRefused(t *testing.T) {
	for _, line := range []string{
		"bogus 1", "ring 1:1", "ring 1:1 maybe", "ring 2:1 on", "hook 1:1 off", "ring 9:1 on", "ring 1:5 on", "ring 1 on",
		"alarm 3:1 purple", "count 3:1 bpv", "count 3:1 nothing 1", "bits 3:1 11", "link 3:1 3:1", "play 1:4 once", "pulse 2:1 1a",
		"ppm 1 fast", "at x ring 1:1 on", "at 5", "at 5 at 6 ring 1:1 on", "at 5 ring 9:1 on", "hdlc 3:17 frame 7e", "stall 1:1 5",
		"remove 1:1", strings.Repeat("x", 600),
	} {
		if err := labtest.Tell(line); !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENXIO) {
			t.Errorf("%q: %v", line, err)
		}
	}
	tell(t, "# a comment", "", "  ring 1:*   off  ")
}

func TestScriptsThatAreWrongAreCounted(t *testing.T) {
	before := number(t, "card 1", "refused")
	tell(t, "at +1 ring 1:1 maybe", "at +2 wait 1 5", "wait 1 +5")
	if n := number(t, "card 1", "refused") - before; n != 2 {
		t.Errorf("refused %d lines of a script, want 2", n)
	}
}

func modprobe(t *testing.T, words ...string) {
	t.Helper()
	if out, err := exec.Command("modprobe", words...).CombinedOutput(); err != nil {
		t.Fatalf("modprobe %v: %v: %s", words, err, out)
	}
}

// Last but one: it leaves the cards in disorder.
func TestZYAnyLinesLeaveTheKernelInPeace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	for range 20000 {
		line := pick("", "at +3 ", "at 5 ") + pick("ppm", "stall", "slow", "slip", "alarm", "count", "linkspan", "tapspan", "ring", "volts",
			"polarity", "battery", "mwi", "dtmf", "event", "hook", "flash", "pulse", "bits", "hdlc", "silence", "pattern", "loop", "link", "tap",
			"echo", "play") + " " + pick("1", "2", "3", "4", "9") + pick("", ":1", ":*", ":2", ":16", ":1:16", ":2:*", ":-1", ":1:1:1")
		for range r.IntN(4) {
			line += " " + pick("on", "off", "seq", "red", "blue", "none", "1", "0", "-1", "7", "300", "+5", "2147483648", "-2147483648",
				"once", "again", "lost", "back", "bpv", "down", "up", "1234*", "5", "frame", "00ff7e", "abort", "badfcs", "lose", "1011",
				"3:1", "4:1", "3:16", "4:16", "2:1", "x")
		}
		_ = labtest.Tell(line) // most are wrong
	}
	tell(t, "ppm 1 0", "wait 1 +2000")
}

func TestZZTheModuleComesAndGoes(t *testing.T) {
	c := port(t, fxo, 1, 1, labtest.FXSKewl)
	if err := exec.Command("rmmod", "fakecard").Run(); err == nil {
		t.Fatal("the module went while a channel was open")
	}
	c.Close()
	for range 3 {
		if out, err := exec.Command("rmmod", "fakecard").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		modprobe(t, "fakecard", "cards=fxo2a,t1+2,e1", "burst=4")
		if k := state(t, "span 2:3", "kind"); k != "t1" {
			t.Errorf("span 2:3 is %q", k)
		}
		if l := state(t, "span 1:1", "law"); l != "alaw" {
			t.Errorf("fxo2a has %s", l)
		}
		tell(t, "wait 1 +50")
	}
	for _, cards := range []string{"fxo0", "fxo65", "e2", "fxo8,", "fxo2u", "e1+9"} {
		if out, err := exec.Command("rmmod", "fakecard").CombinedOutput(); err != nil && cards == "fxo0" {
			t.Fatalf("%v: %s", err, out)
		}
		if exec.Command("modprobe", "fakecard", "cards="+cards).Run() == nil {
			t.Errorf("cards=%s was accepted", cards)
		}
	}
	modprobe(t, "fakecard", "cards=fxs2")
}
