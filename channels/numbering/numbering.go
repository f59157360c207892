// Package numbering says of the digits that somebody dials one by one whether
// they are a whole number.
//
//	patterns ─▶ Parse ─▶ *Plan;  digits so far ─▶ Plan.Match ─▶ Part, Open, Whole, Wrong
//
// In: patterns of an operator, as "8xxx", "0.", "11[0-9]". Out: what the digits
// dialled so far are. Callers: the tables of stations and of digital links that
// take digits one by one; settings check their patterns here. Pure.
package numbering

// Result is what digits are.
type Result uint8

const (
	Open  Result = iota // may go on, and may be whole: a pause decides
	Part                // must go on
	Whole               // is whole, and nothing longer is a number
	Wrong               // can become no number
)

// A Plan is what numbers there are.
type Plan struct {
	patterns []string
}
