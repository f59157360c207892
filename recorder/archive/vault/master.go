package vault

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"vaad/recorder/archive"
)

const (
	masterFile   = "master"
	saltFile     = "salt"
	masterPrefix = "vaad-master-1:"
	maxMaster    = 64 << 10
	maxMasters   = 16
	leastPhrase  = 16      // characters of a passphrase
	iterations   = 600_000 // of PBKDF2: a passphrase is no random key
)

// ErrNoMaster: there is no master key where one is expected.
var ErrNoMaster = fmt.Errorf("%w: the master key is missing", archive.ErrKeys)

type masterID [8]byte

func (id masterID) String() string { return hex.EncodeToString(id[:]) }

// master wraps the keys of recordings.
type master struct {
	id  masterID
	key [32]byte
}

func newMaster(key [32]byte) *master {
	h := sha256.Sum256(append([]byte("vaad master id 1"), key[:]...))
	return &master{id: masterID(h[:8]), key: key}
}

func (m *master) line() string { return masterPrefix + base64.StdEncoding.EncodeToString(m.key[:]) }

// masters are those that are known. The first one wraps what is made.
type masters struct {
	all       []*master
	own       int  // of these, from the folder's own file
	elsewhere bool // the one in use is from elsewhere
}

func (m *masters) get(id masterID) *master {
	for _, one := range m.all {
		if one.id == id {
			return one
		}
	}
	return nil
}

// parseMasters reads master keys and passphrases, one per line, the one in use
// first. Empty lines and those that begin with # say nothing.
func parseMasters(b []byte, salt func() ([]byte, error)) (all []*master, err error) {
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if len(all) == maxMasters {
			return nil, fmt.Errorf("%w: more than %d master keys", archive.ErrKeys, maxMasters)
		}
		var key [32]byte
		if text, ok := strings.CutPrefix(line, masterPrefix); ok {
			k, err := base64.StdEncoding.Strict().DecodeString(text)
			if err != nil || len(k) != len(key) {
				return nil, fmt.Errorf("%w: line %d is no master key", archive.ErrKeys, len(all)+1)
			}
			copy(key[:], k)
		} else {
			if len(line) < leastPhrase {
				return nil, fmt.Errorf("%w: the passphrase has less than %d characters", archive.ErrKeys, leastPhrase)
			}
			s, err := salt()
			if err != nil {
				return nil, err
			}
			k, err := pbkdf2.Key(sha256.New, line, s, iterations, len(key))
			if err != nil {
				return nil, err
			}
			copy(key[:], k)
		}
		all = append(all, newMaster(key))
	}
	return all, nil
}

// load reads the master keys where they are: those given from elsewhere first.
// What was read last is kept as long as the files are the same.
func (r *Ring) load() (*masters, error) {
	var outer []byte
	var elsewhere bool
	var err error
	if r.c.Master != nil {
		if outer, elsewhere, err = r.c.Master(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoMaster, err)
		}
	}
	own, err := r.readSmall(masterFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", archive.ErrKeys, err)
	}
	content := append(append(bytes.Clone(outer), 0), own...)
	if elsewhere {
		content = append(content, 1)
	}
	if r.masters != nil && bytes.Equal(content, r.content) {
		return r.masters, nil
	}
	m := &masters{elsewhere: elsewhere}
	for i, b := range [][]byte{outer, own} {
		all, err := parseMasters(b, r.salt)
		if err != nil {
			return nil, err
		}
		if m.all = append(m.all, all...); i == 1 {
			m.own = len(all)
		}
	}
	if elsewhere && len(m.all) == m.own { // what should have one has none: the own one does not stand in for it
		return nil, ErrNoMaster
	}
	if len(m.all) == 0 {
		return m, nil
	}
	r.masters, r.content = m, content
	return m, nil
}

// current is the master key that wraps; it is made where there are no keys yet.
// Where the keys that there are cannot be opened it is none: nobody would notice
// before it is too late that a master key was lost, or a passphrase mistyped.
func (r *Ring) current() (*masters, error) {
	m, err := r.load()
	if err != nil || len(m.all) > 0 && m == r.proved {
		return m, err
	}
	if err := r.opensNewest(m); err != nil {
		return nil, err
	}
	if r.proved = m; len(m.all) > 0 {
		return m, nil
	}
	made, err := r.newMaster()
	if err == nil {
		err = r.writeMasters([]*master{made})
	}
	if err != nil {
		return nil, err
	}
	return r.load()
}

// opensNewest checks that the master keys open what was wrapped last, if anything was.
func (r *Ring) opensNewest(m *masters) error {
	days, err := r.days()
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(days) {
		k, err := r.keysOf(d)
		if err != nil {
			return err
		}
		var newest *stored
		for _, all := range k.of {
			for i := range all {
				if s := &all[i]; !s.damaged && s.kind == kindKey && (newest == nil || s.at > newest.at) {
					newest = s
				}
			}
		}
		if newest == nil {
			continue
		}
		if len(m.all) == 0 {
			return ErrNoMaster
		}
		_, err = r.open(&newest.record)
		return err
	}
	return nil
}

func (r *Ring) newMaster() (*master, error) {
	var key [32]byte
	if _, err := io.ReadFull(r.c.Rand, key[:]); err != nil {
		return nil, err
	}
	return newMaster(key), nil
}

// writeMasters replaces the folder's own file, durably, and wipes what it was.
func (r *Ring) writeMasters(all []*master) error {
	var b strings.Builder
	b.WriteString("# Master key of encrypted recordings. Without it no key in this folder can be used.\n")
	for _, m := range all {
		b.WriteString(m.line() + "\n")
	}
	old, err := r.c.Disk.Open(masterFile, os.O_RDWR, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old != nil {
		defer old.Close()
	}
	if err := r.replace(masterFile, []byte(b.String())); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	size, err := old.Size()
	if err == nil {
		_, err = old.WriteAt(make([]byte, min(size, maxMaster)), 0)
	}
	if err != nil {
		return fmt.Errorf("wipe the master key that was: %w", err)
	}
	return r.c.Disk.SyncFS()
}

// replace writes a small file whole, durably, or leaves the one that was.
func (r *Ring) replace(name string, b []byte) error {
	if err := r.write(name+".new", b); err != nil {
		return err
	}
	if err := r.c.Disk.SyncFS(); err != nil {
		return err
	}
	if err := r.c.Disk.Rename(name+".new", name); err != nil {
		return err
	}
	return r.c.Disk.SyncFS()
}

func (r *Ring) write(name string, b []byte) error {
	f, err := r.c.Disk.Open(name, os.O_RDWR|os.O_CREATE, filePerm)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	return err
}

func (r *Ring) readSmall(name string) ([]byte, error) {
	f, err := r.c.Disk.Open(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > maxMaster {
		return nil, fmt.Errorf("%s has %d bytes: that is no master key", name, size)
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return nil, err
	}
	return b, nil
}

// salt is what passphrases are salted with, made once.
func (r *Ring) salt() ([]byte, error) {
	b, err := r.readSmall(saltFile)
	if errors.Is(err, fs.ErrNotExist) && !r.c.ReadOnly {
		s := make([]byte, 16)
		if _, err := io.ReadFull(r.c.Rand, s); err != nil {
			return nil, err
		}
		b = []byte(hex.EncodeToString(s) + "\n")
		err = r.replace(saltFile, b)
	}
	if err != nil {
		return nil, err
	}
	s, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(s) != 16 {
		return nil, fmt.Errorf("%w: the file %s is damaged", archive.ErrKeys, saltFile)
	}
	return s, nil
}
