package dahdi

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"vaad/driver"
)

// Board is an open DAHDI board: the channels of one device, or of several that
// share one clock.
type Board struct {
	k    kernel
	id   string // in settings, metrics and messages
	log  *slog.Logger
	info driver.Info

	channels  []*channel // by line
	dchannels []*dchannel
	spanOf    []int // the kernel's span numbers, by index into Info.Spans
	ruler     *ruler
	ep        int
	wake      func() // makes Exchange return
	bell      int
	nursery   *nursery
	watch     watching // what is polled beside the audio
	monitors  bool     // its channels are pseudo channels that listen to others

	mu      sync.Mutex // held by Exchange, and by Close once Exchange has returned
	closing atomic.Bool
	rung    sync.Once // the bell, by the first Close; it is closed after that
	stopped sync.Once // the pollers
	closed  bool
	ended   error // what Exchange returned last; final

	overruns, underruns atomic.Uint64

	// What follows belongs to the goroutine that calls Exchange.
	rx        *driver.Frame
	seq       uint64
	pos       int64         // board's position at the start of the next frame
	zero      int64         // the ruler's count at position 0
	inStep    bool          // the ruler is driven by this board's own clock
	clock     clock         // of the board, where it is not
	lead      *channel      // the channel whose block is complete last; nil: none is live
	late      bool          // the last frame was
	anyOver   bool          // a channel has overrun
	releases  bool          // a channel is to go on-hook
	woke      time.Duration // when the lead's block was seen
	waited    bool          // … after waiting for it
	blockEnd  time.Duration // when the last block was complete
	clockless bool          // the kernel gives its spans their time
	got       [64]readiness
	at        int // offset in the frame of what happens now
	code      [driver.Block]byte
	quiet     [driver.Block]byte
	spare     time.Duration // how much longer channels without a block are waited for in this Exchange
}

// Info says what the board is.
func (b *Board) Info() driver.Info { return b.info }

// Keys of the epoll: lines by index, then D channels.
const bellKey = -1

// Close releases all channels. A running Exchange returns first.
func (b *Board) Close() error {
	b.closing.Store(true)
	b.rung.Do(b.wake) // a second Close would ring a descriptor that may be another file's by now
	b.nursery.stop()
	b.stopped.Do(b.watch.stop)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.release()
	}
	return nil
}

func (b *Board) release() {
	for _, c := range b.channels {
		c.close()
	}
	for _, d := range b.dchannels {
		d.close()
	}
	b.ruler.close()
	_ = b.k.close(b.ep)
	_ = b.k.close(b.bell)
}

// Faults appends the lines that do not work for now.
func (b *Board) Faults(dst []driver.LineFault) []driver.LineFault { return b.nursery.faults(dst) }

// overran is told when READ_OVERRUN comes from a channel's queue: its 32
// buffers were full and what came then was dropped.
func (b *Board) overran(c *channel) {
	b.overruns.Add(1)
	if !c.over {
		c.over, c.left, b.anyOver = true, buffers, true
	}
}

// underran is told when WRITE_UNDERRUN comes from a channel's queue.
func (b *Board) underran(c *channel) { c.under = true }

// removed is told when a channel says that its card has gone.
func (b *Board) removed(c *channel) { c.absent = true }

// position is where the board stands by the ruler, which counted n chunks.
func (b *Board) position(n int64) int64 { return (n - b.zero) * chunk }

// here is where the board stands now.
func (b *Board) here() int64 {
	if at, ok := b.clock.chunks(b.k.now()); ok && !b.inStep {
		return at * chunk
	}
	return b.position(b.ruler.count())
}
