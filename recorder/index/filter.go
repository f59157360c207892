package index

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/recorder/archive"
)

// A Filter says which recordings are asked for. Zero fields ask for everything;
// all that is given must hold. In patterns * stands for anything; letters of both
// cases are equal.
type Filter struct {
	Lines []int // the caller's scope: only these lines; nil = all, empty = none
	Line  int   // only this line, if the scope has it

	From, To                 time.Time     // From ≤ start < To
	MinDuration, MaxDuration time.Duration // both included; 0 = no bound

	Number         string // pattern of the caller's or the called number; "*" = one is known, "-" = neither is
	Caller, Called string // patterns of one of them; "*" = it is known, "-" = it is not
	Name           string // pattern of the line's or the caller's name

	Boards     []string // one of these, here and below
	Sides      []string // it has one of these sides
	Directions []string // in, out; unknown = not known
	Triggers   []string
	Codecs     []string
	Outcomes   []string // what became of the call: answered, busy, …; unknown = not known
	AnsweredBy []string // how the call's answer was known
	EndedBy    []string
	States     []string // nil: all but StateTrash and StateErased
	Classes    []string // retention classes; "" = none was given
	NotClasses []string // none of these

	Case                   string      // pattern of the case of a legal hold
	TrashedFrom, TrashedTo archive.Day // went into the trash from … to, both included; "" = no bound

	Answered, Gaps, Recovered, Protected, Held, Noted, Marked, Masked, Simulated *bool // nil: both

	Call, Conversation string // IDs
	Actor              string // pattern of who started it or did something to it
	Text               string // words, all of which stand in notes, marks, numbers or names

	Oldest  bool   // oldest first
	NoCount bool   // [Page.Count] is not wanted: that saves looking at what is not on the page
	Limit   int    // rows of the page, 1…1000; 0 = 100
	Cursor  string // [Page.Next] of the page before
}

// A clause is one thing that must hold of a row: that the value of one of its
// fields is right, or that its word stands in the text.
type clause struct {
	fields []field
	ok     func(value []byte) bool
	exact  []byte   // the one value that is right; nil: ask ok
	digits [][]span // what every number that is right has
	names  [][]span // what every name of a caller that is right has
	spell  []byte   // bytes that stand in every number that is right
	head   []byte   // with which every number that is right begins, and all that do are; nil: that does not say it
	whole  bool     // … and is all of it
	word   []byte   // nil: the text does not matter
	kept   bool     // it wants what is neither in the trash nor erased, which segments know
}

// cost is how dear it is to find the rows of a segment of which a clause holds.
// Those that mostly find none, and find that out at once, come first.
func (c *clause) cost() int {
	switch {
	case c.kept:
		return 0
	case c.exact != nil:
		return 1
	case c.word != nil:
		return 3
	case len(c.digits)+len(c.names) > 0:
		return 2
	case c.spell != nil:
		return 5 // all numbers are looked at
	}
	return 4 // all rows are
}

// A matcher is a filter made ready.
type matcher struct {
	from, to    int64 // from ≤ start ≤ to
	least, most uint64
	clauses     []clause
	nothing     bool // nothing can match
}

