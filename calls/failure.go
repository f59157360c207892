package calls

// A Failure says why an operation of a Switch was not carried out, or why
// something that it began by itself failed.
type Failure struct {
	Op   string // the operation: "call", "answer", "hangup", "bridge", …
	Code string // one of FailureCodes
	Text string // in English, for logs
	Err  error  // of the line, where it said why; may be nil
}

func (f *Failure) Error() string { return f.Op + ": " + f.Text }

func (f *Failure) Unwrap() error { return f.Err }

// The codes of failures. They are stable.
const (
	NoLeg          = "no-leg"         // no leg has that ID, or it has ended
	NoBridge       = "no-bridge"      // no bridge has that ID, or it has ended
	NoSuchLine     = "no-line"        // no line has that number, or it is neither a trunk nor a station
	NoGroup        = "no-group"       // no trunk group has that name
	NoTrunk        = "no-trunk"       // no trunk of the group is free
	LineInUse      = "line-in-use"    // the line is not idle
	BadNumber      = "bad-number"     // the number, the keys or the audio cannot be sent
	UnknownNumber  = "unknown-number" // the plan leads this number nowhere
	BadRequest     = "bad-request"    // the request contradicts itself
	WrongState     = "wrong-state"    // the leg is not in a state in which that can be done
	NotBridged     = "not-bridged"    // the leg is in no bridge
	ConferenceFull = "full"           // the bridge has as many parties as it may
	LineRefused    = "line-refused"   // the line or its hardware cannot do that
	LineGone       = "line-gone"      // the line's board does not run
	Overloaded     = "overloaded"     // the line's board took no wishes in time
	NoReaction     = "no-reaction"    // the line took the wish, and nothing followed
	LegEnded       = "ended"          // the call ended before it was done
	NotAnswered    = "not-answered"   // the call was not answered in time
	Cancelled      = "cancelled"      // who asked did not wait
	NotRunning     = "not-running"    // the switch does not run (any more)
)

// FailureCodes lists every code of a Failure.
func FailureCodes() []string {
	return []string{NoLeg, NoBridge, NoSuchLine, NoGroup, NoTrunk, LineInUse, BadNumber, UnknownNumber, BadRequest, WrongState, NotBridged,
		ConferenceFull, LineRefused, LineGone, Overloaded, NoReaction, LegEnded, NotAnswered, Cancelled, NotRunning}
}
