package settings

import (
	"encoding/json"
	"fmt"
	"time"

	"vaad/store"
)

// A Version is one change of the document, for ever.
type Version struct {
	N     uint64    `json:"n"`
	Time  time.Time `json:"time"`
	Actor string    `json:"actor"`
	Why   string    `json:"why,omitempty"`
	Diff  []Change  `json:"diff"`
}

// A Change is one key that changed. No value means its default.
type Change struct {
	Path string          `json:"path"`
	Old  json.RawMessage `json:"old,omitempty"`
	New  json.RawMessage `json:"new,omitempty"`
}

// stored is the document as it lies in the database.
type stored struct {
	N        uint64          `json:"n"`
	Document json.RawMessage `json:"document"`
}

const documentKey = "document"

func versions() store.Bucket[Version] { return store.NewBucket[Version]("settings.versions") }
func current() store.Bucket[stored]   { return store.NewBucket[stored]("settings.current") }

// diff lists the leaves that differ, by path.
func diff(old, new map[string]any) []Change {
	a, b := map[string]any{}, map[string]any{}
	flatten("", old, a)
	flatten("", new, b)
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	var out []Change
	for _, path := range sortedKeys(all) {
		x, hadOld := a[path]
		y, hasNew := b[path]
		if hadOld && hasNew && same(x, y) {
			continue
		}
		c := Change{Path: path}
		if hadOld {
			c.Old = encode(x, nil)
		}
		if hasNew {
			c.New = encode(y, nil)
		}
		out = append(out, c)
	}
	return out
}

// redo applies changes forward, undo backward.
func redo(tree map[string]any, changes []Change) (map[string]any, error) {
	return edit(tree, changes, func(c Change) json.RawMessage { return c.New })
}

func undo(tree map[string]any, changes []Change) (map[string]any, error) {
	return edit(tree, changes, func(c Change) json.RawMessage { return c.Old })
}

func edit(tree map[string]any, changes []Change, side func(Change) json.RawMessage) (map[string]any, error) {
	flat := map[string]any{}
	flatten("", tree, flat)
	for _, c := range changes {
		delete(flat, c.Path)
		if b := side(c); b != nil {
			v, err := parse(b)
			if err != nil {
				return nil, fmt.Errorf("settings: change of %s: %w", c.Path, err)
			}
			flat[c.Path] = v
		}
	}
	return unflatten(flat), nil
}

func (d *Document) save(v Version, tree map[string]any) error {
	return d.cfg.DB.Update(func(tx *store.Tx) error {
		if err := versions().Put(tx, store.Key(v.N), v); err != nil {
			return err
		}
		return current().Put(tx, documentKey, stored{v.N, encode(tree, nil)})
	})
}

// History lists versions, newest first, those below before (0: all), at most limit.
func (d *Document) History(before uint64, limit int) ([]Version, error) {
	to := ""
	if before > 0 {
		to = store.Key(before)
	}
	var out []Version
	err := d.cfg.DB.View(func(tx *store.Tx) error {
		out = nil
		return versions().Reverse(tx, "", to, func(_ string, v Version) bool {
			out = append(out, v)
			return len(out) < limit
		})
	})
	return out, err
}

// back undoes changes from the newest version down to n.
func (d *Document) back(tree map[string]any, n uint64) (map[string]any, error) {
	now := d.cur.Load().n
	if n > now {
		return nil, fmt.Errorf("%w: %d; the newest is %d", ErrNoVersion, n, now)
	}
	want := now
	err := d.cfg.DB.View(func(tx *store.Tx) error {
		var bad error
		err := versions().Reverse(tx, store.Key(n+1), "", func(_ string, v Version) bool {
			if v.N != want {
				bad = fmt.Errorf("%w: %d is missing, so %d cannot be reached", ErrNoVersion, want, n)
			} else {
				tree, bad = undo(tree, v.Diff)
			}
			want--
			return bad == nil
		})
		if bad != nil {
			return bad
		}
		return err
	})
	if err == nil && want != n {
		err = fmt.Errorf("%w: %d is missing, so %d cannot be reached", ErrNoVersion, want, n)
	}
	return tree, err
}
