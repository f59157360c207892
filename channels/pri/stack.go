package pri

import (
	"math"
	"slices"

	"vaad/channels/numbering"
)

// StackConfig says what a link is like. Values that are not said stand for the
// usual ones.
type StackConfig struct {
	Side       Side            // which side we are; QSIG: network is side A
	Switch     string          // one of [Switches]; "" is euroisdn
	T1         bool            // 24 timeslots, D-channel 24; else E1: 31, D-channel 16
	DChannel   int             // its timeslot, where it is another one
	Slots      []int           // timeslots of B-channels that may be used; none: all
	Logical    bool            // the far end counts the channels of an E1 1…30
	Down       bool            // free timeslots are taken from the highest down: the far end should do otherwise
	Overlap    bool            // digits may come one by one after SETUP
	Numbers    *numbering.Plan // which numbers are whole, for Overlap
	CalledType NumberType      // of called numbers without +
	CallerType NumberType      // of calling numbers without +
	NoRestart  bool            // calls that the far end still holds from before are not ended by RESTART when the link first comes up
	Timers     Timers          // of Q.931
	Link       LinkConfig      // of Q.921; its Side is that above
}

// Slots of the two systems.
const (
	slotsE1, dChannelE1 = 31, 16
	slotsT1, dChannelT1 = 24, 24
)

// A Stack is one side of a primary rate link: Q.931 above Q.921 (or QSIG's, or an
// American switch's). It is made by [NewStack], belongs to one goroutine, and is pure:
// time is samples, frames and events go into a [StackOut].
type Stack struct {
	cfg     StackConfig
	dialect *dialect
	table   *callTable
	side    Side // whose states our calls have
	out, in ways // of calls that we, and the far end, set up
	link    *DataLink
	lo      LinkOut // what has come
	answer  LinkOut // what is sent meanwhile
	to      *StackOut
	now     int64

	up      bool
	ever    bool  // it has been up
	lost    int64 // when it was lost: T309
	slots   [32]slot
	legs    []*leg // in the order of their beginning
	scratch []*leg
	maxLegs int
	nextRef uint16
	nextID  CallID
	restart restarting
	counts  StackCounts

	errors     int64 // of the data link, not told yet
	nextErrors int64 // when to tell again
}

// StackCounts are what a stack has counted.
type StackCounts struct {
	Messages   uint64 // of Q.931 that came
	Sent       uint64
	Unsent     uint64 // messages that the data link did not take
	Bad        uint64 // that cannot be read
	Unexpected uint64 // that the state of their call has no row for
	Refused    uint64 // calls of the far end that got no channel, or could not be understood
}

// NewStack makes a stack; nothing is sent before [Stack.Start].
func NewStack(c StackConfig) *Stack {
	c.Timers = c.Timers.withDefaults(c.Side)
	c.Link.Side = c.Side
	s := &Stack{cfg: c, dialect: dialectOf(c.Switch), nextRef: 1}
	if s.side = c.Side; s.dialect.private {
		s.side = User // both sides, Q.931 annex D
	}
	s.table, s.out, s.in = makeCallTable(s.side), s.side.sent(), s.side.got()
	s.link = NewDataLink(c.Link)
	s.useSlots()
	return s
}

// A StackOut collects what a stack sends and says, in order. Whoever calls the
// stack empties it and gives it again.
type StackOut struct {
	Frames [][]byte // LAPD frames without flags and FCS
	Events []StackEvent
}

// Start tries for the data link until [Stack.Gone].
func (s *Stack) Start(o *StackOut, now int64) {
	s.at(o, now)
	s.lo.Reset()
	s.link.Start(&s.lo, now)
	s.linked()
}

// Frame takes one LAPD frame of the far end.
func (s *Stack) Frame(o *StackOut, frame []byte, now int64) {
	s.at(o, now)
	s.lo.Reset()
	s.link.Frame(&s.lo, frame, now)
	s.linked()
}

// Tick takes note of time. Call it some times a second, or at [Stack.Next].
func (s *Stack) Tick(o *StackOut, now int64) {
	s.at(o, now)
	s.lo.Reset()
	s.link.Tick(&s.lo, now)
	s.linked()
	if !s.up && s.ever && now-s.lost >= s.cfg.Timers.T309 {
		for _, l := range s.all() {
			s.drop(l, EndLink, outOfOrder)
		}
	}
	for _, l := range s.all() {
		s.tickCall(l)
	}
	s.tickRestart()
}

