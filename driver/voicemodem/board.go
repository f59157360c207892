package voicemodem

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

const (
	shelf     = 40 * driver.MS         // what lies received and not delivered, at least
	shelfMost = 200 * driver.MS        // … where the modem sends large pieces
	patience  = 2 * driver.Tick        // for audio that comes late
	lateAfter = 2 * driver.Tick        // a frame's time has passed
	skipAfter = time.Second            // what is older is left out
	closeMost = 900 * time.Millisecond // that Close waits for the engine
	talkHold  = 25                     // blocks of silence after which nothing more is to be sent
	silentTo  = 30                     // of 32767: what is weaker is silence
	trimBy    = 1e-5                   // of the period, for each sample too many
	trimMost  = 5e-3
	sendMost  = 60 * driver.MS // what waits to be sent
)

var withoutEnd = context.Background()

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

// receive fills the block and sets when the next one is over. False: the board is gone.
func (b *Board) receive(rx *driver.Frame) bool {
	l := b.lane
	period := driver.Tick
	for end := b.next.Add(patience); ; {
		l.mu.Lock()
		full := l.flow != flowBoth && l.flow != flowListen || l.rx.n >= driver.Block && (b.flowing || l.rx.n >= b.target())
		l.mu.Unlock()
		if full || !b.flowing || !b.more(end) {
			break
		}
	}
	select {
	case <-b.shut:
		return false
	case <-b.dead:
		return false
	default:
	}
	l.mu.Lock()
	silence := b.coding.silence()
	n := 0
	switch l.flow {
	case flowNone:
		if b.flowing || l.hook { // our audio has not begun, or is over, and the line's is not heard
			rx.Event(driver.Missed, 0, 0, 1, nil)
		}
		b.flowing, b.owed, b.fill = false, 0, 0
		b.out = l.in
	case flowSend:
		rx.Event(driver.Lost, 0, 0, driver.Block, nil)
		b.flowing, b.owed, b.fill = false, 0, 0
		b.out = l.in
	default:
		n, period = b.flowed(rx)
	}
	for i := n; i < driver.Block; i++ {
		b.pcm[i] = silence
	}
	l.mu.Unlock()
	if b.coding.law() == driver.Linear {
		copy(rx.LinePCM(0), b.pcm[:])
	} else {
		code := rx.LineCode(0)
		for i, v := range b.pcm {
			code[i] = byte(v)
		}
		g711.Decode(rx.LinePCM(0), code, g711.Law(b.coding.law()))
	}
	b.next = b.next.Add(period)
	return true
}

// target is how much is to lie received and not delivered.
func (b *Board) target() int {
	return min(max(shelf, 2*b.lane.chunk), shelfMost)
}

// flowed takes a block of a call, with the lane's lock held, and says how long
// the next one lasts.
func (b *Board) flowed(rx *driver.Frame) (n int, period time.Duration) {
	l := b.lane
	target := b.target()
	if !b.flowing && l.rx.n < target {
		rx.Event(driver.Missed, 0, 0, 1, nil)
		return 0, driver.Tick
	}
	if !b.flowing {
		b.flowing, b.fill = true, float64(l.rx.n)
	}
	if b.owed > 0 && l.rx.n >= target+driver.Block { // it has come, too late
		k := l.rx.drop(min(b.owed, l.rx.n-target))
		b.out += int64(k)
		if b.owed -= k; k >= driver.Block {
			rx.Event(driver.Slip, 0, 0, int32(k/driver.Block), nil)
		}
	}
	lies := l.rx.n
	n = l.rx.take(b.pcm[:])
	for i := 0; i < l.nGaps; i++ {
		if g := l.gaps[i]; g.pos < b.out+int64(n) {
			rx.Event(driver.Lost, 0, int(max(g.pos-b.out, 0)), int32(g.n), nil)
			l.nGaps--
			copy(l.gaps[i:], l.gaps[i+1:l.nGaps+1])
			i--
		}
	}
	b.out += int64(n)
	if n < driver.Block {
		rx.Event(driver.Missed, 0, min(n, driver.Block-1), 1, nil)
		b.owed += driver.Block - n
	}
	if rx.Late {
		return n, driver.Tick
	}
	b.fill += (float64(lies) - b.fill) / 50
	trim := max(min((b.fill-float64(target))*trimBy, trimMost), -trimMost)
	return n, time.Duration(float64(driver.Tick) * (1 - trim))
}

// more waits for audio. False: it does not come in time.
func (b *Board) more(end time.Time) bool {
	d := time.Until(end)
	if d <= 0 {
		return false
	}
	b.timer.Reset(d)
	defer b.timer.Stop()
	select {
	case <-b.lane.came:
		return true
	case <-b.timer.C:
	case <-b.shut:
	case <-b.dead:
	}
	return false
}

// post moves events whose sample has been delivered into the frame.
func (b *Board) post(rx *driver.Frame) {
	l := b.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	at := 0
	for _, e := range rx.Events { // those of ours come first
		if e.Kind != driver.Refused {
			at = max(at, e.At)
		}
	}
	for l.n > 0 {
		n := &l.notes[l.first]
		if n.pos >= b.out && n.pos != 0 && l.flow != flowNone {
			return
		}
		place := int(n.when.Sub(b.begun) * driver.Rate / time.Second)
		if n.pos != 0 {
			place = int(n.pos - (b.out - driver.Block))
		}
		at = min(max(at, place), driver.Block-1)
		rx.Event(n.kind, 0, at, n.value, n.data[:n.size])
		l.first, l.n = (l.first+1)%notesKept, l.n-1
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
