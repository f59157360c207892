package sim

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"vaad/driver"
	"vaad/driver/framelog"
)

// maxInMemory is up to which size a frame log is read at once, so that no tick
// waits for a disk: 60 s of 128 lines, as the flight recorder saves them.
const maxInMemory = 64 << 20

// replay is a board that does again what the board of a frame log did, in real
// time. It has no sockets and refuses every command.
type replay struct {
	info    driver.Info
	gate    *gate
	journal *journal
	tick    ticker
	player  driver.Board
	lines   []replayed
	ended   bool
	seq     uint64
	pos     int64
}

// replayed is how a line stands, so that it can be made idle at the end.
type replayed struct {
	state   int32
	voltsAt int64
}

func (m maker) openReplay(cfg driver.Config, o options) (driver.Board, error) {
	fail := func(err error) (driver.Board, error) {
		return nil, fmt.Errorf("open simulated board %q: replay: %w", cfg.ID, err)
	}
	src, err := openLog(o.Replay)
	if err != nil {
		return fail(err)
	}
	player, err := framelog.Play(src, framelog.PlayOptions{Loop: o.Loop})
	if err != nil {
		if c, ok := src.(io.Closer); ok {
			_ = c.Close()
		}
		return fail(fmt.Errorf("%s: %w", o.Replay, err))
	}
	g, err := newGate()
	if err != nil {
		_ = player.Close()
		return fail(err)
	}
	info := player.Info()
	info.Driver, info.Serial, info.Location = "sim", cfg.ID, "simulated"
	info.Model = "replay of " + info.Model
	info.Simulated, info.Virtual = true, false
	return &replay{info: info, gate: g, journal: newJournal(m, cfg.ID, info), tick: newTicker(m.clock, o.PPM), player: player,
		lines: make([]replayed, len(info.Lines))}, nil
}

func openLog(path string) (io.ReadSeeker, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxInMemory {
		return os.Open(path)
	}
	b, err := os.ReadFile(path)
	return bytes.NewReader(b), err
}

// Info says what the board is.
func (r *replay) Info() driver.Info { return r.info }

// Close ends the board.
func (r *replay) Close() error {
	var err error
	r.gate.close(func() {
		err = r.player.Close()
		r.journal.close()
	})
	return err
}

// Exchange is one tick of the log; after its end, of idle lines.
func (r *replay) Exchange(tx, rx *driver.Frame) error {
	if err := r.gate.enter(); err != nil {
		return err
	}
	if !r.ended {
		err := r.player.Exchange(tx, rx)
		r.ended = err != nil
		if err == nil {
			r.seq, r.pos = rx.Seq, rx.Pos
			r.follow(rx.Events)
		} else {
			r.journal.note(-1, "replay has ended, its lines are idle now", err)
			r.idle(tx, rx, true)
		}
	} else {
		r.idle(tx, rx, false)
	}
	r.tick.n = r.pos / driver.Block // the log may have gaps
	_, backlog := r.tick.wait(r.gate.wake)
	rx.Late = backlog > 0
	return r.gate.leave()
}

// follow keeps what must be undone at the end.
func (r *replay) follow(events []driver.Event) {
	for _, e := range events {
		if e.Kind.OnSpan() {
			continue
		}
		s := &r.lines[e.Line].state
		switch e.Kind {
		case driver.State:
			*s = e.Value
		case driver.RingBegin:
			*s |= driver.StateRinging
		case driver.RingEnd:
			*s &^= driver.StateRinging
		case driver.OffHook:
			*s |= driver.StateOffHook
		case driver.OnHook:
			*s &^= driver.StateOffHook
		case driver.Battery:
			*s = *s&^driver.StateNoBattery | (1-min(e.Value, 1))*driver.StateNoBattery
		case driver.Polarity:
			*s = *s&^driver.StateReversed | min(e.Value, 1)*driver.StateReversed
		}
	}
}

// idle fills a frame of idle lines, the first of which makes them so.
func (r *replay) idle(tx, rx *driver.Frame, first bool) {
	rx.Reset()
	r.seq++
	r.pos += driver.Block
	rx.Seq, rx.Pos = r.seq, r.pos
	for i, l := range r.info.Lines {
		silence(i, l.Law, rx)
		at := &r.lines[i]
		if first {
			at.hangUp(i, rx)
			at.voltsAt = r.pos
		}
		if l.Caps.Has(driver.CapVolts) && at.voltsAt < r.pos+driver.Block {
			rx.Event(driver.Volts, i, int(at.voltsAt-r.pos), idleMV, nil)
			at.voltsAt += int64(max(l.VoltsEvery, driver.Block))
		}
	}
	for _, c := range tx.Commands {
		n := len(r.info.Lines)
		if c.Kind.OnSpan() {
			n = len(r.info.Spans)
		}
		if c.Line >= 0 && c.Line < n {
			rx.Event(driver.Refused, c.Line, c.At, int32(c.Kind), []byte("this board plays a frame log: there is no line behind it"))
		}
	}
}

// hangUp makes the events that lead a line from how it stands to idle.
func (l *replayed) hangUp(i int, rx *driver.Frame) {
	for _, b := range []struct {
		bit   int32
		kind  driver.EventKind
		value int32
	}{{driver.StateRinging, driver.RingEnd, 0}, {driver.StateOffHook, driver.OnHook, 0}, {driver.StateReversed, driver.Polarity, 0},
		{driver.StateNoBattery, driver.Battery, 1}} {
		if l.state&b.bit != 0 {
			rx.Event(b.kind, i, 0, b.value, nil)
		}
	}
	l.state = 0
}
