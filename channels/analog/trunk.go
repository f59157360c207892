package analog

import (
	"vaad/driver"
)

// TrunkConfig is what an operator, and the card, say about a trunk. The zero
// value is usable.
type TrunkConfig struct {
	Country     string // ISO 3166: which caller ID is usual there until the line has shown its own; "": CN
	Own         string // the line's own number: it fills in for the other party
	Prefix      string // dialled before a number whose order has no prefix; not part of the number
	ThresholdMV int    // off-hook below, on-hook above; 0: learnt
	RingGapMS   int    // longest pause between two bursts of one ringing; 0: learnt, beginning with the country's
	CountryGap  int    // the country's ring pause, ms, where nothing is learnt; 0: 4000

	Pulse     bool // dial in pulses
	FlashMS   int  // length of a flash; 0: 500
	SilenceMS int  // silence that ends a call, 120,000 at least; 0: none does
	MaxMS     int  // longest call; 0: 12 h
	Report    bool // the release ladder only reports: WouldRelease

	Volts    bool // the card measures the voltage
	Polarity bool // … and tells reversals
}

// A Trunk is a line from an exchange that is ours: it answers and calls. It
// belongs to one goroutine, has no clock and does nothing itself: what it finds
// out and what it wants done goes to an [Output].
//
// Call its methods in order of position: per block first the events and what
// detectors found, then Tick with the position at the block's end. A position
// that goes back is taken as the latest one seen. Wishes happen at the latest one.
type Trunk struct {
	cfg   TrunkConfig
	state State
	memory

	begun   bool  // a position was told
	now, at int64 // position reached; when the present input truly happened
	due     [nTimer]int64
	out     *Output

	call  Call
	up    bool   // call is not over
	ended int64  // where the last one ended
	why   string // what ends the call now
	told  uint16 // rungs that were only reported in this call

	order    Order  // of the call out
	script   string // what is still to be sent: keys, "," a pause of 1 s, "w" wait for dial tone
	doing    doing  // whose script it is
	sending  bool   // keys are on their way
	pulses   bool   // … as pulses
	data     []byte // the digits of pulses
	waits    bool   // for the dial tone behind a prefix
	sentAt   int64  // end of the dialled number so far
	quietAt  int64  // what is heard before may be what we sent
	seizedAt int64  // when we went off-hook
	hasDial  bool   // this line has had dial tone

	progress   progressOf
	dialOn     bool  // dial tone is on
	dialFrom   int64 // where a dial tone within a call began
	regular    Tone  // a tone of nobody's that is on
	unclean    int64 // a tone counts from here on: keys were heard before
	oddTo      int64 // end of the latest cycle of a tone of nobody's
	spokenTo   int64 // where somebody last spoke
	again      int   // cycles of a tone of many parts since it was first heard
	voiceOn    bool
	voiceAt    int64  // where the voice that is on began
	by         string // how the answer is known that is told now
	reverses   bool   // the line has told an answer by a reversal
	answerAt   int64  // where a reversal was that may be the answer; 0: none waits
	modem      bool   // the call carries a modem's or fax's data
	ringsFirst bool   // Seizing: a burst came

	flashing bool  // the board flashes
	flashMS  int   //
	flashed  int64 // end of the last flash; 0: none
	back     bool  // that flash ended a hold
	held     bool  // another party than the one that is heard is held

	reversed   bool
	reversedAt int64 // the last reversal while on-hook; never: none
	noFeed     bool  // BatteryLost was said and BatteryBack was not
	noneSince  int64 // off-hook: no voltage from there …
	noneUntil  int64 // … to there; never: there is
	volt, amps load
	lostAt     int64 // when the card said that the feed is lost
	parallel   bool  // somebody else is off-hook
	stuck      bool  // the board has not let go of the line
	cadence    cadence

	counts [nTrunk][nTrunkInput]uint64 // inputs, by the state they met
}

// NewTrunk makes a trunk that knows nothing about its line but what l holds.
func NewTrunk(c TrunkConfig, l Learnt) *Trunk {
	t := &Trunk{reversedAt: never, noneSince: never}
	for i := range t.due {
		t.due[i] = never
	}
	t.caller = newCaller()
	t.hook.reset()
	t.ring.reset()
	t.setLearnt(l)
	t.Configure(c)
	return t
}

// Configure changes the operator's values while running; a call that is up keeps
// its longest length.
func (t *Trunk) Configure(c TrunkConfig) {
	t.cfg = c
	t.configured(c.ThresholdMV, c.RingGapMS, c.CountryGap)
}

// State says what the trunk is doing.
func (t *Trunk) State() TrunkState { return t.state }

// OffHook reports whether we hold the line.
func (t *Trunk) OffHook() bool { return holding(t.state) }

// Call returns the call that is up.
func (t *Trunk) Call() (Call, bool) { return t.call, t.up }

// Learnt returns what was learnt so far.
func (t *Trunk) Learnt() Learnt { return t.learnt() }

// Suppose takes what others have learnt about such lines, where this one has
// learnt nothing yet.
func (t *Trunk) Suppose(more Learnt) { t.suppose(more) }

// Blind reports whether at pos a burst, or the 300 ms after one, hides what else
// is on the line.
func (t *Trunk) Blind(pos int64) bool { return !holding(t.state) && t.ring.blind(pos) }

// IgnoredInputs is how many inputs had no row.
func (t *Trunk) IgnoredInputs() (all uint64) {
	for s := range nTrunk {
		for in := range nTrunkInput {
			if trunkTable[s][in].do == nil {
				all += t.counts[s][in]
			}
		}
	}
	return all
}

// Tick says that the line's time has reached pos.
func (t *Trunk) Tick(o *Output, pos int64) {
	t.begin(o, pos)
	t.out = nil
}

// Event feeds one event of the board; pos is where it happened. Kinds that say
// nothing about a trunk are ignored.
func (t *Trunk) Event(o *Output, e driver.Event, pos int64) {
	t.begin(o, pos)
	switch e.Kind {
	case driver.State:
		t.opened(e.Value)
	case driver.RingBegin:
		t.ringBegin()
	case driver.RingEnd:
		t.ringEnd()
	case driver.Volts:
		t.volts(e.Value)
	case driver.LoopCurrent:
		t.current(e.Value)
	case driver.Polarity:
		t.polarity(e.Value != 0)
	case driver.LoopBreak:
		t.loopBreak(int64(max(e.Value, 0))*driver.MS, t.now)
	case driver.Battery:
		t.battery(e.Value != 0)
	case driver.HookEdge:
		t.neighbour(e.Value != 0)
	case driver.DialDone:
		t.done()
	case driver.Refused:
		t.refused(driver.CommandKind(e.Value))
	}
	t.out = nil
}

// Gone says that the board is gone. The State event of the board's first frame
// after it was opened again brings the line back.
func (t *Trunk) Gone(o *Output, pos int64) {
	t.begin(o, pos)
	t.ringEnd()
	t.hook.reset()
	t.ring.reset()
	t.stop(timeFeed)
	t.caller.has, t.caller.from = false, never
	t.reversedAt = never
	t.step(inBoardGone, t.now)
	t.out = nil
}

// begin takes the output and lets time pass up to pos.
func (t *Trunk) begin(o *Output, pos int64) {
	t.out = o
	if !t.begun {
		t.begun, t.now = true, max(pos, 0)
		t.guard()
	}
	t.advance(pos)
}
