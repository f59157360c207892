package dahdi

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// fakeChan is one channel of the fake kernel.
type fakeChan struct {
	k         *fakeKernel
	number    int
	span, pos int
	sig       uint32
	law       int32
	removed   bool
	foreign   bool // another program has it open
	fd        int  // of our opener; 0: closed
	readOnly  bool

	numbufs, blocksize int
	full               [][]byte // received buffers, oldest first
	part               []byte   // the one that is being filled
	free               [][]byte // used ones
	queue              [][]byte // written buffers, oldest first
	played             int      // of the first one
	overrun, underrun  bool     // the flags that hold back a second event
	bufEvents, audio   bool
	events             []int32

	rx      func(n int64) byte // what the far end sends as sample n since the kernel was made; nil: pattern
	sent    []byte             // all that was transmitted since the kernel was made
	frames  [][]byte
	idle    int // chunks that were filled because nothing was written
	rxBits  int32
	txBits  int32
	offHook int32
	rxHook  int32
	txHook  int32
	alarms  int32
	times   map[int]int32     // what SET_PARAMS has set, by offset
	volts   *[3]int32         // WCTDM_GET_STATS; nil: the card has none
	fails   map[uint32]error  // errors of single requests
	conf    [3]int32          // SETCONF
	last    map[uint32]int32  // last value of each request
	data    map[uint32][]byte // last argument of each request
}

func newFakeChan(k *fakeKernel, number, span, pos int, sig uint32, law int32) *fakeChan {
	return &fakeChan{k: k, number: number, span: span, pos: pos, sig: sig, law: law, times: map[int]int32{}, rxHook: -1, txHook: -1, rxBits: -1, txBits: -1,
		fails: map[uint32]error{}, last: map[uint32]int32{}, data: map[uint32][]byte{}}
}

// pattern is a sequence in which every stretch of 4 bytes says where it is.
func pattern(number int, n int64) byte {
	x := uint64(n/4)*0x9E3779B97F4A7C15 + uint64(number)*0xBF58476D1CE4E5B9
	x ^= x >> 29
	return byte(x >> (8 * (uint64(n) % 4)))
}

func (c *fakeChan) silence() byte {
	if c.law == lawA {
		return 0xD5
	}
	return 0xFF
}

func (c *fakeChan) opened(fd int, write bool) {
	c.fd, c.readOnly = fd, !write
	c.events, c.audio, c.conf = nil, false, [3]int32{}
	c.reset(2, 1024)
}

func (c *fakeChan) reset(numbufs, blocksize int) {
	c.numbufs, c.blocksize = numbufs, blocksize
	c.full, c.part, c.queue, c.played = nil, nil, nil, 0
}

// buffer is a used buffer, or a new one.
func (c *fakeChan) buffer() []byte {
	if n := len(c.free); n > 0 {
		b := c.free[n-1]
		c.free = c.free[:n-1]
		return b[:0]
	}
	return make([]byte, 0, max(c.blocksize, 1))
}

// first takes the first buffer of a queue.
func (c *fakeChan) first(queue [][]byte) [][]byte {
	c.free = append(c.free, queue[0])
	copy(queue, queue[1:])
	return queue[:len(queue)-1]
}

func (c *fakeChan) event(e int32) {
	if len(c.events) < 63 {
		c.events = append(c.events, e)
	}
}

func (c *fakeChan) hdlc() bool { return c.sig == sigHDLCFCS || c.sig == sigHardHDLC }

// receive takes one chunk from the line. The lock is held.
func (c *fakeChan) receive() {
	if c.removed || c.hdlc() {
		return
	}
	var b [chunk]byte
	for i := range b {
		b[i] = c.sample((c.k.chunks-1)*chunk + int64(i))
	}
	c.putbuf(b[:])
}

func (c *fakeChan) sample(n int64) byte {
	if c.conf[1] != 0 { // a monitor: what the other receives or sends
		of := c.k.chans[int(c.conf[1])]
		if of == nil {
			return c.silence()
		}
		if c.conf[2] == confMonitorTx {
			if i := int(n); i < len(of.sent) {
				return of.sent[i]
			}
			return of.silence()
		}
		return of.sample(n)
	}
	if c.span == 0 {
		return c.silence()
	}
	if c.rx != nil {
		return c.rx(n)
	}
	return pattern(c.number, n)
}

