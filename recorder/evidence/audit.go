package evidence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/tlog"
)

// begin brings the files into order after whatever ended the last run, audits
// them and takes what the journals have and the tree has not.
func (l *Log) begin(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys, err := PublicKeys(l.c.Keys)
	if err != nil {
		return err
	}
	b, err := readAll(l.note, maxNotes)
	if err != nil {
		return err
	}
	notes, end := splitNotes(b)
	if int64(len(b)) > end { // a crash: nobody was told of it
		if err := l.note.Truncate(end); err != nil {
			return err
		}
	}
	l.end, l.last = end, Checkpoint{}
	if len(notes) > 0 {
		if l.last, err = ParseCheckpoint(notes[len(notes)-1], keys); err != nil {
			l.last = Checkpoint{Number: int64(len(notes)), text: notes[len(notes)-1]}
		}
	}
	if err := l.trim(); err != nil {
		return err
	}
	// What a crash kept of the journals must be durable before a leaf says so.
	var removed *archive.RemovedError
	if _, err := l.c.Archive.Sync(); err != nil && !errors.As(err, &removed) {
		return err
	}
	if err := l.auditAll(ctx); err != nil {
		return err
	}
	l.up = true
	return nil
}

// trim cuts leaves off behind the last checkpoint that a crash has left in part:
// the journals have their lines still.
func (l *Log) trim() error {
	if l.tree.n < l.last.Size || l.tree.stored < tlog.StoredHashCount(l.last.Size) {
		return nil // no crash does that: the audit says what is gone
	}
	was := l.tree.n
	l.tree.settle(l.last.Size)
	top, good := frontier{}, int64(0)
	for good < l.tree.n {
		if good < l.last.Size {
			good = l.last.Size
			if err := l.tree.edge(&top, good); err != nil {
				return err
			}
			continue
		}
		rec, err := l.tree.record(good)
		if err != nil {
			return err
		}
		if _, err := parseLeaf(rec); err != nil {
			break
		}
		at, same := storedAt(good), true
		for _, h := range top.add(recordHash(rec)) {
			hs, err := l.tree.ReadHashes([]int64{at})
			if err != nil {
				return err
			}
			same = same && hs[0] == h
			at++
		}
		if !same {
			break
		}
		good++
	}
	if good < was || l.tree.n < was {
		return l.tree.cut(good)
	}
	return nil
}

// audit holds tree and journals against each other and the checkpoints again.
func (l *Log) audit(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.auditAll(ctx)
}

// auditAll raises or clears the alarm of a log that is broken.
func (l *Log) auditAll(ctx context.Context) error {
	var found []Finding
	tell := func(f Finding) { found = append(found, f) }
	keys, err := PublicKeys(l.c.Keys)
	if err != nil {
		return err
	}
	last, err := LastAnchor(l.c.Keys)
	if err != nil {
		return err
	}
	b, err := readAll(l.note, maxNotes)
	if err != nil {
		return err
	}
	c := readChecks(b, [][]byte{last}, keys, tell)
	l.lost = nil
	for _, f := range found {
		if f.Kind == NoteMissing && f.Anchor && len(l.lost) < 16 {
			i := slices.IndexFunc(c.anchor, func(cp Checkpoint) bool { return cp.Number == f.Number && cp.Time.Equal(f.Time) })
			l.lost = append(l.lost, append(slices.Clone(c.anchor[i].text), '\n'))
		}
	}
	in, err := inspect(ctx, l.tree, c.signed(), tell)
	if err != nil {
		return err
	}
	l.frozen = in.cut || !in.records // what is signed cannot be gone on from
	l.top, l.runs = in.top, in.days
	l.read = map[archive.Day]*progress{}
	days, err := l.c.Archive.Days()
	if err != nil {
		return err
	}
	days = slices.AppendSeq(days, maps.Keys(in.days))
	slices.Sort(days)
	for _, d := range slices.Compact(days) {
		if err := l.auditDay(ctx, d, tell); err != nil {
			return err
		}
	}
	l.tell()
	l.m.broken.Set(float64(len(found)))
	if len(found) == 0 {
		l.c.Alarms.Clear(AlarmBroken, subject)
		return nil
	}
	l.raise(found)
	return nil
}

// auditDay compares a day's journal with the tree and takes the lines at its end
// that are not in the tree yet. Others it never takes.
func (l *Log) auditDay(ctx context.Context, d archive.Day, found func(Finding)) error {
	if p := l.c.Pool; p != nil {
		if err := p.Acquire(ctx); err != nil {
			return err
		}
		defer p.Release()
	}
	c, err := compare(ctx, l.c.Archive, l.tree, d, l.runs[d], suspicion{}, func(*line) bool { return true }, nil)
	if err != nil {
		return err
	}
	c.findings(found)
	var fresh []Leaf
	for _, i := range c.pending {
		if n := &c.lines[i]; n.number <= c.end.Lines {
			fresh = append(fresh, n.asLeaf(d))
		}
	}
	if err := l.grow(d, fresh); err != nil {
		return err
	}
	l.read[d] = &progress{at: c.end, simulated: c.simulated}
	l.lighten(d)
	return nil
}

// broken is told of what is found while the log follows.
func (l *Log) broken(f Finding) {
	l.m.broken.Inc()
	l.raise([]Finding{f})
}

func (l *Log) raise(found []Finding) {
	var told []string
	for i, f := range found {
		if i == 3 {
			told = append(told, fmt.Sprintf("and %d more", len(found)-i))
			break
		}
		told = append(told, f.String())
	}
	l.c.Logger.Error("evidence is broken: vaactl verify says where", "found", len(found), "first", told)
	l.c.Alarms.Raise(AlarmBroken, subject, map[string]string{"count": fmt.Sprint(len(found)), "reason": strings.Join(told, "; ")})
}

// String names a finding in English, for logs.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(string(f.Kind))
	add := func(word string, v any, is bool) {
		if is {
			fmt.Fprintf(&b, " %s%v", word, v)
		}
	}
	add("", f.Day, f.Day != "")
	add("line ", f.Line, f.Line > 0)
	add("now ", f.Now, f.Now > 0)
	add("recording ", f.ID, f.ID != "")
	add("file ", f.File, f.File != "")
	add("leaf ", f.Leaf, f.Leaf > 0)
	add("leaves ", fmt.Sprint(f.From, "-", f.To), f.From > 0)
	add("checkpoint ", f.Number, f.Number > 0)
	add("(", f.Detail+")", f.Detail != "")
	return b.String()
}
