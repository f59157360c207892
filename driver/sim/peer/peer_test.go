package peer_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"vaad/driver"
	"vaad/driver/sim"
	"vaad/driver/sim/peer"
)

// open opens a board with the peers clock.
func open(t *testing.T, options string) (driver.Board, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "peer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	b, err := sim.Driver().Open(context.Background(), driver.Candidate{}, driver.Config{ID: "sim1", Dir: dir, Options: json.RawMessage(options)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b, dir
}

func TestPeerPlaysTheOtherEndOfALine(t *testing.T) {
	b, dir := open(t, `{"clock":"peers","lines":[{"law":"linear","use":"trunk"}]}`)
	p, err := peer.Dial(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	var heard []int16
	var commands []string
	played := make(chan error, 1)
	go func() {
		played <- p.Play(context.Background(), peer.Script{
			Next: func(p *peer.Peer, n int, block []int16) bool {
				heard = append(heard, block[0])
				if n == 2 {
					_ = p.Event("ring", 7)
				}
				for i := range block {
					block[i] = int16(1000*n + i)
				}
				return n < 9
			},
			Command: func(_ *peer.Peer, words string) { commands = append(commands, words) },
		})
		_ = p.Close()
	}()
	tx, rx := driver.NewFrame(b.Info()), driver.NewFrame(b.Info())
	blocks, rings := 0, []int{}
	for blocks < 10 {
		tx.Reset()
		if blocks == 4 {
			tx.Command(driver.GoOffHook, 0, 0, 0, nil)
		}
		tx.LinePCM(0)[0] = int16(blocks)
		if err := b.Exchange(tx, rx); err != nil {
			t.Fatal(err)
		}
		if rx.LinePCM(0)[1] == 0 {
			continue // not yet connected
		}
		if got := rx.LinePCM(0)[159]; got != int16(1000*blocks+159) {
			t.Errorf("block %d ends with %d", blocks, got)
		}
		for _, e := range rx.Events {
			if e.Kind == driver.RingBegin {
				rings = append(rings, blocks, e.At)
			}
		}
		blocks++
	}
	if err := <-played; err != nil {
		t.Error(err)
	}
	if !slices.Equal(heard, []int16{0, 0, 0, 0, 4, 5, 6, 7, 8, 9}) || !slices.Equal(commands, []string{"off-hook"}) || !slices.Equal(rings, []int{2, 7}) {
		t.Errorf("heard %v, commands %q, rings %v", heard, commands, rings)
	}
}

func TestPeerEndsWithTheBoardOrItsContext(t *testing.T) {
	b, dir := open(t, `{"count":1}`)
	script := peer.Script{Next: func(*peer.Peer, int, []int16) bool { return true }}
	p, err := peer.Dial(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Play(ctx, script); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
	q, err := peer.Dial(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	_ = b.Close()
	if err := q.Play(context.Background(), script); !errors.Is(err, io.EOF) && err == nil {
		t.Errorf("after the board: %v", err)
	}
	if _, err := peer.Dial(dir, 1); err == nil {
		t.Error("there is still a socket")
	}
}

func TestBlockOfAnotherLengthIsNotSent(t *testing.T) {
	_, dir := open(t, `{"count":1}`)
	p, err := peer.Dial(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if err := p.Send(make([]int16, 80)); err == nil {
		t.Error("it was")
	}
}

// BenchmarkPeersClock runs 40 s of line: a fax of one page.
func BenchmarkPeersClock(b *testing.B) {
	dir, err := os.MkdirTemp("", "peer")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	board, err := sim.Driver().Open(context.Background(), driver.Candidate{}, driver.Config{ID: "sim1", Dir: dir,
		Options: json.RawMessage(`{"clock":"peers","count":1}`)})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = board.Close() }()
	p, err := peer.Dial(dir, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	go func() {
		_ = p.Play(context.Background(), peer.Script{Next: func(*peer.Peer, int, []int16) bool { return true }})
	}()
	tx, rx := driver.NewFrame(board.Info()), driver.NewFrame(board.Info())
	for range 3 {
		_ = board.Exchange(tx, rx)
	}
	for b.Loop() {
		for range 40 * driver.Rate / driver.Block {
			if err := board.Exchange(tx, rx); err != nil {
				b.Fatal(err)
			}
		}
	}
}
