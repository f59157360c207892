// Package numbering says of the digits that somebody dials one by one whether
// they are a whole number.
//
//	patterns ─▶ Parse ─▶ *Plan;  digits so far ─▶ Plan.Match ─▶ Part, Open, Whole, Wrong
//
// In: patterns of an operator, as "8xxx", "0.", "11[0-9]". Out: what the digits
// dialled so far are. Callers: the tables of stations and of digital links that
// take digits one by one; settings check their patterns here. Pure.
//
// # Patterns
//
//	0…9 * #   themselves
//	x         any digit 0…9
//	z         1…9
//	n         2…9
//	[129]     one of these; [2-5] from 2 to 5; both together: [02-5*]
//	.         at the end: any number of further digits 0…9 and *, or none;
//	          a pause ends the number
//
// Letters may be capitals. Nothing else may stand in a pattern.
//
// # Where a number ends
//
// A number is whole when a pattern takes all of it and none takes more. Where
// one pattern is whole and another goes on, as "1" and "11x" after a 1, a pause
// decides: the number is Open.
//
// A # ends an Open number at once, unless a pattern takes a # at that place.
// It does not belong to the number then: [Plan.Number] leaves it out. "." takes
// none, so with "0." and "*21*." the keys 0 1 2 # and * 2 1 * 8 0 # end with the
// #; with "0." and "0x#" the keys 0 1 # are whole and contain it.
//
// Without a plan (nil) every number is Open, # is a key like others, and only a
// pause ends a number.
package numbering

// Result is what digits are.
type Result uint8

const (
	Open  Result = iota // may go on, and may be whole: a pause decides
	Part                // must go on
	Whole               // is whole, and nothing longer is a number
	Wrong               // can become no number
	nResult
)

var resultNames = [nResult]string{Open: "open", Part: "part", Whole: "whole", Wrong: "wrong"}

func (r Result) String() string {
	if r < nResult {
		return resultNames[r]
	}
	return "result"
}

// What a plan may hold, so that any that is accepted is cheap to match.
const (
	MaxPatterns = 1000
	MaxSymbols  = 64 // of one pattern; a set is one
)

// symbol is a set of keys: bit 0…9 the digits, then * and #.
type symbol uint16

const (
	star symbol = 1 << 10
	hash symbol = 1 << 11
	any0 symbol = 1<<10 - 1 // 0…9
	any1 symbol = any0 &^ 1
	any2 symbol = any1 &^ 2
)

// of returns the bit of a key, or none of one that is in no pattern.
func of(key byte) symbol {
	switch {
	case key >= '0' && key <= '9':
		return 1 << (key - '0')
	case key == '*':
		return star
	case key == '#':
		return hash
	}
	return 0
}

// pattern is one pattern as parsed.
type pattern struct {
	symbols []symbol
	open    bool // more digits may follow
}

// A Plan is what numbers there are. It does not change, and may be used by
// several goroutines.
type Plan struct {
	patterns []pattern
}

// Match says what the digits dialled so far are. It allocates nothing and takes
// time in proportion to the plan, less than 10 µs for 1000 patterns.
func (p *Plan) Match(digits string) Result {
	if p == nil {
		return Open
	}
	if r := p.match(digits); r != Wrong || !p.ended(digits) {
		return r
	}
	return Whole
}

// Number returns the number of digits that were dialled: without a # that only
// ended it.
func (p *Plan) Number(digits string) string {
	if p != nil && p.match(digits) == Wrong && p.ended(digits) {
		return digits[:len(digits)-1]
	}
	return digits
}

// ended reports whether digits are an Open number and a #.
func (p *Plan) ended(digits string) bool {
	n := len(digits) - 1
	return n > 0 && digits[n] == '#' && p.match(digits[:n]) == Open
}

func (p *Plan) match(digits string) Result {
	whole, part := false, false
	for i := range p.patterns {
		switch p.patterns[i].match(digits) {
		case Open:
			return Open
		case Whole:
			whole = true
		case Part:
			part = true
		}
		if whole && part {
			return Open
		}
	}
	switch {
	case whole:
		return Whole
	case part:
		return Part
	}
	return Wrong
}

func (p *pattern) match(digits string) Result {
	for i := range len(digits) {
		take := any0 | star
		if i < len(p.symbols) {
			take = p.symbols[i]
		} else if !p.open {
			return Wrong
		}
		if take&of(digits[i]) == 0 {
			return Wrong
		}
	}
	switch {
	case len(digits) < len(p.symbols):
		return Part
	case p.open:
		return Open
	}
	return Whole
}
