package voicemodem

import (
	"time"

	"vaad/driver"
	"vaad/dsp/g711"
)

// receive fills the block and sets when the next one is over. False: the board is gone.
func (b *Board) receive(rx *driver.Frame) bool {
	l := b.lane
	period := driver.Tick
	end := time.Time{}
	for left := b.bears(); left > 0; {
		l.mu.Lock()
		full := l.flow != flowBoth && l.flow != flowListen || l.rx.n >= driver.Block && (b.flowing || l.rx.n >= b.target())
		l.mu.Unlock()
		if full || !b.flowing {
			break
		}
		if now := time.Now(); end.IsZero() {
			end = now.Add(driver.Tick)
		} else if !now.Before(end) {
			left, end = left-1, now.Add(driver.Tick)
		}
		if left > 0 && !b.more(end) {
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
	b.out = l.in - int64(l.rx.n) // audio may have ended and begun again since the last block
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

// bears is for how many ticks audio that comes late is waited for. They are counted, not
// timed: while the whole machine stood still the engine could not read what lies there.
func (b *Board) bears() int {
	now, since := time.Now(), later(b.next, b.begun)
	if now.Sub(since) > lateAfter { // that was no wait of ours
		b.back = now
	}
	return int((later(b.next, b.back).Add(patience).Sub(now) + driver.Tick - 1) / driver.Tick)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// more waits for audio until then. False: the board is gone.
func (b *Board) more(end time.Time) bool {
	b.timer.Reset(time.Until(end))
	defer b.timer.Stop()
	select {
	case <-b.lane.came:
	case <-b.timer.C:
	case <-b.shut:
		return false
	case <-b.dead:
		return false
	}
	return true
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
		if n.pos >= b.out && n.pos != 0 && (l.flow == flowBoth || l.flow == flowListen) {
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
