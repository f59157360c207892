package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/vault"

	"filippo.io/age"
)

type encryptionCmd struct {
	Status encryptionStatusCmd `cmd:"" default:"withargs"`
	Rotate encryptionRotateCmd `cmd:""`
	Export encryptionExportCmd `cmd:""`
	Import encryptionImportCmd `cmd:""`
}

type encryptionStatusCmd struct{}

// Run says what is encrypted and how many keys there are.
func (encryptionStatusCmd) Run(s *session) error {
	e, err := s.client.Encryption(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(e)
	}
	what := "off"
	switch {
	case e.Enabled && e.Stories:
		what = "all"
	case e.Enabled:
		what = "audio"
	}
	place := orElse(e.Place, s.t("cli.encryption-own"))
	t := &table{head: []string{s.t("cli.encryption"), s.t("cli.encryption-" + what)}}
	add := func(key, v string) { t.row(s.t("cli."+key), printable(v)) }
	add("encryption-place", place)
	add("encryption-master", orElse(e.Master, "–"))
	add("encryption-keys", strconv.Itoa(e.Keys))
	add("encryption-erased", strconv.Itoa(e.Erased))
	for key, n := range map[string]int{"encryption-damaged": e.Damaged, "encryption-locked": e.Locked, "encryption-other": e.Other} {
		if n > 0 {
			add(key, strconv.Itoa(n))
		}
	}
	if e.Newest != nil {
		add("encryption-newest", when(*e.Newest))
	}
	if e.Fault != "" {
		add("encryption-fault", e.Fault)
	}
	return t.print(s.out)
}

type encryptionRotateCmd struct{}

// Run has the daemon put a new master key in use.
func (encryptionRotateCmd) Run(s *session) error {
	r, err := s.client.RotateKeys(s.ctx)
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(r)
	}
	said := s.say("%s", s.t("cli.encryption-rotated", "keys", strconv.Itoa(r.Keys), "master", r.Master))
	if r.Kept > 0 {
		return errors.Join(said, s.refusal("encryption-kept", "count", strconv.Itoa(r.Kept)))
	}
	return said
}

type encryptionExportCmd struct {
	To        string   `required:"" type:"path" placeholder:"FILE"`
	Recipient []string `required:"" sep:"none" placeholder:"AGE1…"`
	ID        string   `name:"id" placeholder:"ID"`
}

