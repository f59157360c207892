package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"vaad/recorder/archive"

	"github.com/oklog/ulid/v2"
)

const (
	extKeys  = ".keys"
	extNew   = ".new" // of a file that is being rewritten
	filePerm = 0o600
	dirPerm  = 0o700

	maxFile = 1 << 30 // bytes: eight million recordings a day
)

// keys is what a day's file holds.
type keys struct {
	day  archive.Day
	size int64 // of the file; 0 = there is none
	n    int   // records
	of   map[ulid.ULID][]stored
	raw  []byte
}

// stored is a record where it stands.
type stored struct {
	record
	at      int64
	damaged bool
}

// last is the newest record of a recording that can be read; nil = none.
func (k *keys) last(u ulid.ULID) *stored {
	all := k.of[u]
	for i := range slices.Backward(all) {
		if !all[i].damaged {
			return &all[i]
		}
	}
	return nil
}

// fileOf is the name of a day's file.
func fileOf(d archive.Day) string { return strings.ReplaceAll(string(d), "-", "/") + extKeys }

// keysOf reads a day's file, or takes what was read of it before.
func (r *Ring) keysOf(d archive.Day) (*keys, error) {
	if !d.Valid() {
		return nil, fmt.Errorf("%q is not a day like 2026-11-22", d)
	}
	if k := r.cache[d]; k != nil && r.same(k) {
		return k, nil
	}
	k, err := r.read(d)
	if err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", archive.ErrKeys, fileOf(d), err)
	}
	n := k.n
	for _, other := range r.cache {
		n += other.n
	}
	if len(r.cache) >= maxCached || n > maxCachedKeys {
		clear(r.cache)
	}
	k.raw = nil
	r.cache[d] = k
	return k, nil
}

// same reports whether a file is still what was read of it. Who only reads is told
// of no change, but a file only grows.
func (r *Ring) same(k *keys) bool {
	if !r.c.ReadOnly {
		return true
	}
	fi, err := r.c.Disk.Stat(fileOf(k.day))
	return err == nil && fi.Size() == k.size
}

// read parses a day's file; one that is not there has no keys.
func (r *Ring) read(d archive.Day) (*keys, error) {
	k := &keys{day: d, of: map[ulid.ULID][]stored{}}
	f, err := r.c.Disk.Open(fileOf(d), os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if k.size, err = f.Size(); err != nil {
		return nil, err
	}
	if k.size > maxFile {
		return nil, fmt.Errorf("%d bytes are no keys of one day", k.size)
	}
	k.raw = make([]byte, k.size)
	if n, err := f.ReadAt(k.raw, 0); n < len(k.raw) {
		return nil, err
	}
	return k, k.parse()
}

// parse reads the records of raw.
func (k *keys) parse() error {
	if len(k.raw) >= recordSize {
		if err := checkHead(k.raw[:recordSize]); err != nil {
			return err
		}
	}
	for at := recordSize; at+recordSize <= len(k.raw); at += recordSize {
		rec, err := parse(k.raw[at : at+recordSize])
		if err != nil && !errors.Is(err, errDamaged) {
			return err
		}
		k.n++
		k.of[rec.id] = append(k.of[rec.id], stored{rec, int64(at), err != nil})
	}
	return nil
}

// append writes records behind the last one and makes the file durable. What a
// crash left of a record before is skipped.
func (r *Ring) append(d archive.Day, k *keys, fresh []record) error {
	if len(fresh) == 0 {
		if r.synced[d] {
			return nil
		}
		err := r.c.Disk.SyncFS() // what an earlier run wrote may not be durable yet
		r.synced[d] = err == nil
		return err
	}
	name := fileOf(d)
	if err := r.c.Disk.MkdirAll(path.Dir(name), dirPerm); err != nil {
		return err
	}
	f, err := r.c.Disk.Open(name, os.O_RDWR|os.O_CREATE, filePerm)
	if err != nil {
		return err
	}
	defer f.Close()
	at, b := (k.size+recordSize-1)/recordSize*recordSize, []byte(nil)
	if at == 0 || at == recordSize && k.size < recordSize {
		h := head(d)
		at, b = 0, h[:]
	}
	for i := range fresh {
		one := fresh[i].encode()
		b = append(b, one[:]...)
	}
	delete(r.cache, d)
	r.synced[d] = false
	if _, err := f.WriteAt(b, at); err != nil {
		return errors.Join(err, f.Truncate(k.size)) // a full disk must not make it grow with each try
	}
	if err := r.c.Disk.SyncFS(); err != nil {
		return err
	}
	r.synced[d] = true
	return nil
}

// wipe overwrites the keys that a day's file has of some recordings and says how many.
func (r *Ring) wipe(d archive.Day, of []ulid.ULID) (n int, err error) {
	k, err := r.keysOf(d)
	if err != nil {
		return 0, err
	}
	var all []stored
	for _, u := range of {
		all = append(all, k.of[u]...)
	}
	if len(all) == 0 {
		return 0, nil
	}
	f, err := r.c.Disk.Open(fileOf(d), os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	delete(r.cache, d)
	for _, s := range all {
		gone := record{kind: kindErased, id: s.id, key: s.key, time: s.time}
		if s.kind != kindErased || s.damaged {
			n++
			gone.time = r.c.Now().Unix()
		}
		b := gone.encode()
		if _, err := f.WriteAt(b[:], s.at); err != nil {
			return 0, err
		}
	}
	return n, r.c.Disk.SyncFS()
}

// days lists the days that have a file, in order.
func (r *Ring) days() (all []archive.Day, err error) {
	err = r.each(func(name string) error {
		if d := dayOf(name); d.Valid() {
			all = append(all, d)
		}
		return nil
	})
	slices.Sort(all)
	return all, err
}

func dayOf(name string) archive.Day {
	base, ok := strings.CutSuffix(name, extKeys)
	if !ok {
		return ""
	}
	return archive.Day(strings.ReplaceAll(base, "/", "-"))
}

// each walks the files below the folders of years and months.
func (r *Ring) each(f func(name string) error) error {
	years, err := r.list(".", 4)
	if err != nil {
		return err
	}
	for _, y := range years {
		months, err := r.list(y, 2)
		if err != nil {
			return err
		}
		for _, m := range months {
			es, err := r.c.Disk.ReadDir(m)
			if err != nil {
				return err
			}
			for _, e := range es {
				if err := f(path.Join(m, e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// list names the folders in dir that are n digits.
func (r *Ring) list(dir string, n int) (all []string, err error) {
	es, err := r.c.Disk.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range es {
		if len(e.Name()) == n && strings.Trim(e.Name(), "0123456789") == "" {
			all = append(all, path.Join(dir, e.Name()))
		}
	}
	return all, err
}

// sweep removes what an interrupted rewriting left: it was never in use.
func (r *Ring) sweep() error {
	for _, name := range []string{masterFile + extNew, saltFile + extNew} {
		if err := r.c.Disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return r.each(func(name string) error {
		if strings.HasSuffix(name, extKeys+extNew) {
			return r.c.Disk.Remove(name)
		}
		return nil
	})
}
