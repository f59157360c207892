package evidence

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/tlog"
)

// A run is leaves of one day that follow each other in the tree.
type run struct{ from, n int64 }

// checks is everything signed that a tree is held against.
type checks struct {
	keys   []string
	notes  []Checkpoint // the file of checkpoints, in its order
	anchor []Checkpoint // kept elsewhere
}

// readChecks parses notes and tells what is wrong with them and their sequence.
func readChecks(file []byte, anchors [][]byte, keys []string, found func(Finding)) checks {
	c := checks{keys: keys}
	notes, _ := splitNotes(file)
	for i, text := range notes {
		if cp, ok := readNote(text, keys, Finding{Number: int64(i) + 1}, found); ok {
			c.notes = append(c.notes, cp)
		}
	}
	for i := range c.notes {
		cp := &c.notes[i]
		want, previous := int64(1), "none"
		if i > 0 {
			want, previous = c.notes[i-1].Number+1, c.notes[i-1].sum()
		}
		if cp.Number != want || cp.Previous != previous {
			found(Finding{Kind: NoteMissing, Number: want, Time: cp.Time, Detail: fmt.Sprintf("number %d follows", cp.Number)})
		}
	}
	for _, a := range anchors {
		for _, text := range ReadNotes(a) {
			cp, ok := readNote(text, keys, Finding{Anchor: true}, found)
			if !ok {
				continue
			}
			cp.elsewhere = true
			c.anchor = append(c.anchor, cp)
			same := func(o Checkpoint) bool { return string(o.text) == string(cp.text) }
			if cp.key != "" && !slices.ContainsFunc(c.notes, same) {
				found(Finding{Kind: NoteMissing, Number: cp.Number, Time: cp.Time, Anchor: true})
			}
		}
	}
	return c
}

func readNote(text []byte, keys []string, f Finding, found func(Finding)) (Checkpoint, bool) {
	cp, err := ParseCheckpoint(text, keys)
	if err != nil {
		f.Kind, f.Detail = NoteUnread, err.Error()
		found(f)
		return cp, false
	}
	if cp.key == "" && len(keys) > 0 {
		f.Kind, f.Number, f.Time, f.Detail = KeyUnknown, cp.Number, cp.Time, cp.signer()
		for _, k := range keys { // NAME+HASH+KEY
			if len(k) > len(f.Detail) && k[:len(f.Detail)+1] == f.Detail+"+" {
				f.Kind = NoteChanged
			}
		}
		found(f)
	}
	return cp, true
}

// signed lists what counts, smallest tree first. Without any key all notes count.
func (c *checks) signed() []Checkpoint {
	all := slices.Concat(c.notes, c.anchor)
	all = slices.DeleteFunc(all, func(cp Checkpoint) bool { return cp.key == "" && len(c.keys) > 0 })
	slices.SortStableFunc(all, func(a, b Checkpoint) int { return cmp.Compare(a.Size, b.Size) })
	return all
}

// inspection is what a walk through the tree has shown.
type inspection struct {
	top      frontier // of all leaves, as their records are
	days     map[archive.Day][]run
	suspects map[int64]tlog.Hash // leaves whose record has not the stored hash, and that hash
	records  bool                // the records are what was signed
	stored   bool                // the stored hashes of leaves are what was signed
	short    bool                // something signed has more leaves
	cut      bool                // a checkpoint of its own has
	unread   []int64             // records that cannot be read
}

