package index

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vaad/recorder/archive"
)

// A field is a property of a recording that is searched by its value. In a
// segment each is a dict and a code per row; caller and called share a dict, as
// do call and conversation.
type field int

const (
	fieldLine field = iota
	fieldName
	fieldBoard
	fieldSides // names, with commas between them
	fieldDirection
	fieldTrigger
	fieldCodec
	fieldOutcome
	fieldAnswered
	fieldEnded
	fieldFlags  // 2 bytes
	fieldActors // names, each in line feeds
	fieldParty  // name of the caller
	fieldCaller
	fieldCalled
	fieldCall // packed IDs
	fieldConversation
	fieldClass
	fieldHolds   // cases, each in line feeds
	fieldTrashed // day when it went into the trash
	fields       // how many
)

// Flags of a row.
const (
	flagOpen = 1 << iota
	flagTrash
	flagErased
	flagRecovered
	flagProtected
	flagHeld
	flagSimulated
	flagGap
	flagNote
	flagMark
	flagMasked
	flagForgotten
)

// A key is where a row stands among others: by start, then by ID.
type key struct {
	start int64 // ns since 1970
	id    string
}

func (k key) compare(o key) int {
	if k.start != o.start {
		return cmp.Compare(k.start, o.start)
	}
	return strings.Compare(k.id, o.id)
}

// nanos is a time as rows are sorted by it; what lies beyond 1678 or 2262 is
// taken for these.
func nanos(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < math.MinInt64/1_000_000_000+1:
		return math.MinInt64
	case s > math.MaxInt64/1_000_000_000-1:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// A probe is what a search looks at: the fields of a row that can be asked for.
type probe struct {
	key     key
	samples uint64
	bytes   uint64
	vals    [fields][]byte
	text    []byte // of notes and marks, folded, one per line
}

func (r *Row) key() key { return key{nanos(r.Start), r.ID} }

func (r *Row) probe() *probe {
	p := &probe{key: r.key(), samples: uint64(max(r.Samples, 0)), bytes: uint64(max(r.Bytes, 0)), text: []byte(r.words())}
	for f, s := range [fields]string{
		fieldLine: strconv.Itoa(r.Line), fieldName: r.LineName, fieldBoard: r.Board, fieldSides: strings.Join(r.Sides, ","),
		fieldDirection: r.Direction, fieldTrigger: r.Trigger, fieldCodec: r.Codec, fieldOutcome: r.Outcome, fieldAnswered: r.AnsweredBy, fieldEnded: r.EndedBy,
		fieldFlags: r.flags(), fieldActors: joined(r.Actors), fieldParty: r.CallerName, fieldCaller: r.Caller, fieldCalled: r.Called,
		fieldCall: packID(r.Call), fieldConversation: packID(r.Conversation),
		fieldClass: r.Class, fieldHolds: joined(r.Holds), fieldTrashed: r.trashDay(),
	} {
		if s != "" {
			p.vals[f] = []byte(s)
		}
	}
	return p
}

func (r *Row) trashDay() string {
	if r.Trashed.IsZero() {
		return ""
	}
	return string(archive.DayOf(r.Trashed))
}

func joined(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "\n" + strings.Join(names, "\n") + "\n"
}

func (r *Row) flags() string {
	var f uint16
	set := func(on bool, bit uint16) {
		if on {
			f |= bit
		}
	}
	set(r.State == StateOpen, flagOpen)
	set(r.State == StateTrash, flagTrash)
	set(r.State == StateErased, flagErased)
	set(r.Recovered, flagRecovered)
	set(r.Protected, flagProtected)
	set(r.Held, flagHeld)
	set(r.Simulated, flagSimulated)
	set(r.Gaps > 0 || r.LostSamples > 0, flagGap)
	set(len(r.Notes) > 0, flagNote)
	set(len(r.Marks) > 0, flagMark)
	set(r.Masked > 0, flagMasked)
	set(r.Forgotten, flagForgotten)
	return string(binary.BigEndian.AppendUint16(nil, f))
}

func flagsOf(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return binary.BigEndian.Uint16(b)
}

// setFlags is the reverse of flags.
func (r *Row) setFlags(f uint16) {
	r.Recovered, r.Protected, r.Held, r.Simulated = f&flagRecovered != 0, f&flagProtected != 0, f&flagHeld != 0, f&flagSimulated != 0
	r.Forgotten = f&flagForgotten != 0
	switch {
	case f&flagErased != 0:
		r.State = StateErased
	case f&flagTrash != 0:
		r.State = StateTrash
	case f&flagOpen != 0:
		r.State = StateOpen
	case r.Recovered:
		r.State = StateRecovered
	default:
		r.State = StateSealed
	}
}

// words is the text of notes and marks, folded.
func (r *Row) words() string {
	if len(r.Notes) == 0 && len(r.Marks) == 0 {
		return ""
	}
	var b strings.Builder
	for _, n := range r.Notes {
		b.WriteString(n.Text)
		b.WriteByte('\n')
	}
	for _, m := range r.Marks {
		b.WriteString(m.Text)
		b.WriteByte('\n')
	}
	return strings.TrimSpace(fold(b.String()))
}

// fold makes letters that differ only in case, and full-width forms of ASCII,
// equal.
func fold(s string) string {
	if folded(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '！' && r <= '～' { // full-width ASCII, U+FF01…U+FF5E
			r -= '！' - '!'
		}
		return unicode.ToLower(r)
	}, s)
}

// folded says of the usual strings that fold would change nothing: lower-case
// ASCII and Chinese (U+4000 to U+9FFF).
func folded(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'A' && c <= 'Z':
			return false
		case c < 0x80:
		case c < 0xE4 || c > 0xE9 || i+2 >= len(s) || s[i+1]&0xC0 != 0x80 || s[i+2]&0xC0 != 0x80:
			return false
		default:
			i += 2
		}
	}
	return true
}

func space(r rune) bool { return unicode.IsSpace(r) }

// digits takes out of a number what people put in for reading.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '.', '(', ')', '/', '\u00a0':
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// plainNumber says that digits would change nothing.
func plainNumber(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '+' && c != '*' && c != '#' {
			return false
		}
	}
	return true
}

// dialled is a number without what people put in for reading.
func dialled(b []byte) []byte {
	if plainNumber(b) {
		return b
	}
	return []byte(digits(string(b)))
}
