package analog

import (
	"fmt"
	"slices"
)

// TrunkState is what a trunk is doing: Unknown, Idle, PreRing, Ringing, Seizing,
// Dialling, Proceeding, Alerted, Talking, Releasing, NoBattery and Gone; OffHookOut
// says that a telephone in parallel was picked up while the trunk was idle.
type TrunkState = State

// nTrunk is one more than the states a trunk can be in.
const nTrunk = Releasing + 1

// TrunkStates lists the states a trunk can be in.
func TrunkStates() []TrunkState {
	return []TrunkState{Unknown, Idle, PreRing, Ringing, Seizing, Dialling, Proceeding, Alerted, Talking, Releasing, OffHookOut, NoBattery, Gone}
}

// holding reports whether the trunk is off-hook by us in this state.
func holding(s State) bool {
	switch s {
	case Seizing, Dialling, Proceeding, Alerted, Talking:
		return true
	}
	return false
}

// A trunkInput is what the table of a trunk reacts to: wishes, what the voltage and
// the board tell, what detectors heard, and time.
type trunkInput uint8

const (
	inCall      trunkInput = iota // wished: a call out
	inAnswer                      // wished: the call that rings is answered
	inRelease                     // wished: the call ends
	inBurst                       // a burst of ringing began
	inRings                       // a burst lasted long enough to be ringing
	inBurstEnd                    // a burst ended
	inReversed                    // the polarity changed while on-hook
	inDialTone                    // there is dial tone, or as good as
	inGlare                       // a call came in as we went off-hook
	inSent                        // the number is out
	inRingback                    // it rings there
	inConnected                   // the far end answered, certainly or as a guess
	inLadder                      // a rung of the release ladder, or a call that cannot go on
	inPickUp                      // a telephone in parallel was picked up while we are on-hook
	inPutDown                     // the voltage is that of an idle line
	inDead                        // no voltage
	inFeed                        // the card says that the feed is back
	inWaited                      // the state's timer ran out
	inBoardGone                   // the board is gone
	inBoardBack                   // it was opened again
	nTrunkInput
)

var trunkInputNames = [nTrunkInput]string{inCall: "wish-call", inAnswer: "wish-answer", inRelease: "wish-release", inBurst: "burst",
	inRings: "rings", inBurstEnd: "burst-end", inReversed: "reversal", inDialTone: "dial-tone", inGlare: "glare", inSent: "sent",
	inRingback: "ringback", inConnected: "answer", inLadder: "ladder", inPickUp: "pick-up", inPutDown: "put-down", inDead: "no-battery",
	inFeed: "feed", inWaited: "timeout", inBoardGone: "gone", inBoardBack: "back"}

func (i trunkInput) String() string {
	if i < nTrunkInput {
		return trunkInputNames[i]
	}
	return fmt.Sprintf("input(%d)", i)
}

// A trunkRow says: in any of the states from, on that input, go to that state and
// do that. The hook follows from the state alone.
type trunkRow struct {
	from trunkSet
	on   trunkInput
	to   State // same: stay in whichever state it was
	do   func(*Trunk)
}

