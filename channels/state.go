package channels

// A State is the stable code of what a line is doing.
type State string

const (
	Unknown     State = "unknown" // no signalling tells (yet)
	Idle        State = "idle"
	PreRing     State = "pre-ring"     // polarity reversal, or ringing not yet confirmed
	Ringing     State = "ringing"      //
	OffHookIn   State = "off-hook-in"  // answered an incoming call
	OffHookOut  State = "off-hook-out" // picked up to call
	Dialling    State = "dialling"     //
	Talking     State = "talking"      //
	Seizing     State = "seizing"      // a trunk: we are off-hook and wait for dial tone
	Proceeding  State = "proceeding"   // the number is sent; nothing is known yet
	Alerted     State = "alerting"     // it rings there
	Releasing   State = "releasing"    // we have hung up; not free yet
	Locked      State = "locked"       // a station left off-hook: nothing until it is put down
	Abandoned   State = "abandoned"    // still off-hook, but the call is over (busy tone, howler)
	NoBattery   State = "no-battery"   // no voltage on the line: cut or unplugged
	GoneState   State = "gone"         // its board is gone
	UnusedState State = "unused"       // configured as not used
)

// States lists every state, for tables and tests that must leave none out.
func States() []State {
	return []State{Unknown, Idle, PreRing, Ringing, OffHookIn, OffHookOut, Dialling, Talking,
		Seizing, Proceeding, Alerted, Releasing, Locked, Abandoned,
		NoBattery, GoneState, UnusedState}
}

// BoardState is the stable code of what a board is doing.
type BoardState string

const (
	BoardOpening BoardState = "opening" // being opened for the first time
	BoardRunning BoardState = "running"
	BoardGone    BoardState = "gone"   // ran before; is being opened again
	BoardFailed  BoardState = "failed" // never opened since the start; is tried again
)

// Direction says who began a call.
type Direction string

const (
	NoDirection      Direction = "" // no call
	Incoming         Direction = "in"
	Outgoing         Direction = "out"
	UnknownDirection Direction = "unknown" // the call was already up when watching began
)
