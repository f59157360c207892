package voicemodem

import (
	"sync"
	"time"

	"vaad/driver"
)

// flow is how audio moves at present.
type flow uint8

const (
	flowNone   flow = iota // on-hook, or not yet
	flowBoth               // full duplex
	flowListen             // half duplex, receiving
	flowSend               // half duplex, sending or turning: what the line brings is lost
)

const (
	ringSize  = 12000 // 1.5 s: more than what may be made up for after a stall
	sendSize  = 8000  // half duplex: what waits while the modem is turned
	notesKept = 64
	notesOurs = 16  // of them, for what we say ourselves: a modem that says very much takes no place from it
	textKept  = 540 // a message about a caller is hexadecimal digits of 257 bytes
	gapsKept  = 8
)

// A note is an event on its way to a frame.
type note struct {
	kind  driver.EventKind
	value int32
	pos   int64     // sample received, counted from opening; 0: now
	when  time.Time // for those without a sample
	size  int
	data  [textKept]byte
}

// A gap is filler in what was received.
type gap struct {
	pos int64
	n   int
}

// A lane is what the engine and Exchange share. Nobody holds its lock for longer
// than it takes to copy a block.
type lane struct {
	came chan struct{} // something was received, or the flow has changed

	mu      sync.Mutex
	rx, tx  ring
	in      int64 // samples received so far, filler with them
	flow    flow
	chunk   int  // largest piece that the modem sends in this call
	talking bool // half duplex: there is something to be sent
	notes   [notesKept]note
	first   int // of notes
	n       int
	gaps    [gapsKept]gap
	nGaps   int
	hook    bool // wished: off-hook
	drop    bool // wished before that: on-hook
	flash   bool // wished
	faulty  string
	ended   error
	link    link // for wake only; nil: it is closed
}

func newLane() *lane {
	return &lane{came: make(chan struct{}, 1), rx: newRing(ringSize), tx: newRing(sendSize)}
}

// tell puts an event into the mail; when nobody fetches it, or there are too many, the newest
// is lost.
func (l *lane) tell(k driver.EventKind, value int32, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(k, value, data)
}

// note is tell with the lock held.
func (l *lane) note(k driver.EventKind, value int32, data []byte) {
	if l.n == notesKept || l.n >= notesKept-notesOurs && !ours(k) {
		return
	}
	n := &l.notes[(l.first+l.n)%notesKept]
	n.kind, n.value, n.pos, n.when = k, value, 0, time.Now()
	if l.flow == flowBoth || l.flow == flowListen {
		n.pos = l.in
	}
	n.size = copy(n.data[:], data)
	l.n++
}

// ours are the events of which a modem cannot make many by itself: how the line stands, and
// what became of wishes.
func ours(k driver.EventKind) bool {
	switch k {
	case driver.OffHook, driver.OnHook, driver.Refused, driver.DialDone, driver.RingEnd, driver.ChannelAlarm, driver.RoundTrip:
		return true
	}
	return false
}

// received takes samples from the modem. It returns how many there was no room for.
func (l *lane) received(s []int16) (lost int) {
	l.mu.Lock()
	if l.flow != flowBoth && l.flow != flowListen {
		l.mu.Unlock()
		return 0
	}
	k := l.rx.push(s)
	l.in += int64(k)
	l.mu.Unlock()
	l.ring()
	return len(s) - k
}

// piece says how much the modem has sent at once.
func (l *lane) piece(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chunk = max(l.chunk, n)
}

// missing puts filler where the modem has lost audio.
func (l *lane) missing(n int, silence int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flow != flowBoth && l.flow != flowListen || n <= 0 {
		return
	}
	at := l.in
	switch k := l.rx.fill(silence, n); {
	case k <= 0:
	case l.nGaps == gapsKept: // where it was is less than how much it was
		l.gaps[gapsKept-1].n += k
		l.in += int64(k)
	default:
		l.gaps[l.nGaps] = gap{at, k}
		l.nGaps++
		l.in += int64(k)
	}
}

// setFlow begins or ends audio; what lies there from before is forgotten.
func (l *lane) setFlow(f flow, primed int) {
	l.mu.Lock()
	if l.flow != f {
		l.rx.drop(l.rx.n)
		if f == flowBoth || f == flowNone {
			l.tx.drop(l.tx.n)
			l.tx.fill(0, primed)
			l.talking = false
		}
		l.nGaps, l.chunk, l.flow = 0, 0, f
	}
	l.mu.Unlock()
	l.ring()
}

// fetch takes what is to be sent; less than all: there is no more.
func (l *lane) fetch(dst []int16) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tx.take(dst)
}

func (l *lane) ring() {
	select {
	case l.came <- struct{}{}:
	default:
	}
}

// wishes are what Exchange wants of the line.
func (l *lane) wishes() (hook, flash bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hook && !l.drop, l.flash && !l.drop
}

// unhook ends the wish to be off-hook.
func (l *lane) unhook() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hook, l.flash = false, false
}

// flashed ends the wish to flash.
func (l *lane) flashed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flash = false
}

// freed says that the line is on-hook: it may be wanted again.
func (l *lane) freed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop = false
}

// wake makes the engine look.
func (l *lane) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.link != nil {
		l.link.wake()
	}
}

// use says by which link the engine is woken.
func (l *lane) use(k link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.link = k
}

// trouble says what is wrong with the line; "": nothing.
func (l *lane) trouble(why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if (why != "") != (l.faulty != "") {
		v := int32(0)
		if why != "" {
			v = 1
		}
		l.note(driver.ChannelAlarm, v, nil)
	}
	l.faulty = why
}
