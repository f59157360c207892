package pri

// State is how far a call has come, as both sides show it (Q.931 clause 2.1;
// the names are those of the network's and user's states taken together).
type State uint8

const (
	Null       State = iota
	Offered          // SETUP
	Overlap          // SETUP ACKNOWLEDGE: digits follow
	Proceeding       // CALL PROCEEDING
	Ringing          // ALERTING
	Active           // CONNECT
	Clearing         // DISCONNECT: tones or a notice may still be heard
	Releasing        // RELEASE: the timeslot is free
	nState
)

var stateNames = [nState]string{"null", "offered", "overlap", "proceeding", "ringing", "active", "clearing", "releasing"}

func (s State) String() string { return stateNames[s%nState] }

// states is a set of State.
type states uint16

func set(all ...State) (s states) {
	for _, one := range all {
		s |= 1 << one
	}
	return s
}

func (s states) has(one State) bool { return s>>one&1 != 0 }

// A row says what a message does to a call. What has no row changes nothing and
// is counted.
type row struct {
	on   MessageType
	from states
	to   State // where stay is not set
	stay bool
	do   []action
}

// An action takes from a message what it tells. say appends events.
type action func(t *Tap, c *call, m *told)

// beforeAnswer are the states in which the call is being set up.
func beforeAnswer() states { return set(Offered, Overlap, Proceeding, Ringing) }

// up are the states in which a call has not ended.
func up() states { return beforeAnswer() | set(Active) }

// rows is the whole behaviour. The message that a row is about is the first
// that a call's state has; the order of rows does not matter.
func rows() []row {
	return []row{
		{on: Setup, from: set(Null), to: Offered, do: []action{(*Tap).takeSetup}},
		{on: Setup, from: up(), stay: true}, // sent again: T303
		{on: SetupAck, from: set(Offered), to: Overlap, do: []action{(*Tap).takeChannel}},
		{on: Information, from: beforeAnswer(), stay: true, do: []action{(*Tap).takeDigits}},
		{on: Information, from: set(Active), stay: true, do: []action{(*Tap).takeKeys}},
		{on: CallProceeding, from: set(Proceeding, Ringing), stay: true, do: []action{(*Tap).takeChannel}},
		{on: CallProceeding, from: set(Offered, Overlap), to: Proceeding, do: []action{(*Tap).takeChannel, (*Tap).complete}},
		{on: Progress, from: up(), stay: true, do: []action{(*Tap).takeChannel}},
		{on: Progress, from: set(Clearing), stay: true},                                  // an announcement
		{on: Alerting, from: set(Ringing), stay: true, do: []action{(*Tap).takeChannel}}, // again, with a notice
		{on: Alerting, from: set(Offered, Overlap, Proceeding), to: Ringing, do: []action{(*Tap).takeChannel, (*Tap).complete, (*Tap).ring}},
		{on: Connect, from: beforeAnswer(), to: Active, do: []action{(*Tap).takeChannel, (*Tap).complete, (*Tap).answer}},
		{on: ConnectAck, from: set(Active), stay: true, do: []action{(*Tap).takeChannel}},
		{on: Notify, from: up() | set(Clearing), stay: true},
		{on: Information, from: set(Clearing, Releasing), stay: true}, // charges, a display
		{on: CongestionControl, from: up() | set(Clearing, Releasing), stay: true},
		{on: Facility, from: up(), stay: true, do: []action{(*Tap).takeName}},
		{on: Facility, from: set(Clearing, Releasing), stay: true},
		{on: Status, from: up() | set(Clearing, Releasing), stay: true, do: []action{(*Tap).takeStatus}},
		{on: StatusEnquiry, from: up() | set(Clearing, Releasing), stay: true},
		{on: UserInformation, from: up() | set(Clearing), stay: true},
		{on: Hold, from: up(), stay: true},
		{on: HoldReject, from: up(), stay: true},
		{on: HoldAck, from: up(), stay: true, do: []action{(*Tap).hold}},
		{on: Retrieve, from: up(), stay: true},
		{on: RetrieveReject, from: up(), stay: true},
		{on: RetrieveAck, from: up(), stay: true, do: []action{(*Tap).retrieve}},
		{on: Suspend, from: up(), stay: true},
		{on: SuspendReject, from: up(), stay: true},
		{on: SuspendAck, from: up(), to: Null, do: []action{(*Tap).suspend}},
		{on: Disconnect, from: up(), to: Clearing, do: []action{(*Tap).end}},
		{on: Disconnect, from: set(Clearing), stay: true}, // both at once
		{on: Release, from: up() | set(Clearing), to: Releasing, do: []action{(*Tap).end, (*Tap).free}},
		{on: Release, from: set(Releasing), stay: true}, // both at once, or again: T308
		{on: ReleaseComplete, from: up() | set(Clearing, Releasing), to: Null, do: []action{(*Tap).end, (*Tap).free}},
	}
}
