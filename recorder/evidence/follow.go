package evidence

import (
	"context"
	"errors"
	"maps"
	"slices"

	"vaad/recorder/archive"
)

// follow takes the new lines of all days that have some.
func (l *Log) follow(ctx context.Context) error {
	l.dmu.Lock()
	days := slices.Sorted(maps.Keys(l.dirty))
	clear(l.dirty)
	l.dmu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, d := range days {
		if err := l.take(ctx, d); err != nil {
			l.dmu.Lock()
			for _, d := range days[i:] {
				l.dirty[d] = true
			}
			l.dmu.Unlock()
			return err
		}
	}
	l.forget()
	return nil
}

// take appends the new lines of a day.
func (l *Log) take(ctx context.Context, d archive.Day) error {
	l.used[d] = l.c.Now()
	p := l.read[d]
	if p == nil {
		return l.auditDay(ctx, d, l.broken)
	}
	if err := l.recall(ctx, d, p); err != nil {
		return err
	}
	r := lineReader{day: d, simulated: p.simulated}
	at := p.at
	var fresh, held []Leaf
	err := l.c.Archive.RawLines(ctx, d, p.at, func(raw *archive.RawLine) error {
		n := r.read(raw)
		if n.simulated {
			fresh, held = append(fresh, held...), nil
			at = archive.Place{Lines: raw.Number, Bytes: raw.Next}
			return nil
		}
		held = append(held, n.asLeaf(d))
		if !n.damaged { // damage counts only before a good line: behind the last the archive cuts it off
			fresh, held = append(fresh, held...), nil
			at = archive.Place{Lines: raw.Number, Bytes: raw.Next}
		}
		return nil
	})
	if errors.Is(err, archive.ErrCursor) {
		return l.auditDay(ctx, d, l.broken)
	}
	if err != nil {
		return err
	}
	if err := l.grow(d, fresh); err != nil {
		return err
	}
	p.at = at
	return nil
}

func (n *line) asLeaf(d archive.Day) Leaf {
	leaf := Leaf{Day: d, Number: n.number, Kind: n.kind, ID: n.id, Sum: n.sum}
	if leaf.Kind == "" {
		leaf.Kind = "other"
	}
	return leaf
}

// grow appends leaves of one day.
func (l *Log) grow(d archive.Day, leaves []Leaf) error {
	if len(leaves) == 0 || l.frozen {
		return nil
	}
	top := frontier{n: l.top.n, edge: slices.Clone(l.top.edge)}
	if err := l.tree.append(&top, leaves); err != nil {
		return err
	}
	for i := range leaves {
		l.runs[d] = addRun(l.runs[d], l.top.n+int64(i))
	}
	l.top = top
	l.tell()
	return nil
}
