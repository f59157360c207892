package dahdi

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"sync"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"
)

// fakeKernel is DAHDI in memory, with a sample clock of its own: what
// dahdi-base.c does with buffers, flags, events, timers and errors. Its clock
// stands still until somebody waits (wait, ready with a duration) or a test says
// advance; with live set it follows the time of day.
type fakeKernel struct {
	mu     sync.Mutex
	chunks int64 // since it was made; also its time in ms
	live   time.Time

	chans  map[int]*fakeChan // by the kernel's number
	spans  []*fakeSpan
	tree   fstest.MapFS
	fds    map[int]any
	next   int
	timers []*fakeTimer
	pseudo int

	still   bool       // its clock does not go on for who waits
	waiting int        // waits that have begun while it stood still
	rang    *sync.Cond // a bell, or a wait has begun while it stands still

	absent  bool                 // no /dev/dahdi
	opening map[string]error     // errors of open, by path
	calls   []fakeCall           // every ioctl and write that reached a channel
	before  func(call *fakeCall) // sees each before it is carried out; the lock is held
	quiet   bool                 // keeps no record, and so allocates nothing
	onTick  func(k *fakeKernel)  // called after each chunk with the lock held
}

// fakeCall is one ioctl or write (req 0) on a channel.
type fakeCall struct {
	channel int
	req     uint32
	value   int32
	data    []byte
	at      int64 // chunks
}

type fakeSpan struct {
	number, sync      int
	name, desc, kind  string
	alarms            int32
	bpv, crc4, ebit   int32
	fas, errsec, irqs int32
	stopped           bool // its channels do not move
	location          string
	first, channels   int
}

type fakeTimer struct{ period, pos, tripped int }
type fakeCtl struct{}
type fakeEpoll struct {
	watched map[int]fakeWatch
	order   []int
}
type fakeWatch struct {
	events uint32
	key    int32
}
type fakeBell struct{ rung bool }
type fakeNone struct{ write bool } // /dev/dahdi/channel before SPECIFY

func newFake() *fakeKernel {
	k := &fakeKernel{chans: map[int]*fakeChan{}, fds: map[int]any{}, next: 10, tree: fstest.MapFS{}, opening: map[string]error{}}
	k.rang = sync.NewCond(&k.mu)
	return k
}

// addSpan makes a span with channels of these signallings, as the next of the
// machine, in the device of that name (made if it is not there yet).
func (k *fakeKernel) addSpan(device, kind string, law int32, sigs ...uint32) *fakeSpan {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := &fakeSpan{number: len(k.spans) + 1, name: fmt.Sprintf("FAKE/%d", len(k.spans)+1), desc: "fake span", kind: kind, location: device, channels: len(sigs)}
	s.first = 1
	for _, other := range k.spans {
		s.first += other.channels
	}
	local := 1
	for _, other := range k.spans {
		if other.location == device {
			local++
		}
	}
	k.spans = append(k.spans, s)
	for i, sig := range sigs {
		n := s.first + i
		k.chans[n] = newFakeChan(k, n, s.number, i+1, sig, law)
	}
	put := func(path, text string) { k.tree[path] = &fstest.MapFile{Data: []byte(text + "\n")} }
	dir := "sys/bus/dahdi_devices/devices/" + device
	put(dir+"/hardware_id", "HW-"+device)
	put(dir+"/location", "slot "+device)
	put(dir+"/type", "fake card")
	put(dir+"/manufacturer", "nobody")
	sd := fmt.Sprintf("%s/span-%d", dir, s.number)
	put(sd+"/name", s.name)
	put(sd+"/desc", s.desc)
	put(sd+"/spantype", kind)
	put(sd+"/local_spanno", fmt.Sprint(local))
	put(sd+"/alarms", "0x0")
	put(sd+"/syncsrc", "0")
	put(sd+"/basechan", fmt.Sprint(s.first))
	put(sd+"/channels", fmt.Sprint(len(sigs)))
	digital := "1"
	if kind == "FXO" || kind == "FXS" || kind == "ANALOG_MIXED" {
		digital = "0"
	}
	put(sd+"/is_digital", digital)
	return s
}

func (k *fakeKernel) now() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.catchUp()
	return time.Duration(k.chunks) * time.Millisecond
}

func (k *fakeKernel) files() fs.FS { return k.tree }

// advance lets so many chunks of 8 samples pass.
func (k *fakeKernel) advance(chunks int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for range chunks {
		k.tick()
	}
}

func (k *fakeKernel) catchUp() {
	if k.live.IsZero() {
		return
	}
	for due := time.Since(k.live).Milliseconds(); k.chunks < due; {
		k.tick()
	}
}

