package evidence

import (
	"context"
	"errors"

	"vaad/recorder/archive"
)

// forget lets go of what is known of days that had no new lines for a while.
func (l *Log) forget() {
	now := l.c.Now()
	for d, at := range l.used {
		if age := now.Sub(at); age >= rememberFor || age < 0 {
			delete(l.used, d)
			l.lighten(d)
		}
	}
}

// lighten forgets which recordings of a day are simulated, if the day is not in use.
// That there are none takes no memory, and spares reading the journal again.
func (l *Log) lighten(d archive.Day) {
	p := l.read[d]
	if _, used := l.used[d]; !used && p != nil && len(p.simulated) > 0 {
		p.simulated = nil
	}
}

// errRead ends a reading where it was ended before.
var errRead = errors.New("as far as it was read")

// recall reads which recordings of a day are simulated from what was read of its
// journal before. A journal that is not what it was says so when its new lines are read.
func (l *Log) recall(ctx context.Context, d archive.Day, p *progress) error {
	if p.simulated != nil {
		return nil
	}
	if pool := l.c.Pool; pool != nil {
		if err := pool.Acquire(ctx); err != nil {
			return err
		}
		defer pool.Release()
	}
	leaves, _, err := l.tree.leavesOf(l.runs[d])
	if err != nil {
		return err
	}
	r := lineReader{day: d, leaves: bySum(leaves), simulated: map[string]bool{}}
	err = l.c.Archive.RawLines(ctx, d, archive.Place{}, func(raw *archive.RawLine) error {
		if raw.Number > p.at.Lines {
			return errRead
		}
		r.read(raw)
		return nil
	})
	if err != nil && !errors.Is(err, errRead) {
		return err
	}
	p.simulated = r.simulated
	return nil
}
