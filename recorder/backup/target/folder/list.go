package folder

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/guard"
)

// List implements target.Target.
func (t *Folder) List(ctx context.Context, prefix string, fn func(target.Entry) error) error {
	if err := t.g.CheckPrefix(prefix); err != nil {
		return err
	}
	return t.g.List(ctx, prefix, fn, func(ctx context.Context, b *guard.Beat, yield func(target.Entry) error) error {
		d, err := t.open(ctx)
		if err != nil {
			return err
		}
		w := walker{ctx, d, b, yield}
		return errors.Join(t.explain(ctx, d, w.dir(prefix)), d.Close())
	})
}

type walker struct {
	ctx   context.Context
	d     Disk
	b     *guard.Beat
	yield func(target.Entry) error
}

// dir lists one folder and those below, in the order of full names: a folder
// stands where its name with a slash would.
func (w walker) dir(dir string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	at := dir
	if at == "" {
		at = "."
	}
	all, err := w.d.ReadDir(at)
	if err != nil {
		if err = absent(err); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, top := w.d.Stat("."); errors.Is(top, fs.ErrNotExist) {
			return Gone("the folder does not exist")
		}
		return nil
	}
	w.b.Moved()
	keys := make([]string, 0, len(all))
	for _, e := range all {
		switch name := e.Name(); {
		case target.CheckName(name) != nil, dir == "" && name == "lost+found": // not ours
		case e.IsDir():
			keys = append(keys, name+"/")
		default:
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		name := key
		if dir != "" {
			name = dir + "/" + key
		}
		if sub, ok := strings.CutSuffix(name, "/"); ok {
			if err := w.dir(sub); err != nil {
				return err
			}
			continue
		}
		st, err := w.d.Stat(name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !st.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return err
		}
		if target.CheckName(name) != nil {
			continue // too long or too deep: not put by us
		}
		if err := w.yield(target.Entry{Name: name, Size: st.Size(), Modified: st.ModTime()}); err != nil {
			return err
		}
		w.b.Moved()
	}
	return nil
}
