package emulator_test

import (
	"context"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/sim/peer"
	"vaad/driver/voicemodem/emulator"
)

// exchange is the other end of the line: it plays what waits, remembers what it
// hears, and answers each block by one.
type exchange struct {
	mu     sync.Mutex
	says   []int16
	events []string
	heard  []int16
	told   []string
	off    bool
}

func (x *exchange) do(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f()
}

func (x *exchange) say(pcm []int16) { x.do(func() { x.says = append(x.says, pcm...) }) }

func (x *exchange) event(e ...string) { x.do(func() { x.events = append(x.events, e...) }) }

func (x *exchange) offHook() (off bool) { x.do(func() { off = x.off }); return off }

func (x *exchange) all() (pcm []int16) { x.do(func() { pcm = slices.Clone(x.heard) }); return pcm }

// script plays the exchange's part.
func (x *exchange) script() peer.Script {
	return peer.Script{
		Next: func(p *peer.Peer, _ int, block []int16) bool {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.heard = append(x.heard, block...)
			clear(block)
			n := copy(block, x.says)
			x.says = x.says[n:]
			for _, e := range x.events {
				_ = p.Event(e, 0)
			}
			x.events = nil
			return true
		},
		Command: func(_ *peer.Peer, words string) {
			x.do(func() {
				x.told = append(x.told, words)
				switch words {
				case "off-hook":
					x.off = true
				case "on-hook":
					x.off = false
				}
			})
		},
	}
}

// rig is a modem that runs, with an exchange at its line.
type rig struct {
	*emulator.Modem
	*exchange
	dir   string
	asked func() []string // commands so far
}

func newRig(t *testing.T, chip string, ppm float64) *rig {
	t.Helper()
	c, err := emulator.ByName(chip)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "vm")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var trace []string
	began := time.Now()
	m, err := emulator.New(emulator.Options{Chip: c, Dir: dir, PPM: ppm, Trace: func(way, text string) {
		mu.Lock()
		defer mu.Unlock()
		trace = append(trace, time.Since(began).Round(time.Millisecond).String()+" "+way+" "+text)
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { done <- m.Run(ctx) }()
	r := &rig{Modem: m, exchange: &exchange{}, dir: dir, asked: func() (asked []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, s := range trace {
			if _, c, ok := strings.Cut(s, " asked "); ok {
				asked = append(asked, c)
			}
		}
		return asked
	}}
	p, err := peer.Dial(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- p.Play(ctx, r.script()) }()
	t.Cleanup(func() {
		cancel()
		<-done
		<-done
		_ = p.Close()
		_ = os.RemoveAll(dir)
		if t.Failed() {
			mu.Lock()
			defer mu.Unlock()
			for _, s := range trace {
				t.Log(s)
			}
		}
	})
	return r
}

// pty plugs a pseudo terminal in and returns its name.
func (r *rig) pty(t *testing.T) string {
	t.Helper()
	p, err := emulator.OpenPTY()
	if err != nil {
		t.Fatal(err)
	}
	r.Plug(p)
	return p.Name
}

// until waits for something of the real world.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !is(); {
		if time.Now().After(end) {
			t.Fatalf("it did not come to pass: %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

func sine(hz float64, ms int) []int16 {
	pcm := make([]int16, ms*driver.MS)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/driver.Rate))
	}
	return pcm
}

// seconds is how long a tone sounds within pcm.
func seconds(pcm []int16, hz float64) float64 {
	blocks := 0
	for b := range slices.Chunk(pcm, driver.Block) {
		var re, im, power float64
		for i, s := range b {
			re += float64(s) * math.Cos(2*math.Pi*hz*float64(i)/driver.Rate)
			im += float64(s) * math.Sin(2*math.Pi*hz*float64(i)/driver.Rate)
			power += float64(s) * float64(s)
		}
		if power > 1e7 && 2*(re*re+im*im) > 0.6*float64(len(b))*power {
			blocks++
		}
	}
	return float64(blocks) / 50
}
