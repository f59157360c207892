package learn

import "fmt"

// A State is where a run stands. Its name is the code of the step that people see.
type State uint8

// The states of a run.
const (
	Listening State = iota // the line is on-hook and left alone
	Seizing                // off-hook: dial tone must come
	Dialling               // the first digit, a pause, the others
	Calling                // the number is out: it must ring there, or be busy
	Ringing                // it rings there
	Answering              // the technician is to answer there
	Talking                // the technician is to hang up there
	Toning                 // the exchange tells that the call is over
	Releasing              // we hang up
	Awaiting               // the technician is to call the line
	RingingIn              // it rings here
	Leaving                // the technician is to hang up, as enough was seen
	Done
	Failed
	Cancelled
	nState
)

var stateNames = [nState]string{Listening: "listen", Seizing: "seize", Dialling: "dial", Calling: "call", Ringing: "ringback", Answering: "answer",
	Talking: "hang-up", Toning: "release-tone", Releasing: "release", Awaiting: "await-call", RingingIn: "ring", Leaving: "leave",
	Done: "done", Failed: "failed", Cancelled: "cancelled"}

func (s State) String() string {
	if s < nState {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", s)
}

// Over reports whether a run is over in this state.
func (s State) Over() bool { return s == Done || s == Failed || s == Cancelled }

// States lists the states.
func States() (all []State) {
	for s := range nState {
		all = append(all, s)
	}
	return all
}

// An input is what the table of a run reacts to.
type input uint8

const (
	inNextCall input = iota // the next thing to be done is a call out
	inNextWait              // … is to wait for a call
	inNextNone              // nothing more is to be done
	inRefused               // the line refused what was wished
	inDialTone              // the trunk dials: there is dial tone, or none that it waits for
	inSent                  // the number is out
	inEnough                // that is all that is wanted of the call
	inRingback              // it rings there
	inAnswer                // the far end answered
	inRingOver              // it rings there no more
	inTone                  // a tone of calls that are over
	inSign                  // another sign that the far end has hung up
	inEnded                 // the call is over
	inFree                  // the line is idle again
	inCall                  // a call comes in
	inRung                  // it rang often enough
	inWaited                // the step's time is up
	inGone                  // board or feed is gone, or what the line did was lost
	inCancel                // whoever asked wants no more
	nInput
)

var inputNames = [nInput]string{inNextCall: "next-call", inNextWait: "next-wait", inNextNone: "next-none", inRefused: "refused",
	inDialTone: "dials", inSent: "sent", inEnough: "enough", inRingback: "ringback", inAnswer: "answer", inRingOver: "ringback-over",
	inTone: "tone", inSign: "sign", inEnded: "ended", inFree: "free", inCall: "call-in", inRung: "rung", inWaited: "timeout", inGone: "gone", inCancel: "cancel"}

func (i input) String() string {
	if i < nInput {
		return inputNames[i]
	}
	return fmt.Sprintf("input(%d)", i)
}

// Why a run failed: stable codes.
const (
	whyNoDialTone = "no-dial-tone"    // and none was waited for any longer
	whyEnded      = "call-ended"      // before the number was dialled
	whyBusy       = "line-busy"       // somebody uses the line
	whyRinging    = "line-ringing"    // a call came in
	whyNoBattery  = "line-no-battery" // no voltage on the line
	whyGone       = "line-gone"       // the board is gone, or what the line did was lost
	whyRefused    = "line-refused"    // the line did not take the call
	whyStuck      = "not-released"    // it did not become idle after a call
)

// Why something was not measured: stable codes.
const (
	notAsked    = "not-asked"       // its number was not given
	notCard     = "card"            // the card cannot tell
	notReached  = "not-reached"     // the run failed before
	notHeard    = "nothing-heard"   // it was not there
	notEnded    = "tone-goes-on"    // dial tone did not end with the first digit
	notBusy     = "it-rings"        // the number that should be busy rings
	notFree     = "busy"            // the number that should ring is busy
	notAnswered = "nobody-answered" //
	notCalled   = "no-call"         // nobody called the line
)
