package api

// An Approval is a request of something that cannot be undone, and what was said to it.
type Approval struct {
	ID       string   `json:"id" doc:"ID of the request"`
	Kind     string   `json:"kind" doc:"erase: recordings; forget: everything with a number"`
	Number   string   `json:"number,omitempty" doc:"forget: the number; gone once it is done"`
	IDs      []string `json:"ids,omitempty" nullable:"false" doc:"erase: the recordings, at most the first 1000"`
	Count    int      `json:"count" doc:"Recordings that it is about"`
	By       string   `json:"by" doc:"Who asked"`
	At       Time     `json:"at" doc:"When"`
	Reason   string   `json:"reason,omitempty" doc:"Why"`
	State    string   `json:"state" doc:"asked, approved, refused, withdrawn, expired or done"`
	Approver string   `json:"approver,omitempty" doc:"Who approved or refused"`
	Decided  *Time    `json:"decided,omitempty" doc:"When"`
	Answer   string   `json:"answer,omitempty" doc:"Of who refused, or what went wrong"`
	Until    Time     `json:"until" doc:"When it expires if nobody decides"`
	Proof    bool     `json:"proof,omitempty" doc:"There is a proof of it"`
	Erased   int      `json:"erased,omitempty" doc:"Recordings that were erased"`
	Kept     int      `json:"kept,omitempty" doc:"Recordings that could not be: held, protected or still being made"`
}

// Decision is the body of a request to approve, refuse or withdraw.
type Decision struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why"`
}

// NewErasure asks that a person's data be erased.
type NewErasure struct {
	Number string `json:"number" minLength:"3" maxLength:"40" doc:"The person's number; exactly this, whatever makes it easier to read left out"`
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why: the request of the person, its date"`
	DryRun bool   `json:"dry_run,omitempty" doc:"Only say what there is"`
}

// Erasure is what there is of a person, and the request to erase it.
type Erasure struct {
	Number     string    `json:"number" doc:"The number"`
	Recordings Totals    `json:"recordings" doc:"Recordings with it, those in the trash included"`
	Held       int       `json:"held" doc:"Of these, on legal hold: they stay"`
	Protected  int       `json:"protected" doc:"Of these, protected: they stay"`
	Open       int       `json:"open" doc:"Of these, still being made: they stay"`
	Calls      int       `json:"calls" doc:"Rows of the call journal with it; without a recording too"`
	AtLeast    bool      `json:"at_least,omitempty" doc:"There are more"`
	Approval   *Approval `json:"approval,omitempty" doc:"The request; nothing is erased before it is approved"`
}
