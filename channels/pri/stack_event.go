package pri

import "fmt"

// StackEventKind says what a stack has to say.
type StackEventKind uint8

const (
	StackLinkUp       StackEventKind = iota + 1 // the data link is established. Slot 0
	StackLinkDown                               // it is lost: calls that are not up have ended, others live for T309. Slot 0
	StackLinkErrors                             // Q.921 found something wrong: at most one event a second. Text: the newest; Value: how many since the last. Slot 0
	StackSetup                                  // the far end calls; the timeslot is reserved. Call.Complete: the number is whole; else StackDigits and StackComplete follow
	StackDigits                                 // more digits have come: Call.Called. Text: these
	StackComplete                               // the number is whole
	StackWanted                                 // the far end takes further digits
	StackProceeding                             // the far end has the whole number
	StackAlerting                               // the far end rings. Value: 1 its tone is to be heard
	StackProgress                               // Value: 1 there is something to be heard, 0 a notice only
	StackConnected                              // the far end has answered: Call.Connected
	StackConnectAcked                           // the far end has taken note of our answer
	StackCleared                                // the call has ended: Call.Cause, Call.EndedBy. The timeslot is not yet free
	StackSlotFree                               // the timeslot is free again; its call, if any, is over
	StackMoved                                  // the call goes on in another timeslot; Value: the one before. Slot 0: until the far end says which
	StackHeld                                   // Value: the Side that has wished so
	StackRetrieved                              // Value: the Side that has wished so
	StackRefused                                // Text: "hold" or "retrieve", which the far end refuses; Value: its cause
	StackRestarted                              // the timeslot was restarted. Slot 0: all were
	StackKey                                    // dialled by the far end in a call that is up. Text: the keys
	StackNotify                                 // Value: the notification (Q.931 clause 4.5.22); Text: a display or name that came late
	StackMaintenance                            // the far end does not restart the timeslot: it is out of use until one of both sides does. Slot 0: it does not restart the interface
	nStackEvent
)

var stackEventNames = [nStackEvent]string{StackLinkUp: "link-up", StackLinkDown: "link-down", StackLinkErrors: "link-errors",
	StackSetup: "setup", StackDigits: "digits", StackComplete: "complete", StackWanted: "wanted", StackProceeding: "proceeding", StackAlerting: "alerting",
	StackProgress: "progress", StackConnected: "connected", StackConnectAcked: "connect-acked", StackCleared: "cleared",
	StackSlotFree: "slot-free", StackMoved: "moved", StackHeld: "held", StackRetrieved: "retrieved", StackRefused: "refused",
	StackRestarted: "restarted", StackKey: "key", StackNotify: "notify", StackMaintenance: "maintenance"}

func (k StackEventKind) String() string {
	if k > 0 && k < nStackEvent {
		return stackEventNames[k]
	}
	return fmt.Sprintf("event(%d)", uint8(k))
}

// CallID knows a call of a stack as long as the stack lives; 0 is none.
type CallID uint32

// A StackEvent is something a stack says. Nothing changes its Call later;
// Call.Incoming means that the far end calls, and of Call.EndedBy EndNetwork that the far
// end, EndLocal that our side has cleared.
type StackEvent struct {
	Kind   StackEventKind
	Pos    int64 // in samples
	Slot   int   // timeslot; 0: the link, or none
	CallID CallID
	Call   *Call
	Value  int64
	Text   string
}

func (s *Stack) say(e StackEvent) {
	e.Pos = s.now
	s.to.Events = append(s.to.Events, e)
}

func (s *Stack) tell(l *leg, e StackEvent) {
	now := l.Call
	e.Slot, e.CallID, e.Call = l.Slot, l.id, &now
	s.say(e)
}

// A StackError says why a stack does not do what is wished. Codes: link-down,
// no-channel, bad-number, no-call, wrong-state.
type StackError struct {
	Code string
	Text string // in English, for logs
}

func (e *StackError) Error() string { return e.Text }

var (
	errStackDown = &StackError{"link-down", "the data link is not established"}
	errNoChannel = &StackError{"no-channel", "no B-channel is free"}
	errBadNumber = &StackError{"bad-number", "a number is missing, or is longer than 32 digits, or holds what is no digit"}
	errNoCall    = &StackError{"no-call", "there is no such call"}
)
