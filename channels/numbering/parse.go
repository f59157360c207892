package numbering

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a pattern: stable codes.
const (
	TooMany    = "too-many"     // more than MaxPatterns
	Empty      = "empty"        // it has no symbol
	TooLong    = "too-long"     // it has more than MaxSymbols
	Unknown    = "unknown"      // a character that stands for nothing
	DotNotLast = "dot-not-last" // something follows a "."
	Unclosed   = "unclosed"     // "[" without "]"
	EmptySet   = "empty-set"    // "[]"
	BadRange   = "bad-range"    // "[5-2]", "[*-3]", "[2-]"
)

// A PatternError says which pattern is wrong and why.
type PatternError struct {
	Index   int    // of the pattern, from 0
	Pattern string // cut after 80 bytes
	Code    string // Empty, …
	Text    string // the reason in English
}

func (e *PatternError) Error() string { return fmt.Sprintf("pattern %q: %s", e.Pattern, e.Text) }

// Parse makes a plan of patterns. Without any it is nil: every number is Open.
// The error joins a [*PatternError] for each pattern that is wrong.
func Parse(patterns ...string) (*Plan, error) {
	switch {
	case len(patterns) == 0:
		return nil, nil
	case len(patterns) > MaxPatterns:
		return nil, wrong(MaxPatterns, patterns[MaxPatterns], TooMany, "a plan has %d patterns at most", MaxPatterns)
	}
	p := &Plan{patterns: make([]pattern, 0, len(patterns))}
	var errs []error
	for i, s := range patterns {
		one, err := parse(i, s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.patterns = append(p.patterns, one)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return p, nil
}

func wrong(i int, s, code, text string, args ...any) error {
	const shown = 80
	if len(s) > shown {
		s = s[:shown]
	}
	return &PatternError{Index: i, Pattern: s, Code: code, Text: fmt.Sprintf(text, args...)}
}

func parse(index int, s string) (p pattern, err error) {
	if s == "" {
		return p, wrong(index, s, Empty, "it is empty")
	}
	for i := 0; i < len(s); i++ {
		var one symbol
		switch c := s[i]; c {
		case '.':
			if i != len(s)-1 {
				return p, wrong(index, s, DotNotLast, `"." must be the last character`)
			}
			p.open = true
			continue
		case 'x', 'X':
			one = any0
		case 'z', 'Z':
			one = any1
		case 'n', 'N':
			one = any2
		case '[':
			end := strings.IndexByte(s[i:], ']')
			if end < 0 {
				return p, wrong(index, s, Unclosed, `"[" without "]"`)
			}
			set := s[i+1 : i+end]
			if one, err = parseSet(index, s, set); err != nil {
				return p, err
			}
			i += end
		default:
			if one = of(c); one == 0 {
				return p, wrong(index, s, Unknown, "%q stands for nothing; use 0…9 * # x z n [2-5] and a last .", rune(c))
			}
		}
		if len(p.symbols) == MaxSymbols {
			return p, wrong(index, s, TooLong, "it has more than %d symbols", MaxSymbols)
		}
		p.symbols = append(p.symbols, one)
	}
	return p, nil
}

// parseSet reads what stands between brackets.
func parseSet(index int, s, set string) (symbol, error) {
	if set == "" {
		return 0, wrong(index, s, EmptySet, `"[]" contains nothing`)
	}
	var all symbol
	for i := 0; i < len(set); i++ {
		c := set[i]
		if i+1 < len(set) && set[i+1] == '-' {
			if i+2 >= len(set) || !digit(c) || !digit(set[i+2]) || c > set[i+2] {
				return 0, wrong(index, s, BadRange, "the range in [%s] is not from a lower digit to a higher one", set)
			}
			for d := c; d <= set[i+2]; d++ {
				all |= of(d)
			}
			i += 2
			continue
		}
		if of(c) == 0 {
			return 0, wrong(index, s, Unknown, "%q in [%s] is no digit, * or #", rune(c), set)
		}
		all |= of(c)
	}
	return all, nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