func (f *Filter) matcher() *matcher {
	m := &matcher{from: math.MinInt64, to: math.MaxInt64, most: math.MaxUint64}
	if !f.From.IsZero() {
		m.from = nanos(f.From)
	}
	if !f.To.IsZero() {
		if m.to = nanos(f.To); m.to > math.MinInt64 {
			m.to--
		}
	}
	const sample = time.Second / 8000
	if f.MinDuration > 0 {
		m.least = uint64((f.MinDuration-1)/sample) + 1 // rounded up; any duration may be asked for
	}
	if f.MaxDuration > 0 {
		m.most = uint64(f.MaxDuration / sample)
	}
	m.nothing = m.from > m.to || m.least > m.most
	m.lines(f)
	m.flags(f)
	m.oneOf(fieldBoard, f.Boards)
	m.oneOf(fieldTrigger, f.Triggers)
	m.oneOf(fieldCodec, f.Codecs)
	m.oneOf(fieldAnswered, f.AnsweredBy)
	m.oneOf(fieldEnded, f.EndedBy)
	m.keeping(f)
	m.sides(f.Sides)
	m.oneOf(fieldDirection, orUnknown(f.Directions))
	m.oneOf(fieldOutcome, orUnknown(f.Outcomes))
	if f.Answered != nil {
		m.add(func(b []byte) bool { return len(b) > 0 == *f.Answered }, fieldAnswered)
	}
	m.id(fieldCall, f.Call)
	m.id(fieldConversation, f.Conversation)
	m.names(f)
	m.number(f.Caller, fieldCaller)
	m.number(f.Called, fieldCalled)
	m.number(f.Number, fieldCaller, fieldCalled)
	for w := range strings.FieldsSeq(fold(f.Text)) {
		m.word([]byte(w))
	}
	slices.SortStableFunc(m.clauses, func(a, b clause) int { return a.cost() - b.cost() })
	return m
}

func (m *matcher) add(ok func([]byte) bool, of ...field) {
	m.clauses = append(m.clauses, clause{fields: of, ok: ok})
}

func (m *matcher) lines(f *Filter) {
	if f.Lines == nil && f.Line == 0 {
		return
	}
	all := map[string]bool{}
	for _, n := range f.Lines {
		if f.Line == 0 || f.Line == n {
			all[strconv.Itoa(n)] = true
		}
	}
	if f.Lines == nil {
		all[strconv.Itoa(f.Line)] = true
	}
	m.nothing = m.nothing || len(all) == 0
	m.add(func(b []byte) bool { return all[string(b)] }, fieldLine)
}

// flags is what is asked of a row's state.
func (m *matcher) flags(f *Filter) {
	var mask, want uint16
	for _, c := range []struct {
		is  *bool
		bit uint16
	}{{f.Gaps, flagGap}, {f.Recovered, flagRecovered}, {f.Protected, flagProtected}, {f.Held, flagHeld}, {f.Noted, flagNote},
		{f.Marked, flagMark}, {f.Masked, flagMasked}, {f.Simulated, flagSimulated}} {
		if c.is != nil {
			mask |= c.bit
			if *c.is {
				want |= c.bit
			}
		}
	}
	if f.States == nil {
		m.clauses = append(m.clauses, clause{fields: []field{fieldFlags}, ok: kept, kept: true})
	}
	if mask == 0 && f.States == nil {
		return
	}
	states := slices.Clone(f.States)
	m.add(func(b []byte) bool {
		flags := flagsOf(b)
		if flags&mask != want {
			return false
		}
		if states == nil {
			return true
		}
		var r Row
		r.setFlags(flags)
		return slices.Contains(states, r.State)
	}, fieldFlags)
}

// kept says of the flags of a row that it is neither in the trash nor erased.
func kept(b []byte) bool { return flagsOf(b)&(flagTrash|flagErased) == 0 }

func (m *matcher) oneOf(of field, all []string) {
	if len(all) == 0 {
		return
	}
	all = slices.Clone(all)
	m.add(func(b []byte) bool { return slices.Contains(all, string(b)) }, of)
}

// orUnknown takes "unknown" for an empty value too.
func orUnknown(all []string) []string {
	if slices.Contains(all, "unknown") {
		return append(slices.Clone(all), "")
	}
	return all
}

func (m *matcher) sides(all []string) {
	if len(all) == 0 {
		return
	}
	all = slices.Clone(all)
	m.add(func(b []byte) bool {
		for s := range strings.SplitSeq(string(b), ",") {
			if slices.Contains(all, s) {
				return true
			}
		}
		return false
	}, fieldSides)
}

