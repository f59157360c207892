package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	storyVersion = 1
	maxText      = 64 << 10 // of an entry or act
	maxActs      = 4 << 20  // bytes of all acts in one story, as they must fit into one journal line
)

// storyLine is how an Entry stands in the file. Only the first line has v, id and start.
type storyLine struct {
	V  int    `json:"v,omitempty"`
	ID string `json:"id,omitempty"`
	Entry
	Start *Start `json:"start,omitempty"`
}

func appendStart(b []byte, id string, s *Start) []byte {
	return appendJSON(b, storyLine{V: storyVersion, ID: id, Entry: Entry{Time: s.Begin, Kind: EntryStart}, Start: s})
}

func appendEntry(b []byte, e Entry) []byte { return appendJSON(b, storyLine{Entry: e}) }

// appendJSON appends v and a newline. Only our own plain structures come here;
// a time outside the years 0 to 9999 is the one thing that cannot be encoded,
// and checkTime keeps it out.
func appendJSON(b []byte, v any) []byte {
	w := bytes.NewBuffer(b)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return b
	}
	return w.Bytes()
}

func checkTime(what string, t time.Time) error {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return fmt.Errorf("%s %v: the year must be within 1 to 9999", what, t)
	}
	return nil
}

// utc strips zone and monotonic part: on disk all times are UTC.
func (e Entry) utc() Entry {
	if !e.Time.IsZero() {
		e.Time = e.Time.UTC().Round(0)
	}
	return e
}

func (e Entry) check() error {
	if e.Kind == "" || len(e.Kind) > 32 || isClosing(e.Kind) || e.Kind == EntryStart {
		return fmt.Errorf("story line of kind %q: kinds are codes of 1 to 32 letters, and %q, %q, %q, %q, %q are the archive's own",
			e.Kind, EntryStart, EntrySideLost, EntryDamaged, EntryRecovered, EntryEnd)
	}
	if len(e.Text) > maxText || len(e.Code)+len(e.Actor)+len(e.Side) > 1024 {
		return fmt.Errorf("story line of kind %q: text is limited to %d bytes, code, actor and side to 1024", e.Kind, maxText)
	}
	return checkTime("story line", e.Time)
}

// isClosing tells the lines that sealing writes behind all others.
func isClosing(kind string) bool {
	switch kind {
	case EntrySideLost, EntryDamaged, EntryRecovered, EntryEnd:
		return true
	}
	return false
}

func isAct(kind string) bool {
	switch kind {
	case ActNote, ActMark, ActProtect, ActUnprotect, ActHold, ActRelease, ActClass, ActTrash, ActUndelete, ActErase:
		return true
	}
	return false
}

// summary folds a story into the fields of its Seal. The same code serves the
// running writer and recovery, so both tell the same.
type summary struct {
	seal     Seal
	actBytes int
}

func (m *summary) add(e Entry) {
	s := &m.seal
	switch e.Kind {
	case EntryCaller:
		s.Caller = e.Text
	case EntryCalled:
		s.Called = e.Text
	case EntryDirection:
		s.Direction = e.Text
	case EntryCall:
		s.Call = e.Text
	case EntryConversation:
		s.Conversation = e.Text
	case EntryCallerName:
		s.CallerName = e.Text
	case EntryCallEnd:
		s.Outcome = e.Code
	case EntryAnswered:
		s.AnsweredBy = e.Text
	case EntryClass:
		s.Class = e.Text
	case EntryMasked:
		s.Masked += e.Value
	case EntryGap:
		s.Gaps++
		s.LostSamples += e.Value
	case EntryDamaged:
		s.Damaged += e.Value
	case EntryRecovered:
		s.Recovered = true
	case EntryEnd:
		s.End, s.EndedBy, s.Reason = e.Time, e.Code, e.Text
	default:
		if isAct(e.Kind) {
			s.Acts = append(s.Acts, Act{Kind: e.Kind, Time: e.Time, Actor: e.Actor, At: e.At, Value: e.Text})
			m.actBytes += len(e.Text) + len(e.Actor) + 128
		}
	}
}

// parsedStory is a story file as recovery and readers see it.
type parsedStory struct {
	version  int
	id       string
	start    *Start
	entries  []Entry // all but the start
	damaged  int     // lines that cannot be read and are followed by good ones
	end      int64   // offset behind the last good line; what follows is torn
	closing  int64   // offset of the closing block, = end without one
	nClosing int     // how many of entries are the closing block
}

var errStory = errors.New("not a story line")

// parseStory reads as much as can be read. It fails only on a newer version.
func parseStory(b []byte) (*parsedStory, error) {
	p := &parsedStory{}
	bad := 0
	for at := 0; at < len(b); {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			break // torn
		}
		var l storyLine
		err := json.Unmarshal(b[at:at+n], &l)
		if err == nil && l.Kind == "" {
			err = errStory
		}
		from := int64(at)
		at += n + 1
		if err != nil {
			bad++
			continue
		}
		p.damaged, bad = p.damaged+bad, 0
		p.end = int64(at)
		switch {
		case l.Kind == EntryStart && l.Start != nil:
			if l.V > storyVersion {
				return nil, fmt.Errorf("story version %d: %w", l.V, errNewer)
			}
			p.version, p.id, p.start = l.V, l.ID, l.Start
		case isClosing(l.Kind):
			if p.nClosing == 0 {
				p.closing = from
			}
			p.nClosing++
			p.entries = append(p.entries, l.Entry)
		default:
			p.nClosing = 0
			p.entries = append(p.entries, l.Entry)
		}
	}
	if p.nClosing == 0 {
		p.closing = p.end
	}
	return p, nil
}

// ended returns the end line, if the story has one and it is the last.
func (p *parsedStory) ended() (Entry, bool) {
	if n := len(p.entries); p.nClosing > 0 && p.entries[n-1].Kind == EntryEnd {
		return p.entries[n-1], true
	}
	return Entry{}, false
}
