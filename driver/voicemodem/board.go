package voicemodem

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"vaad/driver"
)

const (
	shelf     = 40 * driver.MS         // what lies received and not delivered, at least
	shelfMost = 200 * driver.MS        // … where the modem sends large pieces
	patience  = 12 * driver.Tick       // for audio that comes late: while it flows the modem has the only clock, and a stall of ours loses none
	lateAfter = 2 * driver.Tick        // a frame's time has passed
	skipAfter = time.Second            // what is older is left out
	closeMost = 900 * time.Millisecond // that Close waits for the engine
	talkHold  = 25                     // blocks of silence after which nothing more is to be sent
	silentTo  = 30                     // of 32767: what is weaker is silence
	trimBy    = 1e-5                   // of the period, for each sample too many
	trimMost  = 5e-3
	sendMost  = 60 * driver.MS // what waits to be sent
)

// Board is one voice modem.
type Board struct {
	info   driver.Info
	coding coding
	lane   *lane
	counts *tally
	cancel context.CancelFunc
	dead   chan struct{} // closed by the engine when it has ended
	shut   chan struct{} // closed by Close
	closed atomic.Bool

	mu    sync.Mutex // held by Exchange
	seq   uint64
	pos   int64
	next  time.Time // when the block that is being received is over
	begun time.Time // when the last one was
	back  time.Time // when we went on after we stood still
	timer *time.Timer
	late  bool // the last frame was
	pcm   [driver.Block]int16

	flowing bool // of this call something was received
	fill    float64
	owed    int   // samples that were Missed and may come yet
	out     int64 // samples delivered, counted as lane.in
	mute    int   // blocks of silence sent
}

// Info implements driver.Board.
func (b *Board) Info() driver.Info { return b.info }

// Close implements driver.Board.
func (b *Board) Close() error {
	if b.closed.CompareAndSwap(false, true) {
		close(b.shut)
		b.cancel()
		b.lane.wake()
	}
	t := time.NewTimer(closeMost)
	defer t.Stop()
	select {
	case <-b.dead:
	case <-t.C: // the port hangs in the kernel; its goroutine ends with it
	}
	return nil
}

// Exchange implements driver.Board.
func (b *Board) Exchange(tx, rx *driver.Frame) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	rx.Reset()
	if b.seq == 0 {
		b.next = time.Now().Add(driver.Tick)
		b.begun = time.Now()
		rx.Event(driver.State, 0, 0, 0, nil)
	}
	b.carryOut(tx, rx)
	b.send(tx)
	if !b.await(b.next) {
		return b.gone()
	}
	now := time.Now()
	behind := now.Sub(b.next)
	if behind > skipAfter {
		b.skip(behind)
		behind = 0
	}
	rx.Seq, rx.Pos = b.seq, b.pos
	rx.Late = behind > lateAfter
	b.late = rx.Late
	if !b.receive(rx) {
		return b.gone()
	}
	b.post(rx)
	b.begun = time.Now()
	b.seq++
	b.pos += driver.Block
	return nil
}

func (b *Board) gone() error {
	b.lane.mu.Lock()
	defer b.lane.mu.Unlock()
	if b.lane.ended != nil && !b.closed.Load() {
		return b.lane.ended
	}
	return driver.ErrGone
}

// await waits until then. False: the board is gone.
func (b *Board) await(then time.Time) bool {
	d := time.Until(then)
	if d <= 0 {
		select {
		case <-b.shut:
			return false
		case <-b.dead:
			return false
		default:
			return true
		}
	}
	b.timer.Reset(d)
	select {
	case <-b.timer.C:
		return true
	case <-b.shut:
	case <-b.dead:
	}
	b.timer.Stop()
	return false
}

// skip leaves out what nobody fetched.
func (b *Board) skip(behind time.Duration) {
	n := int64(behind / driver.Tick)
	b.seq += uint64(n)
	b.pos += n * driver.Block
	b.next = b.next.Add(time.Duration(n) * driver.Tick)
	b.counts.overruns.Add(1)
	b.lane.mu.Lock()
	b.out += int64(b.lane.rx.drop(b.lane.rx.n))
	b.lane.mu.Unlock()
	b.flowing, b.owed = false, 0
}

// carryOut passes on what the modem can do.
func (b *Board) carryOut(tx, rx *driver.Frame) {
	wished := false
	for _, c := range tx.Commands {
		if c.Line != 0 || c.Kind.OnSpan() {
			continue
		}
		b.lane.mu.Lock()
		switch c.Kind {
		case driver.GoOffHook:
			b.lane.hook, wished = true, true
		case driver.GoOnHook:
			b.lane.hook, b.lane.flash, b.lane.drop, wished = false, false, true, true
		case driver.SendFlash:
			if b.lane.hook {
				b.lane.flash, wished = true, true
			} else {
				rx.Event(driver.Refused, 0, c.At, int32(c.Kind), []byte("the line is on-hook"))
			}
		case driver.PulseDial:
			rx.Event(driver.Refused, 0, c.At, int32(c.Kind), []byte("a voice modem cannot pulse while audio flows: dial in tones"))
		default:
			rx.Event(driver.Refused, 0, c.At, int32(c.Kind), []byte("a voice modem has no such power"))
		}
		b.lane.mu.Unlock()
	}
	if wished {
		b.lane.wake()
	}
}

// send gives the engine a block.
func (b *Board) send(tx *driver.Frame) {
	pcm := tx.LinePCM(0)
	l := b.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.flow == flowNone || b.late:
	case l.flow == flowBoth:
		if l.tx.n > sendMost { // the delay stays bounded
			b.counts.overruns.Add(1)
			return
		}
		l.tx.push(pcm)
	default:
		if b.mute++; loud(pcm) {
			b.mute, l.talking = 0, true
		} else if b.mute > talkHold {
			l.talking = false
		}
		if l.talking && l.tx.push(pcm) < len(pcm) {
			b.counts.overruns.Add(1)
		}
	}
}

func loud(pcm []int16) bool {
	for _, s := range pcm {
		if s > silentTo || s < -silentTo {
			return true
		}
	}
	return false
}
