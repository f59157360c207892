package api

// RecordingCheck says whether a recording is what it was when it was sealed, and what
// was looked at to know that.
type RecordingCheck struct {
	ID       string     `json:"id" doc:"The recording"`
	State    string     `json:"state" enum:"good,unsigned,simulated,unlogged,erased,open,bad" doc:"good: all is as it was sealed and signed; unsigned: as sealed, no checkpoint covers it yet; simulated, unlogged: as sealed, and there is no evidence of it; erased: lawfully; open: it is being made; bad: something is not as it was"`
	Text     string     `json:"text" doc:"The same in words, in the caller's language"`
	Time     Time       `json:"time" doc:"When it was looked at"`
	Checks   []Verified `json:"checks" nullable:"false" doc:"What was looked at, in this order"`
	Signed   *Time      `json:"signed,omitempty" doc:"When the newest checkpoint was signed that proves it"`
	Key      string     `json:"key,omitempty" doc:"Public key that the checkpoint is signed with"`
	Took     Number     `json:"took_s" doc:"Seconds that it took"`
	Findings int        `json:"findings" doc:"Things that are not as they were"`
}

// Verified is one thing that was looked at.
type Verified struct {
	About  string `json:"about" enum:"file,journal,tree,checkpoint,erasure" doc:"What: a file, the recording's journal lines, the hash tree, the signature of its head, the erasure"`
	State  string `json:"state" enum:"good,bad,none" doc:"none: there is nothing to look at, the text says why"`
	Text   string `json:"text" doc:"What was found, in the caller's language"`
	File   string `json:"file,omitempty" doc:"Name of the file"`
	SHA256 string `json:"sha256,omitempty" doc:"Its hash, as it was sealed"`
	Detail string `json:"detail,omitempty" doc:"Particulars (English)"`
}
