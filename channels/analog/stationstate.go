package analog

import "fmt"

// StationState is what a station's telephone is doing. The texts are those of
// [State].
type StationState uint8

const (
	StationUnknown    StationState = iota // the board has not said yet whether the telephone is on-hook
	StationIdle                           // on-hook
	StationRinging                        // from the order on, also while the message of who calls is sent
	StationOffHook                        // it hears dial tone
	StationDialling                       // a part of a number is dialled
	StationProceeding                     // the number is complete, nothing is heard yet
	StationAlerting                       // it hears ringback
	StationTalking                        //
	StationAbandoned                      // the call is over; it hears a tone that says why, then the howler
	StationLocked                         // left off-hook: nothing until it is put down
	StationGone                           // the board is gone
	nStationState
)

var stationStates = [nStationState]State{StationUnknown: Unknown, StationIdle: Idle, StationRinging: Ringing, StationOffHook: OffHookOut,
	StationDialling: Dialling, StationProceeding: Proceeding, StationAlerting: Alerted, StationTalking: Talking,
	StationAbandoned: Abandoned, StationLocked: Locked, StationGone: Gone}

func (s StationState) String() string {
	if s < nStationState {
		return stationStates[s].String()
	}
	return fmt.Sprintf("station-state(%d)", uint8(s))
}

// OffHook reports whether the telephone is off-hook in this state.
func (s StationState) OffHook() bool { return s >= StationOffHook && s <= StationLocked }

// A stationInput is what the table of a station reacts to: its telephone, its
// board, wishes, its own sounds and time.
type stationInput uint8

const (
	stFree        stationInput = iota // the board was opened, and the telephone is on-hook
	stFoundOff                        // … and it is off-hook
	stLifted                          // it was picked up
	stHungUp                          // it was put down
	stFlash                           // the hook was pressed for a moment
	stDigit                           // a key, or a digit dialled in pulses: the number may go on, or a call is up
	stLastDigit                       // … the number is whole
	stWrongDigit                      // … it can become no number
	stPause                           // no digit for so long that the number has ended
	stNoDigit                         // none was dialled
	stRing                            // wish: ring
	stBurstOver                       // the first burst has ended
	stMessageOver                     // who calls has been sent
	stNoMessage                       // the board does not ring once, or send to an on-hook telephone
	stRingOn                          // it is time for the ringing that goes on
	stNoRing                          // the board does not ring
	stProceed                         // wish: the number is complete
	stAlert                           // wish: it rings there
	stAnswer                          // wish: the other side has answered
	stRelease                         // wish: the call is over
	stHowl                            // the tone that says why was heard for long enough
	stLock                            // and so was the howler, or there is none
	stGone                            // the board is gone
	nStationInput
)

var stationInputs = [nStationInput]string{stFree: "free", stFoundOff: "found-off-hook", stLifted: "off-hook", stHungUp: "on-hook",
	stFlash: "flash", stDigit: "digit", stLastDigit: "last-digit", stWrongDigit: "wrong-digit", stPause: "pause", stNoDigit: "no-digit",
	stRing: "ring", stBurstOver: "burst-over", stMessageOver: "message-over", stNoMessage: "no-message", stRingOn: "ring-on",
	stNoRing: "no-ring", stProceed: "proceed", stAlert: "alert", stAnswer: "answer", stRelease: "release", stHowl: "howl",
	stLock: "lock", stGone: "gone"}

func (i stationInput) String() string {
	if i < nStationInput {
		return stationInputs[i]
	}
	return fmt.Sprintf("station-input(%d)", uint8(i))
}
