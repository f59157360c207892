package redecode

import (
	"cmp"
	"slices"

	"vaad/dsp"
)

// What a row is.
const (
	Same    = "same"    // told then, found now
	New     = "new"     // found only now
	Gone    = "gone"    // told then, not found now
	Unheard = "unheard" // told then of what the stored audio does not have
)

// near is how far apart in time two facts may lie that are one.
const near = 500 * dsp.MS

// nearCaller is the same of caller IDs: a message is believed when it rings, up to 6 s later.
const nearCaller = 8 * dsp.Rate

// A Row is a fact as it was told and as it is found.
type Row struct {
	Is   string
	Fact Fact // found now; told then where it is not found
	Then Fact // of Same: as it was told
}

// Compare puts what was told beside what is found, in the order of time.
func Compare(then, now []Fact, in func(*Fact) bool) []Row {
	used := make([]bool, len(then))
	var rows []Row
	for i := range now {
		f := &now[i]
		best := -1
		for j := range then {
			if used[j] || !one(&then[j], f) {
				continue
			}
			if best < 0 || apart(&then[j], f) < apart(&then[best], f) {
				best = j
			}
		}
		if best < 0 {
			is := New
			if spokenIn(then, f) {
				is = Same
			}
			rows = append(rows, Row{Is: is, Fact: *f, Then: *f})
			continue
		}
		used[best] = true
		rows = append(rows, Row{Is: Same, Fact: *f, Then: then[best]})
	}
	for j := range then {
		if used[j] {
			continue
		}
		is := Gone
		switch {
		case !in(&then[j]):
			is = Unheard
		case spokenIn(now, &then[j]):
			is = Same
		}
		rows = append(rows, Row{Is: is, Fact: then[j], Then: then[j]})
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.Fact.At, b.Fact.At) })
	return rows
}

// spokenIn says whether voice was heard for the most of a stretch of voice, in other
// pieces: where a pause lies between words depends on the noise that was heard before.
func spokenIn(all []Fact, f *Fact) bool {
	if f.Kind != Voice {
		return false
	}
	both := int64(0)
	for i := range all {
		o := &all[i]
		if o.Kind == Voice && (o.Side == f.Side || o.Side == "" || f.Side == "") {
			both += max(0, min(o.end(), f.end())-max(o.At, f.At))
		}
	}
	return 2*both > f.Length
}

func apart(a, b *Fact) int64 { return max(a.At-b.At, b.At-a.At) }

// one says whether two facts are the same thing heard.
func one(then, now *Fact) bool {
	if then.Kind != now.Kind || then.Side != "" && now.Side != "" && then.Side != now.Side {
		return false
	}
	switch then.Kind {
	case CallerID:
		return then.By == now.By && then.Text == now.Text && then.Name == now.Name && apart(then, now) <= nearCaller
	case Key, Pulse:
		if then.Text != hidden && then.Text != now.Text {
			return false
		}
	case Voice:
		both := min(then.end(), now.end()) - max(then.At, now.At)
		return apart(then, now) <= near || 2*both > min(then.Length, now.Length)
	case Damaged: // what was told is the stretch that may hold why
		return then.At-near <= now.At && now.At <= then.end()+near
	default:
		if then.Text != now.Text {
			return false
		}
	}
	return apart(then, now) <= near
}
