package calls

// A Note is what is known of a call beside what its line tells. Empty fields say
// nothing; what was noted before stays.
type Note struct {
	Conversation    string // ID that all calls share which were ever bridged
	By              string // who began it: a person, "station 8001", "line 5"
	Group           string // trunk group
	TransferredTo   string // number to which this call was passed on
	TransferredFrom string // number of who passed it on
}

// Note keeps what is known of a call. Calls of which no event has been read yet
// are remembered for a while.
func (j *Journal) Note(call string, n Note) {}
