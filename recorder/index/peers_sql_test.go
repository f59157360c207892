package index

import (
	"fmt"
	"strings"
)

// where is a filter as SQL, written the way that lets the peer use its indexes.
func (p *peer) where(f *Filter) string {
	var and []string
	add := func(format string, args ...any) { and = append(and, fmt.Sprintf(format, args...)) }
	in := func(column string, all []string) {
		if len(all) > 0 {
			add("%s in ('%s')", column, strings.Join(all, "','"))
		}
	}
	if f.Lines != nil {
		add("line in (%s)", strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Lines), " ", ","), "[]"))
	}
	if f.Line != 0 {
		add("line = %d", f.Line)
	}
	if !f.From.IsZero() {
		add("start >= %d", nanos(f.From))
	}
	if !f.To.IsZero() {
		add("start < %d", nanos(f.To))
	}
	if f.Cursor != "" {
		k, _ := parseCursor(f.Cursor)
		add("(start, id) < (%d, '%s')", k.start, k.id)
	}
	if f.MinDuration > 0 {
		add("samples >= %d", int64(f.MinDuration/125_000))
	}
	if f.MaxDuration > 0 {
		add("samples <= %d", int64(f.MaxDuration/125_000))
	}
	if f.Number != "" {
		add("(%s or %s)", p.number("caller", f.Number), p.number("called", f.Number))
	}
	if f.Caller != "" {
		add("%s", p.number("caller", f.Caller))
	}
	if f.Called != "" {
		add("%s", p.number("called", f.Called))
	}
	if f.Name != "" {
		like := strings.ReplaceAll(f.Name, "*", "%")
		add("(%s or %s)", p.letters("line_name", like), p.letters("caller_name", like))
	}
	in("board", f.Boards)
	in("direction", f.Directions)
	in("trig", f.Triggers)
	in("codec", f.Codecs)
	in("outcome", f.Outcomes)
	in("answered_by", f.AnsweredBy)
	in("ended_by", f.EndedBy)
	for _, s := range f.Sides {
		add("(','||sides||',') like '%%,%s,%%'", s)
	}
	if f.States != nil {
		in("state", f.States)
	} else {
		add("state not in ('trash','erased')")
	}
	for column, is := range map[string]*bool{"protected": f.Protected, "held": f.Held, "simulated": f.Simulated, "recovered": f.Recovered, "marked": f.Marked} {
		if is != nil && *is {
			add("%s = 1", column)
		} else if is != nil {
			add("%s = 0", column)
		}
	}
	if f.Gaps != nil && *f.Gaps {
		add("gaps > 0")
	}
	if f.Answered != nil && *f.Answered {
		add("answered_by <> ''")
	} else if f.Answered != nil {
		add("answered_by = ''")
	}
	if f.Call != "" {
		add("call = '%s'", f.Call)
	}
	if f.Conversation != "" {
		add("conversation = '%s'", f.Conversation)
	}
	if f.Actor != "" {
		add("%s", p.letters("actors", "%"+f.Actor+"%"))
	}
	for _, w := range strings.Fields(strings.ToLower(f.Text)) {
		add("%s", p.letters("words", "%"+w+"%"))
	}
	return strings.Join(and, " and ")
}

// number asks for a pattern of digits: by the tree where it begins with some, by
// triples of letters elsewhere.
func (p *peer) number(column, pattern string) string {
	head, _, star := strings.Cut(pattern, "*")
	like := strings.ReplaceAll(pattern, "*", "%")
	switch {
	case pattern == "-":
		return column + " = ''"
	case !star:
		return fmt.Sprintf("%s = '%s'", column, pattern)
	case head != "" && p.name == "SQLite":
		return fmt.Sprintf("(%s >= '%s' and %s < '%s:' and %s like '%s')", column, head, column, head, column, like)
	case head != "":
		return fmt.Sprintf("%s like '%s'", column, like)
	}
	return p.letters(column, like)
}

// letters asks for a pattern by triples of letters, if it has three in a row.
// SQLite is asked for the longest run of them beside the pattern: version 3.40 does not
// survive patterns in which a run is shorter.
func (p *peer) letters(column, like string) string {
	longest := ""
	for _, run := range strings.Split(like, "%") {
		if len([]rune(run)) > len([]rune(longest)) {
			longest = run
		}
	}
	plain := fmt.Sprintf("%s %s '%s'", column, p.like, like)
	switch {
	case len([]rune(longest)) < 3:
		return plain
	case p.name == "SQLite" && like != "%"+longest+"%":
		return fmt.Sprintf("(%s and %s)", p.trgm(column, "%"+longest+"%"), plain)
	}
	return p.trgm(column, like)
}

// page is the SQL of a page.
func (p *peer) page(f *Filter) string {
	limit, way := f.Limit, "desc"
	if limit == 0 {
		limit = defaultLimit
	}
	if f.Oldest {
		way = "asc"
	}
	return fmt.Sprintf("select id from rec where %s order by start %s, id %s limit %d", p.where(f), way, way, limit)
}

// count is the SQL of how many match.
func (p *peer) count(f *Filter) string { return "select count(*) from rec where " + p.where(f) }
