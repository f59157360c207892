package sim

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// gate lets Close, from any goroutine, stop a board whose sockets belong to the
// goroutine in Exchange: nobody closes a descriptor that another is using.
type gate struct {
	state atomic.Int32
	wake  int           // eventfd, readable once the board is closing
	left  chan struct{} // closed when Exchange has left a closing gate
	mu    sync.Mutex    // between Closes
	shut  bool
}

const (
	gateFree int32 = iota
	gateBusy
	gateClosing // while busy
	gateShut
)

func newGate() (*gate, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	return &gate{wake: fd, left: make(chan struct{})}, nil
}

// enter begins an Exchange.
func (g *gate) enter() error {
	if g.state.CompareAndSwap(gateFree, gateBusy) {
		return nil
	}
	return driver.ErrGone
}

// leave ends an Exchange.
func (g *gate) leave() error {
	if g.state.CompareAndSwap(gateBusy, gateFree) {
		return nil
	}
	g.state.Store(gateShut)
	close(g.left)
	return driver.ErrGone
}

// closing reports whether Close has been called.
func (g *gate) closing() bool { return g.state.Load() >= gateClosing }

// close shuts the gate, waits until no Exchange is inside, and calls release
// the first time.
func (g *gate) close(release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return
	}
	g.shut = true
	inside := false
	for !inside && !g.state.CompareAndSwap(gateFree, gateShut) {
		inside = g.state.CompareAndSwap(gateBusy, gateClosing)
	}
	one := [8]byte{1}
	_, _ = unix.Write(g.wake, one[:]) // an eventfd at zero always takes a one
	if inside {
		<-g.left
	}
	release()
	_ = unix.Close(g.wake)
}
