package analog

import "slices"

// A row says: in any of the states from, on that input, go to that state and
// do that. Actions add events; they do no I/O and start no other input.
type row struct {
	from set
	on   Input
	to   State // same: stay in whichever state it was
	do   func(*Tap)
}

const same = nState

// rows is the whole behaviour of a tapped line. An input without a row is
// counted by state and input, and ignored. docs/tap-states.md is drawn from it.
func rows() []row {
	var (
		ready   = states(Unknown, Idle, PreRing, NoBattery)
		calling = states(OffHookIn, OffHookOut, Dialling, Talking)
		all     = everything &^ states(Gone)
	)
	return []row{
		// The telephone rings.
		{ready, InRing, Ringing, beginIn},
		{states(Ringing), InRing, Ringing, holdRinging},
		{states(Ringing), InRingEnd, Ringing, awaitRing},
		{states(Ringing), InTimeout, Idle, endMissed},
		{states(Ringing), InFaded, Unknown, endFaded},
		{states(Ringing), InOnHook, Ringing, nothing}, // it rang before the voltage was known
		{states(Idle), InReversal, PreRing, awaitFirstRing},
		{states(PreRing), InReversal, PreRing, awaitFirstRing},
		{states(PreRing), InTimeout, Idle, nothing},

		// It is picked up.
		{states(Ringing), InOffHook, OffHookIn, answerIn},
		{states(Idle, PreRing), InOffHook, OffHookOut, beginOut},
		{states(Unknown, NoBattery), InOffHook, Talking, beginUnknown}, // a call was up before we watched

		// A number is dialled, the parties talk.
		{states(OffHookOut, Talking), InFirstTone, OffHookOut, awaitFirstDigit},
		{states(Dialling), InDialTone, same, awaitFirstDigit}, // that of an outside line
		{states(OffHookOut, Dialling), InDigit, Dialling, dialled},
		{states(Talking), InFirstDigit, Dialling, dialled},
		{states(OffHookIn, Talking, Unknown, Ringing), InDigit, same, keyed}, // without voltage a line is unknown or rings all the time
		{states(OffHookIn, OffHookOut, Dialling), InVoice, Talking, nothing},
		{states(OffHookIn, OffHookOut, Dialling), InTimeout, Talking, nothing},
		{states(OffHookOut, Dialling), InRingback, Talking, nothing},
		{states(OffHookOut, Dialling, Talking), InAnswer, Talking, answerOut},

		// The call ends; the telephone may stay off-hook.
		{calling, InOnHook, Idle, endOnHook},
		{calling, InBusyTone, Abandoned, endBusy},
		{calling, InHowler, Abandoned, endHowler},
		{states(OffHookIn, Talking), InDialTone, Abandoned, endDialTone},
		{states(Abandoned), InDialTone, Abandoned, freshDialTone},
		{states(Abandoned), InRedial, Dialling, beginAgain},
		{states(Abandoned), InVoice, Talking, beginUnknown}, // after a flash
		{states(Abandoned), InOnHook, Idle, nothing},

		// Feed and board come and go.
		{states(Unknown, NoBattery), InOnHook, Idle, nothing},
		{all &^ states(NoBattery), InNoBattery, NoBattery, endNoBattery},
		{states(NoBattery), InFeed, Unknown, nothing},
		{all, InGone, Gone, endGone},
		{states(Gone), InBack, Unknown, nothing},
	}
}

// A set of states.
type set uint16

const everything = set(1)<<nState - 1

func states(ss ...State) set {
	var x set
	for _, s := range ss {
		x |= 1 << s
	}
	return x
}

func (x set) has(s State) bool { return x&(1<<s) != 0 }

// table finds a row by state and input; a zero entry has no action.
var table = func() (t [nState][nInput]row) {
	for _, r := range rows() {
		for s := range nState {
			if r.from.has(s) {
				t[s][r.on] = r
			}
		}
	}
	return t
}()

// step feeds one input to the table. at is when it truly happened.
func (t *Tap) step(in Input, at int64) {
	r := &table[t.state][in]
	t.counts[t.state][in]++
	if r.do == nil {
		return
	}
	t.at = at
	to := r.to
	if to == same {
		to = t.state
	}
	if to != t.state {
		t.due = never
		t.out = append(t.out, Event{Kind: LineState, Pos: at, Known: t.now, From: t.state, To: to})
		from := t.state
		t.state = to
		t.moved(from)
	}
	r.do(t)
}

// A Transition is one arrow of the table, for diagrams.
type Transition struct {
	From State
	On   Input
	To   State
}

// Transitions lists every arrow of the table, in the table's order.
func Transitions() []Transition {
	var all []Transition
	for _, r := range rows() {
		for s := range nState {
			if !r.from.has(s) {
				continue
			}
			to := r.to
			if to == same {
				to = s
			}
			all = append(all, Transition{s, r.on, to})
		}
	}
	return slices.Clip(all)
}
