package learn

import "vaad/driver"

// A row says: in any of the states from, on that input, go to that state and do that.
type row struct {
	from []State
	on   input
	to   State
	do   func(*Run)
}

// rows are the whole of a run. An input without a row is ignored. docs/learning-states.md is
// drawn from it.
func rows() []row {
	var (
		between = []State{Listening, Releasing, Leaving, Awaiting} // one thing and the next
		waits   = []State{Calling, Ringing, Answering, Talking}
		holding = []State{Seizing, Dialling, Calling, Ringing, Answering, Talking, Toning, Releasing}
		ours    = []State{Listening, Awaiting, RingingIn, Leaving}
		all     = append(append([]State{}, holding...), ours...)
	)
	return []row{
		// What comes next.
		{[]State{Listening}, inWaited, Listening, (*Run).next},
		{[]State{Releasing}, inFree, Releasing, (*Run).settled},
		{between, inNextCall, Seizing, (*Run).seize},
		{between, inNextWait, Awaiting, (*Run).await},
		{between, inNextNone, Done, (*Run).finish},

		// A call out.
		{[]State{Seizing}, inDialTone, Dialling, (*Run).dials},
		{[]State{Seizing, Dialling}, inWaited, Failed, (*Run).noDialTone},
		{[]State{Seizing, Dialling}, inEnded, Failed, (*Run).noDialTone},
		{[]State{Seizing}, inRefused, Failed, (*Run).refused},
		{[]State{Dialling}, inSent, Calling, (*Run).sent},
		{[]State{Dialling, Ringing}, inEnough, Releasing, (*Run).enough},
		{[]State{Calling}, inRingback, Ringing, (*Run).ringing},
		{[]State{Calling}, inAnswer, Talking, (*Run).answered},
		{[]State{Ringing}, inWaited, Answering, (*Run).rang},
		{[]State{Ringing, Answering}, inAnswer, Talking, (*Run).answered},
		{[]State{Ringing, Answering}, inRingOver, Talking, (*Run).silent},
		{[]State{Talking, Toning}, inAnswer, Talking, (*Run).sure},
		{waits, inTone, Toning, (*Run).toned},
		{waits, inSign, Toning, (*Run).signed},
		{[]State{Toning}, inTone, Toning, (*Run).toned},
		{[]State{Toning}, inSign, Toning, (*Run).noted},
		{[]State{Calling, Answering, Talking, Toning}, inWaited, Releasing, (*Run).release},
		{append([]State{Toning}, waits...), inEnded, Releasing, (*Run).ended},

		// A call in.
		{[]State{Awaiting}, inCall, RingingIn, (*Run).comesIn},
		{[]State{Awaiting}, inWaited, Awaiting, (*Run).nobody},
		{[]State{RingingIn}, inRung, Leaving, (*Run).rungIn},
		{[]State{RingingIn}, inEnded, Leaving, (*Run).rungIn},
		{[]State{RingingIn}, inWaited, Leaving, (*Run).rungIn},
		{[]State{Leaving}, inEnded, Leaving, (*Run).next},
		{[]State{Leaving}, inWaited, Leaving, (*Run).next},

		// It goes wrong.
		{[]State{Releasing}, inWaited, Failed, (*Run).stuck},
		{[]State{Listening}, inCall, Failed, (*Run).disturbed},
		{holding, inCall, Failed, (*Run).disturbed},
		{all, inGone, Failed, (*Run).lost},
		{all, inCancel, Cancelled, (*Run).drop},
	}
}

// A table finds rows by state and input.
type table [nState][nInput]*row

func newTable() *table {
	t, all := new(table), rows()
	for i := range all {
		for _, s := range all[i].from {
			t[s][all[i].on] = &all[i]
		}
	}
	return t
}

// limits say how long a step lasts at most, samples; 0: it ends by itself.
var limits = [nState]int64{
	Listening: 3 * driver.Rate,
	Seizing:   25 * driver.Rate, // the trunk gives up after 10 s
	Dialling:  60 * driver.Rate,
	Calling:   45 * driver.Rate,  // networks let wait for 30 s
	Ringing:   13 * driver.Rate,  // two cycles of nearly all countries
	Answering: 90 * driver.Rate,  // somebody has to walk there
	Talking:   120 * driver.Rate, // … and exchanges wait up to 90 s until they tell
	Toning:    12 * driver.Rate,  // three cycles of nearly all countries, and what follows
	Releasing: 20 * driver.Rate,
	Awaiting:  180 * driver.Rate,
	RingingIn: 60 * driver.Rate,
	Leaving:   60 * driver.Rate,
}

// step feeds an input to the table and reports whether it had a row.
func (r *Run) step(on input) bool {
	row := r.table[r.state][on]
	if row == nil {
		return false
	}
	from := r.state
	if r.state = row.to; from != row.to {
		r.enter()
	}
	row.do(r)
	return true
}
