package api

// A Leg is one call of one line that vaad carries itself: a trunk or a station.
type Leg struct {
	ID           string `json:"id" doc:"Name of the leg: the ID of its call"`
	Line         int    `json:"line" doc:"Permanent number of the line"`
	LineName     string `json:"line_name,omitempty" doc:"Name of the line"`
	Use          string `json:"use" doc:"trunk or station"`
	Extension    string `json:"extension,omitempty" doc:"Number of a station"`
	Direction    string `json:"direction" doc:"in or out"`
	Ours         bool   `json:"ours" doc:"vaad began it: it was dialled or rung"`
	Caller       string `json:"caller" doc:"Number of the calling party, where known"`
	Called       string `json:"called" doc:"Number of the called party, where known"`
	Name         string `json:"name,omitempty" doc:"Name of the calling party, where known"`
	State        string `json:"state" doc:"ringing, dialling, alerting, talking, held, releasing or ended"`
	Begun        Time   `json:"begun" doc:"When it began"`
	Since        Time   `json:"since" doc:"When it came into this state"`
	Answered     *Time  `json:"answered,omitempty" doc:"When it was answered"`
	AnsweredBy   string `json:"answered_by,omitempty" doc:"How that is known"`
	FarHeld      bool   `json:"far_held,omitempty" doc:"The far end holds us"`
	Bridge       string `json:"bridge,omitempty" doc:"ID of the bridge that it is in"`
	Role         string `json:"role,omitempty" doc:"What it does there: talk, listen, whisper or barge"`
	To           string `json:"to,omitempty" doc:"ID of the leg that hears a whisperer"`
	Conversation string `json:"conversation,omitempty" doc:"ID that legs share which were ever together"`
	By           string `json:"by,omitempty" doc:"Who began it"`
	Group        string `json:"group,omitempty" doc:"Trunk group that its line was taken from"`
	For          string `json:"for,omitempty" doc:"ID of the leg that it was called for, until it is answered"`
	HeldBy       string `json:"held_by,omitempty" doc:"ID of the leg that holds it"`
}

// A Bridge is legs that hear each other.
type Bridge struct {
	ID    string   `json:"id" doc:"Name of the bridge"`
	Begun Time     `json:"begun" doc:"When it began"`
	By    string   `json:"by,omitempty" doc:"Who made it"`
	Legs  []string `json:"legs" nullable:"false" doc:"IDs of its legs, in the order in which they came"`
	Lines []int    `json:"lines" nullable:"false" doc:"Their lines, in the same order"`
}

// NewCall is the body of a request to call somebody.
type NewCall struct {
	Number  string `json:"number,omitempty" maxLength:"64" pattern:"^\\+?[0-9*#A-Da-d,]*$" patternDescription:"0-9 * # A-D, + in front, commas for pauses" doc:"Whom to call. Without line and group the dial plan says where it leads, as for a station that dials it"`
	Line    int    `json:"line,omitempty" minimum:"0" maximum:"100000" doc:"A trunk to dial on, or a station to ring"`
	Group   string `json:"group,omitempty" maxLength:"32" doc:"A trunk group: the next free trunk of it dials"`
	Caller  string `json:"caller,omitempty" maxLength:"40" pattern:"^\\+?[0-9*#]*$" patternDescription:"0-9 * #, + in front" doc:"The caller's number, as the far end is to see it, where the line can show one"`
	Name    string `json:"name,omitempty" maxLength:"64" pattern:"^[^\\x00-\\x1f\\x7f]*$" patternDescription:"text without control characters" doc:"The caller's name, likewise"`
	Private bool   `json:"private,omitempty" doc:"The caller's number is not to be shown"`
	Timeout Number `json:"timeout_s,omitempty" minimum:"0" maximum:"600" doc:"Given up when nobody has answered for so long; 0: a telephone rings for dialplan.ring_ms, elsewhere the network decides"`
	For     string `json:"for,omitempty" maxLength:"26" doc:"A leg that hears how it goes, is connected when it is answered, and ends with it: its ID, or its line's number"`
}

// BridgeLegs is the body of a request to put legs together. A leg is named by its
// ID, or by the number of its line.
type BridgeLegs struct {
	Legs []string `json:"legs" minItems:"1" maxItems:"64" nullable:"false" doc:"Legs: IDs, or numbers of lines"`
}

// TransferLeg is the body of a request to pass a leg on. One of the two is given.
type TransferLeg struct {
	Number string `json:"number,omitempty" maxLength:"64" pattern:"^\\+?[0-9*#A-Da-d,]*$" patternDescription:"0-9 * # A-D, + in front, commas for pauses" doc:"To a number of the dial plan"`
	To     string `json:"to,omitempty" maxLength:"26" doc:"To another leg: its ID, or its line's number"`
}

// LegRole is the body of a request to change what a leg does in its bridge.
type LegRole struct {
	Role string `json:"role" enum:"talk,listen,whisper,barge" doc:"What it does from now on"`
	To   string `json:"to,omitempty" maxLength:"26" doc:"The leg that hears a whisperer: its ID, or its line's number"`
}

// SuperviseLeg is the body of a request to let somebody into a call. One of leg
// and line is given.
type SuperviseLeg struct {
	Role string `json:"role" enum:"listen,whisper,barge" doc:"listen: hears both. whisper: is heard by this leg too. barge: is heard by both"`
	Leg  string `json:"leg,omitempty" maxLength:"26" doc:"Who is let in: a leg that is up, its ID or its line's number"`
	Line int    `json:"line,omitempty" minimum:"0" maximum:"100000" doc:"… or a station, which rings first"`
}

// PlayTo is the body of a request to let a leg, or all of a bridge, hear something.
type PlayTo struct {
	Prompts []string `json:"prompts" minItems:"1" maxItems:"64" nullable:"false" doc:"One after the other: names of prompts, and as KIND:VALUE what is said (number:110, digits:0755, money:12.50), tone:NAME, silence:MS and keys:DIGITS"`
	Lang    string   `json:"lang,omitempty" enum:"en,zh" doc:"Language of prompts and of what is said; absent: the site's"`
	Loop    bool     `json:"loop,omitempty" doc:"Again from the beginning until it is stopped"`
	Over    bool     `json:"over,omitempty" doc:"Mixed with what the leg hears of others, not in its place"`
	Queue   bool     `json:"queue,omitempty" doc:"After what plays there"`
	StopOn  string   `json:"stop_on,omitempty" maxLength:"16" doc:"Keys of the far party that stop it"`
	GainDB  Number   `json:"gain_db,omitempty" minimum:"-40" maximum:"12" doc:"Louder or softer by so much"`
}

// SendKeys is the body of a request to send keys in a call.
type SendKeys struct {
	Keys string `json:"keys" minLength:"1" maxLength:"64" pattern:"^[0-9*#A-Da-d,]+$" patternDescription:"keys 0-9 * # A-D, and commas for pauses" doc:"Keys 0-9 * # A-D; a comma is a pause of 1 s"`
}

// Requested answers a request whose outcome comes later.
type Requested struct {
	Request string `json:"request" doc:"ID of the request: the live feed has it in the fact that tells the outcome (played, keys-sent)"`
}
