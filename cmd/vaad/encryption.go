package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vaad/api"
	"vaad/recorder/archive"
	"vaad/recorder/archive/crypt"
	"vaad/recorder/archive/vault"
	"vaad/settings"
)

// Alarms of encryption.
const (
	alarmKeysMissing    = "keys-missing"    // encrypted recordings cannot be read: the master key is not there
	alarmKeysUnwritable = "keys-unwritable" // recordings wait to be sealed: their keys cannot be stored
)

// credentialPrefix names a credential of systemd's as the place of a master key.
const credentialPrefix = "credential:"

// encryptionDoc is whether recordings are encrypted when they are sealed.
type encryptionDoc struct {
	Enabled bool   `json:"enabled"` // audio is; what was sealed before stays as it is
	Stories bool   `json:"stories"` // stories are, too, where audio is
	Master  string `json:"master"`  // where the master key is: "" = a file in the keys folder, made when it is needed; a file's path; credential:NAME
}

func (e encryptionDoc) validate() error {
	name, credential := strings.CutPrefix(e.Master, credentialPrefix)
	if e.Master == "" || filepath.IsAbs(e.Master) || credential && name != "" && !strings.ContainsAny(name, "/\x00") && name != "." && name != ".." {
		return nil
	}
	return fmt.Errorf("master: %q: give the whole path of a file, from /, or %sNAME for a credential of systemd's", e.Master, credentialPrefix)
}

// encryptionSections is the part of the settings that is about encryption.
type encryptionSections struct {
	encryption settings.Section[encryptionDoc]
}

func newEncryptionSections() encryptionSections {
	return encryptionSections{settings.NewSection("encryption", encryptionDoc{}, encryptionDoc.validate)}
}

// encryption is the keys of a running daemon, and whether they are used.
type encryption struct {
	ring *vault.Ring // nil if the folder could not be opened
	doc  func() encryptionDoc
}

// openKeys opens the keys folder. Without it nothing that is encrypted can be
// read or sealed, but recordings are made all the same, and an alarm is up.
func (d *running) openKeys(opened *undo) {
	d.keys = &encryption{doc: func() encryptionDoc { return d.sec.encryption.Get(d.doc) }}
	folder := filepath.Join(d.cfg.Root, "keys")
	ring, err := openRing(folder, vault.Config{Registerer: d.reg, Master: d.keys.master, Told: func(err error) {
		if err == nil {
			d.alarms.Clear(alarmKeysUnwritable, "keys")
			return
		}
		d.log.Error("the keys of recordings cannot be stored: they wait to be sealed", "error", err)
		d.alarms.Raise(alarmKeysUnwritable, "keys", map[string]string{"reason": err.Error()})
	}})
	if err != nil {
		d.log.Error("the keys of encrypted recordings cannot be used in this run", "error", err)
		d.alarms.Raise(alarmKeysMissing, "keys", map[string]string{"reason": err.Error()})
		return
	}
	d.keys.ring = ring
	opened.add(ring.Close)
	d.checkKeys()
}

// openRing makes the folder as private as keys want it and opens it.
func openRing(folder string, c vault.Config) (*vault.Ring, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		return nil, err
	}
	disk, err := archive.OSDisk(folder)
	if err != nil {
		return nil, err
	}
	c.Disk = disk
	ring, err := vault.Open(c)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return ring, nil
}

// watchKeys looks every minute whether keys can be used: the place of the master
// key may be one that goes away.
func (d *running) watchKeys(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.checkKeys()
		}
	}
}

func (d *running) checkKeys() {
	if d.keys.ring == nil {
		return
	}
	if err := d.keys.ring.Check(); err != nil {
		d.log.Error("the master key of encrypted recordings cannot be used", "error", err)
		d.alarms.Raise(alarmKeysMissing, "keys", map[string]string{"reason": err.Error()})
		return
	}
	d.alarms.Clear(alarmKeysMissing, "keys")
}

// keyring is the keys as the archive wants them.
func (e *encryption) keyring() archive.Keyring {
	if e.ring == nil {
		return noKeys{}
	}
	return e.ring
}

// noKeys stands for a folder that could not be opened: what is encrypted waits.
type noKeys struct{}

func (noKeys) Key(archive.Day, string, crypt.KeyID) (crypt.Key, error) {
	return crypt.Key{}, archive.ErrKeys
}

func (noKeys) Make(archive.Day, []string) (map[string]crypt.Key, error) { return nil, archive.ErrKeys }
func (noKeys) Erase(archive.Day, ...string) error                       { return archive.ErrKeys }
func (noKeys) CanErase() error                                          { return archive.ErrKeys }

// wanted is what is encrypted at sealing.
func (e *encryption) wanted() archive.Encryption {
	doc := e.doc()
	return archive.Encryption{Audio: doc.Enabled, Stories: doc.Stories}
}

// maxMaster bounds what is read as master keys.
const maxMaster = 64 << 10

// master reads the master keys that the settings name; none where the folder has
// its own.
func (e *encryption) master() ([]byte, bool, error) {
	at := e.doc().Master
	if at == "" {
		return nil, false, nil
	}
	if name, ok := strings.CutPrefix(at, credentialPrefix); ok {
		dir := os.Getenv("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return nil, true, fmt.Errorf("the credential %s: systemd has given none: add LoadCredential= or LoadCredentialEncrypted= to the unit", name)
		}
		at = filepath.Join(dir, name)
	}
	f, err := os.Open(at)
	if err != nil {
		return nil, true, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxMaster))
	return b, true, err
}

// State is what the API says of encryption.
func (e *encryption) State() (api.Encryption, error) {
	doc := e.doc()
	out := api.Encryption{Enabled: doc.Enabled, Stories: doc.Stories, Place: doc.Master}
	if e.ring == nil {
		out.Fault = "the keys folder could not be opened: see the alarms"
		return out, nil
	}
	s, err := e.ring.State()
	if err != nil {
		out.Fault = err.Error()
	}
	out.Master, out.Keys, out.Erased, out.Damaged, out.Locked, out.Other = s.Master, s.Keys, s.Erased, s.Damaged, s.Foreign, s.Others
	if !s.Newest.IsZero() {
		out.Newest = &s.Newest
	}
	return out, nil
}

// Rotate puts a new master key in use.
func (e *encryption) Rotate() (api.RotatedKeys, error) {
	if e.ring == nil {
		return api.RotatedKeys{}, archive.ErrKeys
	}
	out, err := e.ring.Rotate()
	return api.RotatedKeys{Keys: out.Keys, Kept: out.Kept, Master: out.Master}, err
}

// sealFault takes why the archive could not seal: what is wrong with keys is no
// fault of the recordings' disk.
func (d *running) sealFault(err error) {
	var of *archive.KeyError
	if errors.As(err, &of) {
		if d.keys.ring == nil { // or the ring has told
			d.alarms.Raise(alarmKeysUnwritable, "keys", map[string]string{"reason": of.Error()})
		}
		return
	}
	if rec := d.told.Load(); rec != nil {
		rec.Fault(err)
	}
}