func (c *fakeChan) putbuf(b []byte) {
	if c.fd == 0 {
		return
	}
	if len(c.full) >= c.numbufs {
		if !c.overrun && c.bufEvents {
			c.event(evReadOverrun)
		}
		c.overrun = true
		return
	}
	c.overrun = false
	if c.part == nil {
		c.part = c.buffer()
	}
	c.part = append(c.part, b...)
	if len(c.part) >= c.blocksize {
		c.full = append(c.full, c.part)
		c.part = nil
	}
}

// deliver makes a D channel receive a frame (with its FCS, if the kernel gives it).
func (c *fakeChan) deliver(frame []byte) {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	c.full = append(c.full, bytes.Clone(frame))
}

// happen queues events.
func (c *fakeChan) happen(events ...int32) {
	c.k.mu.Lock()
	defer c.k.mu.Unlock()
	for _, e := range events {
		c.event(e)
	}
}

func (c *fakeChan) transmit() {
	b := [chunk]byte{}
	for i := range b {
		b[i] = c.silence()
	}
	n := 0
	for n < chunk && len(c.queue) > 0 && !c.hdlc() {
		m := copy(b[n:], c.queue[0][c.played:])
		n += m
		if c.played += m; c.played == len(c.queue[0]) {
			c.queue, c.played = c.first(c.queue), 0
		}
	}
	if !c.k.quiet {
		c.sent = append(c.sent, b[:]...)
	}
	if c.fd == 0 || c.hdlc() {
		return
	}
	if n == chunk {
		c.underrun = false
		return
	}
	c.idle++
	if !c.underrun && c.bufEvents {
		c.event(evWriteUnderrun)
	}
	c.underrun = true
}

func (c *fakeChan) ready() (r int16) {
	if c.removed {
		return unix.POLLIN | unix.POLLERR
	}
	if len(c.events) > 0 {
		r |= unix.POLLPRI
	}
	if len(c.full) > 0 {
		r |= unix.POLLIN
	}
	if len(c.queue) < c.numbufs {
		r |= unix.POLLOUT
	}
	return r
}

func (c *fakeChan) read(b []byte) (int, error) {
	switch {
	case c.removed:
		return 0, unix.ENODEV
	case len(c.events) > 0:
		return 0, unix.Errno(errEventsWaiting)
	case len(c.full) == 0:
		return 0, unix.EAGAIN
	}
	n := copy(b, c.full[0])
	c.full = c.first(c.full)
	return n, nil
}

func (c *fakeChan) write(b []byte) (int, error) {
	if !c.k.quiet {
		call := fakeCall{channel: c.number, data: bytes.Clone(b), at: c.k.chunks}
		if c.k.before != nil {
			c.k.before(&call)
		}
		c.k.calls = append(c.k.calls, call)
	}
	switch {
	case c.removed:
		return 0, unix.ENODEV
	case c.readOnly:
		return 0, unix.EBADF
	case len(c.events) > 0:
		return 0, unix.Errno(errEventsWaiting)
	case c.hdlc():
		c.frames = append(c.frames, bytes.Clone(b))
		return len(b), nil
	case len(c.queue) >= c.numbufs:
		return 0, unix.EAGAIN
	}
	b = b[:min(len(b), c.blocksize)]
	c.queue = append(c.queue, append(c.buffer(), b...))
	return len(b), nil
}

