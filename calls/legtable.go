package calls

import (
	"slices"
	"time"

	"vaad/channels"
)

// legInput is what can happen to a leg.
type legInput uint8

const (
	onAlerting legInput = iota // it rings at the far end
	onSent                     // the number is out
	onAudible                  // it has something to be heard before the answer
	onWhole                    // a whole number was dialled here, or came
	onCaller                   // who calls is known, or will not be
	onAnswered                 // the far end, or the station, has answered
	onHold                     // the switch holds it
	onRetrieve                 //
	onFlash                    // a station's hook flash
	onKey                      // a key of the far party
	onRelease                  // it was told to end
	onEnd                      // its call is over
	nLegInputs
)

var legInputNames = [nLegInputs]string{"alerting", "number sent", "audible", "number complete", "caller known", "answered", "hold", "retrieve", "flash", "key", "release", "end"}

func (i legInput) String() string { return legInputNames[i] }

// A legRow says what an input does in some states. The first row that fits counts;
// an input without a row changes nothing.
type legRow struct {
	from []LegState
	on   legInput
	to   LegState // "": it stays
	do   func(*Switch, *leg, *channels.Event)
	name string // of do, in the diagram
}

var (
	legBegun = []LegState{LegRinging, LegDialling, LegAlerting}
	legUp    = []LegState{LegRinging, LegDialling, LegAlerting, LegTalking, LegHeld}
	legAll   = []LegState{LegRinging, LegDialling, LegAlerting, LegTalking, LegHeld, LegReleasing}
)

// legRows is the table of legs; docs/leg-states.md is drawn from it.
func legRows() []legRow {
	return []legRow{
		{[]LegState{LegRinging}, onCaller, "", (*Switch).callerKnown, "ring stations"},
		{[]LegState{LegRinging, LegDialling}, onWhole, "", (*Switch).numberWhole, "find where the number leads"},
		{[]LegState{LegDialling, LegAlerting}, onSent, "", (*Switch).numberSent, "let the caller hear an analog trunk"},
		{[]LegState{LegDialling, LegAlerting}, onAudible, "", (*Switch).inBand, "let the caller hear the trunk"},
		{[]LegState{LegDialling}, onAlerting, LegAlerting, (*Switch).alerting, "tell the caller that it rings"},
		{legBegun, onAnswered, LegTalking, (*Switch).answered, "stop the others, bridge"},
		{[]LegState{LegTalking}, onHold, LegHeld, nil, ""},
		{[]LegState{LegHeld}, onRetrieve, LegTalking, nil, ""},
		{[]LegState{LegTalking}, onFlash, "", (*Switch).flashed, "second call"},
		{[]LegState{LegTalking}, onKey, "", (*Switch).keyed, "digits of the second call"},
		{legUp, onRelease, LegReleasing, nil, ""},
		{legAll, onEnd, LegEndedNow, (*Switch).over, "let go of the others"},
	}
}

// step moves a leg by the table.
func (s *Switch) step(l *leg, on legInput, e *channels.Event) bool {
	for i := range s.rows {
		r := &s.rows[i]
		if r.on != on || !slices.Contains(r.from, l.State) {
			continue
		}
		if r.to != "" && r.to != l.State {
			l.State = r.to
			if e != nil {
				l.Since = e.Time.UTC()
			} else {
				l.Since = time.Now().UTC()
			}
		}
		s.touch(l)
		if r.do != nil {
			r.do(s, l, e)
		}
		return true
	}
	return false
}
