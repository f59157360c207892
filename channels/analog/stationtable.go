package analog

// A stationRow says: in any of the states from, on that input, go to that state
// and do that. Actions add events and acts; they start no other input.
type stationRow struct {
	from stationSet
	on   stationInput
	to   StationState // sameStation: stay in whichever state it was
	do   func(*Station)
}

const sameStation = nStationState

// stationRows is the whole behaviour of a station. An input without a row is
// ignored; a wish without one is refused. docs/station-states.md is drawn from it.
func stationRows() []stationRow {
	var (
		absent  = stationsIn(StationUnknown, StationGone)
		dialled = stationsIn(StationOffHook, StationDialling)
		before  = stationsIn(StationOffHook, StationDialling, StationProceeding, StationAlerting)
		calling = before | stationsIn(StationTalking)
		over    = stationsIn(StationAbandoned, StationLocked)
		all     = stationSet(1)<<nStationState - 1
	)
	return []stationRow{
		// It is rung.
		{stationsIn(StationIdle), stRing, StationRinging, (*Station).beginIn},
		{stationsIn(StationRinging), stBurstOver, sameStation, (*Station).sendMessage},
		{stationsIn(StationRinging), stMessageOver, sameStation, (*Station).messageSent},
		{stationsIn(StationRinging), stNoMessage, sameStation, (*Station).noMessage},
		{stationsIn(StationRinging), stRingOn, sameStation, (*Station).ringOn},
		{stationsIn(StationRinging), stLifted, StationTalking, (*Station).pickedUp},
		{stationsIn(StationRinging), stRelease, StationIdle, (*Station).endMissed},
		{stationsIn(StationRinging), stNoRing, StationIdle, (*Station).endRefused},

		// Its user calls.
		{stationsIn(StationIdle, StationUnknown), stLifted, StationOffHook, (*Station).beginOut},
		{dialled, stDigit, StationDialling, (*Station).dialled},
		{dialled, stLastDigit, StationProceeding, (*Station).lastDigit},
		{dialled, stWrongDigit, StationProceeding, (*Station).wrongDigit},
		{stationsIn(StationDialling), stPause, StationProceeding, (*Station).paused},
		{stationsIn(StationOffHook), stNoDigit, StationAbandoned, (*Station).endNoDigit},
		{before, stProceed, StationProceeding, (*Station).proceed},
		{before, stAlert, StationAlerting, (*Station).alert},
		{before, stAnswer, StationTalking, (*Station).answered},
		{calling &^ dialled, stDigit, sameStation, (*Station).keyPressed},
		{calling | stationsIn(StationAbandoned), stFlash, sameStation, (*Station).flashed},

		// The call ends; the telephone may stay off-hook.
		{calling, stHungUp, StationIdle, (*Station).endOnHook},
		{calling, stRelease, StationAbandoned, (*Station).released},
		{stationsIn(StationAbandoned), stHowl, sameStation, (*Station).howl},
		{stationsIn(StationAbandoned), stLock, StationLocked, (*Station).lock},
		{over, stHungUp, StationIdle, (*Station).restored},

		// The board comes and goes.
		{absent, stFree, StationIdle, (*Station).back},
		{absent, stFoundOff, StationAbandoned, (*Station).foundOff},
		{stationsIn(StationUnknown), stHungUp, StationIdle, (*Station).back},
		{all &^ stationsIn(StationGone), stGone, StationGone, (*Station).endGone},
	}
}

// A stationSet is a set of states.
type stationSet uint16

func stationsIn(ss ...StationState) stationSet {
	var x stationSet
	for _, s := range ss {
		x |= 1 << s
	}
	return x
}

func (x stationSet) has(s StationState) bool { return x&(1<<s) != 0 }

// stationTable finds a row by state and input; a zero entry has no action.
var stationTable = func() (t [nStationState][nStationInput]stationRow) {
	for _, r := range stationRows() {
		for s := range nStationState {
			if r.from.has(s) {
				t[s][r.on] = r
			}
		}
	}
	return t
}()

// takes reports whether an input has a row now.
func (s *Station) takes(in stationInput) bool { return stationTable[s.state][in].do != nil }

// step feeds one input to the table. at is when it truly happened.
func (s *Station) step(in stationInput, at int64) {
	r := &stationTable[s.state][in]
	s.counts[s.state][in]++
	if r.do == nil {
		return
	}
	s.at = min(at, s.now)
	if to := r.to; to != sameStation && to != s.state {
		s.due = never
		s.out.Events = append(s.out.Events, Event{Kind: LineState, Pos: s.at, Known: s.now, From: stationStates[s.state], To: stationStates[to]})
		s.state = to
	}
	r.do(s)
}
