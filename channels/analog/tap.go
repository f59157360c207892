package analog

import (
	"math"

	"vaad/driver"
)

const never = math.MaxInt64

// Config is what an operator says about a tapped line. The zero value learns
// everything.
type Config struct {
	ThresholdMV int // off-hook below, on-hook above; 0: learnt
	RingGapMS   int // longest pause between two bursts of one ringing; 0: learnt, beginning with the country's
	CountryGap  int // the country's ring pause, ms, where nothing is learnt; 0: 4000

	Country string // ISO 3166: which caller ID is usual there until the line has shown its own; "": CN

	Own    string // the line's own number: it fills in for the other party
	Prefix string // dialled for an outside line; not part of the number
}

// A Tap follows one tapped line. It belongs to one goroutine; it has no clock
// and allocates nothing but the texts of numbers, some per call: what it finds
// is appended to the caller's slice.
//
// Call its methods in order of position: per block first the events and what
// detectors found, then Tick with the position at the block's end. A position
// that goes back is taken as the latest one seen.
type Tap struct {
	cfg   Config
	state State
	memory

	now, at int64 // position reached; when the present input truly happened
	due     int64 // the state's timer
	digitBy int64 // Dialling: when the next digit must begin
	out     []Event
	key     Press // the present one
	fresh   bool  // Abandoned: dial tone was heard again

	call  Call
	up    bool  // call is not over
	ended int64 // where the last one ended

	number     number     // being dialled
	progress   progressOf // of the call
	early      early
	again      early // Abandoned: pressed without dial tone
	talk       talk  // where nothing tells the hook
	regular    Tone  // a tone of nobody's that is on
	dialOn     bool  // dial tone is on
	dialFrom   int64 // where a dial tone within a call began
	dialDue    int64 // when it has lasted long enough to end the call
	flashed    int64 // end of the last flash; 0: none
	back       bool  // that flash ended a hold
	held       bool  // another party than the one that is heard is held: no tone ends the call
	answerAt   int64 // where a reversal was that may be the answer; 0: none waits
	answerDue  int64 // when it is known
	voiceAt    int64 // where the voice that is on began
	voiceLeast int64 // how long it must last to count
	voiceDue   int64 // when it has lasted
	guessDue   int64 // when voice is an answer, if no tone has explained it
	quiet      int64 // Abandoned: where the tone that ended the call ended; 0: it is on

	reversed bool
	noFeed   bool  // BatteryLost was said and BatteryBack was not
	feedDue  int64 // without voltage: the card's "no battery" counts from then on
	tooLong  int64 // when off-hook becomes an alarm
	longest  int64 // … whatever is heard
	heardAt  int64 // when anything was heard last
	voiceOn  bool
	offSince int64
	saidLong bool
	counts   [nState][nInput]uint64 // inputs, by the state they met
}

// New makes a tap that knows nothing about its line but what l holds.
func New(c Config, l Learnt) *Tap {
	t := &Tap{due: never, feedDue: never, tooLong: never, voiceDue: never, guessDue: never, dialDue: never, answerDue: never, talk: talk{from: never}}
	t.caller = newCaller()
	t.hook.reset()
	t.ring.reset()
	t.SetLearnt(l)
	t.Configure(c)
	return t
}

// Configure changes the operator's values while running.
func (t *Tap) Configure(c Config) {
	t.cfg = c
	t.configured(c.ThresholdMV, c.RingGapMS, c.CountryGap)
}

// Suppose takes what others have learnt about such lines, where this one has
// learnt nothing yet.
func (t *Tap) Suppose(more Learnt) {
	t.suppose(more)
}

// State says what the line is doing.
func (t *Tap) State() State { return t.state }

// Call returns the call that is up.
func (t *Tap) Call() (Call, bool) { return t.call, t.up }

// Blind reports whether at pos a burst, or the 300 ms after one, hides what else
// is on the line.
func (t *Tap) Blind(pos int64) bool {
	return t.ring.blind(pos)
}

// Volts returns the last voltage seen, in mV, and whether one was ever seen.
func (t *Tap) Volts() (int32, bool) { return t.hook.mv, t.hook.seen }