func (k *fakeKernel) tick() {
	k.chunks++
	for n := 1; n <= len(k.chans); n++ { // in the order of their numbers, pseudo channels after them
		if c := k.chans[n]; c != nil && !k.spans[c.span-1].stopped {
			c.receive()
		}
	}
	for _, t := range k.timers {
		if t.pos -= chunk; t.period > 0 && t.pos <= 0 {
			t.tripped++
			t.pos = t.period
		}
	}
	for n := pseudoBase; n < pseudoBase+k.pseudo; n++ {
		if c := k.chans[n]; c != nil {
			c.receive()
		}
	}
	for n := 1; n <= len(k.chans); n++ {
		if c := k.chans[n]; c != nil && !k.spans[c.span-1].stopped {
			c.transmit()
		}
	}
	if k.onTick != nil {
		k.onTick(k)
	}
}

func (k *fakeKernel) put(x any) int {
	k.next++
	k.fds[k.next] = x
	return k.next
}

const pseudoBase = 32768

func (k *fakeKernel) open(path string, write bool) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.catchUp()
	if err := k.opening[path]; err != nil {
		return -1, err
	}
	if k.absent {
		return -1, unix.ENOENT
	}
	switch path {
	case "/dev/dahdi/ctl":
		return k.put(fakeCtl{}), nil
	case "/dev/dahdi/channel":
		return k.put(&fakeNone{write}), nil
	case "/dev/dahdi/timer":
		t := &fakeTimer{}
		k.timers = append(k.timers, t)
		return k.put(t), nil
	case "/dev/dahdi/pseudo":
		n := pseudoBase + k.pseudo
		k.pseudo++
		c := newFakeChan(k, n, 0, 0, sigClear, lawMu)
		k.chans[n] = c
		fd := k.put(c)
		c.opened(fd, write)
		return fd, nil
	}
	return -1, unix.ENOENT
}

func (k *fakeKernel) close(fd int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch x := k.fds[fd].(type) {
	case nil:
		return unix.EBADF
	case *fakeChan:
		if x.fd == fd {
			x.fd = 0
		}
	}
	delete(k.fds, fd)
	for _, x := range k.fds {
		if ep, ok := x.(*fakeEpoll); ok {
			delete(ep.watched, fd)
		}
	}
	return nil
}

func (k *fakeKernel) read(fd int, b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.catchUp()
	switch x := k.fds[fd].(type) {
	case *fakeChan:
		return x.read(b)
	case nil:
		return 0, unix.EBADF
	}
	return 0, unix.ENOSYS
}

func (k *fakeKernel) write(fd int, b []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.catchUp()
	switch x := k.fds[fd].(type) {
	case *fakeChan:
		return x.write(b)
	case nil:
		return 0, unix.EBADF
	}
	return 0, unix.ENOSYS
}

func (k *fakeKernel) events(fd int) int16 {
	switch x := k.fds[fd].(type) {
	case *fakeChan:
		return x.ready()
	case *fakeTimer:
		if x.tripped > 0 {
			return unix.POLLPRI
		}
	case *fakeBell:
		if x.rung {
			return unix.POLLIN
		}
	case *fakeNone:
		return unix.POLLERR
	}
	return 0
}

// until lets the clock go on until ready says so or d is over.
func (k *fakeKernel) until(d time.Duration, ready func() bool) {
	if k.still && d > 0 {
		k.waiting++
		k.rang.Broadcast()
		for !ready() {
			k.rang.Wait()
		}
		return
	}
	if !k.live.IsZero() {
		end := time.Now().Add(d)
		for k.catchUp(); !ready() && time.Now().Before(end); k.catchUp() {
			k.mu.Unlock()
			<-time.After(min(500*time.Microsecond, time.Until(end)))
			k.mu.Lock()
		}
		return
	}
	for end := time.Duration(k.chunks)*time.Millisecond + d; !ready() && time.Duration(k.chunks+1)*time.Millisecond <= end; {
		k.tick()
	}
}

func (k *fakeKernel) ready(fd int, events int16, d time.Duration) (got int16, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.until(d, func() bool {
		got = k.events(fd) & (events | unix.POLLERR)
		return got != 0
	})
	return got, nil
}

func (k *fakeKernel) epoll() (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.put(&fakeEpoll{watched: map[int]fakeWatch{}}), nil
}