func (m *matcher) id(of field, id string) {
	if id == "" {
		return
	}
	exact := []byte(packID(strings.ToUpper(id)))
	m.clauses = append(m.clauses, clause{fields: []field{of}, exact: exact, ok: func(b []byte) bool { return bytes.Equal(b, exact) }})
}

func (m *matcher) names(f *Filter) {
	if f.Name != "" {
		p := parts(fold(f.Name))
		c := clause{fields: []field{fieldName, fieldParty}, ok: func(b []byte) bool { return like([]byte(fold(string(b))), p) }}
		for _, part := range p {
			c.names = append(c.names, letterSpans(part)...)
		}
		m.clauses = append(m.clauses, c)
	}
	m.anyOf(f.Actor, fieldActors)
}

// anyOf adds a pattern of one of several names.
func (m *matcher) anyOf(pattern string, of field) {
	if pattern == "" {
		return
	}
	p := parts(fold(pattern))
	m.add(func(b []byte) bool {
		for name := range bytes.FieldsFuncSeq(b, func(r rune) bool { return r == '\n' }) {
			if like([]byte(fold(string(name))), p) {
				return true
			}
		}
		return false
	}, of)
}

// keeping is what is asked of how long it is kept.
func (m *matcher) keeping(f *Filter) {
	m.oneOf(fieldClass, f.Classes)
	if len(f.NotClasses) > 0 {
		none := slices.Clone(f.NotClasses)
		m.add(func(b []byte) bool { return !slices.Contains(none, string(b)) }, fieldClass)
	}
	m.anyOf(f.Case, fieldHolds)
	if from, to := string(f.TrashedFrom), string(f.TrashedTo); from != "" || to != "" {
		m.add(func(b []byte) bool { return len(b) > 0 && string(b) >= from && (to == "" || string(b) <= to) }, fieldTrashed)
	}
}

// number adds what is asked of one of some numbers.
func (m *matcher) number(pattern string, of ...field) {
	if pattern == "" {
		return
	}
	pattern = fold(pattern)
	if strings.TrimSpace(pattern) == "-" {
		for _, f := range of {
			m.clauses = append(m.clauses, clause{fields: []field{f}, exact: []byte{}, ok: func(b []byte) bool { return len(b) == 0 }})
		}
		return
	}
	p := parts(digits(pattern))
	c := clause{fields: of, ok: func(b []byte) bool { return like(dialled(b), p) }}
	for _, part := range p {
		c.digits = append(c.digits, digitSpans(part)...)
		c.spell = append(c.spell, part...)
	}
	if len(p[0]) > 0 && plainNumber(p[0]) && (len(p) == 1 || len(p) == 2 && len(p[1]) == 0) {
		c.head, c.whole = p[0], len(p) == 1
	}
	m.clauses = append(m.clauses, c)
}

// word adds a word of the text that is asked for.
func (m *matcher) word(w []byte) {
	c := clause{fields: []field{fieldName, fieldParty, fieldCaller, fieldCalled}, word: w, spell: w, ok: func(b []byte) bool {
		if plainNumber(b) {
			return bytes.Contains(b, w)
		}
		s := fold(string(b))
		return bytes.Contains([]byte(s), w) || bytes.Contains([]byte(digits(s)), w)
	}}
	c.digits, c.names = digitSpans(w), letterSpans(w)
	m.clauses = append(m.clauses, c)
}

// matches looks at everything of a row that is no segment's.
func (m *matcher) matches(p *probe) bool {
	if p.key.start < m.from || p.key.start > m.to || p.samples < m.least || p.samples > m.most || m.nothing {
		return false
	}
	for i := range m.clauses {
		if !m.clauses[i].holds(p) {
			return false
		}
	}
	return true
}

func (c *clause) holds(p *probe) bool {
	for _, f := range c.fields {
		if c.ok(p.vals[f]) {
			return true
		}
	}
	return c.word != nil && bytes.Contains(p.text, c.word)
}