// Ignored calls f for every state and input that had no row, with its count.
func (t *Tap) Ignored(f func(State, Input, uint64)) {
	for s := range nState {
		for in := range nInput {
			if n := t.counts[s][in]; n > 0 && table[s][in].do == nil {
				f(s, in, n)
			}
		}
	}
}

// IgnoredInputs is how many inputs had no row in all.
func (t *Tap) IgnoredInputs() (all uint64) {
	t.Ignored(func(_ State, _ Input, n uint64) { all += n })
	return all
}

// Tick says that the line's time has reached pos.
func (t *Tap) Tick(out []Event, pos int64) []Event {
	if pos < t.due && pos < t.feedDue && pos < t.tooLong && pos < t.voiceDue && pos < t.guessDue && pos < t.dialDue && pos < t.answerDue && !t.ring.on {
		t.now = max(t.now, pos)
		return out // nothing can happen: the usual case
	}
	t.out = out
	t.advance(pos)
	return t.release()
}

// Event feeds one event of the board; pos is where it happened. Kinds that say
// nothing about a tapped line are ignored.
func (t *Tap) Event(out []Event, ev driver.Event, pos int64) []Event {
	t.out = out
	t.advance(pos)
	switch ev.Kind {
	case driver.State:
		t.opened(ev.Value)
	case driver.RingBegin:
		t.ringBegin()
	case driver.RingEnd:
		t.ringEnd()
	case driver.Volts:
		t.volts(ev.Value)
	case driver.Polarity:
		t.polarity(ev.Value != 0)
	case driver.Battery:
		t.battery(ev.Value != 0)
	}
	return t.release()
}

// Gone says that the board is gone. The State event of the board's first frame
// after it was opened again brings the line back.
func (t *Tap) Gone(out []Event, pos int64) []Event {
	t.out = out
	t.advance(pos)
	t.ringEnd()
	t.hook.reset()
	t.ring.reset()
	t.feedDue, t.voiceDue = never, never
	t.dialOn, t.regular, t.early.n = false, Tone{}, 0
	t.caller.has, t.caller.from = false, never
	t.talk.none()
	t.step(InGone, t.now)
	return t.release()
}

func (t *Tap) release() []Event {
	out := t.out
	t.out = nil
	return out
}

// advance lets pass what time brings up to pos, each at its own position, so
// that the length of blocks does not matter.
func (t *Tap) advance(pos int64) {
	for {
		next := min(t.due, t.feedDue, t.tooLong, t.voiceDue, t.guessDue, t.dialDue, t.answerDue)
		if t.ring.on {
			next = min(next, t.ring.begin+longestBurst)
		}
		if next == t.due && t.state == Ringing && t.hook.lowSince() <= next {
			// Someone may just be picking up: that decides first.
			next = max(next, t.hook.lowSince()+pickUpSlack)
			if next > pos {
				break
			}
		}
		if next > pos {
			break
		}
		t.now = max(t.now, next)
		switch {
		case t.ring.on && t.ring.begin+longestBurst <= next:
			t.ringEnd()
		case t.voiceDue <= next:
			t.voiceLasted()
		case t.guessDue <= next:
			t.stillVoice()
		case t.answerDue <= next:
			t.reversedLong()
		case t.dialDue <= next:
			t.dialDue = never
			t.step(InDialTone, t.dialFrom)
		case t.feedDue <= next:
			t.feedDue = never
			t.step(InNoBattery, t.now-noBatteryAfter)
		case t.tooLong <= next:
			if t.voiceOn {
				t.heardAt = t.now
			}
			if until := min(t.heardAt+longAbandoned, t.longest); t.state != Abandoned && until > t.now {
				t.tooLong = until
				continue
			}
			t.tooLong = never
			t.saidLong = true
			t.out = append(t.out, Event{Kind: LongOffHook, Pos: t.now, Known: t.now, Value: (t.now - t.offSince) / driver.MS})
		default:
			t.due = never
			if t.state == Ringing && t.hook.level == levelUnknown {
				if until := t.talkedUntil(); until > t.now { // answered, by what is heard
					t.due = until
					continue
				}
				t.step(InFaded, t.now)
			} else {
				t.step(InTimeout, t.now)
			}
		}
	}
	t.now = max(t.now, pos)
}