// Next is when [Stack.Tick] has something to do at the latest; math.MaxInt64 is never.
func (s *Stack) Next() int64 {
	next := s.link.Next()
	switch {
	case !s.up && len(s.legs) > 0:
		return min(next, s.lost+s.cfg.Timers.T309)
	case !s.up:
		return next
	}
	for _, l := range s.legs {
		next = min(next, l.next())
	}
	return min(next, s.nextRestart())
}

// Gone ends all calls: the board is gone. [Stack.Start] begins anew.
func (s *Stack) Gone(o *StackOut, now int64) {
	s.at(o, now)
	for _, l := range s.all() {
		s.drop(l, EndGone, outOfOrder)
	}
	s.down()
	s.ever = false
	s.restart = restarting{}
	for i := range s.slots {
		s.slots[i].restarting, s.slots[i].out = false, false
	}
	s.link = NewDataLink(s.cfg.Link)
}

// Up reports whether the data link is established.
func (s *Stack) Up() bool { return s.up }

// Counts returns what was counted so far.
func (s *Stack) Counts() StackCounts { return s.counts }

// LinkCounts returns what the data link has counted.
func (s *Stack) LinkCounts() LinkCounts { return s.link.Counts() }

func (s *Stack) at(o *StackOut, now int64) { s.to, s.now = o, max(s.now, now) }

// linked takes what the data link gives.
func (s *Stack) linked() {
	s.frames(&s.lo)
	if s.errors += int64(len(s.lo.Errors)); len(s.lo.Errors) > 0 && s.now >= s.nextErrors {
		s.say(StackEvent{Kind: StackLinkErrors, Text: s.lo.Errors[0].String(), Value: s.errors})
		s.errors, s.nextErrors = 0, s.now+rate
	}
	if s.lo.Down {
		s.down()
	}
	switch {
	case s.lo.Up:
		s.established()
	case s.up && slices.ContainsFunc(s.lo.Errors, disturbs): // the far end may have lost what it had to say
		for _, l := range s.all() {
			if l.enquiryDue == 0 {
				s.enquire(l, nil)
			}
		}
		s.restartSooner()
	}
	for _, m := range s.lo.Messages {
		s.receive(m)
	}
}

// send sends a message, if the link is up.
func (s *Stack) send(m []byte) {
	s.answer.Reset()
	if err := s.link.Send(&s.answer, m, s.now); err != nil {
		s.counts.Unsent++
		return
	}
	s.counts.Sent++
	s.frames(&s.answer)
}

// disturbs reports whether the link is made anew after an error (Q.921 table II.1), without a
// word to layer 3 if nothing of ours is lost. Answers to SABME or DISC that are not
// asked for are no such errors, nor is their lack.
func disturbs(e LinkError) bool {
	switch e {
	case 'A', 'B', 'G', 'H':
		return false
	}
	return true
}

// frames hands on copies: a data link uses its buffers again.
func (s *Stack) frames(lo *LinkOut) {
	for _, f := range lo.Frames {
		s.to.Frames = append(s.to.Frames, append([]byte(nil), f...))
	}
}

// down: calls that are up live on for T309, others end (clause 5.8.9).
func (s *Stack) down() {
	if !s.up {
		return
	}
	s.up, s.lost = false, s.now
	for _, l := range s.all() {
		l.enquiryDue = 0
		s.step(l, linkFailed, nil)
	}
	s.say(StackEvent{Kind: StackLinkDown})
}

// established: after a loss of the link both sides tell each other how far their calls
// are (clauses 5.8.8 and 5.8.9).
func (s *Stack) established() {
	was := s.up
	s.up = true
	if !was {
		s.say(StackEvent{Kind: StackLinkUp})
	}
	for _, l := range s.all() {
		s.step(l, linkReset, nil)
	}
	if !s.ever && !s.cfg.NoRestart {
		s.restartLater(0)
	}
	s.ever = true
	s.restartAgain()
}

const never = math.MaxInt64