func (c *fakeChan) ioctl(req uint32, value int32, arg []byte) error {
	if !c.k.quiet {
		call := fakeCall{channel: c.number, req: req, value: value, at: c.k.chunks}
		if c.k.before != nil {
			c.k.before(&call)
		}
		if req != reqGetEvent {
			c.k.calls = append(c.k.calls, call)
		}
	}
	if c.removed {
		if req == reqGetEvent {
			binary.LittleEndian.PutUint32(arg, evRemoved)
		}
		return unix.ENODEV
	}
	if !c.k.quiet {
		c.last[req], c.data[req] = value, bytes.Clone(arg)
	}
	if err := c.fails[req]; err != nil {
		return err
	}
	if c.span == 0 { // a pseudo channel: the kernel has fewer requests for it
		switch req {
		case reqBufferEvents, reqAudioMode, reqHook, reqSetTxBits, reqGetRxBits, reqEchoCancel, reqWctdmStats:
			return unix.ENOTTY
		}
	}
	answer := func(v int32) error { binary.LittleEndian.PutUint32(arg, uint32(v)); return nil }
	switch req {
	case reqGetEvent:
		if len(c.events) == 0 {
			return answer(evNone)
		}
		e := c.events[0]
		c.events = c.events[1:]
		return answer(e)
	case reqSetBufInfo:
		n, size := int(binary.LittleEndian.Uint32(arg[8:])), int(binary.LittleEndian.Uint32(arg[12:]))
		if size < 16 || size > 8192 || n*size > 32768 {
			return unix.EINVAL
		}
		c.reset(min(max(n, 2), 32), size)
	case reqFlush:
		if value&flushRead != 0 {
			c.full, c.part = nil, nil
		}
		if value&flushWrite != 0 {
			c.queue, c.played = nil, 0
		}
		if value&flushEvent != 0 {
			c.events = nil
		}
	case reqSetLaw:
		if value == lawMu || value == lawA {
			c.law = value
		}
	case reqBufferEvents:
		c.bufEvents = value != 0
	case reqAudioMode:
		if c.sig != sigClear {
			return unix.EINVAL
		}
		c.audio = value != 0
	case reqGetParams:
		c.params(arg)
	case reqSetParams:
		for at := paramsSize - 48; at < paramsAlarms; at += 4 {
			c.times[at] = int32(binary.LittleEndian.Uint32(arg[at:]))
		}
	case reqSpanStat:
		if value != 0 || c.span == 0 {
			return unix.EINVAL
		}
		c.k.spans[c.span-1].stat(arg, len(c.k.spans))
	case reqGetRxBits:
		return answer(c.rxBits)
	case reqSetTxBits:
		if c.sig != sigCAS {
			return unix.EINVAL
		}
		c.txBits = value
	case reqHook:
		if c.sig&sigClear != 0 || c.sig == sigCAS {
			return unix.EINVAL
		}
		if value == hookRing || value == hookStart || value == hookWink || value == hookFlash {
			return unix.EINPROGRESS
		}
		if value < hookOnHook || value > hookRingOff {
			return unix.EINVAL
		}
		c.txHook = value
	case reqSetConf:
		if c.sig == sigClear && !c.audio && c.span != 0 {
			return unix.EINVAL
		}
		for i := range c.conf {
			c.conf[i] = int32(binary.LittleEndian.Uint32(arg[4*i:]))
		}
		if c.k.chans[int(c.conf[1])] == nil {
			c.conf = [3]int32{}
			return unix.EINVAL
		}
	case reqEchoCancel:
		if c.sig == sigClear && !c.audio {
			return unix.EINVAL
		}
	case reqWctdmStats:
		if c.volts == nil {
			return unix.ENOTTY
		}
		for i, v := range c.volts {
			binary.LittleEndian.PutUint32(arg[4*i:], uint32(v))
		}
	case reqDial, reqSetCadence, reqSetPolarity, reqOnHookTransfer, reqVMWI:
	default:
		return unix.ENOTTY
	}
	return nil
}

func (c *fakeChan) params(arg []byte) {
	put := func(at int, v int32) { binary.LittleEndian.PutUint32(arg[at:], uint32(v)) }
	clear(arg)
	for at, v := range c.times {
		put(at, v)
	}
	put(paramsChan, int32(c.number))
	put(paramsSpan, int32(c.span))
	put(paramsPos, int32(c.pos))
	put(paramsSig, int32(c.sig))
	put(paramsOffHook, c.offHook)
	put(paramsRxBits, c.rxBits)
	put(paramsTxBits, c.txBits)
	put(paramsTxHook, c.txHook)
	put(paramsRxHook, c.rxHook)
	put(paramsLaw, c.law)
	put(paramsAlarms, c.alarms)
	copy(arg[paramsName:paramsName+39], fmt.Sprintf("FAKE/%d/%d", c.span, c.pos))
}
