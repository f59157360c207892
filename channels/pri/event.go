package pri

import "fmt"

// A Side of a link: the network, or the user, which is mostly a PBX.
type Side uint8

const (
	Network Side = iota
	User
)

// Other is the far side.
func (s Side) Other() Side { return s ^ 1 }

func (s Side) String() string { return [2]string{"network", "user"}[s&1] }

// EventKind says what a tap has found out.
type EventKind uint8

const (
	CallBegin    EventKind = iota + 1 // it has a timeslot. Pos: its SETUP
	Numbers                           // what is known of the parties has changed
	CallRinging                       // the called side is alerted
	CallAnswered                      // CONNECT
	CallEnd                           // the whole Call
	SlotFree                          // the timeslot is idle again: RELEASE. Slot 0: that of a call whose beginning was not seen; Call: who cleared it and why
	Restarted                         // nothing is in the timeslot any more. Slot 0: in none
	Key                               // dialled in a call that is up. Text: the keys; Value: the Side that sent them
	CallHeld                          // Value: 1 held, 0 retrieved
	LinkUp                            // frames of layer 3 come, for the first time or again. Slot 0
	LinkDown                          // nothing has come for 90 s, calls have ended. Slot 0
	Swapped                           // Value: 1 the directions are the other way round than configured, 0 they are so no more. Slot 0
	nEvent
)

var eventNames = [nEvent]string{CallBegin: "call-begin", Numbers: "numbers", CallRinging: "ringing", CallAnswered: "answered",
	CallEnd: "call-end", SlotFree: "free", Restarted: "restarted", Key: "key", CallHeld: "held", LinkUp: "link-up", LinkDown: "link-down", Swapped: "swapped"}

func (k EventKind) String() string {
	if k > 0 && k < nEvent {
		return eventNames[k]
	}
	return fmt.Sprintf("event(%d)", uint8(k))
}

// EndedBy: what ended a call. Codes are for ever.
const (
	EndNetwork    = "cleared-network" // the network's side cleared; Call.Cause says why
	EndLocal      = "cleared-local"   // the local side did
	EndRestart    = "channel-restart" // the timeslot was restarted
	EndLink       = "link-lost"       // the data link was lost for too long
	EndSuperseded = "superseded"      // another call took its timeslot or its reference
	EndMoved      = "moved"           // it went on in another timeslot
	EndHeld       = "held"            // it is held or parked, and has no timeslot
	EndIdle       = "idle-code"       // its timeslot is idle; its clearing was not seen
	EndGone       = "board-gone"
)

// A Call is what is known of one call. Numbers that the caller does not want
// told are left out.
type Call struct {
	Slot       int   // timeslot; 0: none yet
	Begin      int64 // position of its SETUP
	Answered   int64 // position of CONNECT; 0: not answered
	Incoming   bool  // the network's side set it up
	Caller     string
	Withheld   bool   // the caller's number is not to be shown
	NoNumber   bool   // the network does not have it
	Name       string // Display
	Called     string // as far as it is dialled
	Complete   bool   // all of Called is there
	Redirected string // who the call was for before it was redirected
	Connected  string // who answered, where that is told
	Data       bool   // no speech: bearer capability says data or fax
	Held       bool
	EndedBy    string
	Cause      Cause // first cause of its end; Value 0: none was given
}

// An Event is something a tap has found out. Nothing changes its Call later.
type Event struct {
	Kind  EventKind
	Pos   int64 // when it truly happened
	Known int64 // when it was known; ≥ Pos
	Slot  int   // timeslot; 0: the link
	Value int64
	Text  string
	Call  *Call
}
