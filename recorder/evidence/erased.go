package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/tlog"
)

// A redacted line says nothing of people any more, and has no salt: its hash is
// not that of its leaf. It stands for the leaf of its recording and its kind, as
// long as a line behind it that is in the log says that the recording is forgotten:
// erasing alone takes nothing away of what the journal says.

// lawful gives redacted lines their leaves, and notes which recordings were
// erased lawfully. soon says of a line at the journal's end that it will be in the
// log in a moment.
func (c *comparison) lawful(soon func(*line) bool) {
	last := 0 // number of the last line that is in the log
	taken := make([]bool, len(c.leaves))
	for i := range c.lines {
		if k := c.lines[i].leaf; k >= 0 {
			last, taken[k] = c.lines[i].number, true
		}
	}
	c.erased = map[string]int{}
	forgot := map[string]int{} // recording → number of the last line that says so
	for i := range c.lines {
		l, id := &c.lines[i], ""
		switch {
		case l.leaf >= 0 && c.leaves[l.leaf].Kind == archive.ActErase:
			id = c.leaves[l.leaf].ID
		case l.leaf < 0 && l.kind == archive.ActErase && l.number > last && soon(l):
			id = l.id
		default:
			continue
		}
		if c.erased[id] = l.number; l.forget {
			forgot[id] = l.number
		}
	}
	for i := range c.lines {
		l := &c.lines[i]
		if l.leaf >= 0 || !l.redacted || l.number >= forgot[l.id] {
			continue
		}
		at := -1
		for k := range c.leaves {
			if leaf := &c.leaves[k]; !taken[k] && leaf.ID == l.id && leaf.Kind == l.kind && (at < 0 || leaf.Number == l.number) {
				at = k
			}
		}
		if at >= 0 {
			l.leaf, taken[at] = at, true
			c.redacted++
		}
	}
}

// ErrNotReady: the log has not read the journals yet, or is broken.
var ErrNotReady = errors.New("the evidence log is not ready")

// ProveErased takes the log up to now, signs it, and proves the erase lines of
// recordings: the newest of each. Those of simulated recordings have no leaf and
// are left out. The checkpoint is a note.
func (l *Log) ProveErased(ctx context.Context, lines []archive.JournalLine) ([]archive.ErasedLeaf, string, error) {
	l.mu.Lock()
	ready := l.up && !l.frozen
	l.mu.Unlock()
	if !ready {
		return nil, "", ErrNotReady
	}
	if err := l.follow(ctx); err != nil {
		return nil, "", err
	}
	if l.unsigned() > 0 {
		if err := l.Sign(); err != nil {
			return nil, "", err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	byDay := map[archive.Day][]string{}
	for _, j := range lines {
		byDay[j.Day] = append(byDay[j.Day], j.ID)
	}
	var out []archive.ErasedLeaf
	for d, ids := range byDay {
		leaves, index, err := l.tree.leavesOf(l.runs[d])
		if err != nil {
			return nil, "", err
		}
		at := map[string]int64{}
		for k := range leaves {
			if leaves[k].Kind == archive.ActErase && index[k] < l.last.Size {
				at[leaves[k].ID] = index[k]
			}
		}
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			i, ok := at[id]
			if !ok {
				continue
			}
			e, err := l.tree.erasedLeaf(i, l.last.Size)
			if err != nil {
				return nil, "", err
			}
			e.ID = id
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b archive.ErasedLeaf) int { return int(a.Index - b.Index) })
	return out, string(l.last.text), nil
}

func (t *tree) erasedLeaf(i, size int64) (e archive.ErasedLeaf, err error) {
	rec, err := t.record(i)
	if err != nil {
		return e, err
	}
	way, err := tlog.ProveRecord(size, i, t)
	if err != nil {
		return e, fmt.Errorf("prove leaf %d: %w", i+1, err)
	}
	e = archive.ErasedLeaf{Index: i, Record: string(rec[:leafSize-1])}
	for _, h := range way {
		e.Proof = append(e.Proof, h[:])
	}
	return e, nil
}

// maxErasure is how long a proof of an erasure may be.
const maxErasure = 256 << 20

// An Erasure is what a proof of an erasure says that holds.
type Erasure struct {
	Checkpoint Checkpoint
	Proven     int // recordings whose erasure the checkpoint proves
	Unproven   int // recordings that the document gives no proof of
}

// CheckErasure checks the proof document of an erasure without anything else:
// docs/formats/evidence.md. keys are those trusted; with none only that it fits
// together is checked. Its error says what does not hold.
func CheckErasure(doc []byte, keys []string) (Erasure, error) {
	var e Erasure
	if len(doc) > maxErasure {
		return e, errors.New("erasure: the document is too long")
	}
	var p struct {
		V      int `json:"v"`
		Erased []struct {
			ID   string              `json:"id"`
			Day  archive.Day         `json:"day"`
			Leaf *archive.ErasedLeaf `json:"leaf"`
		} `json:"erased"`
		Checkpoint string `json:"checkpoint"`
	}
	if err := json.Unmarshal(doc, &p); err != nil {
		return e, fmt.Errorf("erasure: %w", err)
	}
	if p.V != 1 {
		return e, fmt.Errorf("erasure: version %d is not known here", p.V)
	}
	if p.Checkpoint == "" {
		e.Unproven = len(p.Erased)
		return e, nil
	}
	cp, err := ParseCheckpoint([]byte(p.Checkpoint), keys)
	if err != nil {
		return e, fmt.Errorf("erasure: %w", err)
	}
	if len(keys) > 0 && cp.key == "" {
		return e, fmt.Errorf("erasure: the checkpoint is not signed with a key that is trusted: %s", cp.signer())
	}
	e.Checkpoint = cp
	for _, it := range p.Erased {
		if it.Leaf == nil {
			e.Unproven++
			continue
		}
		if err := checkErased(it.Leaf, it.Day, it.ID, &cp); err != nil {
			return e, fmt.Errorf("erasure of %s: %w", it.ID, err)
		}
		e.Proven++
	}
	return e, nil
}

func checkErased(l *archive.ErasedLeaf, d archive.Day, id string, cp *Checkpoint) error {
	leaf, err := parseLeaf([]byte(l.Record + "\n"))
	if err != nil {
		return err
	}
	if leaf.ID != id || leaf.Day != d || leaf.Kind != archive.ActErase {
		return errors.New("the leaf is not that of its erasure")
	}
	way := make(tlog.RecordProof, len(l.Proof))
	for i, h := range l.Proof {
		if len(h) != tlog.HashSize {
			return errors.New("a hash of the proof has not its length")
		}
		copy(way[i][:], h)
	}
	if l.Index < 0 || l.Index >= cp.Size {
		return errors.New("the checkpoint does not cover the leaf")
	}
	return tlog.CheckRecord(way, cp.Size, cp.Root, l.Index, tlog.RecordHash([]byte(l.Record)))
}
