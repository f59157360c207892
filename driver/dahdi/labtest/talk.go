package labtest

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A Talker speaks on many channels from one thread, as an exchange does: it is
// never late.
type Talker struct {
	channels []*Channel
	fill     func(i int, n uint32, dst []byte)
	per      int // blocks in a buffer
	primed   int // blocks in all of them: until then nothing is sent, which DAHDI calls an underrun

	sent      atomic.Uint32 // blocks, on each channel
	underruns atomic.Uint32
	stop      atomic.Bool
	until     uint32
	done      chan struct{}
	err       error
}

// Talk speaks on the channels, all of one clock: fill is called for block
// n = 0, 1, … of channels[i]. Each channel holds so many buffers of per blocks.
// It speaks until Stop, or so many blocks if until is not 0; then the
// channels fall silent when all is sent.
func Talk(channels []*Channel, buffers, per int, until uint32, fill func(i int, n uint32, dst []byte)) (*Talker, error) {
	t := &Talker{channels: channels, fill: fill, per: per, primed: buffers * per, until: until, done: make(chan struct{})}
	for _, c := range channels {
		p, err := c.Params()
		if err == nil && p.Sig == Clear {
			err = c.Audio()
		}
		if err == nil {
			err = c.Buffers(buffers, per*BlockSize, true)
		}
		if err == nil {
			err = c.LossEvents(true)
		}
		if err == nil {
			_, err = c.Events()
		}
		if err != nil {
			return nil, fmt.Errorf("channel %d: %w", c.Number, err)
		}
	}
	go t.run()
	return t, nil
}

// Patterns fills channel i's blocks with the pattern of line from+i.
func Patterns(from int) func(i int, n uint32, dst []byte) {
	return func(i int, n uint32, dst []byte) { Fill(dst, from+i, n) }
}

// Sent is how many blocks each channel has been given.
func (t *Talker) Sent() uint32 { return t.sent.Load() }

// Underruns is how often a channel had nothing to send before it was stopped.
func (t *Talker) Underruns() uint32 { return t.underruns.Load() }

// Stop ends it and returns how many blocks were given to each channel.
func (t *Talker) Stop() (uint32, error) {
	t.stop.Store(true)
	return t.Wait()
}

// Wait waits until it has ended, and then until all is sent.
func (t *Talker) Wait() (uint32, error) {
	<-t.done
	return t.sent.Load(), t.err
}

func (t *Talker) run() {
	defer close(t.done)
	runtime.LockOSThread() // and let the thread end: its priority is its own
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -19)
	b := make([]byte, t.per*BlockSize)
	for !t.stop.Load() && (t.until == 0 || t.sent.Load() < t.until) {
		n := t.sent.Load()
		for i, c := range t.channels {
			for k := range t.per {
				t.fill(i, n+uint32(k), b[k*BlockSize:(k+1)*BlockSize])
			}
			if t.err = t.write(c, b); t.err != nil {
				return
			}
		}
		t.sent.Add(uint32(t.per))
	}
	// What is buffered goes out. Afterwards the channel repeats nothing: an
	// empty queue is silence.
	last := t.channels[len(t.channels)-1]
	bufs := time.Duration(32*t.per) * 20 * time.Millisecond
	_ = Within(bufs, func() error {
		all, err := last.Events()
		for _, e := range all {
			if e == EvWriteUnderrun {
				return nil
			}
		}
		if err != nil {
			return nil
		}
		return fmt.Errorf("channel %d still sends", last.Number)
	})
}

func (t *Talker) write(c *Channel, b []byte) error {
	for {
		n, err := c.Write(b, func(e int) {
			if e == EvWriteUnderrun && int(t.sent.Load()) > t.primed {
				t.underruns.Add(1)
			}
		})
		switch {
		case err == unix.EAGAIN:
			if _, err := c.Ready(unix.POLLOUT|unix.POLLPRI, time.Second); err != nil {
				return fmt.Errorf("channel %d: %w", c.Number, err)
			}
		case err != nil:
			return fmt.Errorf("channel %d: write: %w", c.Number, err)
		case n != len(b):
			return fmt.Errorf("channel %d: the kernel took %d of %d bytes", c.Number, n, len(b))
		default:
			return nil
		}
	}
}
