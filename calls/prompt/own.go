package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A RecordingError says why a recording cannot be a prompt.
type RecordingError struct{ Err error }

func (e *RecordingError) Error() string {
	return "the recording cannot be a prompt: " + e.Err.Error() + "; WAV files of 16-bit PCM, A-law, µ-law or GSM can, up to 10 minutes and 64 MiB"
}

func (e *RecordingError) Unwrap() error { return e.Err }

// ownFile is where the operator's own recording of a prompt lies.
func (s *Store) ownFile(lang, name string) (string, error) {
	if err := errors.Join(CheckLanguage(lang), CheckName(name)); err != nil {
		return "", err
	}
	if s.own == "" {
		return "", ErrReadOnly
	}
	return path(s.own, lang, name), nil
}

// Put makes a recording the operator's own prompt, in place of what was there.
// It must be a WAV file that can be played; whoever gets the prompt meanwhile
// hears the old one or the new one.
func (s *Store) Put(lang, name string, recording []byte) error {
	file, err := s.ownFile(lang, name)
	if err != nil {
		return err
	}
	if _, err := decode(bytes.NewReader(recording), int64(len(recording))); err != nil {
		return &RecordingError{err}
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return writeError(file, err)
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return writeError(file, err)
	}
	_, err = f.Write(recording)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
		return writeError(file, err)
	}
	s.forget(file)
	return syncDir(dir)
}

// Remove removes the operator's own prompt; that of a set is then played again.
// It is an [ErrMissing] if there is none.
func (s *Store) Remove(lang, name string) error {
	file, err := s.ownFile(lang, name)
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil {
		if isNotThere(err) {
			return fmt.Errorf("%w: %s/%s: there is no recording of your own", ErrMissing, lang, name)
		}
		return writeError(file, err)
	}
	s.forget(file)
	return syncDir(filepath.Dir(file))
}

func writeError(file string, err error) error {
	return fmt.Errorf("prompt %s cannot be written: %w: look at the disk's free space and who may write the folder", file, err)
}

// syncDir makes the names in a folder safe against a loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("prompts in %s: %w", dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("prompts in %s: %w", dir, err)
	}
	return nil
}
