package elastic

import (
	"sync/atomic"

	"vaad/driver"
	"vaad/dsp/resample"
)

const (
	size = 1 << 14 // samples, 2 s: what a stall of one second leaves fits in

	ahead  = 5 * driver.MS          // what the resampler looks ahead by, and a Pull takes beyond a block
	target = 40*driver.MS + ahead   // in the buffer just before a Pull
	most   = 80*driver.MS + ahead   // above it is skipped
	fade   = 5 * driver.MS          // crossfade, and rise after silence
	tail   = 10 * driver.MS         // fall into silence
	spare  = driver.Block + 2*ahead // what the resampler may give at once beyond a block
)

// Stats are what a Buffer has counted since New, and how it is now.
type Stats struct {
	Underruns uint64 // times that nothing was left and silence was given
	Overruns  uint64 // blocks not taken because the buffer was full: nobody pulled
	Slips     uint64 // times that audio was skipped to come back to the target
	Slipped   uint64 // samples skipped by slips
	Depth     int    // samples in the buffer just before the last Pull
	PPM       int    // by how much the pushing clock is faster, over minutes
}

// Buffer carries audio from the goroutine that pushes to the one that pulls.
type Buffer struct {
	ring    [size]int16
	written atomic.Uint64 // samples so far; the pusher's
	read    atomic.Uint64 // samples so far; the puller's

	underruns, overruns, slips, slipped atomic.Uint64
	depth, ppm                          atomic.Int64

	// The puller's own.
	clock   *resample.Clock
	pilot   pilot
	playing bool
	rising  int         // samples that the rise after silence still has
	falling int         // samples that the fall into silence still has
	over    uint64      // overruns that were noticed
	out     []int16     // what the resampler gave and nobody has got yet
	last    [tail]int16 // the end of what was given
	end     [tail]int16 // what falls
}

// New returns an empty buffer: silence comes out of it until it has been filled
// to the target.
func New() *Buffer {
	return &Buffer{clock: resample.NewClock(), out: make([]int16, 0, 2*driver.Block+spare)}
}

// Push puts samples in, in general the 160 of a block. It is called by one
// goroutine.
func (b *Buffer) Push(block []int16) {
	w := b.written.Load()
	if w-b.read.Load()+uint64(len(block)) > size {
		b.overruns.Add(1)
		return
	}
	at := int(w % size)
	n := copy(b.ring[at:], block)
	copy(b.ring[:], block[n:])
	b.written.Store(w + uint64(len(block)))
}

// Pull fills block, whatever there is. It is called by one goroutine.
func (b *Buffer) Pull(block []int16) {
	for len(block) > driver.Block {
		b.pull(block[:driver.Block])
		block = block[driver.Block:]
	}
	b.pull(block)
}

// Stats may be called from any goroutine.
func (b *Buffer) Stats() Stats {
	return Stats{
		Underruns: b.underruns.Load(), Overruns: b.overruns.Load(), Slips: b.slips.Load(), Slipped: b.slipped.Load(),
		Depth: int(b.depth.Load()), PPM: int(b.ppm.Load()),
	}
}
