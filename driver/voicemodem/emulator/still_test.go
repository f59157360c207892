package emulator

import (
	"context"
	"os"
	"testing"
	"time"

	"vaad/driver"
	"vaad/driver/sim/peer"
)

// TestAModemThatStoodStillHearsItsPeerAllTheSame: what is due then waits for the peer's blocks, as
// the peer may have stood still too.
func TestAModemThatStoodStillHearsItsPeerAllTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("it ticks in real time")
	}
	dir, err := os.MkdirTemp("", "vm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m, err := New(Options{Chip: Chips()[0], Dir: dir})
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
	blocks := make(chan struct{}, 1)
	go func() {
		done <- p.Play(ctx, peer.Script{Next: func(*peer.Peer, int, []int16) bool {
			select {
			case blocks <- struct{}{}:
			default:
			}
			return true
		}})
	}()
	for range 5 {
		<-blocks
	}
	before := m.Status()
	const still = 2 * time.Second
	m.do(func() { time.Sleep(still) })
	after := m.Status()
	for after.Samples-before.Samples < int64(still/driver.Tick)*driver.Block {
		<-blocks
		after = m.Status()
	}
	if lost := after.MissedLine + after.Slips - before.MissedLine - before.Slips; lost > 20 {
		t.Errorf("%d blocks of %d were lost", lost, still/driver.Tick)
	}
	cancel()
	<-done
	<-done
	_ = p.Close()
}