func (k *fakeKernel) watch(ep, fd int, events uint32, key int32) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.fds[ep].(*fakeEpoll)
	if _, open := k.fds[fd]; !ok || !open {
		return unix.EBADF
	}
	if _, known := e.watched[fd]; !known {
		e.order = append(e.order, fd)
	}
	e.watched[fd] = fakeWatch{events, key}
	if events == 0 {
		delete(e.watched, fd)
	}
	return nil
}

func (k *fakeKernel) wait(ep int, got []readiness, d time.Duration) (n int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.fds[ep].(*fakeEpoll)
	if !ok {
		return 0, unix.EBADF
	}
	k.until(d, func() bool {
		for _, fd := range e.order {
			w, on := e.watched[fd]
			if !on || n == len(got) {
				continue
			}
			if ev := uint32(k.events(fd)) & (w.events | unix.EPOLLERR); ev != 0 {
				got[n] = readiness{w.key, ev}
				n++
			}
		}
		return n > 0
	})
	return n, nil
}

func (k *fakeKernel) bell() (int, func(), error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := &fakeBell{}
	fd := k.put(b)
	return fd, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.fds[fd] != b {
			panic(fmt.Sprintf("file %d is rung, which was closed: it may be another one by now", fd))
		}
		b.rung = true
		k.rang.Broadcast()
	}, nil
}

func (k *fakeKernel) ioctl(fd int, req uint32, arg []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.catchUp()
	if want := int(req >> 16 & 0x3FFF); len(arg) != want {
		panic(fmt.Sprintf("ioctl %#x has an argument of %d bytes, want %d", req, len(arg), want))
	}
	le := binary.LittleEndian
	var value int32
	if len(arg) >= 4 {
		value = int32(le.Uint32(arg))
	}
	switch x := k.fds[fd].(type) {
	case nil:
		return unix.EBADF
	case *fakeTimer:
		return x.ioctl(req, value, arg)
	case fakeCtl:
		return k.ctl(req, value, arg)
	case *fakeNone:
		if req != reqSpecify {
			return unix.ENOSYS
		}
		c := k.chans[int(value)]
		switch {
		case c == nil || c.removed:
			return unix.EINVAL
		case c.sig == 0:
			return unix.ENXIO
		case c.fd != 0 || c.foreign || c.sig == sigSlave:
			return unix.EBUSY
		}
		k.fds[fd] = c
		c.opened(fd, x.write)
		return nil
	case *fakeChan:
		return x.ioctl(req, value, arg)
	}
	return unix.ENOSYS
}

func (t *fakeTimer) ioctl(req uint32, value int32, arg []byte) error {
	switch req {
	case reqTimerConfig:
		t.period, t.pos = int(value), int(value)
	case reqTimerAck:
		if value < 1 || int(value) > t.tripped {
			value = int32(t.tripped)
		}
		t.tripped -= int(value)
	case reqGetEvent:
		var e uint32
		if t.tripped > 0 {
			e = evTimerExpired
		}
		binary.LittleEndian.PutUint32(arg, e)
	default:
		return unix.ENOTTY
	}
	return nil
}

func (k *fakeKernel) ctl(req uint32, value int32, arg []byte) error {
	switch req {
	case reqGetVersion:
		copy(arg, "2.11.1-fake\x00")
		copy(arg[80:], "MG2\x00")
		return nil
	case reqGetParams:
		c := k.chans[int(value)]
		if c == nil || c.removed {
			return unix.EINVAL
		}
		c.params(arg)
		return nil
	case reqSpanStat:
		if value < 1 || int(value) > len(k.spans) {
			return unix.EINVAL
		}
		k.spans[value-1].stat(arg, len(k.spans))
		return nil
	}
	return unix.ENOTTY
}

func (s *fakeSpan) stat(arg []byte, total int) {
	clear(arg)
	put := func(at int, v int32) { binary.LittleEndian.PutUint32(arg[at:], uint32(v)) }
	put(0, int32(s.number))
	copy(arg[spanName:spanName+19], s.name)
	copy(arg[spanDesc:spanDesc+39], s.desc)
	put(spanAlarms, s.alarms)
	put(spanBPV, s.bpv)
	put(spanCRC4, s.crc4)
	put(spanEBit, s.ebit)
	put(spanFAS, s.fas)
	put(spanErrSec, s.errsec)
	put(spanIRQMisses, s.irqs)
	put(spanSyncSource, int32(s.sync))
	put(spanConfigured, int32(s.channels))
	put(spanChannels, int32(s.channels))
	put(spanTotal, int32(total))
	copy(arg[spanLocation:spanLocation+39], s.location)
	copy(arg[spanManufacturer:], "nobody")
	copy(arg[spanDeviceType:], "fake card")
	copy(arg[spanType:spanType+5], s.kind)
}

func fileOf(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
