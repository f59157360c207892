package api

// A Call is one row of the call journal: every call has one, missed and
// unrecorded ones included.
type Call struct {
	ID         string   `json:"id" doc:"Name of the call (ULID)"`
	Line       int      `json:"line" doc:"Permanent number of the line"`
	LineName   string   `json:"line_name,omitempty" doc:"Name of the line"`
	Board      string   `json:"board,omitempty" doc:"The board that carried it"`
	Start      Time     `json:"start" doc:"When it began: first ring or off-hook"`
	Answered   *Time    `json:"answered,omitempty" doc:"When it was answered"`
	AnsweredBy string   `json:"answered_by" doc:"How the answer is known; empty when it was not answered"`
	End        *Time    `json:"end" doc:"When it ended; null while it is up"`
	EndedBy    string   `json:"ended_by" doc:"How the end is known"`
	Duration   Number   `json:"duration_s" doc:"Seconds from start to end, or until now"`
	Direction  string   `json:"direction" doc:"in or out"`
	Caller     string   `json:"caller" doc:"Number of the calling party, where known"`
	Called     string   `json:"called" doc:"Number of the called party, where known"`
	Keys       string   `json:"keys" doc:"Keys pressed during the call"`
	Missed     bool     `json:"missed" doc:"It ended without an answer"`
	Recordings []string `json:"recordings" nullable:"false" doc:"Its recordings, in order"`
	Rule       string   `json:"rule,omitempty" doc:"The rule that decided whether it is recorded, with its outcome and what it is for, as private:deny:caller=@vip"`
	Why        string   `json:"why" doc:"Codes of why it is recorded, or is not, separated by commas"`

	Name        string        `json:"name,omitempty" doc:"Name of the calling party, where known"`
	Outcome     string        `json:"outcome,omitempty" doc:"What became of it: answered, missed, busy, congestion, vacant, no-answer, given-up, not-dialled or unknown; absent while it is up"`
	DirectionBy string        `json:"direction_by,omitempty" doc:"How the direction is known: ring, no-ring, dialled, wish, glare, setup or found"`
	CallerBy    string        `json:"caller_by,omitempty" doc:"How the caller is known: bell202, v23, dtmf, board, q931 or own"`
	Withheld    string        `json:"withheld,omitempty" doc:"Why the exchange sent no number: private or out-of-area"`
	CallerLost  string        `json:"caller_lost,omitempty" doc:"Why the caller is not known although it should be: damaged, unframed or missing"`
	Dialled     string        `json:"dialled,omitempty" doc:"What was dialled, with the prefix of the outside line"`
	CalledBy    string        `json:"called_by,omitempty" doc:"How the called number is known: keys, pulses (uncertain), q931 or own"`
	Sure        int           `json:"sure,omitempty" doc:"Confidence of the dialled number in percent"`
	Rings       int           `json:"rings,omitempty" doc:"How often it rang"`
	Cause       int           `json:"cause,omitempty" doc:"Why it ended, as a digital line said it (ITU-T Q.850): 16 is normal clearing, 17 busy"`
	Redirected  string        `json:"redirected,omitempty" doc:"Whom the call was for before it was redirected, as a digital line said it"`
	Connected   string        `json:"connected,omitempty" doc:"Who answered, where a digital line said it"`
	Data        bool          `json:"data,omitempty" doc:"It carries data or fax and no speech, as a digital line said it"`
	Waiting     []WaitingCall `json:"waiting,omitempty" nullable:"false" doc:"Calls that waited during this one"`

	By              string `json:"by,omitempty" doc:"Who began it, where vaad carried it: a person, or a station"`
	Group           string `json:"group,omitempty" doc:"Trunk group that its line was taken from"`
	Conversation    string `json:"conversation,omitempty" doc:"ID that calls share which were ever connected with each other by vaad"`
	TransferredTo   string `json:"transferred_to,omitempty" doc:"Number to which it was passed on"`
	TransferredFrom string `json:"transferred_from,omitempty" doc:"Number of who passed it on"`

	Continues   string `json:"continues,omitempty" doc:"The same call before the daemon was started again"`
	ContinuedBy string `json:"continued_by,omitempty" doc:"The same call after the daemon was started again"`
}

// A WaitingCall came while another call was up.
type WaitingCall struct {
	Time   Time   `json:"time" doc:"When it was noticed"`
	Caller string `json:"caller,omitempty" doc:"Its number, where the exchange told it"`
	Name   string `json:"name,omitempty" doc:"Its name, where the exchange told it"`
}

// A Reason says how one thing about a call is known. The words for About and
// Code are in the catalogue under because.ABOUT.CODE.
type Reason struct {
	About string `json:"about" doc:"direction, caller, called, redirected, connected, bearer, answer, end, cause, outcome, waiting, begun, transferred, recording or rule"`
	Value string `json:"value,omitempty" doc:"What is known"`
	Code  string `json:"code" doc:"How it is known, or why it is not"`
	Sure  int    `json:"sure,omitempty" doc:"Confidence in percent, where it is below 100"`
	Text  string `json:"text" doc:"The same in words, in the asker's language"`
}

// Why is everything that is known about how a call is known.
type Why struct {
	Call    Call     `json:"call" doc:"The call"`
	Reasons []Reason `json:"reasons" nullable:"false" doc:"In the order in which a call goes"`
}
