package pri

import (
	"errors"
	"math"
)

// LinkConfig are the parameters of a data link (Q.921 clause 5.9). Zero values
// stand for those of a primary rate link.
type LinkConfig struct {
	Side Side  // which side of the link we are
	T200 int64 // samples until a frame that asks for an answer is sent again; 1 s
	T203 int64 // samples without frames until the far end is asked whether it is there; 10 s
	N200 int   // times that a frame is sent again; 3
	N201 int   // octets of a message at most; 260
	K    int   // I frames that may be unacknowledged, 1…127; 7
}

// withDefaults fills in what Q.921 clause 5.9 has where the value is none.
func (c LinkConfig) withDefaults() LinkConfig {
	if c.T200 <= 0 {
		c.T200 = rate
	}
	if c.T203 <= 0 {
		c.T203 = 10 * rate
	}
	if c.N200 <= 0 {
		c.N200 = 3
	}
	if c.N201 <= 0 {
		c.N201 = 260
	}
	if c.K <= 0 || c.K > 127 {
		c.K = 7
	}
	return c
}

// LinkState is the state of a data link, numbered as in Q.921 Annex B. States 1
// to 3 are those of an end that has no TEI; a primary rate link always has TEI 0.
type LinkState uint8

const (
	TEIAssigned           LinkState = iota + 4 // the link is down
	AwaitingEstablishment                      // SABME was sent
	AwaitingRelease                            // DISC was sent
	Established                                // multiple frame established
	TimerRecovery                              // the far end is asked what it has received
	endLinkState
	nLinkState = int(endLinkState - TEIAssigned)
)

var linkStateNames = [nLinkState]string{"tei-assigned", "awaiting-establishment", "awaiting-release",
	"multiple-frame-established", "timer-recovery"}

func (s LinkState) String() string { return linkStateNames[int(s-TEIAssigned)%nLinkState] }

// ErrLinkDown is that of a message that is not taken, since the link is not up.
var ErrLinkDown = errors.New("the data link is not established")

// ErrLinkBusy is that of a message that is not taken, since too many wait.
var ErrLinkBusy = errors.New("too many messages wait for the data link")

// ErrLong is that of a message of more than N201 octets.
var ErrLong = errors.New("the message is longer than the data link takes")

// A LinkCounts counts what a data link has seen and done.
type LinkCounts struct {
	Received   uint64 // frames of this link, whatever came of them
	Sent       uint64
	Repeated   uint64 // I frames sent again, a part of Sent
	Ignored    uint64 // frames of another SAPI or TEI, and XID
	Invalid    uint64 // too short, or not of LAPD (Q.921 clause 2.9)
	Reversed   uint64 // commands or responses that only our own side sends: a looped line, or two ends of the same side
	Unexpected uint64 // frames that the link's state has no use for
}

// A DataLink is one end of the multiple frame operation of Q.921 on a primary
// rate D-channel: SAPI 0, TEI 0, point to point. Messages reach the far end's
// layer 3 once and in order as long as the link stays up. It is pure: times are
// samples, nothing is sent but into a [LinkOut].
type DataLink struct {
	c     LinkConfig
	state LinkState
	now   int64
	out   *LinkOut // of the call that is under way

	va, vr     uint8 // V(A) and V(R); V(S) is V(A) + sent
	sent       int   // messages of the queue that were sent and are not acknowledged
	reached    int   // sent at most, before what is now sent again
	rc         int   // transmissions again
	t200, t203 int64 // when they expire, or linkNever
	retry      int64 // when to try again to establish

	wanted    bool // DL-ESTABLISH was asked for last, not DL-RELEASE
	told      bool // layer 3 believes that the link is up
	initiated bool // "layer 3 initiated" of Annex B
	releasing bool // DL-RELEASE waits for the answer to SABME
	peerBusy  bool
	busy      bool // own receiver
	rejected  bool // "reject exception"
	ack       bool // "acknowledge pending"

	queue  sendQueue
	frame  Frame // that is being looked at
	asks   bool  // it is a command with P set
	code   LinkError
	counts LinkCounts
}

const linkNever = math.MaxInt64

// NewDataLink makes an end that is down and refuses to be established until
// [DataLink.Start].
func NewDataLink(c LinkConfig) *DataLink {
	return &DataLink{c: c.withDefaults(), state: TEIAssigned, t200: linkNever, t203: linkNever, retry: linkNever}
}

// State is where the link is.
func (d *DataLink) State() LinkState { return d.state }

// Counts are what the link has seen and done since it was made.
func (d *DataLink) Counts() LinkCounts { return d.counts }

// Start asks for the link (DL-ESTABLISH request). The link is tried for, and
// made anew when it is lost, until [DataLink.Stop]. A link that is up is reset.
func (d *DataLink) Start(o *LinkOut, now int64) {
	d.out, d.now = o, now
	d.wanted = true
	d.step(OnEstablish)
}

// Stop asks for the end of the link (DL-RELEASE request). Messages that wait are
// discarded; out.Down comes with the far end's answer, or when there is none.
func (d *DataLink) Stop(o *LinkOut, now int64) {
	d.out, d.now = o, now
	d.wanted = false
	d.step(OnRelease)
}

// Send takes a message for the far end (DL-DATA request) and sends it when the
// window allows. It is refused where Q.921 would discard it, as the link is not
// up; a message that was taken is lost only when out.Up or out.Down follow.
func (d *DataLink) Send(o *LinkOut, message []byte, now int64) error {
	if len(message) > d.c.N201 {
		return ErrLong
	}
	if !d.carries() {
		return ErrLinkDown
	}
	if !d.queue.push(message) {
		return ErrLinkBusy
	}
	d.out, d.now = o, now
	d.follow()
	return nil
}

// carries reports whether messages are taken: the link is up, or is being made
// anew without layer 3 having asked for it.
func (d *DataLink) carries() bool {
	switch d.state {
	case Established, TimerRecovery:
		return true
	case AwaitingEstablishment:
		return !d.initiated && !d.releasing
	}
	return false
}

// SetBusy says whether our own receiver is busy: I frames are then not taken and
// the far end is told to wait. It lasts over a link that is made anew.
func (d *DataLink) SetBusy(o *LinkOut, busy bool, now int64) {
	if busy == d.busy {
		return
	}
	d.out, d.now = o, now
	d.busy = busy
	d.step(OnReceiver)
}

// Next is when [DataLink.Tick] has something to do; math.MaxInt64 is never.
func (d *DataLink) Next() int64 { return min(d.t200, d.t203, d.retry) }

// Tick lets time pass: timers that are due expire.
func (d *DataLink) Tick(o *LinkOut, now int64) {
	d.out, d.now = o, now
	if d.t200 <= now {
		d.t200 = linkNever
		d.step(OnT200)
	}
	if d.t203 <= now {
		d.t203 = linkNever
		d.step(OnT203)
	}
	if d.retry <= now {
		d.retry = linkNever
		d.step(OnRetry)
	}
}
