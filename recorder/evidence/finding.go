package evidence

import (
	"time"

	"vaad/recorder/archive"
)

// Kind is what a finding is: stable codes, for which api/text has words.
type Kind string

// What may be found.
const (
	Changed   Kind = "line-changed"   // a journal line is not what it was
	Removed   Kind = "line-removed"   // a journal line is gone
	Added     Kind = "line-added"     // a journal line stands where none was
	Moved     Kind = "line-moved"     // a journal line stands at another place: Now
	Uncovered Kind = "line-uncovered" // lines at the end that are not in the log, and not just written
	Damaged   Kind = "line-damaged"   // a line that has no leaf cannot be read, or could not be read already when it was logged
	DayGone   Kind = "day-missing"    // a whole journal is gone; Count lines
	Posing    Kind = "line-posing"    // a simulated seal with the ID of a recording in the log

	FileAdded Kind = "file-added" // a file that no journal line names

	LeafChanged   Kind = "leaf-changed"    // a record of the tree is not what was signed
	HashChanged   Kind = "hash-changed"    // a stored hash is not that of its leaves
	TreeShort     Kind = "tree-short"      // the tree has fewer leaves than were signed: From and the To of what is gone
	RootWrong     Kind = "root-wrong"      // the leaves From to To are not those that were signed, and it cannot be told which
	NoteUnread    Kind = "note-unreadable" // a checkpoint cannot be read
	NoteChanged   Kind = "note-changed"    // a checkpoint's signature does not fit its text
	NoteMissing   Kind = "note-missing"    // a checkpoint is missing in the sequence, or only an anchor has it
	KeyUnknown    Kind = "key-unknown"     // a checkpoint is signed with a key that is not trusted
	LogMissing    Kind = "log-missing"     // there is a key or an anchor, and no log
	NotInTree     Kind = "not-in-tree"     // a line of the recording is not proven by a checkpoint
	NothingSigned Kind = "nothing-signed"  // there are leaves and no checkpoint
)

// A Finding is one thing that is wrong. Fields that do not apply are zero.
type Finding struct {
	Kind   Kind        `json:"kind"`
	Day    archive.Day `json:"day,omitempty"`
	Line   int         `json:"line,omitempty"` // its number when it was logged; of an added one where it stands
	Now    int         `json:"now,omitempty"`  // where a moved line stands
	Count  int         `json:"count,omitempty"`
	ID     string      `json:"id,omitempty"`
	What   string      `json:"what,omitempty"` // the line's kind
	File   string      `json:"file,omitempty"`
	Leaf   int64       `json:"leaf,omitempty"` // number in the tree, from 1
	From   int64       `json:"from,omitempty"` // leaves, from 1
	To     int64       `json:"to,omitempty"`
	Number int64       `json:"number,omitempty"` // of a checkpoint
	Time   time.Time   `json:"time,omitzero"`    // of a checkpoint
	Anchor bool        `json:"anchor,omitempty"` // the checkpoint was kept elsewhere
	Detail string      `json:"detail,omitempty"`
}
