package settings

import (
	"errors"
	"fmt"

	"vaad/store"
)

// load reads the stored document, replays what only the journal knows, and
// leaves out what does not fit.
func (d *Document) load() (Report, error) {
	var rep Report
	n, tree, err := d.read()
	if err != nil {
		return rep, err
	}
	if d.cfg.Journal != "" {
		n, tree, err = d.reconcile(n, tree, &rep)
		if err != nil {
			return rep, err
		}
	}
	rep.Version = n
	for range 8 {
		s, bad := d.compile(n, tree)
		if len(bad) == 0 {
			d.cur.Store(s)
			return rep, nil
		}
		rep.Ignored = append(rep.Ignored, bad...)
		for _, f := range bad {
			remove(tree, d.nearest(tree, split(f.Path)))
		}
	}
	s, bad := d.compile(n, map[string]any{})
	if len(bad) > 0 {
		return rep, &Invalid{bad}
	}
	d.cur.Store(s)
	return rep, nil
}

// nearest is the longest beginning of keys that is set.
func (d *Document) nearest(tree map[string]any, keys []string) []string {
	for n := len(keys); n > 1; n-- {
		if _, ok := at(tree, keys[:n]); ok {
			return keys[:n]
		}
	}
	return keys[:1]
}

// read takes the document row, and the versions that are newer than it.
func (d *Document) read() (n uint64, tree map[string]any, err error) {
	err = d.cfg.DB.View(func(tx *store.Tx) error {
		cur, ok, err := current().Get(tx, documentKey)
		if err != nil {
			return err
		}
		n, tree = cur.N, map[string]any{}
		if ok {
			t, err := parse(cur.Document)
			if err != nil {
				return fmt.Errorf("settings: stored document: %w", err)
			}
			tree, _ = t.(map[string]any)
		}
		if tree == nil {
			tree = map[string]any{}
		}
		var bad error
		err = versions().Range(tx, store.Key(n+1), "", func(_ string, v Version) bool {
			if v.N != n+1 {
				bad = fmt.Errorf("settings: version %d follows %d", v.N, n)
				return false
			}
			tree, bad = redo(tree, v.Diff)
			n = v.N
			return bad == nil
		})
		return errors.Join(err, bad)
	})
	return n, tree, err
}
