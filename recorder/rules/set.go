package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Facts is what is known of a call.
type Facts struct {
	Call      string    // ID; the random sample is drawn from it
	Line      int       // permanent number
	Groups    []string  // of the line
	Use       string    // of the line: tap, trunk or station
	Trigger   string    // of the line's own settings
	Direction string    // in or out; "" = not known (yet)
	Caller    string    // "" = not known (yet)
	Called    string    //
	Final     bool      // the call is over: nothing more will become known
	Begin     time.Time // of the call
	Modem     string    // Fax, Modem, Text, Any; "" = none was heard (yet)
}

// answer is what a condition says.
type answer int8

const (
	no answer = iota
	maybe
	yes
)

// A Set is rules, ready to decide. It never changes; nil decides nothing.
type Set struct {
	rules     []rule
	internal  *numbers
	calendars map[string]*calendar
}

// rule is a Rule, read.
type rule struct {
	*Rule
	caller, called, party terms
	calendar              *calendar
}

// New makes a set of valid sections. zone is that of calendars without one. group
// says whether a group of lines is there. The errors name keys of settings.
func New(d Doc, calendars map[string]Calendar, lists map[string]List, group func(string) bool, zone *time.Location) (*Set, error) {
	s := &Set{internal: newNumbers(d.Internal), calendars: map[string]*calendar{}}
	var errs []error
	for name, c := range calendars {
		read, err := c.read(zone)
		if err != nil {
			errs = append(errs, fmt.Errorf("calendars.%s: %w", name, err))
			continue
		}
		s.calendars[name] = read
	}
	sets := map[string]*numbers{} // lists are made once for all rules
	read := func(key string, all []string) (out terms) {
		for i, t := range all {
			label := t
			t, not := strings.CutPrefix(t, "!")
			set := sets[t]
			if set == nil {
				patterns := []string{t}
				if name, ok := strings.CutPrefix(t, "@"); ok {
					l, known := lists[name]
					if !known {
						errs = append(errs, fmt.Errorf("%s.%d: there is no number list %q", key, i, name))
					}
					patterns = l.Numbers
				}
				set = newNumbers(patterns)
				sets[t] = set
			}
			if not {
				out.not = append(out.not, term{label, set})
			} else {
				out.yes = append(out.yes, term{label, set})
			}
		}
		return out
	}
	for i := range d.List {
		r := rule{Rule: &d.List[i]}
		key := fmt.Sprintf("rules.list.%d.", i)
		r.caller, r.called, r.party = read(key+"caller", r.Caller), read(key+"called", r.Called), read(key+"party", r.Party)
		if r.Calendar != "" {
			if r.calendar = s.calendars[r.Calendar]; r.calendar == nil {
				errs = append(errs, fmt.Errorf("%scalendar: there is no good calendar %q", key, r.Calendar))
			}
		}
		for j, g := range r.Groups {
			if !group(g) {
				errs = append(errs, fmt.Errorf("%sgroups.%d: there is no group %q", key, j, g))
			}
		}
		if !r.Off {
			s.rules = append(s.rules, r)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Empty says that no rule decides anything.
func (s *Set) Empty() bool { return s == nil || len(s.rules) == 0 }

// Decide says what becomes of a call, as far as it is known.
func (s *Set) Decide(f *Facts) Decision {
	if s.Empty() {
		return Decision{Record: true}
	}
	open, best := false, Decision{}
	consider := func(d Decision, last bool) { // of two that record as much the one counts that needs nothing more
		if a, b := d.weight(f), best.weight(f); !open || a > b || last && a == b {
			best = d
		}
		open = true
	}
	for i := range s.rules {
		r := &s.rules[i]
		a, why := s.fits(r, f)
		switch {
		case a == no:
			continue
		case a == maybe:
			consider(r.decide(f, why), false)
			continue
		case !open:
			return r.decide(f, why)
		}
		consider(r.decide(f, why), true)
		best.Undecided = true
		return best
	}
	own := Decision{Record: true}
	if !open {
		return own
	}
	consider(own, true)
	best.Undecided = true
	return best
}

// fits holds a rule against the facts; why has the conditions that it is for.
func (s *Set) fits(r *rule, f *Facts) (a answer, why []string) {
	a = yes
	say := func(b answer, code, value string) {
		a = min(a, b)
		if b != no && value != "" {
			why = append(why, code+"="+value)
		}
	}
	if len(r.Lines)+len(r.Groups) > 0 {
		at := slices.IndexFunc(r.Groups, func(g string) bool { return slices.Contains(f.Groups, g) })
		switch {
		case slices.Contains(r.Lines, f.Line):
			say(yes, "line", fmt.Sprint(f.Line))
		case at >= 0:
			say(yes, "group", r.Groups[at])
		default:
			return no, nil
		}
	}
	if len(r.Uses) > 0 {
		say(sure(slices.Contains(r.Uses, f.Use)), "use", f.Use)
	}
	if len(r.Heard) > 0 {
		say(sure(f.Modem != "" && (slices.Contains(r.Heard, Any) || slices.Contains(r.Heard, f.Modem))), "heard", f.Modem)
	}
	if r.calendar != nil {
		code := "calendar"
		if r.Outside {
			code = "outside"
		}
		say(sure(r.calendar.contains(f.Begin) != r.Outside), code, r.Calendar)
	}
	if r.Direction != "" {
		b := sure(f.Direction == r.Direction)
		if f.Direction == "" && !f.Final {
			b = maybe
		}
		say(b, "direction", r.Direction)
	}
	if a == no {
		return no, nil
	}
	b, by := r.caller.fit(f.Final, f.Caller)
	say(b, "caller", by)
	b, by = r.called.fit(f.Final, f.Called)
	say(b, "called", by)
	b, by = r.party.fit(f.Final, f.Caller, f.Called)
	say(b, "party", by)
	if r.Scope != "" {
		say(s.scope(r.Scope, f), "scope", r.Scope)
	}
	return a, why
}

// scope says whether a call is internal or external. What nobody knows the other
// party of comes from outside: a house knows its own.
func (s *Set) scope(want string, f *Facts) answer {
	other := ""
	switch f.Direction {
	case "in":
		other = f.Caller
	case "out":
		other = f.Called
	}
	if other == "" && !f.Final {
		return maybe
	}
	return sure(s.internal.has(other) == (want == "internal"))
}

func sure(ok bool) answer {
	if ok {
		return yes
	}
	return no
}
