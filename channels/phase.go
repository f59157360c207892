package channels

import "sync/atomic"

// What a loop is doing, in the low bits of its phase.
const (
	outside   = iota // working on a frame: takes microseconds
	inside           // in Exchange: up to the driver
	waiting          // virtual boards only: for readers that hold the board
	done             // has ended
	phaseBits = 2
	phaseMask = 1<<phaseBits - 1
)

// abandoned is the phase of a loop that was given up while inside Exchange.
// Its goroutine may still hang in the driver; it owns nothing any more.
const abandoned = ^uint64(0)

// A phase says where a loop is. Each step has a new value, so its supervisor
// sees whether it moves, and each move out of Exchange is a compare-and-swap,
// so that either the loop goes on or the supervisor has given it up, never both.
type phase struct{ v atomic.Uint64 }

// enter notes that the loop goes inside or waiting, or is done.
func (p *phase) enter(what uint64) { p.v.Store(p.v.Load()&^phaseMask | what) }

// leave ends what enter began. False: the loop was abandoned meanwhile and
// must touch nothing that it shares.
func (p *phase) leave() bool {
	v := p.v.Load()
	return v != abandoned && p.v.CompareAndSwap(v, (v>>phaseBits+1)<<phaseBits) // outside is 0
}

// abandon gives up a loop that is still where seen says. False: it has moved.
func (p *phase) abandon(seen uint64) bool { return p.v.CompareAndSwap(seen, abandoned) }
