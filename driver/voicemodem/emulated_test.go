package voicemodem_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/sim/peer"
	"vaad/driver/voicemodem"
	"vaad/driver/voicemodem/emulator"
)

// An exchange is the far end of an emulated modem's line.
type exchange struct {
	mu     sync.Mutex
	say    []int16
	events []string
	heard  []int16
	off    bool
}

func (x *exchange) with(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f()
}

func (x *exchange) script() peer.Script {
	return peer.Script{
		Next: func(p *peer.Peer, _ int, block []int16) bool {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.heard = append(x.heard, block...)
			clear(block)
			x.say = x.say[copy(block, x.say):]
			for _, e := range x.events {
				_ = p.Event(e, 0)
			}
			x.events = nil
			return true
		},
		Command: func(_ *peer.Peer, words string) {
			x.with(func() {
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

// emulated makes a modem with a pty and an exchange at its line.
func emulated(t *testing.T, chip string) (*emulator.Modem, *exchange, string) {
	t.Helper()
	c, err := emulator.ByName(chip)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "vm")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var mu sync.Mutex
	var trace []string
	m, err := emulator.New(emulator.Options{Chip: c, Dir: dir, Trace: func(way, text string) {
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
	p, err := peer.Dial(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{}
	go func() { done <- p.Play(ctx, x.script()) }()
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
	pty, err := emulator.OpenPTY()
	if err != nil {
		t.Fatal(err)
	}
	m.Plug(pty)
	return m, x, pty.Name
}

func open(t *testing.T, keys map[string]any) driver.Board {
	t.Helper()
	raw, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	b, err := voicemodem.Driver(voicemodem.WithLogger(slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})))).
		Open(t.Context(), driver.Candidate{}, driver.Config{ID: "m1", Options: raw})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestEmulatedModemIsAnsweredAndTalksBothWays(t *testing.T) {
	if testing.Short() {
		t.Skip("it ticks in real time")
	}
	for _, chip := range []string{"cx93001", "usr5637", "softmodem", "v253", "halfduplex"} {
		t.Run(chip, func(t *testing.T) {
			_, x, name := emulated(t, chip)
			b := open(t, map[string]any{"device": name})
			t.Logf("%+v", b.Info())
			tx, rx := driver.NewFrame(b.Info()), driver.NewFrame(b.Info())
			frames := func(n int, each func(int)) {
				for i := range n {
					if err := b.Exchange(tx, rx); err != nil {
						t.Fatal(err)
					}
					tx.Reset()
					for _, e := range rx.Events {
						if e.Kind != driver.Missed && e.Kind != driver.Lost {
							t.Logf("%d %v %d @%d %q", rx.Pos, e.Kind, e.Value, e.At, e.Data)
						}
					}
					if each != nil {
						each(i)
					}
				}
			}
			frames(10, nil)
			x.with(func() { x.events = append(x.events, "ring") })
			frames(50, nil)
			x.with(func() { x.events = append(x.events, "ring-end") })
			frames(50, nil)
			tx.Command(driver.GoOffHook, 0, 0, 0, nil)
			loud := 0
			frames(150, func(i int) {
				if i == 100 {
					x.with(func() {
						x.say = make([]int16, 8000)
						x.heard = nil
						for k := range x.say {
							x.say[k] = int16(8000 - 16000*(k/8%2))
						}
					})
				}
				for k := range tx.PCM {
					tx.PCM[k] = 0
					if i > 100 && i < 130 && chip != "halfduplex" {
						tx.PCM[k] = int16(4000 - 8000*(k/4%2))
					}
				}
				for _, s := range rx.PCM {
					if s > 5000 || s < -5000 {
						loud++
					}
				}
			})
			far := 0
			x.with(func() {
				for _, s := range x.heard {
					if s > 3000 || s < -3000 {
						far++
					}
				}
			})
			if loud == 0 || far == 0 && chip != "halfduplex" { // how much, on a busy machine, the tests in virtual time say
				t.Errorf("heard %d loud samples, the far end %d", loud, far)
			}
			tx.Command(driver.GoOnHook, 0, 0, 0, nil)
			frames(50, nil)
			x.with(func() {
				if x.off {
					t.Error("still off-hook")
				}
			})
		})
	}
}
