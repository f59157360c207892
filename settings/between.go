package settings

import (
	"encoding/json"
	"fmt"
	"time"
)

// Changes are values by path that are to be set together.
type Changes struct {
	Base   uint64 // version that the values were chosen on; what others changed since must be elsewhere
	Values map[string]json.RawMessage
}

// A Conflict is a key that somebody else has changed meanwhile.
type Conflict struct {
	Path  string // that was changed
	Actor string
	Time  time.Time
	Value json.RawMessage // now; nil: its default
}

// ConflictError is the error of changes that would undo what others have done meanwhile.
type ConflictError struct{ Conflicts []Conflict }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s was changed meanwhile by %s", e.Conflicts[0].Path, e.Conflicts[0].Actor)
}

// Change is SetAll of values that were chosen on an earlier version. Errors are also
// [*ConflictError] and [ErrNoVersion].
func (d *Document) Change(actor, why string, c Changes) (Version, error) {
	edit, err := puts(c.Values)
	if err != nil {
		return Version{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.conflicts(c); err != nil {
		return Version{}, err
	}
	return d.changed(actor, why, edit)
}

// Plan says what Change would change, and by which error it would be refused.
func (d *Document) Plan(c Changes) ([]Change, error) {
	edit, err := puts(c.Values)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.conflicts(c); err != nil {
		return nil, err
	}
	return d.plan(edit)
}

// PlanRollback says what Rollback would change, and by which error it would be refused.
func (d *Document) PlanRollback(n uint64) ([]Change, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.plan(func(tree map[string]any) (map[string]any, error) { return d.back(tree, n) })
}

func (d *Document) plan(edit func(map[string]any) (map[string]any, error)) ([]Change, error) {
	_, _, changes, err := d.prepare(d.cur.Load(), edit)
	return changes, err
}

// conflicts looks for what others have changed since the base.
func (d *Document) conflicts(c Changes) error {
	now := d.cur.Load()
	if c.Base == now.n {
		return nil
	}
	later, err := d.since(c.Base)
	if err != nil {
		return err
	}
	last := map[string]Conflict{}
	for _, v := range later {
		for _, ch := range v.Diff {
			for path, value := range c.Values {
				if within(ch.Path, path) || within(path, ch.Path) {
					if ch.Path == path && string(value) == string(ch.New) {
						continue // both want the same
					}
					if _, there := at(now.explicit, split(ch.Path)); there && within(path, ch.Path) && bare(ch.Old) && bare(ch.New) {
						continue // an element that was empty is not any more, or the other way round: what is in it counts
					}
					last[ch.Path] = Conflict{ch.Path, v.Actor, v.Time, ch.New}
				}
			}
		}
	}
	var e ConflictError
	for _, path := range sortedKeys(last) {
		e.Conflicts = append(e.Conflicts, last[path])
	}
	if len(e.Conflicts) > 0 {
		return &e
	}
	return nil
}

// bare says whether a value is an element with nothing set in it, or none.
func bare(v json.RawMessage) bool { return len(v) == 0 || string(v) == "{}" }

// since lists the versions after n, oldest first.
func (d *Document) since(n uint64) ([]Version, error) {
	now := d.cur.Load().n
	if n > now {
		return nil, fmt.Errorf("%w: %d; the newest is %d", ErrNoVersion, n, now)
	}
	if n == now {
		return nil, nil
	}
	all, err := d.History(0, int(now-n))
	if err != nil {
		return nil, err
	}
	if uint64(len(all)) != now-n || len(all) > 0 && all[len(all)-1].N != n+1 {
		return nil, fmt.Errorf("%w: versions after %d are missing", ErrNoVersion, n)
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, nil
}

// A Difference is a key that differs between two versions, and the version that
// changed it last between them.
type Difference struct {
	Change
	By Version // without its Diff
}

// Between lists what differs between two versions, in the direction asked for. Where
// from is the later one, By says who made what it would undo.
func (d *Document) Between(from, to uint64) ([]Difference, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, err := d.treeOf(from)
	if err != nil {
		return nil, err
	}
	b, err := d.treeOf(to)
	if err != nil {
		return nil, err
	}
	later, err := d.since(min(from, to))
	if err != nil {
		return nil, err
	}
	by := map[string]Version{}
	for _, v := range later {
		if v.N > max(from, to) {
			break
		}
		for _, c := range v.Diff {
			by[c.Path] = Version{N: v.N, Time: v.Time, Actor: v.Actor, Why: v.Why}
		}
	}
	var out []Difference
	for _, c := range diff(a, b) {
		out = append(out, Difference{c, by[c.Path]})
	}
	return out, nil
}

// treeOf is what was set in a version.
func (d *Document) treeOf(n uint64) (map[string]any, error) {
	tree, _ := clone(d.cur.Load().explicit).(map[string]any)
	return d.back(tree, n)
}
