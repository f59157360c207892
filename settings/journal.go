package settings

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"vaad/store"
)

// journal is the file that repeats the versions, one JSON line each.
type journal struct {
	path string
	last uint64 // newest version in it
	sick bool   // the last write failed
}

// entry is a line: a version, or a whole document where the file begins anew.
type entry struct {
	Version
	Document json.RawMessage `json:"document,omitempty"`
}

// crcMark stands before the CRC-32C of everything on the line in front of it.
const crcMark = `,"crc":"`

func seal(line []byte) []byte {
	body := bytes.TrimSuffix(line, []byte("}"))
	sum := crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))
	return fmt.Appendf(nil, "%s%s%08x\"}\n", body, crcMark, sum)
}

func unseal(line []byte) ([]byte, bool) {
	i := bytes.LastIndex(line, []byte(crcMark))
	if i < 0 {
		return nil, false
	}
	want := fmt.Sprintf("%s%08x\"}", crcMark, crc32.Checksum(line[:i], crc32.MakeTable(crc32.Castagnoli)))
	return append(bytes.Clone(line[:i]), '}'), string(line[i:]) == want
}

// readJournal reads the entries of a journal. A line cut off at the end is left
// out silently (the process died writing it); any other bad line is the error,
// beside the entries before it.
func readJournal(path string) (entries []entry, whole int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	r := bufio.NewReader(f)
	for {
		line, e := r.ReadBytes('\n')
		if e != nil {
			return entries, whole, nil // no newline: cut off
		}
		var en entry
		body, ok := unseal(bytes.TrimSuffix(line, []byte("\n")))
		if ok {
			ok = json.Unmarshal(body, &en) == nil
		}
		if !ok {
			return entries, whole, fmt.Errorf("%s: line %d is damaged", path, len(entries)+1)
		}
		entries = append(entries, en)
		whole += int64(len(line))
	}
}

// RestoreFromJournal reads a journal and gives the document it ends with.
func RestoreFromJournal(path string) (version uint64, doc json.RawMessage, history []Version, err error) {
	entries, _, err := readJournal(path)
	n, tree, history, e := replay(0, map[string]any{}, entries)
	return n, encode(tree, nil), history, errors.Join(err, e)
}

// replay applies the entries that follow version n.
func replay(n uint64, tree map[string]any, entries []entry) (uint64, map[string]any, []Version, error) {
	var history []Version
	for _, e := range entries {
		if e.N <= n {
			continue
		}
		var err error
		next := tree
		switch {
		case e.N == n+1 && len(e.Diff) > 0:
			next, err = redo(tree, e.Diff)
		case e.Document != nil:
			var t any
			t, err = parse(e.Document)
			next, _ = t.(map[string]any)
		default:
			err = fmt.Errorf("settings journal: version %d follows %d", e.N, n)
		}
		if err != nil || next == nil {
			return n, tree, history, err
		}
		n, tree = e.N, next
		history = append(history, e.Version)
	}
	return n, tree, history, nil
}

// reconcile brings database and journal to the same newest version.
func (d *Document) reconcile(n uint64, tree map[string]any, rep *Report) (uint64, map[string]any, error) {
	d.journal = &journal{path: d.cfg.Journal}
	entries, whole, err := readJournal(d.cfg.Journal)
	rep.Journal = err
	after, next, history, err := replay(n, tree, entries)
	rep.Journal = errors.Join(rep.Journal, err)
	if after > n {
		rep.Replayed = len(history)
		if err := d.cfg.DB.Update(func(tx *store.Tx) error {
			for _, v := range history {
				if err := versions().Put(tx, store.Key(v.N), v); err != nil {
					return err
				}
			}
			return current().Put(tx, documentKey, stored{after, encode(next, nil)})
		}); err != nil {
			return n, tree, err
		}
		n, tree = after, next
	}
	if len(entries) > 0 {
		d.journal.last = entries[len(entries)-1].N
	}
	switch {
	case rep.Journal != nil: // set it aside and begin anew with the whole document
		_ = os.Rename(d.cfg.Journal, d.cfg.Journal+".damaged-"+d.cfg.Now().UTC().Format("20060102T150405Z"))
		d.journal.last = 0
	default:
		if info, err := os.Stat(d.cfg.Journal); err == nil && info.Size() > whole {
			if err := os.Truncate(d.cfg.Journal, whole); err != nil {
				rep.Journal = err
			}
		}
	}
	if d.journal.last < n {
		d.journal.catchUp(d, n, tree)
	}
	return n, tree, nil
}

// Refill writes what this process and the journal know into a database that has
// been replaced by an older copy while in use (store.Options.OnDamage).
func (d *Document) Refill() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var entries []entry
	if d.journal != nil {
		entries, _, _ = readJournal(d.journal.path)
	}
	s := d.cur.Load()
	return d.cfg.DB.Update(func(tx *store.Tx) error {
		for _, e := range entries {
			if e.N <= s.n {
				if err := versions().Put(tx, store.Key(e.N), e.Version); err != nil {
					return err
				}
			}
		}
		return current().Put(tx, documentKey, stored{s.n, encode(s.explicit, nil)})
	})
}

// note appends a version; what an earlier failure left out goes first.
func (d *Document) note(v Version) {
	if j := d.journal; j != nil {
		j.catchUp(d, v.N, d.cur.Load().explicit)
	}
}

// catchUp appends the versions after j.last up to n, or the whole document where they are not known.
func (j *journal) catchUp(d *Document, n uint64, tree map[string]any) {
	var lines []byte
	var list []Version
	err := d.cfg.DB.View(func(tx *store.Tx) error {
		list = nil
		return versions().Range(tx, store.Key(j.last+1), store.Key(n+1), func(_ string, v Version) bool {
			list = append(list, v)
			return true
		})
	})
	known := err == nil && uint64(len(list)) == n-j.last && len(list) > 0 && list[0].N == j.last+1
	if known {
		for _, v := range list {
			b, _ := json.Marshal(entry{Version: v})
			lines = append(lines, seal(b)...)
		}
	} else {
		b, _ := json.Marshal(entry{Version: Version{N: n, Time: d.cfg.Now().UTC(), Actor: "vaad", Why: "whole document"}, Document: encode(tree, nil)})
		lines = seal(b)
	}
	err = appendFile(j.path, lines)
	if err == nil {
		j.last = n
	}
	if d.cfg.OnJournal != nil && (err != nil || j.sick) {
		d.cfg.OnJournal(err)
	}
	j.sick = err != nil
}

// appendFile writes all of b or, as far as it can, none of it.
func appendFile(path string, b []byte) error {
	_, statErr := os.Stat(path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	end, err := f.Seek(0, 2)
	if err == nil {
		if _, err = f.Write(b); err == nil {
			err = f.Sync()
		}
		if err != nil {
			_ = f.Truncate(end)
		}
	}
	if err = errors.Join(err, f.Close()); err != nil || statErr == nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
