package access

// A Role is what somebody is to the recorder.
type Role string

const (
	Administrator Role = "administrator" // everything
	Technician    Role = "technician"    // keeps lines and boards working; hears a line, not recordings
	Supervisor    Role = "supervisor"    // works with the recordings of their lines
	Agent         Role = "agent"         // sees their own lines
	Reviewer      Role = "reviewer"      // searches, plays and exports; changes nothing
)

// A Verb is one thing that can be done.
type Verb string

const (
	ViewLines     Verb = "view-lines"     // states, levels, boards
	Listen        Verb = "listen"         // hear a line live
	SearchRecords Verb = "search"         // lists of recordings
	Play          Verb = "play"           // hear a recording
	Export        Verb = "export"         // take a recording away
	Share         Verb = "share"          // let others hear a recording by a link
	Note          Verb = "note"           // write a note or a mark
	StartStop     Verb = "start-stop"     // begin and end a recording by hand
	Pause         Verb = "pause"          // leave something out of what is being recorded
	Protect       Verb = "protect"        // keep from retention, change the retention class
	Hold          Verb = "hold"           // begin and end a legal hold
	Delete        Verb = "delete"         // into the trash and out of it
	Erase         Verb = "erase"          // ask for, and approve, what cannot be undone
	Keep          Verb = "keep"           // run backups, retention, drills; restore; see what they say
	Calls         Verb = "calls"          // lists of calls
	Call          Verb = "call"           // make, take and move calls on a line
	Supervise     Verb = "supervise"      // come into the calls of others: listen in, whisper, barge
	SaveFlight    Verb = "save-flight"    // save the last minute of a line
	SettingsRead  Verb = "settings-read"  //
	SettingsWrite Verb = "settings-write" //
	AlarmRead     Verb = "alarm-read"     //
	AlarmAck      Verb = "alarm-ack"      //
	AuditRead     Verb = "audit-read"     //
	Status        Verb = "status"         // health of the machine, disk, version
	Maintain      Verb = "maintain"       // rebuild the index, make copies
	Users         Verb = "users"          // accounts: who may come in, and what they may do
)

// What the audit log says beside verbs: nobody needs a right for it.
const (
	LogIn   Verb = "log-in"  // and tries at it
	Account Verb = "account" // what people do with their own account: log-out, password, second factor, sessions, tokens
)

// Verbs lists every verb.
func Verbs() []Verb {
	return []Verb{ViewLines, Listen, SearchRecords, Play, Export, Share, Note, StartStop, Pause, Protect, Hold, Delete, Erase, Keep,
		Calls, Call, Supervise, SaveFlight, SettingsRead, SettingsWrite, AlarmRead, AlarmAck, AuditRead, Status, Maintain, Users}
}

// Roles lists every role.
func Roles() []Role { return []Role{Administrator, Technician, Supervisor, Agent, Reviewer} }

// A Row of the table says what a role may do.
type Row struct {
	Role  Role   `json:"role"`
	Verbs []Verb `json:"verbs"`
}

// Table is all that roles may do.
func Table() []Row {
	return []Row{
		{Administrator, Verbs()},
		{Technician, []Verb{ViewLines, Listen, StartStop, Call, SaveFlight, SettingsRead, SettingsWrite, AlarmRead, AlarmAck, Status, Maintain, Keep}},
		{Supervisor, []Verb{ViewLines, Listen, SearchRecords, Play, Export, Share, Note, StartStop, Pause, Protect, Delete, Calls, Call, Supervise, AlarmRead, Status}},
		{Agent, []Verb{ViewLines, SearchRecords, Play, Note, StartStop, Pause, Calls, Call}},
		{Reviewer, []Verb{ViewLines, SearchRecords, Play, Export, Calls, AuditRead, Status}},
	}
}

// verbsOf is what a role may do; of a role that there is not, nothing.
func verbsOf(role Role) []Verb {
	for _, row := range Table() {
		if row.Role == role {
			return row.Verbs
		}
	}
	return nil
}
