package pri

import "fmt"

// callState is a state of a call as Q.931 clauses 2.1.1 and 2.1.2 number them: U0…U25 at
// the user's side, N0…N25 at the network's. The numbers are those of a Call state element.
type callState uint8

const (
	qNull               callState = 0
	qInitiated          callState = 1 // the user has sent SETUP
	qOverlapSending     callState = 2
	qOutgoingProceeding callState = 3
	qDelivered          callState = 4
	qPresent            callState = 6 // the network has sent SETUP
	qReceived           callState = 7
	qConnectRequest     callState = 8
	qIncomingProceeding callState = 9
	qActive             callState = 10
	qDisconnectRequest  callState = 11 // the user has sent DISCONNECT
	qDisconnectIndicate callState = 12 // the network has sent DISCONNECT
	qReleaseRequest     callState = 19 // RELEASE was sent
	qOverlapReceiving   callState = 25
	nCallState                    = 26
)

var callStateNames = [nCallState]string{qNull: "null", qInitiated: "call initiated", qOverlapSending: "overlap sending",
	qOutgoingProceeding: "outgoing call proceeding", qDelivered: "call delivered", qPresent: "call present", qReceived: "call received",
	qConnectRequest: "connect request", qIncomingProceeding: "incoming call proceeding", qActive: "active",
	qDisconnectRequest: "disconnect request", qDisconnectIndicate: "disconnect indication", qReleaseRequest: "release request",
	qOverlapReceiving: "overlap receiving"}

// name is the state as Q.931 writes it, as "U3 outgoing call proceeding".
func (s callState) name(side Side) string {
	return fmt.Sprintf("%c%d %s", "NU"[side&1], uint8(s), callStateNames[s%nCallState])
}

// callStates is a set of callState.
type callStates uint32

func in(all ...callState) (s callStates) {
	for _, one := range all {
		s |= 1 << one
	}
	return s
}

func (s callStates) has(one callState) bool { return s>>one&1 != 0 }

// phase is how far a call is, whoever set it up and whichever side says so.
type phase uint8

const (
	gone phase = iota
	beginning
	upPhase
	ending
)

func (s callState) phase() phase {
	switch s {
	case qNull:
		return gone
	case qConnectRequest, qActive:
		return upPhase
	case qDisconnectRequest, qDisconnectIndicate, qReleaseRequest, 17, 22: // 17: resume request, 22: call abort
		return ending
	}
	return beginning
}

// input is what happens to a call.
type input uint8

const (
	noInput        input = iota
	gotSetup             // messages
	gotSetupPart         // SETUP whose number is not whole
	gotSetupAck          // …
	gotProceeding        //
	gotAlerting          //
	gotProgress          //
	gotConnect           //
	gotConnectAck        //
	gotDisconnect        //
	gotRelease           //
	gotComplete          //
	gotInformation       //
	gotNotify            //
	gotFacility          //
	gotUserInfo          //
	gotCongestion        //
	gotHold              //
	gotHoldAck           //
	gotHoldReject        //
	gotRetrieve          //
	gotRetrieveAck       //
	gotRetrieveRej       //
	gotEnquiry           //
	gotStatus            //
	gotStatusNull        // the far end knows no such call
	gotStatusOther       // the far end has it in a state that does not fit
	gotBadChannel        // an answer to SETUP that wants a channel that cannot be
	gotTaken             // RELEASE COMPLETE: the channel is taken, any other would do
	wantSetup            // wishes of the owner
	wantProceed          //
	wantAlert            //
	wantProgress         //
	wantConnect          //
	wantClear            //
	wantDigits           //
	wantHold             //
	wantRetrieve         //
	dueT301              // timers
	dueT302              //
	dueT302Part          // T302, and the number is not whole
	dueT303              //
	dueT303Again         // T303 for the second time
	dueT304              //
	dueT305              //
	dueT308              //
	dueT308Again         //
	dueT310              //
	dueT313              //
	dueProceed           // the owner has said nothing
	dueT322              // STATUS ENQUIRY was not answered, for the last time
	linkReset            // the data link was established anew (clause 5.8.8)
	linkFailed           // the data link is lost (clause 5.8.9)
	nInputs
)

var inputNames = [nInputs]string{gotSetup: "SETUP", gotSetupPart: "SETUP, digits missing", gotSetupAck: "SETUP ACKNOWLEDGE",
	gotProceeding: "CALL PROCEEDING", gotAlerting: "ALERTING", gotProgress: "PROGRESS", gotConnect: "CONNECT",
	gotConnectAck: "CONNECT ACKNOWLEDGE", gotDisconnect: "DISCONNECT", gotRelease: "RELEASE", gotComplete: "RELEASE COMPLETE",
	gotInformation: "INFORMATION", gotNotify: "NOTIFY", gotFacility: "FACILITY", gotUserInfo: "USER INFORMATION",
	gotCongestion: "CONGESTION CONTROL", gotHold: "HOLD", gotHoldAck: "HOLD ACKNOWLEDGE", gotHoldReject: "HOLD REJECT",
	gotRetrieve: "RETRIEVE", gotRetrieveAck: "RETRIEVE ACKNOWLEDGE", gotRetrieveRej: "RETRIEVE REJECT",
	gotEnquiry: "STATUS ENQUIRY", gotStatus: "STATUS", gotStatusNull: "STATUS: null", gotStatusOther: "STATUS: another state",
	gotBadChannel: "answer, channel unacceptable", gotTaken: "RELEASE COMPLETE, channel taken",
	wantSetup: "call", wantProceed: "proceed", wantAlert: "alert", wantProgress: "progress", wantConnect: "connect",
	wantClear: "clear", wantDigits: "digits", wantHold: "hold", wantRetrieve: "retrieve",
	dueT301: "T301", dueT302: "T302", dueT302Part: "T302, digits missing", dueT303: "T303", dueT303Again: "T303 again", dueT304: "T304",
	dueT305: "T305", dueT308: "T308", dueT308Again: "T308 again", dueT310: "T310", dueT313: "T313", dueProceed: "owner silent",
	dueT322: "T322 at last", linkReset: "link reset", linkFailed: "link lost"}

func (i input) String() string { return inputNames[i%nInputs] }

// messageInputs are the inputs that messages are, where nothing else decides it.
var messageInputs = map[MessageType]input{SetupAck: gotSetupAck, CallProceeding: gotProceeding, Alerting: gotAlerting,
	Progress: gotProgress, Connect: gotConnect, ConnectAck: gotConnectAck, Disconnect: gotDisconnect, Release: gotRelease,
	ReleaseComplete: gotComplete, Information: gotInformation, Notify: gotNotify, Facility: gotFacility,
	UserInformation: gotUserInfo, CongestionControl: gotCongestion, Hold: gotHold, HoldAck: gotHoldAck, HoldReject: gotHoldReject,
	Retrieve: gotRetrieve, RetrieveAck: gotRetrieveAck, RetrieveReject: gotRetrieveRej, StatusEnquiry: gotEnquiry, Status: gotStatus}
