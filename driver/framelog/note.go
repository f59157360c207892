package framelog

import "encoding/json"

// A Note is what the program that made a log knew of a line beside its frames:
// how it was set up, or one fact as it was told then. Notes stand behind the
// frames; a player has no use for them, a replay compares itself with them.
type Note struct {
	Kind string `json:"kind"` // NoteLine, or the code of the fact
	Line int    `json:"line"` // index in Info.Lines

	// Of a NoteLine.
	Number  int             `json:"number,omitempty"` // the line's permanent number
	Use     string          `json:"use,omitempty"`
	Country string          `json:"country,omitempty"` // ISO 3166, of its tones
	Own     string          `json:"own,omitempty"`     // its own number
	Prefix  string          `json:"prefix,omitempty"`  // for an outside line
	Learnt  json.RawMessage `json:"learnt,omitempty"`  // what its table had learnt, as that writes it

	// Of a fact.
	Pos        int64  `json:"pos,omitempty"`   // sample at which it happened, as Frame.Pos counts
	Known      int64  `json:"known,omitempty"` // at which it was known
	Side       string `json:"side,omitempty"`
	To         string `json:"to,omitempty"` // state
	Value      int64  `json:"value,omitempty"`
	Text       string `json:"text,omitempty"`
	By         string `json:"by,omitempty"`
	Direction  string `json:"direction,omitempty"`
	AnsweredBy string `json:"answered_by,omitempty"`
	EndedBy    string `json:"ended_by,omitempty"`
	Caller     string `json:"caller,omitempty"`
	Called     string `json:"called,omitempty"`
	Name       string `json:"name,omitempty"`
	Missed     bool   `json:"missed,omitempty"`
}

// NoteLine is the kind of a note about how a line was set up.
const NoteLine = "line"

// Note appends a note. Readers that know none pass over it.
func (w *Writer) Note(n Note) error {
	if w.err != nil {
		return w.err
	}
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	b := grow(w.buf[:0], recordLen)
	return w.record(append(append(b, kindNote), text...))
}

// OnNote has f called, during Next, with each note that is passed. Notes that
// cannot be read are left out.
func (rd *Reader) OnNote(f func(Note)) { rd.note = f }

func (rd *Reader) tell(b []byte) {
	var n Note
	if rd.note != nil && json.Unmarshal(b, &n) == nil && n.Line >= 0 && n.Line < len(rd.h.Info.Lines) {
		rd.note(n)
	}
}
