package access

import "slices"

// A Grant gives somebody a role: on the lines of some groups, or on all.
type Grant struct {
	Role   Role     `json:"role"`
	Groups []string `json:"groups,omitempty"` // of lines; none = every line, also those that do not exist yet
	More   []Verb   `json:"more,omitempty"`   // what the role has not, and this one has
	Less   []Verb   `json:"less,omitempty"`   // what the role has, and this one has not
}

// Verbs is what the grant allows on its lines, in the order of [Verbs].
func (g Grant) Verbs() []Verb {
	has := verbsOf(g.Role)
	return slices.DeleteFunc(Verbs(), func(v Verb) bool {
		return slices.Contains(g.Less, v) || !slices.Contains(has, v) && !slices.Contains(g.More, v)
	})
}

// A Limit makes less of what an actor may do.
type Limit struct {
	Verbs  []Verb   `json:"verbs"`            // only these
	Groups []string `json:"groups,omitempty"` // only on lines of these groups; none = on all lines
}

// A Scope is what an actor may do, and on which lines each. The zero value allows nothing.
type Scope struct{ of map[Verb]extent }

// extent is where a verb holds: on every line, also those that do not exist yet, or on some.
type extent struct {
	every bool
	lines map[int]bool
}

// Allows says whether the verb may be done on the line; line 0 means something
// that belongs to no line.
func (s Scope) Allows(v Verb, line int) bool {
	e, ok := s.of[v]
	return ok && (line == 0 || e.every || e.lines[line])
}

// May says whether the verb may be done somewhere, if only on one line.
func (s Scope) May(v Verb) bool {
	_, ok := s.of[v]
	return ok
}

// Everywhere says whether the verb may be done on every line, also on those that do not
// exist yet.
func (s Scope) Everywhere(v Verb) bool { return s.of[v].every }

// Sees says whether anything at all may be done on the line.
func (s Scope) Sees(line int) bool {
	for _, e := range s.of {
		if e.every || e.lines[line] {
			return true
		}
	}
	return false
}

// Numbers lists, in order, the lines that the verb may be done on where that is not
// everywhere.
func (s Scope) Numbers(v Verb) []int {
	var n []int
	for line := range s.of[v].lines {
		n = append(n, line)
	}
	slices.Sort(n)
	return n
}

// Covers says whether everything that the other scope allows is allowed by this one too.
func (s Scope) Covers(o Scope) bool {
	for v, theirs := range o.of {
		mine, ok := s.of[v]
		if !ok || theirs.every && !mine.every {
			return false
		}
		for line := range theirs.lines {
			if !mine.every && !mine.lines[line] {
				return false
			}
		}
	}
	return true
}

// Check is nil when the scope allows it, else a [*Denied].
func (s Scope) Check(a Actor, v Verb, line int) error {
	if s.Allows(v, line) {
		return nil
	}
	return &Denied{a.Name, v, line}
}

// scopeOf joins what the actor's grants allow, and cuts it to the limit. lines are the
// lines of each group; a group that there is not has none.
func scopeOf(a *Actor, lines map[string][]int) Scope {
	s := Scope{map[Verb]extent{}}
	for _, g := range a.Grants {
		e := extentOf(g.Groups, lines)
		for _, v := range g.Verbs() {
			s.of[v] = s.of[v].and(e)
		}
	}
	if a.Limit == nil {
		return s
	}
	e := extentOf(a.Limit.Groups, lines)
	for v, had := range s.of {
		if !slices.Contains(a.Limit.Verbs, v) {
			delete(s.of, v)
			continue
		}
		s.of[v] = had.within(e)
	}
	return s
}

func extentOf(groups []string, lines map[string][]int) extent {
	if len(groups) == 0 {
		return extent{every: true}
	}
	e := extent{lines: map[int]bool{}}
	for _, g := range groups {
		for _, line := range lines[g] {
			e.lines[line] = true
		}
	}
	return e
}

// and is everything that lies in one of both.
func (e extent) and(o extent) extent {
	if e.every || o.every {
		return extent{every: true}
	}
	out := extent{lines: map[int]bool{}}
	for _, part := range []extent{e, o} {
		for line := range part.lines {
			out.lines[line] = true
		}
	}
	return out
}

// within is what lies in both.
func (e extent) within(o extent) extent {
	switch {
	case e.every:
		return o
	case o.every:
		return e
	}
	out := extent{lines: map[int]bool{}}
	for line := range e.lines {
		if o.lines[line] {
			out.lines[line] = true
		}
	}
	return out
}
