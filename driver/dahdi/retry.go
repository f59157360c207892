package dahdi

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// retryEvery is how often channels are tried that could not be opened or were
// removed. An attempt opens nothing that another program has.
const retryEvery = 3 * time.Second

// A nursery tries to open the channels that a board is to have and does not, in
// a goroutine of its own. What it has opened the board takes over between two
// blocks.
type nursery struct {
	k kernel

	mu      sync.Mutex
	missing []sapling // by key

	grown   atomic.Bool // one of missing is open
	stopped chan struct{}
	ended   chan struct{}
	once    sync.Once
}

// A sapling is a channel that is to be opened.
type sapling struct {
	key   int32
	line  int // -1: a D channel
	trial channel
	fault *driver.FaultError
}

func newNursery(k kernel) *nursery {
	return &nursery{k: k, stopped: make(chan struct{}), ended: make(chan struct{})}
}

func (n *nursery) run(every time.Duration) {
	defer close(n.ended)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.attempt()
		case <-n.stopped:
			return
		}
	}
}

// stop ends run and closes what nobody took over.
func (n *nursery) stop() {
	n.once.Do(func() {
		close(n.stopped)
		<-n.ended
		n.mu.Lock()
		defer n.mu.Unlock()
		for i := range n.missing {
			n.missing[i].trial.close()
		}
	})
}

// lost is told of a channel that is not open, with its fault.
func (n *nursery) lost(c *channel) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := sapling{key: c.key, line: c.line, fault: channelFault(c.number, c.fault)}
	s.trial = channel{k: c.k, number: c.number, span: c.span, line: c.line, key: c.key, sig: c.sig, law: c.law, tap: c.tap, name: c.name, fd: -1, opens: c.opens}
	n.missing = append(n.missing, s)
}

// attempt tries to open all that are missing.
func (n *nursery) attempt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.missing {
		s := &n.missing[i]
		if s.trial.fd >= 0 {
			continue
		}
		if err := s.try(n.k); err != nil {
			s.fault = channelFault(s.trial.number, err)
			continue
		}
		n.grown.Store(true)
	}
}

// try opens the channel if it is still what the board took it for.
func (s *sapling) try(k kernel) error {
	c := &s.trial
	if c.opens == nil {
		fd, err := k.open(ctlPath, true)
		if err != nil {
			return err
		}
		defer func() { _ = k.close(fd) }()
		p := c.arg[:]
		if err := (ctl{k, fd}).params(c.number, p); err != nil {
			return err
		}
		if sig := uint32(number(p, paramsSig)); sig == sigNone {
			return unix.ENXIO
		} else if sig != c.sig || text(p[paramsName:paramsName+40]) != c.name {
			return fault(CodeUnconfigured, "open DAHDI channel %d: %w", c.number, errors.New("the channel is not what it was when the board was opened: run dahdi_cfg with the old configuration, or restart vaad"))
		}
	}
	return c.open()
}

// take hands the open channels over.
func (n *nursery) take(give func(key int32, fd int)) {
	if !n.grown.Load() {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.grown.Store(false)
	kept := n.missing[:0]
	for _, s := range n.missing {
		if s.trial.fd >= 0 {
			give(s.key, s.trial.fd)
		} else {
			kept = append(kept, s)
		}
	}
	n.missing = kept
}

// faults appends the lines that are missing.
func (n *nursery) faults(dst []driver.LineFault) []driver.LineFault {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.missing {
		if s.line >= 0 && s.trial.fd < 0 {
			dst = append(dst, driver.LineFault{Line: s.line, Code: s.fault.Code, Detail: s.fault.Error()})
		}
	}
	return dst
}

// admit takes over what the nursery has opened; lines are taken in when they
// have shown that they receive.
func (b *Board) admit() {
	b.nursery.take(func(key int32, fd int) {
		c := b.byKey(key)
		c.fd, c.fault, c.absent = fd, nil, false
		c.meter.lend(fd)
		c.learn()
		events := uint32(pollPri)
		if c.line < 0 {
			events |= pollIn
		} else {
			c.state, c.away = laneAstray, true
			if law := b.info.Lines[c.line].Law; c.law != law { // what was said of the line stays true
				c.setLaw(law)
			}
		}
		if err := b.k.watch(b.ep, fd, events, key); err != nil {
			c.absent = true
		}
	})
}

func (b *Board) byKey(key int32) *channel {
	if int(key) < len(b.channels) {
		return b.channels[key]
	}
	return &b.dchannels[int(key)-len(b.channels)].channel
}