// inspect walks the whole tree once and holds it against everything signed, both
// as its records say and as its stored hashes say: where one of the two is what
// was signed, the other one was changed, and what exactly can be told.
func inspect(ctx context.Context, t *tree, signed []Checkpoint, found func(Finding)) (*inspection, error) {
	in := &inspection{days: map[archive.Day][]run{}, suspects: map[int64]tlog.Hash{}, records: true, stored: true}
	var other frontier // of the stored hashes of leaves
	var good int64     // leaves that are proven by the last checkpoint that fits
	var wrong, forked *Finding
	at := 0
	own := slices.ContainsFunc(signed, func(cp Checkpoint) bool { return !cp.elsewhere })
	hold := func() {
		for ; at < len(signed) && signed[at].Size == in.top.n; at++ {
			cp := signed[at]
			fits := in.top.root() == cp.Root
			if cp.elsewhere && own { // it does not say which leaves are to be gone on from
				if !fits && forked == nil {
					forked = &Finding{Kind: RootWrong, From: good + 1, To: cp.Size, Number: cp.Number, Time: cp.Time, Anchor: true}
				}
				continue
			}
			if fits && in.records {
				good = cp.Size
			}
			if !fits && wrong == nil {
				wrong = &Finding{Kind: RootWrong, From: good + 1, To: cp.Size, Number: cp.Number, Time: cp.Time, Anchor: cp.elsewhere}
			}
			in.records = in.records && fits
			in.stored = in.stored && other.root() == cp.Root
		}
	}
	var byRecords, byHashes []Finding // hashes of subtrees that are wrong if records, or hashes of leaves, are right
	hold()
	err := t.walk(ctx, func(i int64, rec []byte, stored []tlog.Hash) error {
		leaf, err := parseLeaf(rec)
		if err != nil {
			in.unread = append(in.unread, i)
		} else {
			in.add(leaf.Day, i)
		}
		h := recordHash(rec)
		made := in.top.add(h)
		if len(stored) > 0 {
			if stored[0] != h {
				in.suspects[i] = stored[0]
			}
			byRecords = subtrees(byRecords, i, made, stored)
			byHashes = subtrees(byHashes, i, other.add(stored[0]), stored)
		}
		hold()
		return nil
	})
	if err != nil {
		return nil, err
	}
	inner := byRecords
	if !in.records {
		inner = byHashes
	}
	if want := tlog.StoredHashCount(t.n); t.stored < want {
		in.stored = false
		inner = append(inner, Finding{Kind: HashChanged, Detail: fmt.Sprintf("the file ends after %d of %d hashes", t.stored, want)})
	}
	if at < len(signed) {
		last := signed[len(signed)-1]
		in.short = true
		in.cut = slices.ContainsFunc(signed[at:], func(cp Checkpoint) bool { return !cp.elsewhere })
		found(Finding{Kind: TreeShort, From: t.n + 1, To: last.Size, Number: last.Number, Time: last.Time, Anchor: last.elsewhere})
	}
	in.tell(t, wrong, found)
	if forked != nil && in.records {
		found(*forked)
	}
	for _, f := range inner {
		found(f)
	}
	return in, nil
}

// subtrees holds the stored hashes of subtrees against those made of their leaves.
func subtrees(found []Finding, i int64, made, stored []tlog.Hash) []Finding {
	for k := 1; k < min(len(made), len(stored)) && len(found) < 100; k++ {
		if stored[k] != made[k] {
			found = append(found, Finding{Kind: HashChanged, Leaf: i + 1, Detail: fmt.Sprintf("hash %d", storedAt(i)+int64(k))})
		}
	}
	return found
}

// tell says which records or hashes were changed, as far as it can be known.
func (in *inspection) tell(t *tree, wrong *Finding, found func(Finding)) {
	order := slices.Sorted(maps.Keys(in.suspects))
	kind := HashChanged
	if !in.records {
		kind = LeafChanged
		if !in.stored || len(order) == 0 {
			found(*wrong)
		}
	}
	for _, i := range order {
		f := Finding{Kind: kind, Leaf: i + 1}
		if rec, err := t.record(i); err == nil {
			if leaf, err := parseLeaf(rec); err == nil {
				f.Day, f.Line, f.ID, f.What = leaf.Day, leaf.Number, leaf.ID, leaf.Kind
			}
		}
		found(f)
	}
	for _, i := range in.unread {
		if _, told := in.suspects[i]; !told {
			found(Finding{Kind: LeafChanged, Leaf: i + 1})
		}
	}
}

// suspicion is of leaves whose records were changed while their stored hashes are
// what was signed.
type suspicion struct {
	at   map[int64]tlog.Hash
	true map[tlog.Hash]bool
}

func (in *inspection) distrusted() suspicion {
	if in.records || !in.stored {
		return suspicion{}
	}
	s := suspicion{in.suspects, make(map[tlog.Hash]bool, len(in.suspects))}
	for _, h := range in.suspects {
		s.true[h] = true
	}
	return s
}

// add notes that a leaf is of a day.
func (in *inspection) add(d archive.Day, i int64) { in.days[d] = addRun(in.days[d], i) }

func addRun(rs []run, i int64) []run {
	if n := len(rs); n > 0 && rs[n-1].from+rs[n-1].n == i {
		rs[n-1].n++
		return rs
	}
	return append(rs, run{i, 1})
}

// leavesOf reads the leaves of a day. index gives the number of each in the tree.
func (t *tree) leavesOf(runs []run) (leaves []Leaf, index []int64, err error) {
	for _, r := range runs {
		b := make([]byte, r.n*leafSize)
		if _, err := t.leaves.ReadAt(b, (r.from+1)*leafSize); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", leavesFile, err)
		}
		for i := range r.n {
			l, err := parseLeaf(b[i*leafSize : (i+1)*leafSize])
			if err != nil {
				return nil, nil, err
			}
			leaves, index = append(leaves, l), append(index, r.from+i)
		}
	}
	return leaves, index, nil
}
