package analog

import (
	"strings"

	"vaad/channels/numbering"
	"vaad/driver"
	"vaad/dsp/tone"
)

// How a station behaves in time, where the operator says nothing else. ITU-T
// E.180 and Q.35 leave these to administrations; exchanges have 10…20 s for the first digit.
const (
	stationFirst = 15_000           // ms of dial tone without a digit
	stationDigit = 4_000            // ms of pause that end a number
	stationFlash = 1_000            // ms: a longer break of the loop is a hang-up
	reasonHeard  = 20 * driver.Rate // of the tone that says why the call is over
	howlerHeard  = 60 * driver.Rate
	longestKey   = 5 * driver.Rate // a key held for longer does not keep the number open
	maxStationID = 64              // of keys sent
)

// StationConfig is what an operator says about a station. The zero value works.
type StationConfig struct {
	Country   string          // ISO 3166: whose tones, ringing and caller ID; "" or one that is not known: CN
	Extension string          // its number
	Sends     string          // how it is told who calls: "bell202", "v23", "dtmf", "none"; "": as is usual in the country
	Plan      *numbering.Plan // nil: every number is whole after a pause
	FirstMS   int             // dial tone without a digit; 0: 15 s
	DigitMS   int             // pause that ends a number; 0: 4 s
	FlashMS   int             // a longer break of the loop is a hang-up; 0: 1000
	Lamp      bool            // the line can light the lamp of its telephone
}

// A Station is the table of a line that faces a telephone (FXS): it feeds,
// rings and hears it, as an exchange does. It belongs to one goroutine, has no
// clock, and allocates nothing but the texts of numbers and messages, a few per call.
//
// Call its methods in order of position: per block first the events and what
// was heard, then Tick with the position at the block's end. Wishes count from
// the position reached. What it wants done is appended to the Output.
//
// # Who calls
//
// FSK goes between the first and the second burst: a single burst is rung, its
// end is awaited, and the ringing goes on after the message with the pause that
// the country has. Where a country tells before the first burst, the message
// goes first. Each sending is opened by OnHookTransmit. A telephone that is
// picked up hears neither ringing nor message any more.
//
// # Sounds
//
// The table plays tones and the keys of a wish to an off-hook telephone, nothing
// else. Who connects voices does so while it is silent: in proceeding and talking.
type Station struct {
	cfg     StationConfig
	country tone.Tones
	tells   tells

	state   StationState
	now, at int64        // position reached; when the present input truly happened
	due     int64        // the state's timer
	then    stationInput // what it is then
	out     *Output

	call Call
	up   bool
	lost int64 // where the telephone was picked up

	digits   [maxDialled]byte
	n        int   // of digits
	digitBy  int64 // when the next one must begin
	key      Press // the present one
	hardware bool  // the board itself hears keys: those that are heard here are the same
	down     byte  // key that the board says is pressed; 0: none
	downAt   int64

	ring  ringing
	order RingOrder // of the present call
	cause int       // Release's, for the action
	keys  string    // to be sent yet; after the present ones
	keyed bool      // keys are being sent
	flash int32     // ms of the present flash

	alerted      bool // it rang there
	lamp, noLamp bool // a message waits; the board has no lamp
	said         bool // the telephone was said to be off-hook for long
	counts       [nStationState][nStationInput]uint64
}

// NewStation makes a station whose board has not said anything yet.
func NewStation(c StationConfig) *Station {
	s := &Station{due: never}
	s.Configure(c)
	return s
}

// Configure changes the operator's values; a call goes on.
func (s *Station) Configure(c StationConfig) {
	if !tone.Known(c.Country) {
		c.Country = "CN"
	}
	s.cfg = c
	s.country, _ = tone.Country(c.Country)
	s.tells = tellsOf(c.Country, c.Sends)
}

// State says what the station is doing.
func (s *Station) State() StationState { return s.state }

// Call returns the call that is up.
func (s *Station) Call() (Call, bool) { return s.call, s.up }

