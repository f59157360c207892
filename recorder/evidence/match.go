package evidence

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"time"

	"vaad/recorder/archive"
)

// line is a journal line as it stands now.
type line struct {
	number    int
	next      int64
	sum       [sha256.Size]byte
	leaf      int       // which of the day's leaves it is, -1 = none
	kind, id  string    // of lines without a leaf, as far as they can be read
	time      time.Time // of these
	simulated bool
	damaged   bool // it cannot be read
	redacted  bool
	forget    bool // an erase line that says that others were redacted
}

// lineReader turns the raw lines of one day into lines. Those that have a leaf
// are not parsed: the hash says all. Which recordings are simulated is known from
// their seals, which stand before what is done to them.
type lineReader struct {
	day       archive.Day
	leaves    map[[sha256.Size]byte][]int // sum → leaves that no line has taken yet
	simulated map[string]bool
}

func (r *lineReader) read(raw *archive.RawLine) line {
	l := line{number: raw.Number, next: raw.Next, sum: sha256.Sum256(raw.Bytes), leaf: -1}
	if free := r.leaves[l.sum]; len(free) > 0 {
		l.leaf, r.leaves[l.sum] = free[0], free[1:]
		return l
	}
	j, err := raw.Parse()
	if err != nil {
		l.damaged = true
		return l
	}
	made := newLeaf(r.day, raw, &j)
	l.kind, l.id, l.time, l.redacted, l.forget = made.Kind, made.ID, j.Time, j.Redacted, j.Forget
	if j.Seal != nil && j.Seal.Simulated {
		r.simulated[j.ID] = true
		l.simulated = true
	} else if j.Seal == nil {
		l.simulated = r.simulated[j.ID]
	}
	return l
}

// bySum is where lines look for their leaf.
func bySum(leaves []Leaf) map[[sha256.Size]byte][]int {
	m := make(map[[sha256.Size]byte][]int, len(leaves))
	own := make([]int, len(leaves)) // one for each, as hardly any two are the same
	for i := range leaves {
		own[i] = i
		if at := m[leaves[i].Sum]; at != nil {
			m[leaves[i].Sum] = append(at, i)
		} else {
			m[leaves[i].Sum] = own[i : i+1 : i+1]
		}
	}
	return m
}

// difference is one way in which a journal is not what its leaves say.
type difference struct {
	kind Kind
	leaf int // of the day's leaves, -1 = none
	line int // of the lines, -1 = none
}

// match compares the leaves of a day, in their order, with its lines, without
// the simulated ones. pending are the lines behind the last one that has a leaf:
// they are not in the log yet.
func match(leaves []Leaf, lines []line) (diffs []difference, pending []int) {
	moved := outOfOrder(lines)
	taken := make([]bool, len(leaves))
	for i := range lines {
		if k := lines[i].leaf; k >= 0 {
			taken[k] = true
			if moved[i] {
				diffs = append(diffs, difference{Moved, k, i})
			}
		}
	}
	// Between two lines that are where they were stand what was lost and what is new.
	nextLeaf, from := 0, 0
	gap := func(toLeaf, to int, last bool) {
		var lost, fresh []int
		for k := nextLeaf; k < toLeaf; k++ {
			if !taken[k] {
				lost = append(lost, k)
			}
		}
		for i := from; i < to; i++ {
			if lines[i].leaf < 0 {
				fresh = append(fresh, i)
			}
		}
		for _, k := range lost {
			i := slices.IndexFunc(fresh, func(i int) bool { return lines[i].number == leaves[k].Number })
			if i < 0 {
				i = slices.IndexFunc(fresh, func(i int) bool {
					return lines[i].damaged || lines[i].id == leaves[k].ID && lines[i].kind == leaves[k].Kind
				})
			}
			if i < 0 {
				diffs = append(diffs, difference{Removed, k, -1})
				continue
			}
			diffs = append(diffs, difference{Changed, k, fresh[i]})
			fresh = slices.Delete(fresh, i, i+1)
		}
		if last {
			pending = fresh
			return
		}
		for _, i := range fresh {
			diffs = append(diffs, difference{Added, -1, i})
		}
	}
	for i := range lines {
		if k := lines[i].leaf; k >= 0 && !moved[i] {
			gap(k, i, false)
			nextLeaf, from = k+1, i+1
		}
	}
	gap(len(leaves), len(lines), true)
	slices.SortStableFunc(diffs, func(a, b difference) int { return cmp.Compare(at(a, leaves, lines), at(b, leaves, lines)) })
	return diffs, pending
}

// at is the line's number that a difference is told by.
func at(d difference, leaves []Leaf, lines []line) int {
	if d.leaf >= 0 {
		return leaves[d.leaf].Number
	}
	return lines[d.line].number
}

// outOfOrder picks the lines that were moved: those that are not at their place
// in the order, or those outside the longest run that is in order, whichever are
// fewer. So one line that was moved far is one, and two that were swapped are two.
func outOfOrder(lines []line) map[int]bool {
	var known []int // indexes of lines with a leaf
	for i := range lines {
		if lines[i].leaf >= 0 {
			known = append(known, i)
		}
	}
	leafOf := func(i int) int { return lines[i].leaf }
	if slices.IsSortedFunc(known, func(a, b int) int { return leafOf(a) - leafOf(b) }) {
		return nil
	}
	sorted := slices.SortedFunc(slices.Values(known), func(a, b int) int { return leafOf(a) - leafOf(b) })
	displaced := map[int]bool{}
	for n, i := range known {
		if sorted[n] != i {
			displaced[i] = true
		}
	}
	// The longest increasing run: tops[n] ends the best one of length n+1.
	var tops []int
	before := make(map[int]int, len(known))
	for _, i := range known {
		n, _ := slices.BinarySearchFunc(tops, leafOf(i), func(t, leaf int) int { return leafOf(t) - leaf })
		before[i] = -1
		if n > 0 {
			before[i] = tops[n-1]
		}
		if n == len(tops) {
			tops = append(tops, i)
		} else {
			tops[n] = i
		}
	}
	outside := map[int]bool{}
	for _, i := range known {
		outside[i] = true
	}
	for i := tops[len(tops)-1]; i >= 0; i = before[i] {
		delete(outside, i)
	}
	if len(displaced) <= 2 || len(displaced) <= len(outside) {
		return displaced
	}
	return outside
}
