package upgrade

import (
	"crypto/sha256"
	"encoding/hex"
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

	"vaad/store"
)

// What is kept: all that an older version could not make anew. index.db is made of the journals,
// keys and evidence are never written otherwise than by adding.
var kept = []string{"state.db", "settings.jsonl"}

const (
	folder    = "upgrade" // below the root
	listName  = "kept.json"
	stamp     = "20060102T150405Z"
	keepTimes = 3 // folders that Tidy leaves
)

// A list is what a folder holds (docs/formats/update.md).
type list struct {
	V       int        `json:"v"`
	Version string     `json:"version"` // that ran with it
	Time    time.Time  `json:"time"`
	Files   []keptFile `json:"files"`
}

type keptFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Keep copies the state of a stopped daemon into a new folder below root, reads it back, and
// returns the folder. Errors: [store.ErrLocked] while the daemon runs, [store.ErrDamaged].
func Keep(root, version string, now time.Time) (dir string, err error) {
	now = now.UTC().Truncate(time.Second)
	dir = filepath.Join(root, folder, now.Format(stamp)+"-"+safe(version))
	if err := os.RemoveAll(dir + ".new"); err != nil {
		return "", err
	}
	half := dir + ".new"
	defer func() {
		if err != nil { // as where the disk is full: half a copy would only fill it
			_ = os.RemoveAll(half) // Tidy does it later
		}
	}()
	if err := os.MkdirAll(dir+".new", 0o700); err != nil {
		return "", err
	}
	l := list{V: 1, Version: version, Time: now, Files: []keptFile{}}
	for _, name := range kept {
		from, to := filepath.Join(root, name), filepath.Join(dir+".new", name)
		if name == "state.db" {
			err = store.CopyStopped(from, to)
		} else {
			err = copyFile(from, to)
		}
		if errors.Is(err, fs.ErrNotExist) { // it never ran, or lost its journal
			continue
		}
		if err != nil {
			return "", fmt.Errorf("keep %s: %w", name, err)
		}
		f, err := sumOf(to)
		if err != nil {
			return "", err
		}
		l.Files = append(l.Files, f)
	}
	b, err := json.MarshalIndent(l, "", " ")
	if err != nil {
		return "", err
	}
	if err := writeFile(filepath.Join(dir+".new", listName), append(b, '\n')); err != nil {
		return "", err
	}
	if err := os.Rename(dir+".new", dir); err != nil {
		return "", err
	}
	return dir, syncDir(filepath.Dir(dir))
}

// Restore puts back what [Keep] has kept in dir, which is below root, and moves aside what is there
// now, with the copies that were made of it since: it returns that folder. Done twice, it does no harm.
func Restore(root, dir string, now time.Time) (aside string, err error) {
	if filepath.Dir(filepath.Clean(dir)) != filepath.Join(filepath.Clean(root), folder) {
		return "", fmt.Errorf("%s is no folder of %s", dir, filepath.Join(root, folder))
	}
	b, err := os.ReadFile(filepath.Join(dir, listName))
	if err != nil {
		return "", err
	}
	var l list
	if err := json.Unmarshal(b, &l); err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Join(dir, listName), err)
	}
	if l.V != 1 {
		return "", fmt.Errorf("%s has version %d", filepath.Join(dir, listName), l.V)
	}
	for _, f := range l.Files { // before anything is moved
		if !slices.Contains(kept, f.Name) {
			return "", fmt.Errorf("%s: %q is not state", listName, f.Name)
		}
		if is, err := sumOf(filepath.Join(dir, f.Name)); err != nil {
			return "", err
		} else if is != f {
			return "", fmt.Errorf("%s in %s is not what was kept", f.Name, dir)
		}
	}
	aside = filepath.Join(dir, "newer-"+now.UTC().Format(stamp))
	if err := os.MkdirAll(filepath.Join(aside, "copies"), 0o700); err != nil {
		return "", err
	}
	copies, _ := filepath.Glob(filepath.Join(root, "copies", "state-*Z.db")) // the pattern is right
	for _, c := range copies {
		made := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(c), "state-"), ".db")
		if t, err := time.Parse("20060102T150405.000Z", made); err != nil || !t.After(l.Time) {
			continue
		}
		if err := os.Rename(c, filepath.Join(aside, "copies", filepath.Base(c))); err != nil {
			return "", err
		}
	}
	for _, name := range kept {
		to := filepath.Join(root, name)
		if err := setAside(to, filepath.Join(aside, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if !slices.ContainsFunc(l.Files, func(f keptFile) bool { return f.Name == name }) { // there was none
			if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			continue
		}
		if err := copyFile(filepath.Join(dir, name), to+".back"); err != nil {
			_ = os.Remove(to + ".back") // what it fills is needed now
			return "", err
		}
		if err := os.Rename(to+".back", to); err != nil {
			return "", err
		}
	}
	return aside, errors.Join(syncDir(aside), syncDir(filepath.Join(aside, "copies")), syncDir(root))
}

// Tidy removes all but the newest folders that [Keep] has made, and what a power cut left of one.
func Tidy(root string) error {
	all, err := os.ReadDir(filepath.Join(root, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var whole []string
	for _, e := range all {
		if strings.HasSuffix(e.Name(), ".new") || strings.HasPrefix(e.Name(), ".") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(root, folder, e.Name())))
		} else {
			whole = append(whole, e.Name()) // sorted, by time
		}
	}
	for len(whole) > keepTimes {
		err = errors.Join(err, os.RemoveAll(filepath.Join(root, folder, whole[0])))
		whole = whole[1:]
	}
	return err
}

// setAside keeps a file that is about to be replaced by a rename. A second name takes no room of a disk
// that may be full, where a copy would.
func setAside(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(err, fs.ErrExist): // it was done before, a moment ago: what is there now is not the newer state
		return nil
	default: // a file system without links
		return copyFile(from, to)
	}
}

// safe is a version as part of a file's name.
func safe(version string) string {
	out := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(".+~-", r) {
			return r
		}
		return '_'
	}, version)
	return out[:min(len(out), 100)]
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // only read
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

func writeFile(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func sumOf(name string) (keptFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return keptFile{}, err
	}
	defer func() { _ = f.Close() }() // only read
	h := sha256.New()
	n, err := io.Copy(h, f)
	return keptFile{Name: filepath.Base(name), Bytes: n, SHA256: hex.EncodeToString(h.Sum(nil))}, err
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
