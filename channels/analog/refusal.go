package analog

// A Refusal says why a line of ours cannot do what was wished.
type Refusal struct {
	Code string // RefusedBusy, …
	Text string // the reason in English, for logs
}

func (e *Refusal) Error() string { return e.Text }

// Why a wish is refused: stable codes.
const (
	RefusedBusy       = "busy"        // a call is up, or something else is being done
	RefusedNoCall     = "no-call"     // no call is up in which it could be done
	RefusedNotRinging = "not-ringing" // nothing rings that could be answered
	RefusedCannot     = "cannot"      // not in this state, or not on such a line
	RefusedNumber     = "bad-number"  // a number or keys that cannot be dialled
	RefusedGone       = "gone"        // the board is gone
	RefusedNoBattery  = "no-battery"  // no voltage on the line
	RefusedRinging    = "ringing"     // it rings, or may begin to
)
