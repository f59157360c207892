package archive

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"github.com/oklog/ulid/v2"

	"vaad/recorder/archive/crypt"
)

// keysFor gets the keys of all recordings of a batch that are to be encrypted, in
// one go per day. Without its key a recording is not sealed: it waits in open/, and
// keeps no other one there.
func (c *committer) keysFor(seals []*sealing) {
	var want Encryption
	if c.encryption != nil {
		want = c.encryption()
	}
	byDay := map[Day][]*sealing{}
	for _, s := range seals {
		if s.prepared || s.discard || s.journaled {
			continue
		}
		if s.enc = want; want.Audio {
			byDay[s.day] = append(byDay[s.day], s)
		}
	}
	for day, all := range byDay {
		var ids []string
		for _, s := range all {
			ids = append(ids, s.id)
		}
		keys, err := map[string]crypt.Key(nil), fmt.Errorf("encryption is on: %w", ErrKeys)
		if c.keys != nil {
			keys, err = c.keys.Make(day, ids)
		}
		var refused Refused
		errors.As(err, &refused)
		for _, s := range all {
			var has bool
			if s.key, has = keys[s.id]; !has {
				s.err = &KeyError{cmp.Or(refused[s.id], err, ErrKeys)}
			}
		}
	}
}

// A KeyError is why recordings cannot be sealed: their keys cannot be made durable.
type KeyError struct{ Err error }

func (e *KeyError) Error() string { return e.Err.Error() }

// Unwrap is what stands behind it.
func (e *KeyError) Unwrap() error { return e.Err }

// final says in which form a file that lies finished in open/ is sealed, and makes
// the encrypted one. The one it is made of stays until the journal has the seal.
func (s *sealing) final(d Disk, f Sealed, encrypted bool) (Sealed, error) {
	if !encrypted {
		s.moves = append(s.moves, f.Name)
		return f, removeName(d, inOpen(f.Name+extEnc)) // of a try before the setting was changed
	}
	out, err := s.encrypt(d, f)
	if err != nil {
		// What is there of it helps nobody, and its room may be what is missing.
		_ = removeName(d, inOpen(f.Name+extEnc)) // err says more
		return Sealed{}, err
	}
	s.moves, s.plain = append(s.moves, out.Name), append(s.plain, f.Name)
	return out, nil
}

// encrypt makes the encrypted file beside a finished one.
func (s *sealing) encrypt(d Disk, f Sealed) (Sealed, error) {
	out := Sealed{Side: f.Side, Name: f.Name + extEnc, Bytes: crypt.Size(f.Bytes), Enc: crypt.Version}
	from, err := d.Open(inOpen(f.Name), os.O_RDONLY, 0)
	if err != nil {
		return out, err
	}
	defer from.Close()
	h := crypt.Header{ID: ulid.MustParseStrict(s.id), Side: f.Side, Plain: f.Bytes}
	if err := crypt.NewSalt(&h); err != nil {
		return out, err
	}
	if err := removeName(d, inOpen(out.Name)); err != nil { // of an earlier try
		return out, err
	}
	to, err := d.Open(inOpen(out.Name), os.O_RDWR|os.O_CREATE|os.O_EXCL, openPerm)
	if err != nil {
		return out, err
	}
	defer to.Close()
	src := io.ReaderAt(from)
	if s.unread >= giveUp {
		src = salvage{from}
	}
	w := &appender{f: to, h: sha256.New()}
	read, err := crypt.Encrypt(w, src, h, s.key)
	if read {
		s.unread++
		err = fmt.Errorf("%s: %w: %w", f.Name, errUnreadable, err)
	}
	if err == nil {
		err = d.Chmod(inOpen(out.Name), sealedPerm)
	}
	out.SHA256 = hex.EncodeToString(w.h.Sum(nil))
	return out, err
}

// appender writes a file from its beginning on and hashes what it writes.
type appender struct {
	f  File
	h  hash.Hash
	at int64
}

func (a *appender) Write(b []byte) (int, error) {
	a.h.Write(b)
	n, err := a.f.WriteAt(b, a.at)
	a.at += int64(n)
	return n, err
}

// salvage reads zeros where a bad sector gives nothing: the samples in it are
// marked as damaged already.
type salvage struct{ f io.ReaderAt }

const sector = 4096

func (s salvage) ReadAt(b []byte, at int64) (int, error) {
	n, err := s.f.ReadAt(b, at)
	if n == len(b) || Reason(err) != "io" {
		return n, err
	}
	for i := 0; i < len(b); i += sector {
		part := b[i:min(len(b), i+sector)]
		if err := readFull(s.f, part, at+int64(i)); Reason(err) == "io" {
			clear(part)
		} else if err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// removePlain removes what encrypted files were made of, when the journal has
// their seals, and makes that durable. Before it is, their checkpoint files stay:
// a power cut must not bring back audio that nothing tells to be sealed already.
// What the disk did not let go of is late: it is tried again.
func (c *committer) removePlain(seals []*sealing) (gone, late []*sealing) {
	var some []*sealing
	for _, s := range seals {
		var err error
		for _, name := range s.plain {
			err = errors.Join(err, removeName(c.disk, inOpen(name)))
		}
		switch {
		case err != nil:
			late = append(late, c.hold(s, err))
		case len(s.plain) > 0:
			some = append(some, s)
		default:
			gone = append(gone, s)
		}
	}
	if len(some) == 0 {
		return gone, late
	}
	if _, err := c.sync.sync(); err != nil {
		for _, s := range some {
			late = append(late, c.hold(s, err))
		}
		return gone, late
	}
	return append(gone, some...), late
}

// hold says when a sealing is tried again.
func (c *committer) hold(s *sealing, err error) *sealing {
	err = c.errs.wrap("seal", s.id, err)
	s.retry = time.Now().Add(min(firstRetry<<min(s.tries, 10), lastRetry))
	s.tries++
	if c.fault != nil {
		c.fault(err)
	}
	if s.journaled && s.done != nil { // else publish tells
		s.done(JournalLine{}, err)
	}
	return s
}
