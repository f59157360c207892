package recorder

import "vaad/recorder/rules"

// What becomes of a call, in Foresight.Outcome.
const (
	Foreseen  = "recorded"  // all of it
	OnDemand  = "on-demand" // if somebody speaks, keys the sequence, or asks
	NotWanted = "not-recorded"
)

// A Foresight is what becomes of a call that is over, or that has become of it.
type Foresight struct {
	rules.Decision
	Outcome string
}

// Foresee says what the rules make of a call on a line with these settings. It asks
// what the recorder asks at the end of a call.
func Foresee(own LineConfig, set *rules.Set, f rules.Facts) Foresight {
	own = own.filled()
	f.Trigger, f.Final = own.Trigger, true
	d := set.Decide(&f)
	out := Foresight{d, NotWanted}
	switch c := own.Under(&d); {
	case !d.Record || c.Trigger == Off:
	case c.Whole():
		out.Outcome = Foreseen
	default:
		out.Outcome = OnDemand
	}
	return out
}
