package sim

import (
	"fmt"

	"vaad/driver"
)

// Board is an open simulated board.
type Board struct {
	info driver.Info
	gate *gate
	tick ticker
	seq  uint64
	pos  int64
}

func (m maker) openBoard(cfg driver.Config, o options, info driver.Info) (driver.Board, error) {
	g, err := newGate()
	if err != nil {
		return nil, fmt.Errorf("open simulated board %q: %w", cfg.ID, err)
	}
	return &Board{info: info, gate: g, tick: newTicker(m.clock, o.PPM)}, nil
}

func (m maker) openReplay(cfg driver.Config, o options) (driver.Board, error) {
	return nil, fmt.Errorf("open simulated board %q: replay: not there yet", cfg.ID)
}

// Info says what the board is.
func (b *Board) Info() driver.Info { return b.info }

// Exchange is one tick.
func (b *Board) Exchange(tx, rx *driver.Frame) error {
	if err := b.gate.enter(); err != nil {
		return err
	}
	rx.Reset()
	rx.Seq, rx.Pos = b.seq, b.pos
	rx.Late = b.tick.wait(b.gate.wake) > 0
	for i, l := range b.info.Lines {
		clear(rx.LinePCM(i))
		c := rx.LineCode(i)
		for j := range c {
			c[j] = l.Law.Silence()
		}
		if b.seq == 0 {
			rx.Event(driver.State, i, 0, 0, nil)
		}
	}
	b.seq++
	b.pos += driver.Block
	return b.gate.leave()
}

// Close releases the board.
func (b *Board) Close() error {
	b.gate.close(func() {})
	return nil
}
