package calls

import "time"

// LegState is the stable code of what a leg is doing.
type LegState string

const (
	LegRinging   LegState = "ringing"   // it rings here: a call of a trunk, or a station that we ring
	LegDialling  LegState = "dialling"  // a number is being dialled, by us or at a station
	LegAlerting  LegState = "alerting"  // it rings at the far end of a trunk
	LegTalking   LegState = "talking"   // answered
	LegHeld      LegState = "held"      // answered, and held by us
	LegReleasing LegState = "releasing" // told to end; a station hears why until it is put down
	LegEndedNow  LegState = "ended"     // in the last Change of a leg only
)

// LegStates lists every state, for tables and tests that must leave none out.
func LegStates() []LegState {
	return []LegState{LegRinging, LegDialling, LegAlerting, LegTalking, LegHeld, LegReleasing, LegEndedNow}
}

// Role is what a leg does in its bridge.
type Role string

const (
	Talk    Role = "talk"    // speaks and hears
	Listen  Role = "listen"  // hears only
	Whisper Role = "whisper" // hears all, is heard by one
	Barge   Role = "barge"   // a supervisor who speaks and hears
)

// Roles lists every role.
func Roles() []Role { return []Role{Talk, Listen, Whisper, Barge} }

// A Leg is a snapshot of one call of one line.
type Leg struct {
	ID           string    // ULID of the call, as in the feed and the journal
	Line         int       // permanent number
	Use          string    // "trunk" or "station"
	Extension    string    // a station's number
	Direction    string    // "in", "out", "unknown": as the journal has it
	Ours         bool      // we began it: it was dialled or rung by the switch
	Caller       string    //
	Called       string    //
	Name         string    // of the calling party
	State        LegState  //
	Begun        time.Time // line time
	Since        time.Time // of State, line time
	Answered     time.Time // zero: not answered
	AnsweredBy   string    // how that is known, as in the journal
	FarHeld      bool      // the far end holds us
	Bridge       string    // ID; "": none
	Role         Role      // in Bridge
	To           string    // Whisper: ID of the leg that hears it
	Conversation string    // ID that legs share which were ever bridged; "": it never was
	By           string    // who began it: the actor, "station 8001", "line 5"
	Group        string    // the trunk group it was taken from
	For          string    // ID of the leg that it was called for, until it is answered
	HeldBy       string    // ID of the leg that holds it; "": the switch does, or nobody
}

// A Bridge is a snapshot of legs that hear each other.
type Bridge struct {
	ID    string    // also the name of its mix in channels
	Begun time.Time //
	By    string    // who made it, as in Leg
	Legs  []string  // IDs, in the order in which they came
}

// leg is one call of one line, as the switch has it.
type leg struct {
	Leg
	request string // ID of the wish that began it, or ""
	digital bool   // a channel of a digital span

	bridge  *bridge
	conv    *conversation
	dial    *dial       // that rings or dials this leg, until it is answered or ends
	out     *dial       // under way for this leg
	second  *second     // of a station that flashed
	holder  *leg        // the station whose second holds this leg
	waiting *time.Timer // for the caller ID, before stations ring

	kept     bool     // somebody holds it by operations: it may be up alone
	found    bool     // it was up before its begin was read
	routed   bool     // what its number leads to was begun
	sent     bool     // a trunk: the number is out
	audible  bool     // a digital trunk: there is something to be heard
	alerted  bool     // its far end was told that it rings
	waits    bool     // who calls was told that it rings there
	private  bool     // the caller's number is not to be shown
	hungUp   bool     // its party ended it
	answers  bool     // it was wished to be answered
	told     bool     // the far end was told that it is held
	sounding bool     // it hears a sound of ours in place of its bridge
	left     bool     // it has left all that it was part of
	ended    bool     //
	rejoins  int      // into its bridge, after the mix was lost
	shown    LegState // in the metrics
}

// snapshot is a copy for others.
func (l *leg) snapshot() *Leg {
	c := l.Leg
	return &c
}

// hears says whether sound can reach the leg's party.
func (l *leg) hears() bool { return l.Use == useStation || l.digital || !l.Answered.IsZero() }

// up says that nobody has ended the leg.
func (l *leg) up() bool { return !l.left && !l.ended }

// talks says whether the leg's party is one for whom a bridge is kept.
func (l *leg) talks() bool { return l.Role == Talk || l.Role == Barge }

// party is the number and name of who is at the far end of a leg, as others are told.
func (l *leg) party() (number, name string) {
	switch {
	case l.Use == useStation:
		return l.Extension, ""
	case l.Ours:
		return l.Called, ""
	}
	return l.Caller, l.Name
}

const (
	useTrunk   = "trunk"
	useStation = "station"
	kindBChan  = "bchan"
)
