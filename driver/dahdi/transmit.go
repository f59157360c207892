package dahdi

import (
	"golang.org/x/sys/unix"

	"vaad/driver"
	"vaad/dsp/g711"
)

// A sender keeps account of what lies in the kernel to be sent on one channel.
// What the kernel plays and what it records move together, so the end of what
// was written is a position of the board.
type sender struct {
	end int64 // the kernel has sent all when the board is there; 0: it was given nothing yet
}

// ahead is how far what was written lies before the board when a block is
// written: the far end hears it that much later.
const ahead = 2 * driver.Block

// send gives the kernel a block for every line, unless the last frame was late:
// what answers backlog comes too late for anybody. Where the kernel ran dry, or
// blocks were left out, silence brings the distance back to what it was, so the
// delay from tx to rx never changes.
func (b *Board) send(tx *driver.Frame) {
	if b.late {
		return
	}
	for i, c := range b.channels {
		if c.state != laneLive || c.tap || !b.info.Lines[i].Caps.Has(driver.CapTx) {
			continue
		}
		if c.busy() { // the kernel stops pulses when anything is written
			c.out.end = 0
			continue
		}
		g711.Encode(b.code[:], tx.LinePCM(i), g711.Law(c.law))
		for range 2 { // again where the kernel turns out to have run dry
			if (c.under || c.out.end != b.pos+ahead) && !b.prime(c) {
				break
			}
			if b.play(c, b.code[:]); !c.under {
				break
			}
		}
	}
}

// prime brings the distance to where it belongs. False: this block must not be
// written, its time has passed already.
func (b *Board) prime(c *channel) bool {
	first := c.out.end == 0
	missing := b.pos + ahead - c.out.end
	if !c.under && missing > 0 && missing < ahead && !first { // something still plays: silence goes behind it
		b.silence(c, missing)
	} else {
		for range settleTries {
			_ = c.flush(flushWrite)
			here := b.here()
			now := max(here, b.pos)
			next := b.pos + (now-b.pos)/driver.Block*driver.Block // the block that is due once the backlog is used up
			missing = next + ahead - c.out.end
			c.out.end = now
			b.silence(c, next+ahead-now)
			if c.fd < 0 || b.here() == here {
				break
			}
		}
	}
	c.under = false
	if !first && missing > 0 {
		b.underruns.Add(1)
		b.rx.Event(driver.Underrun, c.line, 0, int32(min(missing, 1<<30)), nil)
	}
	return c.out.end == b.pos+ahead
}

func (b *Board) silence(c *channel, samples int64) {
	for i := range b.quiet {
		b.quiet[i] = c.law.Silence()
	}
	if first := samples % driver.Block; first > 0 {
		b.play(c, b.quiet[:first])
	}
	for range samples / driver.Block {
		b.play(c, b.quiet[:])
	}
}

// play writes one block or less. What the kernel does not take is made good at
// the next turn.
func (b *Board) play(c *channel, code []byte) {
	for range 3 {
		n, err := b.k.write(c.fd, code)
		switch err {
		case nil:
			c.out.end += int64(n)
			return
		case unix.Errno(errEventsWaiting):
			b.drainEvents(c, b.at)
		case unix.ENODEV:
			b.removed(c)
			return
		default:
			return
		}
	}
}
