package sim

import (
	"fmt"
	"math"
	"testing"
	"time"

	"vaad/driver"
)

func TestTwoBoardsDriftByTheirPPMAndNothingElse(t *testing.T) {
	const hour = 3600 * 50
	for _, ppm := range []float64{-100, 0, 100} {
		r := newRig(t, fmt.Sprintf(`{"count":1,"ppm":%v}`, ppm))
		r.tick()
		began, pos := r.clock.Now(), r.b.pos
		for range hour {
			if err := r.b.Exchange(r.tx, r.rx); err != nil {
				t.Fatal(err)
			}
			if r.rx.Late {
				t.Fatal("late")
			}
		}
		line := time.Duration(r.b.pos-pos) * time.Second / driver.Rate
		wall := r.clock.Now() - began
		got := float64(line-wall) / float64(wall) * 1e6
		if line != time.Hour || math.Abs(got-ppm) > 0.001 {
			t.Errorf("ppm %v: %v of line in %v of wall time: %.4f ppm", ppm, line, wall, got)
		}
	}
}

func TestTicksDoNotDriftAfterAStall(t *testing.T) {
	r := newRig(t, `{"count":1}`)
	r.tick()
	began := r.clock.Now()
	for i := range 100 {
		if i%10 == 3 {
			r.clock.stall(137 * time.Millisecond)
		}
		r.tick()
	}
	for r.rx.Late {
		r.tick()
	}
	ticks := time.Duration(r.b.pos/driver.Block - 1)
	if got := r.clock.Now() - began; got < ticks*driver.Tick || got >= (ticks+1)*driver.Tick {
		t.Errorf("%d ticks took %v", ticks, got)
	}
}

func TestBoardWithThePeersClockTicksInRealTimeWithoutPeers(t *testing.T) {
	r := newRig(t, `{"clock":"peers","count":1}`)
	began := r.clock.Now()
	for range 5 {
		r.tick()
	}
	if got := r.clock.Now() - began; got != 5*driver.Tick {
		t.Errorf("5 ticks took %v", got)
	}
	p := r.line(1)
	for n := range uint64(50) {
		p.audio(noise(n))
		r.tick()
	}
	if got := r.clock.Now() - began; got != 5*driver.Tick {
		t.Errorf("with a peer it looked at the time: %v", got)
	}
	p.close()
	r.tick()
	r.tick()
	if got := r.clock.Now() - began; got != 6*driver.Tick {
		t.Errorf("after the peer had left: %v", got)
	}
}

func TestSystemClockSleepsUntilItIsWoken(t *testing.T) {
	g, err := newGate()
	if err != nil {
		t.Fatal(err)
	}
	c := System()
	from := c.Now()
	c.Sleep(from+3*time.Millisecond, g.wake)
	if d := c.Now() - from; d < 3*time.Millisecond {
		t.Errorf("slept %v", d)
	}
	done := make(chan struct{})
	go func() { c.Sleep(from+time.Hour, g.wake); close(done) }()
	g.close(func() { <-done })
}
