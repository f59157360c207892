package calls

import "cmp"

// A Note is what is known of a call beside what its line tells. Empty fields say
// nothing; what was noted before stays.
type Note struct {
	Conversation    string // ID that all calls share which were ever bridged
	By              string // who began it: a person, "station 8001"
	Group           string // the trunk group it was taken from
	TransferredTo   string // number to which this call was passed on
	TransferredFrom string // number of who passed it on
}

// over is n with what a later note says.
func (n Note) over(later Note) Note {
	return Note{Conversation: cmp.Or(later.Conversation, n.Conversation), By: cmp.Or(later.By, n.By), Group: cmp.Or(later.Group, n.Group),
		TransferredTo: cmp.Or(later.TransferredTo, n.TransferredTo), TransferredFrom: cmp.Or(later.TransferredFrom, n.TransferredFrom)}
}

// Note keeps what is known of a call. Calls of which no event has been read yet
// are remembered for a while.
func (j *Journal) Note(call string, n Note) {
	j.say(call, func(a *attach) { a.note = a.note.over(n) })
}

// take gives a row what was noted of it.
func (n Note) take(r *Row) {
	all := Note{Conversation: r.Conversation, By: r.By, Group: r.Group, TransferredTo: r.TransferredTo, TransferredFrom: r.TransferredFrom}.over(n)
	r.Conversation, r.By, r.Group, r.TransferredTo, r.TransferredFrom = all.Conversation, all.By, all.Group, all.TransferredTo, all.TransferredFrom
}
