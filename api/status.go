package api

// Status is the daemon at a glance.
type Status struct {
	Product    string         `json:"product" doc:"vaad"`
	Site       string         `json:"site,omitempty" doc:"Name of this installation: the setting site.name"`
	Zone       string         `json:"zone,omitempty" doc:"Time zone that times are shown in (IANA)"`
	Version    string         `json:"version" doc:"Version of the daemon"`
	Boot       string         `json:"boot" doc:"ID of this run"`
	Started    Time           `json:"started" doc:"When this run began"`
	Now        Time           `json:"now" doc:"The daemon's clock"`
	Uptime     Number         `json:"uptime_s" doc:"Seconds since it began"`
	Simulated  bool           `json:"simulated" doc:"No hardware: the lines are simulated"`
	Healthy    bool           `json:"healthy" doc:"Every board loop ticks or is declared gone"`
	Lines      int            `json:"lines" doc:"Lines that the caller may see"`
	States     map[string]int `json:"states" doc:"Lines by state"`
	Boards     []Board        `json:"boards" nullable:"false" doc:"Every board"`
	Recording  int            `json:"recording" doc:"Recordings being made now"`
	Recordings int64          `json:"recordings" doc:"Recordings that the caller may see"`
	AtLeast    bool           `json:"at_least,omitempty" doc:"Counting was cut short: there are at least that many"`
	Disk       *Disk          `json:"disk,omitempty" doc:"Where recordings are kept"`
	Evidence   *Evidence      `json:"evidence,omitempty" doc:"The evidence log; absent where it could not be opened"`
	Alarms     int            `json:"alarms" doc:"Conditions that are up"`
	Severity   string         `json:"severity,omitempty" doc:"The worst of them: warning or critical"`
	Actor      Actor          `json:"actor" doc:"Who is asking"`
}

// Disk says how much room is left for recordings.
type Disk struct {
	FreeBytes  int64 `json:"free_bytes" doc:"Bytes left for recordings"`
	FreeInodes int64 `json:"free_inodes" doc:"Files left for recordings"`
	Seconds    int64 `json:"forecast_s,omitempty" doc:"Seconds of one line in 8-bit G.711 that still fit"`
}

// Evidence says how far recordings are proven.
type Evidence struct {
	Key        string `json:"key" doc:"Public key that verifies checkpoints"`
	Lines      int64  `json:"lines" doc:"Journal lines in the log"`
	Signed     int64  `json:"signed" doc:"Of these, what the newest checkpoint covers"`
	Checkpoint *Time  `json:"checkpoint,omitempty" doc:"When the newest checkpoint was signed; absent before the first"`
}

// An Actor is who acts: a person, a program or the machine's administrator.
type Actor struct {
	Name     string           `json:"name" doc:"Name in audit log and notes"`
	Display  string           `json:"display,omitempty" doc:"Name for people"`
	Kind     string           `json:"kind" doc:"How the actor came in: local, user, link, setup, token or system"`
	Account  bool             `json:"account" doc:"There is an account behind it, with a password"`
	Language string           `json:"language,omitempty" doc:"What the actor reads: en or zh; absent: the site's"`
	Roles    []string         `json:"roles" nullable:"false" doc:"administrator, technician, supervisor, agent, reviewer"`
	Verbs    []string         `json:"verbs" nullable:"false" doc:"What the actor may do, on some lines at least"`
	On       map[string][]int `json:"on,omitempty" doc:"Of these, which hold on some lines only, with the lines; absent: on every line"`
	Must     string           `json:"must,omitempty" doc:"What has to be done before anything else: change-password, enrol-totp"`
	Totp     bool             `json:"totp" doc:"The account has a second factor"`
	Setup    bool             `json:"setup" doc:"There is no administrator yet: vaad is to be set up"`
}

// An Alarm is a condition, or something that happened, that someone should know of.
type Alarm struct {
	ID        uint64            `json:"id" doc:"Number of this alarm, for acknowledging it"`
	Code      string            `json:"code" doc:"Stable name of the condition"`
	Subject   string            `json:"subject" doc:"What it is about: a line, a board, a file, a disk"`
	Line      int               `json:"line,omitempty" doc:"The line, where it is about one"`
	Severity  string            `json:"severity" doc:"warning or critical"`
	State     string            `json:"state" doc:"active, acknowledged or ended"`
	Momentary bool              `json:"momentary" doc:"It happened; it does not last"`
	Text      string            `json:"text" doc:"What is the matter, in the caller's language"`
	Remedy    string            `json:"remedy" doc:"What to do, in the caller's language"`
	Args      map[string]string `json:"args,omitempty" doc:"Values in the text"`
	Count     int               `json:"count" doc:"How often it came up"`
	First     Time              `json:"first" doc:"When it came up first"`
	Last      Time              `json:"last" doc:"When it came up last"`
	Kind      string            `json:"kind,omitempty" doc:"What the subject is: line, board, span, disk, file, job, target, route, reader; absent: it has none"`
	Comment   string            `json:"comment,omitempty" doc:"What was said of it when it was acknowledged"`
	AckedBy   string            `json:"acked_by,omitempty" doc:"Who acknowledged it"`
	Acked     *Time             `json:"acked,omitempty" doc:"When it was acknowledged"`
	Ended     *Time             `json:"ended,omitempty" doc:"When it ended"`
	EndedBy   string            `json:"ended_by,omitempty" doc:"cleared, acknowledged, expired or restart"`
}

// An AuditEntry is one act that somebody did, or was not allowed to do.
type AuditEntry struct {
	Seq    uint64            `json:"seq" doc:"Number, rising"`
	Time   Time              `json:"time" doc:"When"`
	Actor  string            `json:"actor" doc:"Who"`
	Kind   string            `json:"kind,omitempty" doc:"How the actor came in: local, token or system"`
	Verb   string            `json:"verb" doc:"What was done"`
	Object string            `json:"object,omitempty" doc:"To what: a recording, a path of the settings, an alarm"`
	Line   int               `json:"line,omitempty" doc:"The line, where it is about one"`
	Result string            `json:"result" doc:"ok, denied or failed"`
	Detail map[string]string `json:"detail,omitempty" doc:"Particulars of the act"`
}