// moved does what belongs to a change of state rather than to a row: the feed's
// return and the alarm for a telephone that stays off-hook.
func (t *Tap) moved(from State) {
	if t.noFeed && t.state != NoBattery && t.state != Gone && t.state != Unknown {
		t.noFeed = false
		t.emit(BatteryBack, 0)
	}
	if t.state == NoBattery && !t.noFeed {
		t.noFeed = true
		t.emit(BatteryLost, 0)
	}
	if t.state == Abandoned && from != Abandoned {
		t.quiet, t.again.n = 0, 0
	}
	if from == Dialling {
		t.completed()
	}
	if t.state != Talking && t.state != OffHookIn {
		t.held, t.dialDue = false, never
	}
	switch {
	case !t.state.OffHook():
		t.tooLong, t.voiceDue = never, never
		t.dialOn, t.flashed = false, 0
		if t.saidLong {
			t.saidLong = false
			t.emit(LongOffHookEnd, 0)
		}
	case !from.OffHook():
		t.offSince = t.at
		t.watchLong()
	case t.state == Abandoned && !t.saidLong:
		t.tooLong = min(t.tooLong, t.now+longAbandoned)
	case from == Abandoned && !t.saidLong:
		t.watchLong()
	}
}

// watchLong begins to wait for a telephone that stays off-hook.
func (t *Tap) watchLong() {
	t.heardAt, t.longest = t.now, t.now+longAny
	t.tooLong = t.now + longAbandoned
}

func (t *Tap) opened(bits int32) {
	if t.state == Gone {
		t.step(InBack, t.now)
	}
	t.reversed = bits&driver.StateReversed != 0
	t.battery(bits&driver.StateNoBattery == 0)
	if bits&driver.StateRinging != 0 && !t.ring.on {
		t.ringBegin()
	}
}

func (t *Tap) polarity(reversed bool) {
	if reversed == t.reversed {
		return
	}
	t.reversed = reversed
	t.at = t.now
	if reversed {
		t.emit(Polarity, 1)
	} else {
		t.emit(Polarity, 0)
	}
	if t.up && t.call.Direction == Out && (t.call.Answered == 0 || guessed(t.call.AnsweredBy)) && t.now-t.call.Begin >= answerEarly {
		if t.answerAt == 0 {
			t.answerAt, t.answerDue = t.now, t.now+answerSure
		}
	} else {
		t.step(InReversal, t.now)
	}
}

// reversedLong is called when a reversal would have shown to be none of an
// answer, were it none. While digits may follow it may be one.
func (t *Tap) reversedLong() {
	if t.state == Dialling && t.due != never && t.due > t.now {
		t.answerDue = t.due
		return
	}
	at := t.answerAt
	t.noAnswer()
	t.step(InAnswer, at)
}

// noAnswer forgets a reversal that waits.
func (t *Tap) noAnswer() { t.answerAt, t.answerDue = 0, never }

// lastAnswer takes a reversal that waits, and was not found to be none, for
// the answer of the call that ends.
func (t *Tap) lastAnswer() {
	if t.answerAt == 0 || !t.up {
		return
	}
	at := t.at
	t.at = t.answerAt
	t.noAnswer()
	t.answer(ByReversal)
	t.at = at
}

// battery is the card's own word about the feed. Where voltages come they
// decide.
func (t *Tap) battery(present bool) {
	switch {
	case t.hook.level != levelUnknown:
	case present:
		t.feedDue = never
		if t.noFeed {
			t.noFeed = false
			t.at = t.now
			t.emit(BatteryBack, 0)
		}
		if t.state == NoBattery {
			t.step(InFeed, t.now)
		}
	case t.state != NoBattery && t.feedDue == never:
		t.feedDue = t.now + noBatteryAfter
	}
}
