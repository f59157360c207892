package e2e

import (
	"fmt"
	"slices"

	"vaad/api"
)

// wrong compares the journal with what both ends of the calls know. Each call has
// one row of its trunk; calls of vaad's that have lost a channel to libpri's have
// one more for each, with cause 44, or 34.
func (x *exchange931) wrong(deeds []*deed) (wrong []string) {
	all, err := Rows[api.Call](x.ctx, x.d, "calls", "--limit", "0")
	if err != nil {
		return []string{err.Error()}
	}
	stations := len(x.phones)
	rows, misdialled := map[string][]api.Call{}, 0
	for _, r := range all {
		if r.End == nil {
			wrong = append(wrong, fmt.Sprintf("line %d: the call %s → %s has not ended", r.Line, r.Caller, r.Called))
		}
		if r.Line <= stations {
			continue
		}
		key := r.Called
		if r.Direction == "out" && r.Caller == "" && r.Cause == 1 && misdialled < x.misdials { // libpri refuses a number that it does not expect
			misdialled++
			continue
		}
		if r.Direction == "in" {
			key = r.Caller
		}
		rows[key] = append(rows[key], r)
	}
	for _, d := range deeds {
		key := d.called
		if d.incoming {
			key = d.caller
		}
		for _, s := range d.compare(rows[key]) {
			wrong = append(wrong, fmt.Sprintf("%s, %s: %s → %s: %s", d.l.what(), d.kind, d.caller, d.called, s))
		}
		delete(rows, key)
	}
	for key, left := range rows {
		wrong = append(wrong, fmt.Sprintf("%d rows of %s, which nobody has called: %+v", len(left), key, left[0]))
	}
	return wrong
}

// what is the link in words.
func (l *link) what() string {
	side := "user"
	if l.network {
		side = "network"
	}
	return fmt.Sprintf("%s (%s as %s)", l.span, l.kind, side)
}

func (d *deed) compare(rows []api.Call) (wrong []string) {
	mine := slices.DeleteFunc(slices.Clone(rows), func(r api.Call) bool {
		return !d.incoming && (r.Cause == 44 || r.Cause == 34) && r.Answered == nil
	})
	if len(mine) != 1 {
		said := fmt.Sprintf("%d rows:", len(mine))
		for _, r := range mine {
			said += fmt.Sprintf(" line %d %s → %s answered %v cause %d %s;", r.Line, r.Caller, r.Called, r.Answered != nil, r.Cause, r.EndedBy)
		}
		return []string{said}
	}
	r := mine[0]
	is := func(what string, got, want any) {
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s %v, want %v", what, got, want))
		}
	}
	direction := "out"
	if d.incoming {
		direction = "in"
		is("name", r.Name, d.name)
	}
	is("line", r.Line, d.l.line[d.call.state().channel])
	is("direction", r.Direction, direction)
	is("caller", r.Caller, d.caller)
	is("called", r.Called, d.called)
	is("answered", r.Answered != nil, d.answered)
	is("missed", r.Missed, d.incoming && !d.answered)
	is("cause", r.Cause, d.cause)
	if d.by != "" {
		is("ended by", r.EndedBy, d.by)
	}
	if !heardKeys(r.Keys, d.keys) {
		is("keys", r.Keys, d.keys)
	}
	return wrong
}
