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
	Why        string   `json:"why" doc:"Codes of why it is recorded, or is not, separated by commas"`

	Continues   string `json:"continues,omitempty" doc:"The same call before the daemon was started again"`
	ContinuedBy string `json:"continued_by,omitempty" doc:"The same call after the daemon was started again"`
}
