package archive

import (
	"context"
	"errors"
	"fmt"
	"os"

	"vaad/recorder/archive/crypt"
)

// A Check is the result of verifying one file.
type Check struct {
	Name string
	OK   bool
	Err  error // what is wrong: missing, size, hash, format
	// Locked: it is encrypted and no keys were given: only its stored bytes were
	// compared. Erased: so they were, and its key was erased.
	Locked, Erased bool
}

// Verify compares the files of a recording with its journal line: presence, size,
// SHA-256, and that the WAV says what the line says. day may be "".
func (r *Reader) Verify(ctx context.Context, day Day, id string) ([]Check, error) {
	fail := func(err error) ([]Check, error) { return nil, &Error{Op: "verify", ID: id, Err: err} }
	if day == "" {
		var err error
		if day, err = r.Find(id); err != nil {
			return fail(err)
		}
	}
	if err := validID(id); err != nil {
		return fail(err)
	}
	if !day.Valid() {
		return fail(fmt.Errorf("%q is not a day like 2026-11-22", day))
	}
	var seal *Seal
	err := r.dayLines(ctx, day, 0, func(l *JournalLine) error {
		if l.ID == id && l.Seal != nil {
			seal = l.Seal
		}
		return nil
	}, nil)
	if err != nil {
		return fail(err)
	}
	if seal == nil {
		return fail(fmt.Errorf("the journal of %s has no line for it: %w", day, ErrNotFound))
	}
	return r.VerifySeal(ctx, day, seal)
}

// VerifySeal is Verify for who has the journal line at hand, as one that checks
// all recordings while it reads the journals.
func (r *Reader) VerifySeal(ctx context.Context, day Day, seal *Seal) ([]Check, error) {
	var checks []Check
	for _, want := range seal.Files {
		checks = append(checks, r.verifyFile(day, seal, want))
		if ctx.Err() != nil {
			return checks, ctx.Err()
		}
	}
	if seal.Story.Name != "" {
		checks = append(checks, r.verifyFile(day, seal, seal.Story))
	}
	return checks, nil
}

func (r *Reader) verifyFile(day Day, seal *Seal, want Sealed) Check {
	c := Check{Name: want.Name}
	if _, side, _, ok := splitName(want.Name); !ok || side != want.Side {
		c.Err = errors.New("the journal line names a file that is none of ours")
		return c
	}
	f, err := r.disk.Open(day.file(want.Name), os.O_RDONLY, 0)
	if err != nil {
		c.Err = err
		return c
	}
	defer f.Close()
	size, err := f.Size()
	if err == nil && size != want.Bytes {
		err = fmt.Errorf("%d bytes, the journal says %d", size, want.Bytes)
	}
	if err == nil && want.SHA256 == "" {
		err = errors.New("it could not be read back when it was sealed: the disk has bad sectors")
	}
	var sum string
	if err == nil {
		sum, _, err = hashFile(f, size, 0, nil)
	}
	if err == nil && sum != want.SHA256 {
		err = fmt.Errorf("SHA-256 is %s, the journal says %s", sum, want.SHA256)
	}
	switch {
	case err != nil:
	case Encrypted(want.Name):
		c.Locked = r.keys == nil
		err = r.verifyClear(f, size, day, seal, want)
		if c.Erased = errors.Is(err, ErrKeyErased); c.Erased {
			err = nil
		}
	case want.Side != "":
		err = parseWAV(f, size, seal.Codec, seal.Samples)
	}
	c.OK, c.Err = err == nil, err
	return c
}

// verifyClear checks that all of an encrypted file decrypts, where there are keys.
func (r *Reader) verifyClear(f File, size int64, day Day, seal *Seal, want Sealed) error {
	if r.keys == nil {
		_, err := crypt.ReadHeader(f, size)
		return err
	}
	in, err := Decrypt(f, size, day, want.Name, r.keys)
	if err == nil {
		err = in.Check()
	}
	if err == nil && want.Side != "" {
		err = parseWAV(in, in.Size(), seal.Codec, seal.Samples)
	}
	return err
}
