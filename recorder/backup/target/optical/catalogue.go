package optical

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vaad/recorder/backup/target"
	"vaad/recorder/backup/target/folder"
	"vaad/recorder/backup/target/guard"
)

// listName is the file on each disc that says what is on it. It is one of a
// target's names, but nobody puts it.
const listName = "vaad-volume.json"

// maxList is how large such a file may be, in bytes.
const maxList = 1 << 30

// list is what is on a disc; its form on disk.
type list struct {
	Version int `json:"version"` // 1
	target.Volume
	Entries []entry `json:"entries"`
}

type entry struct {
	Name     string    `json:"name"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256"`
}

// catalogue is everything that was sealed.
type catalogue struct {
	files   []string // names of the lists: one that is there is never changed
	volumes []target.Volume
	names   map[string]target.Entry // the newest of each name
	on      map[string][]string     // all volumes of each name
}

func (c *catalogue) holding(name string) []string { return c.on[name] }

func (c *catalogue) add(l *list) {
	c.volumes = append(c.volumes, l.Volume)
	for _, e := range l.Entries {
		c.names[e.Name] = target.Entry{Name: e.Name, Size: e.Size, Modified: e.Modified, Volume: l.ID}
		c.on[e.Name] = append(c.on[e.Name], l.ID)
	}
}

// catalogue reads the lists of all discs, where there are others than before:
// another program, or another target of the same folder, may have made one.
func (t *Target) catalogue(ctx context.Context, op, name string) (*catalogue, error) {
	t.mu.Lock()
	known := t.discs
	t.mu.Unlock()
	read := make(chan *catalogue, 1)
	err := t.g.Do(ctx, op, name, func(ctx context.Context, b *guard.Beat) error {
		c := &catalogue{names: map[string]target.Entry{}, on: map[string][]string{}}
		files, err := os.ReadDir(t.path(volumesDir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, f := range files { // in the order of their numbers
			if strings.HasSuffix(f.Name(), ".json") {
				c.files = append(c.files, f.Name())
			}
		}
		if known != nil && slices.Equal(known.files, c.files) {
			read <- known
			return nil
		}
		for _, name := range c.files {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			l, err := readList(t.path(volumesDir, name))
			if err != nil {
				return folder.Classed(target.ErrCorrupt, fmt.Errorf("%s: %w", name, err))
			}
			c.add(l)
			b.Moved()
		}
		read <- c
		return nil
	})
	if err != nil {
		return nil, err
	}
	c := <-read
	if c != known {
		t.mu.Lock()
		t.discs = c
		if known == nil || len(known.volumes) != len(c.volumes) { // one more disc: less is collected
			t.round++
			t.used = nil
		}
		t.mu.Unlock()
	}
	return c, nil
}

func readList(file string) (*list, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	var l list
	if err := json.NewDecoder(io.LimitReader(f, maxList)).Decode(&l); err != nil {
		return nil, err
	}
	if l.Version != 1 {
		return nil, fmt.Errorf("version %d; this program knows version 1", l.Version)
	}
	if l.ID != strings.TrimSuffix(filepath.Base(file), ".json") {
		return nil, fmt.Errorf("it is the list of disc %q", l.ID)
	}
	for _, e := range l.Entries {
		if err := target.CheckName(e.Name); err != nil {
			return nil, err
		}
	}
	return &l, nil
}

// Volumes implements target.Sealer.
func (t *Target) Volumes(ctx context.Context) ([]target.Volume, error) {
	c, err := t.catalogue(ctx, "list", "")
	if err != nil {
		return nil, err
	}
	all := slices.Clone(c.volumes)
	for i := range all {
		all[i].Image = ""
		if image := t.path(imagesDir, all[i].ID+".iso"); exists(image) {
			all[i].Image = image
		}
	}
	return all, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// durable writes a small file at once or not at all.
func durable(file string, write func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(file+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(file+".tmp", file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