// Run writes a backup of the keys that only the recipients can read.
func (c encryptionExportCmd) Run(s *session) (err error) {
	var to []age.Recipient
	for _, r := range c.Recipient {
		one, err := age.ParseX25519Recipient(strings.TrimSpace(r))
		if err != nil {
			return usageError{s.refusal("encryption-recipient", "value", printable(r))}
		}
		to = append(to, one)
	}
	ring, err := s.ring(s.keysFolder(""), true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ring.Close()) }()
	f, err := os.CreateTemp(filepath.Dir(c.To), ".keys-*")
	if err != nil {
		return notWritten(c.To, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	var out vault.Exported
	w, err := age.Encrypt(f, to...)
	if err == nil {
		out, err = ring.Export(w, c.ID)
		err = errors.Join(err, w.Close())
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if c.ID != "" && out.Keys+out.Erased == 0 {
		return s.refusal("encryption-no-key", "id", printable(c.ID))
	}
	if err := os.Rename(f.Name(), c.To); err != nil {
		return notWritten(c.To, err)
	}
	if s.cli.JSON {
		return s.object(struct {
			Keys       int `json:"keys"`
			Erased     int `json:"erased"`
			Unreadable int `json:"unreadable"`
		}{out.Keys, out.Erased, out.Unreadable})
	}
	if err := s.say("%s", s.t("cli.encryption-exported", "keys", strconv.Itoa(out.Keys), "erased", strconv.Itoa(out.Erased))); err != nil {
		return err
	}
	if out.Unreadable > 0 {
		tell(s.err, "vaactl:", s.refusal("encryption-kept", "count", strconv.Itoa(out.Unreadable)))
	}
	return nil
}

type encryptionImportCmd struct {
	File     string `arg:"" type:"path"`
	Identity string `required:"" type:"path" placeholder:"FILE"`
}

// Run takes keys over from a backup, while the daemon is stopped.
func (c encryptionImportCmd) Run(s *session) (err error) {
	in, err := s.decrypted(c.File, c.Identity)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	ring, err := s.ring(s.keysFolder(""), false)
	if errors.Is(err, archive.ErrLocked) {
		return s.refusal("encryption-locked-folder")
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ring.Close()) }()
	out, err := ring.Import(in)
	if errors.Is(err, vault.ErrExport) {
		return errors.Join(s.refusal("encryption-no-export", "file", printable(c.File)), err)
	}
	if err != nil {
		return err
	}
	if s.cli.JSON {
		return s.object(struct {
			Keys   int `json:"keys"`
			Known  int `json:"known"`
			Erased int `json:"erased"`
			Late   int `json:"late"`
		}{out.Keys, out.Known, out.Erased, out.Late})
	}
	said := s.say("%s", s.t("cli.encryption-imported", "keys", strconv.Itoa(out.Keys), "known", strconv.Itoa(out.Known), "erased", strconv.Itoa(out.Erased)))
	if out.Late > 0 {
		tell(s.err, "vaactl:", s.refusal("encryption-late", "count", strconv.Itoa(out.Late)))
	}
	return said
}

// decrypted opens a file that age has encrypted.
func (s *session) decrypted(file, identity string) (io.ReadCloser, error) {
	b, err := os.ReadFile(identity)
	if err != nil {
		return nil, err
	}
	ids, err := age.ParseIdentities(strings.NewReader(string(b)))
	if err != nil {
		return nil, errors.Join(s.refusal("encryption-identity", "file", printable(identity)), err)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bufio.NewReader(f), ids...)
	if err != nil {
		return nil, errors.Join(s.refusal("encryption-identity", "file", printable(identity)), err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// keysFolder is where keys are: as --keys says, else below --root, else beside the
// folder of the recordings.
func (s *session) keysFolder(recordings string) string {
	switch {
	case s.cli.KeysFrom != "":
		return s.cli.KeysFrom
	case s.cli.Root != "":
		return filepath.Join(s.cli.Root, "keys")
	case recordings != "":
		return filepath.Join(filepath.Dir(filepath.Clean(recordings)), "keys")
	}
	return ""
}

// ring opens the keys of encrypted recordings.
func (s *session) ring(folder string, readOnly bool) (*vault.Ring, error) {
	if folder == "" {
		return nil, usageError{s.refusal("encryption-where")}
	}
	if _, err := os.Stat(folder); err != nil && readOnly {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	disk, err := archive.OSDisk(folder)
	if err != nil {
		return nil, err
	}
	c := vault.Config{Disk: disk, ReadOnly: readOnly, Now: time.Now}
	if file := s.cli.MasterKey; file != "" {
		c.Master = func() ([]byte, bool, error) {
			b, err := os.ReadFile(file)
			return b, true, err
		}
	}
	ring, err := vault.Open(c)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return ring, nil
}

// keyOf exports the key of one recording.
func (s *session) keyOf(recordings, id string) (b []byte, err error) {
	ring, err := s.ring(s.keysFolder(recordings), true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ring.Close()) }()
	var w bytes.Buffer
	out, err := ring.Export(&w, id)
	if err == nil && out.Keys == 0 {
		err = s.refusal("encryption-no-key", "id", printable(id))
	}
	return w.Bytes(), err
}

// unlock opens the keys for who reads recordings, if there are any. Those that
// were named must be there.
func (s *session) unlock(recordings string) (keys archive.Keys, shut func(), err error) {
	folder := s.keysFolder(recordings)
	_, err = os.ReadDir(folder)
	if s.cli.KeysFrom == "" && err != nil {
		return nil, func() {}, nil
	}
	if errors.Is(err, syscall.ENOTDIR) { // what stands in a proof bundle as keys.jsonl
		b, err := os.ReadFile(folder)
		if err != nil {
			return nil, nil, err
		}
		keys, err := vault.ReadLoose(bytes.NewReader(b))
		if err != nil {
			return nil, nil, errors.Join(s.refusal("encryption-no-export", "file", printable(folder)), err)
		}
		return keys, func() {}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	ring, err := s.ring(folder, true)
	if err != nil {
		return nil, nil, err
	}
	return ring, func() { _ = ring.Close() }, nil // read only
}

// loose opens an encrypted file of a recording.
func (s *session) loose(name string) (*loose, error) {
	folder := ""
	if dir, err := filepath.Abs(filepath.Dir(name)); err == nil { // ROOT/recordings/2026/11/22
		folder = filepath.Join(dir, "..", "..", "..")
	}
	keys, shut, err := s.unlock(folder)
	if err != nil {
		return nil, err
	}
	in, err := archive.OpenLoose(name, keys)
	if err != nil {
		shut()
		if code := archive.Unreadable(err); code != "" {
			err = errors.Join(errors.New(s.t("problem."+code)+"\n"+s.t("problem."+code+".remedy")), err)
		}
		return nil, err
	}
	return &loose{in, shut}, nil
}

// loose is the content of an encrypted file.
type loose struct {
	*archive.Loose
	shut func()
}

func (l *loose) Close() error {
	err := l.Loose.Close()
	l.shut()
	return err
}
