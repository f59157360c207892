package analog

import "fmt"

// State is what a tapped line is doing, named as a caller would notice it. The
// texts are stable codes; what people read comes from the message catalogue.
type State uint8

const (
	Unknown    State = iota // nothing is known yet, or the line has no voltage to tell the hook by
	Idle                    // the telephone is on-hook
	PreRing                 // the polarity was reversed: a ring or a caller ID may follow
	Ringing                 // between the first burst and one ring gap + 1 s after the last
	OffHookIn               // an incoming call was just answered
	OffHookOut              // the telephone was picked up, nothing dialled yet
	Dialling                // digits are being dialled
	Talking                 // the parties can hear each other
	Abandoned               // the call is over, the telephone is still off-hook
	NoBattery               // no feed: cut wire, unplugged, exchange down
	Gone                    // the board is gone
	nState
)

// States that only lines of ours have.
const (
	Seizing    State = nState + 1 + iota // a trunk: off-hook, waiting for dial tone
	Proceeding                           // the number is known; nothing is heard yet
	Alerted                              // it rings there
	Releasing                            // a trunk: on-hook again, not free yet
	Locked                               // a station left off-hook: nothing until it is put down
)

var stateNames = [...]string{Unknown: "unknown", Idle: "idle", PreRing: "pre-ring", Ringing: "ringing",
	OffHookIn: "off-hook-in", OffHookOut: "off-hook-out", Dialling: "dialling", Talking: "talking",
	Abandoned: "abandoned", NoBattery: "no-battery", Gone: "gone", Seizing: "seizing", Proceeding: "proceeding",
	Alerted: "alerting", Releasing: "releasing", Locked: "locked"}

func (s State) String() string {
	if int(s) < len(stateNames) && s != nState {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", s)
}

// MarshalText gives the stable code.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a stable code.
func (s *State) UnmarshalText(b []byte) error {
	for i, n := range stateNames {
		if n == string(b) && n != "" {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("line state %q is not known; use one of %q", b, stateNames)
}

// OffHook reports whether the telephone is off-hook in this state.
func (s State) OffHook() bool { return s >= OffHookIn && s <= Abandoned }

// An Input is what the table reacts to. The first ones are made here from
// voltage, ring and polarity; the next come from detectors, the last from time
// and from the board's owner.
type Input uint8

const (
	InOffHook    Input = iota // voltage fell below the threshold for 200 ms
	InOnHook                  // voltage rose above it for 1.2 s
	InNoBattery               // no voltage for 2 s
	InRing                    // a burst began
	InRingEnd                 // a burst ended
	InReversal                // polarity changed
	InAnswer                  // polarity changed ≥ 2 s after a call out began: the far end answered
	InVoice                   // a detector heard voice
	InDigit                   // a detector heard a key or a pulse-dialled digit
	InFirstDigit              // the same in Talking, where nothing was dialled before voice was heard
	InRedial                  // the same after a fresh dial tone in Abandoned
	InRingback                // a detector confirmed ringback
	InFirstTone               // … dial tone in a call out in which nothing was dialled yet
	InDialTone                // … dial tone at any other time
	InBusyTone                // … busy or congestion tone
	InHowler                  // … the tone that asks to hang up
	InTimeout                 // the state's timer ran out
	InFeed                    // the card says that the feed is back, on a line without voltage
	InFaded                   // the ringing ended on a line without voltage: answered or not, nobody knows
	InGone                    // the board is gone
	InBack                    // the board was opened again
	nInput
)

var inputNames = [nInput]string{InOffHook: "off-hook", InOnHook: "on-hook", InNoBattery: "no-battery",
	InRing: "ring", InRingEnd: "ring-end", InReversal: "reversal", InAnswer: "answer", InVoice: "voice",
	InDigit: "digit", InFirstDigit: "first-digit", InRedial: "redial", InRingback: "ringback",
	InFirstTone: "first-dial-tone", InDialTone: "dial-tone", InBusyTone: "busy-tone", InHowler: "howler",
	InTimeout: "timeout", InFeed: "feed", InFaded: "faded", InGone: "gone", InBack: "back"}

func (i Input) String() string {
	if i < nInput {
		return inputNames[i]
	}
	return fmt.Sprintf("input(%d)", i)
}
