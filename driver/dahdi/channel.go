package dahdi

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// How the kernel's buffers of an audio channel are set: 32 of 20 ms are as many
// as there can be, 640 ms of delay that lose nothing. D channels have as many of
// the largest frame.
const (
	buffers    = 32
	blockBytes = driver.Block
	frameBytes = 1024
)

const (
	pollIn  = unix.POLLIN
	pollPri = unix.POLLPRI
)

// A channel is one channel of the kernel that a board has, open or not. All but
// its making belongs to the goroutine that calls Exchange.
type channel struct {
	k      kernel
	number int // as the kernel counts channels
	span   int // as the kernel counts spans
	line   int // index into Info.Lines; -1 for a D channel
	key    int32
	sig    uint32 // sigFXSKS, …
	law    driver.Law
	tap    bool   // opened for reading only, never written to and never told to act
	ec     bool   // an echo canceller is configured
	name   string // as the kernel names it

	opens  func(c *channel) error // opens it in place of DAHDI_SPECIFY; nil: by its number
	analog bool                   // a port of an analog card, not a timeslot

	fd      int   // -1 while it is not open
	fault   error // why it is not open
	state   laneState
	in      stream
	out     sender
	over    bool   // READ_OVERRUN came: what is in the kernel is followed by a gap
	left    int    // blocks in the kernel that lie before that gap
	under   bool   // WRITE_UNDERRUN came
	absent  bool   // REMOVED or ENODEV
	emptied bool   // the kernel has thrown away what it had received and what it was to send
	away    bool   // it was said that the channel is not there
	phase   int    // samples by which its blocks are complete later than frames
	start   int64  // settle: the board's position at which it begins anew
	act     acting // what its signalling has come to
	meter   *meter // lends fd to who reads voltages; nil: nobody does

	arg [paramsSize]byte // for ioctl, so that nothing is allocated
}

// laneState says how a channel's audio stands to the board's positions.
type laneState uint8

const (
	laneAbsent laneState = iota // not open
	laneAstray                  // open, its position is not known: to be taken in
	laneLive                    // stands at the board's position
)

// open opens the channel and makes it ready: buffers, events, audio mode. Taps
// are opened for reading only.
func (c *channel) open() error {
	if c.opens != nil {
		return c.opens(c)
	}
	fd, err := c.k.open("/dev/dahdi/channel", !c.tap)
	if err != nil {
		return err
	}
	c.fd = fd
	if err := c.prepare(); err != nil {
		_ = c.k.close(fd)
		c.fd = -1
		return err
	}
	return nil
}

func (c *channel) prepare() error {
	if err := c.set(reqSpecify, int32(c.number)); err != nil {
		return err
	}
	size := int32(blockBytes)
	if c.isHDLC() {
		size = frameBytes
	}
	if err := c.setBuffers(size); err != nil {
		return err
	}
	if c.sig == sigClear {
		if err := c.set(reqAudioMode, 1); err != nil {
			return err
		}
	}
	// The kernel keeps this flag when a channel is closed: say it each time.
	if err := c.set(reqBufferEvents, 1); err != nil {
		return err
	}
	c.learn()
	return nil
}

func (c *channel) isHDLC() bool { return c.sig == sigHDLCFCS || c.sig == sigHardHDLC }

func (c *channel) close() {
	if c.fd >= 0 {
		c.meter.lend(-1)
		_ = c.k.close(c.fd)
		c.fd = -1
	}
}

func (c *channel) setBuffers(size int32) error {
	b := c.arg[:bufInfoSize]
	clear(b)
	le := binary.LittleEndian
	le.PutUint32(b[0:], policyImmediate)
	le.PutUint32(b[4:], policyImmediate)
	le.PutUint32(b[8:], buffers)
	le.PutUint32(b[12:], uint32(size))
	return c.k.ioctl(c.fd, reqSetBufInfo, b)
}

// set passes one number to the kernel.
func (c *channel) set(req uint32, v int32) error {
	binary.LittleEndian.PutUint32(c.arg[:], uint32(v))
	return c.k.ioctl(c.fd, req, c.arg[:4])
}

// get asks the kernel for one number.
func (c *channel) get(req uint32) (int32, error) {
	clear(c.arg[:4])
	err := c.k.ioctl(c.fd, req, c.arg[:4])
	return int32(binary.LittleEndian.Uint32(c.arg[:])), err
}

func (c *channel) setLaw(l driver.Law) {
	v := int32(lawMu)
	if l == driver.ALaw {
		v = lawA
	}
	if c.set(reqSetLaw, v) == nil {
		c.law = l
	}
}

// flush empties what flushRead, flushWrite and flushEvent name.
func (c *channel) flush(what int32) error { return c.set(reqFlush, what) }

// nextEvent takes one event from the kernel's queue; evNone: there is none.
// A channel whose card has gone says evRemoved for ever, with ENODEV.
func (c *channel) nextEvent() (int32, error) {
	e, err := c.get(reqGetEvent)
	if err == unix.ENODEV {
		return evRemoved, err
	}
	return e, err
}