// IgnoredInputs is how many inputs had no row in all.
func (s *Station) IgnoredInputs() (all uint64) {
	for st := range nStationState {
		for in := range nStationInput {
			if stationTable[st][in].do == nil {
				all += s.counts[st][in]
			}
		}
	}
	return all
}

// Tick says that the line's time has reached pos.
func (s *Station) Tick(o *Output, pos int64) {
	if pos < s.due {
		s.now = max(s.now, pos)
		return // nothing can happen: the usual case
	}
	s.out = o
	s.advance(pos)
}

// advance lets pass what time brings up to pos, each at its own position.
func (s *Station) advance(pos int64) {
	for s.due <= pos {
		s.now = max(s.now, s.due)
		s.due = never
		s.step(s.then, s.now)
	}
	s.now = max(s.now, pos)
}

// wait sets the state's timer.
func (s *Station) wait(in stationInput, until int64) { s.due, s.then = until, in }

// Event takes one event of the board; pos is where it happened. Kinds that say
// nothing about a telephone are ignored.
func (s *Station) Event(o *Output, e driver.Event, pos int64) {
	s.out = o
	s.advance(pos)
	switch e.Kind {
	case driver.State:
		s.opened(e.Value&driver.StateOffHook != 0)
	case driver.OffHook:
		s.step(stLifted, s.now)
	case driver.OnHook:
		s.step(stHungUp, s.now)
	case driver.Flash:
		s.hookFlash(e.Value)
	case driver.PulseDigit:
		s.press(Press{Key: byte(e.Value), At: s.now, Sure: 100, By: InPulses})
	case driver.DigitBegin:
		s.keyDown(byte(e.Value))
	case driver.DigitEnd:
		s.keyUp()
	case driver.RingerOn:
		s.ringerOn()
	case driver.RingerOff:
		s.ringerOff()
	case driver.Refused:
		s.refused(driver.CommandKind(e.Value))
	}
}

// opened takes the state in which the board found the line.
func (s *Station) opened(off bool) {
	s.down = 0
	switch {
	case s.takes(stFree) && off:
		s.step(stFoundOff, s.now)
	case s.takes(stFree):
		s.step(stFree, s.now)
	case off && !s.state.OffHook():
		s.step(stLifted, s.now)
	case !off && s.state.OffHook():
		s.step(stHungUp, s.now)
	}
}

// hookFlash: a break that is longer than a flash may be is a hang-up.
func (s *Station) hookFlash(ms int32) {
	longest := s.cfg.FlashMS
	if longest <= 0 {
		longest = stationFlash
	}
	from := max(s.now-int64(max(ms, 0))*driver.MS, 0)
	if int(ms) > longest {
		s.step(stHungUp, from)
		s.step(stLifted, s.now)
		return
	}
	s.flash = ms
	s.step(stFlash, from)
}

// Sent says that a sound that the table wanted made once has been sent.
func (s *Station) Sent(o *Output, pos int64) {
	s.out = o
	s.advance(pos)
	switch {
	case s.ring.phase == messaging:
		s.step(stMessageOver, s.now)
	case s.keyed:
		s.nextKeys()
	}
}

// Gone says that the board is gone. The State event of its first frame after it
// was opened again brings the line back.
func (s *Station) Gone(o *Output, pos int64) {
	s.out = o
	s.advance(pos)
	s.hardware, s.noLamp, s.down = false, false, 0
	s.step(stGone, s.now)
	o.Acts = o.Acts[:0] // there is nobody to carry them out
}

// refused takes the board's word that a command was not carried out.
func (s *Station) refused(c driver.CommandKind) {
	switch {
	case c == driver.SetMWI:
		s.noLamp = true
	case c == driver.RingBurst && s.ring.phase == bursting, c == driver.OnHookTransmit && s.ring.phase == messaging:
		s.step(stNoMessage, s.now)
	case c == driver.Ring && s.ring.phase == ringingOn:
		s.step(stNoRing, s.now)
	}
}

func isKey(k byte) bool { return strings.IndexByte("0123456789*#ABCD", k) >= 0 }
