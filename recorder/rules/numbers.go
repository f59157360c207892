package rules

import (
	"errors"
	"fmt"
	"strings"
)

// A List is a list of numbers that rules name as @NAME.
type List struct {
	Note    string   `json:"note"`    // for people
	Numbers []string `json:"numbers"` // numbers, and patterns with * for anything and ? for one key
}

// Validate names everything that is wrong, by key; of many bad numbers the first ten.
func (l List) Validate() error {
	if len(l.Numbers) > maxList {
		return fmt.Errorf("numbers: %d; at most %d are possible", len(l.Numbers), maxList)
	}
	var errs []error
	for i, p := range l.Numbers {
		if err := badPattern(p); err != nil {
			if errs = append(errs, fmt.Errorf("numbers.%d: %w", i, err)); len(errs) == 10 {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func badPattern(p string) error {
	if p == "" || len(p) > maxNumber || strings.Trim(p, "0123456789+*#?ABCD") != "" {
		return fmt.Errorf("%q: use 1 to %d of 0…9, +, #, A…D, * for anything and ? for one key", p, maxNumber)
	}
	return nil
}

func badTerm(t string) error {
	t = strings.TrimPrefix(t, "!")
	if list, ok := strings.CutPrefix(t, "@"); ok {
		if list == "" {
			return errors.New("@: a number list is named behind it")
		}
		return nil
	}
	return badPattern(t)
}

// Match says whether a number fits a pattern in which * stands for anything and ?
// for one key. An empty number fits nothing.
func Match(pattern, number string) bool {
	if number == "" {
		return false
	}
	p, n, star, from := 0, 0, -1, 0
	for n < len(number) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == number[n]):
			p++
			n++
		case star >= 0: // the last asterisk takes one more
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// numbers is a set of numbers and patterns that is asked in a time that grows with
// the length of a number, not with that of the set; only patterns with a wildcard
// elsewhere than at the end are tried one by one.
type numbers struct {
	whole    map[string]struct{}
	prefixes map[string]struct{}
	other    []string
}

func newNumbers(patterns []string) *numbers {
	s := &numbers{whole: map[string]struct{}{}, prefixes: map[string]struct{}{}}
	for _, p := range patterns {
		prefix := strings.TrimRight(p, "*")
		switch {
		case strings.ContainsAny(prefix, "*?"):
			s.other = append(s.other, p)
		case prefix != p:
			s.prefixes[prefix] = struct{}{}
		default:
			s.whole[p] = struct{}{}
		}
	}
	return s
}

func (s *numbers) has(number string) bool {
	if number == "" {
		return false
	}
	if _, ok := s.whole[number]; ok {
		return true
	}
	for i := range min(len(number), maxNumber) + 1 {
		if _, ok := s.prefixes[number[:i]]; ok {
			return true
		}
	}
	for _, p := range s.other {
		if Match(p, number) {
			return true
		}
	}
	return false
}

// A term is one pattern or list of a rule's condition.
type term struct {
	label string // as it is written
	set   *numbers
}

// terms are a condition about numbers: none of not, and one of yes if there are any.
type terms struct{ yes, not []term }

func (t *terms) empty() bool { return len(t.yes) == 0 && len(t.not) == 0 }

func hit(all []term, number string) (label string, ok bool) {
	for i := range all {
		if all[i].set.has(number) {
			return all[i].label, true
		}
	}
	return "", false
}

// fit says whether numbers fit, and by which term. final: none of those that are
// empty will become known.
func (t *terms) fit(final bool, all ...string) (answer, string) {
	if t.empty() {
		return yes, ""
	}
	known, by, found := true, "", len(t.yes) == 0
	for _, n := range all {
		if n == "" {
			known = false
			continue
		}
		if _, ok := hit(t.not, n); ok {
			return no, ""
		}
		if label, ok := hit(t.yes, n); ok && !found {
			by, found = label, true
		}
	}
	switch {
	case known || final:
		if !found {
			return no, ""
		}
	case !found || len(t.not) > 0: // one that comes may decide it
		return maybe, by
	}
	if by == "" {
		by = t.not[0].label
	}
	return yes, by
}