// trunkRows is the whole behaviour of a trunk. An input without a row is counted
// and ignored. docs/trunk-states.md is drawn from it.
func trunkRows() []trunkRow {
	var (
		ready   = trunkIn(Unknown, Idle, PreRing, OffHookOut, NoBattery)
		waiting = trunkIn(Seizing, Dialling, Proceeding, Alerted) // for an answer
		calling = waiting | trunkIn(Talking)
		all     = trunkIn(TrunkStates()...) &^ trunkIn(Gone)
	)
	return []trunkRow{
		// It rings.
		{ready, inBurst, PreRing, (*Trunk).proveRing},
		{trunkIn(PreRing), inRings, Ringing, (*Trunk).beginIn},
		{trunkIn(PreRing), inBurstEnd, PreRing, (*Trunk).awaitRing},
		{trunkIn(Ringing), inBurst, Ringing, (*Trunk).ringOn},
		{trunkIn(Ringing), inBurstEnd, Ringing, (*Trunk).awaitBurst},
		{trunkIn(Ringing), inWaited, Idle, (*Trunk).missed},
		{trunkIn(Ringing), inPickUp, OffHookOut, (*Trunk).takenElsewhere},
		{trunkIn(Idle, PreRing), inReversed, PreRing, (*Trunk).awaitRing},
		{trunkIn(PreRing), inWaited, Idle, (*Trunk).stay},
		{trunkIn(Ringing), inAnswer, Talking, (*Trunk).answerIn},

		// We call out.
		{trunkIn(Idle), inCall, Seizing, (*Trunk).seize},
		{trunkIn(Seizing), inDialTone, Dialling, (*Trunk).dial},
		{trunkIn(Seizing), inGlare, Talking, (*Trunk).glare},
		{trunkIn(Dialling), inSent, Proceeding, (*Trunk).dialled},
		{trunkIn(Proceeding, Alerted), inRingback, Alerted, (*Trunk).alerts},
		{trunkIn(Dialling, Proceeding, Alerted), inConnected, Talking, (*Trunk).answered},
		{trunkIn(Talking), inConnected, Talking, (*Trunk).answered}, // a guess was right, and now it is certain

		// The call ends.
		{calling, inRelease, Releasing, (*Trunk).hangUp},
		{calling, inLadder, Releasing, (*Trunk).hangUp},
		{trunkIn(Releasing), inWaited, Idle, (*Trunk).stay},

		// A telephone in parallel.
		{ready | trunkIn(Releasing), inPickUp, OffHookOut, (*Trunk).stay},
		{trunkIn(OffHookOut), inPutDown, Idle, (*Trunk).stay},

		// Feed and board come and go.
		{trunkIn(Unknown), inWaited, Idle, (*Trunk).stay},
		{trunkIn(NoBattery), inPutDown, Idle, (*Trunk).stay},
		{all &^ trunkIn(NoBattery), inDead, NoBattery, (*Trunk).feedLost},
		{trunkIn(NoBattery), inFeed, Unknown, (*Trunk).guard},
		{all, inBoardGone, Gone, (*Trunk).boardLost},
		{trunkIn(Gone), inBoardBack, Unknown, (*Trunk).guard},
	}
}

// A trunkSet is a set of states.
type trunkSet uint32

func trunkIn(ss ...State) (x trunkSet) {
	for _, s := range ss {
		x |= 1 << s
	}
	return x
}

func (x trunkSet) has(s State) bool { return x&(1<<s) != 0 }

// trunkTable finds a row by state and input; a zero entry has no action.
var trunkTable = func() (t [nTrunk][nTrunkInput]trunkRow) {
	for _, r := range trunkRows() {
		for _, s := range TrunkStates() {
			if r.from.has(s) {
				t[s][r.on] = r
			}
		}
	}
	return t
}()

// step feeds one input to the table. at is when it truly happened.
func (t *Trunk) step(in trunkInput, at int64) {
	r := &trunkTable[t.state][in]
	t.counts[t.state][in]++
	if r.do == nil {
		return
	}
	t.at = min(at, t.now)
	to := r.to
	if to == same {
		to = t.state
	}
	if to != t.state {
		from := t.state
		t.stop(timeState)
		t.state = to
		t.tell(Event{Kind: LineState, Pos: t.at, Known: t.now, From: from, To: to})
		t.moved(from)
	}
	r.do(t)
}

// A TrunkTransition is one arrow of the table, for diagrams.
type TrunkTransition struct {
	From State
	On   string
	To   State
}

// TrunkTransitions lists every arrow of the table, in the table's order.
func TrunkTransitions() []TrunkTransition {
	var all []TrunkTransition
	for _, r := range trunkRows() {
		for _, s := range TrunkStates() {
			if !r.from.has(s) {
				continue
			}
			to := r.to
			if to == same {
				to = s
			}
			all = append(all, TrunkTransition{s, r.on.String(), to})
		}
	}
	return slices.Clip(all)
}
