package evidence

import (
	"context"
	"crypto/sha256"
	"slices"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/tlog"
)

// Journals is what is read of an archive: [archive.Reader] and [archive.Archive] are ones.
type Journals interface {
	Days() ([]archive.Day, error)
	RawLines(ctx context.Context, d archive.Day, from archive.Place, f func(*archive.RawLine) error) error
}

// comparison is one day's journal held against its leaves.
type comparison struct {
	day     archive.Day
	leaves  []Leaf
	index   []int64 // of the leaves, in the tree
	lines   []line  // without simulated ones
	diffs   []difference
	pending []int // lines behind the last one that has a leaf

	simulated map[string]bool
	lineCount int
	erased    map[string]int // recordings that were erased lawfully → number of the line
	redacted  int            // lines that say nothing of people any more, lawfully
	proven    int            // lines whose leaf was changed, and which fit what was signed
	posing    []line         // simulated seals of recordings in the log
	end       archive.Place  // behind the last line that can be read: what follows may be torn
}

// compare reads a day's journal. each, if not nil, is called with every raw line.
// suspects are leaves whose records are not trusted; soon see [comparison.lawful].
func compare(ctx context.Context, j Journals, t *tree, d archive.Day, runs []run, suspects suspicion,
	soon func(*line) bool, each func(*archive.RawLine) error) (*comparison, error) {
	c := &comparison{day: d, simulated: map[string]bool{}}
	var err error
	if t != nil { // without a tree all lines are pending
		if c.leaves, c.index, err = t.leavesOf(runs); err != nil {
			return nil, err
		}
	}
	untrusted := c.distrust(suspects.at)
	logged := map[string]bool{}
	for i := range c.leaves {
		logged[c.leaves[i].ID] = true
	}
	same := map[[sha256.Size]byte]int{}
	r := lineReader{day: d, leaves: bySum(c.leaves), simulated: c.simulated}
	err = j.RawLines(ctx, d, archive.Place{}, func(raw *archive.RawLine) error {
		if each != nil {
			if err := each(raw); err != nil {
				return err
			}
		}
		c.lineCount++
		l := r.read(raw)
		if l.leaf >= 0 && c.leaves[l.leaf].Kind == archive.ActErase {
			j, _ := raw.Parse() // one that cannot be read says of no other line that it may be redacted
			l.forget = j.Forget
		}
		if l.leaf >= 0 || !l.damaged {
			c.end = archive.Place{Lines: raw.Number, Bytes: raw.Next}
		}
		if l.simulated {
			if l.kind == archive.KindSealed && logged[l.id] {
				c.posing = append(c.posing, l)
			}
			return nil
		}
		if len(suspects.true) > 0 && l.leaf < 0 && suspects.proven(d, raw) {
			c.proven++
			return nil
		}
		c.choose(&l, same)
		c.lines = append(c.lines, l)
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.lawful(soon)
	c.diffs, c.pending = match(c.leaves, c.lines)
	c.blame(untrusted)
	return c, nil
}

// choose decides which of two lines that are the same is the one that was logged:
// the one nearer to its place. same has the lines that were taken for theirs.
func (c *comparison) choose(l *line, same map[[sha256.Size]byte]int) {
	n, twice := same[l.sum]
	switch {
	case l.leaf >= 0:
		same[l.sum] = len(c.lines)
	case twice:
		first := &c.lines[n]
		leaf := &c.leaves[first.leaf]
		if far(l.number, leaf.Number) <= far(first.number, leaf.Number) { // a new line before both has moved the true one on
			l.leaf, first.leaf = first.leaf, -1
			first.kind, first.id = leaf.Kind, leaf.ID
			same[l.sum] = len(c.lines)
		}
	}
}

func far(a, b int) int { return max(a-b, b-a) }

// distrust takes the leaves out whose records are not what was signed, and
// returns their numbers in the journal, as far as they say them.
func (c *comparison) distrust(suspects map[int64]tlog.Hash) map[int]bool {
	if len(suspects) == 0 {
		return nil
	}
	untrusted := map[int]bool{}
	leaves, index := c.leaves, c.index
	c.leaves, c.index = nil, nil
	for i, at := range index {
		if _, ok := suspects[at]; ok {
			untrusted[leaves[i].Number] = true
			continue
		}
		c.leaves, c.index = append(c.leaves, leaves[i]), append(c.index, at)
	}
	return untrusted
}

// proven reports whether a line is one that a changed record stood for.
func (s suspicion) proven(d archive.Day, raw *archive.RawLine) bool {
	j, _ := raw.Parse() // of a line that cannot be read the leaf says so
	l := newLeaf(d, raw, &j)
	return s.true[l.hash()]
}

// blame calls lines changed that stand where a record was changed too: they are
// not new.
func (c *comparison) blame(untrusted map[int]bool) {
	for i := range c.diffs {
		if d := &c.diffs[i]; d.kind == Added && untrusted[c.lines[d.line].number] {
			d.kind = Changed
		}
	}
	c.pending = slices.DeleteFunc(c.pending, func(i int) bool {
		if untrusted[c.lines[i].number] {
			c.diffs = append(c.diffs, difference{Changed, -1, i})
			return true
		}
		return false
	})
}

// lost are the recordings whose seal is not what it was: their files are no
// strangers.
func (c *comparison) lost() map[string]bool {
	ids := map[string]bool{}
	for i := range c.leaves {
		if c.gone() {
			ids[c.leaves[i].ID] = true
		}
	}
	for _, d := range c.diffs {
		if d.leaf >= 0 && d.kind != Moved {
			ids[c.leaves[d.leaf].ID] = true
		}
	}
	return ids
}

// gone says whether the whole journal is.
func (c *comparison) gone() bool { return c.lineCount == 0 && len(c.leaves) > 0 }

// findings tells the differences.
func (c *comparison) findings(found func(Finding)) {
	if c.gone() {
		found(Finding{Kind: DayGone, Day: c.day, Count: len(c.leaves)})
		return
	}
	for _, d := range c.diffs {
		f := Finding{Kind: d.kind, Day: c.day}
		if d.leaf >= 0 {
			l := &c.leaves[d.leaf]
			f.Line, f.ID, f.What, f.Leaf = l.Number, l.ID, l.Kind, c.index[d.leaf]+1
		}
		if d.line >= 0 {
			l := &c.lines[d.line]
			switch {
			case d.kind == Moved:
				f.Now = l.number
			case d.leaf < 0:
				f.Line, f.ID, f.What = l.number, l.id, l.kind
			}
		}
		found(f)
	}
	for _, l := range c.posing {
		found(Finding{Kind: Posing, Day: c.day, Line: l.number, ID: l.id, What: l.kind})
	}
}
