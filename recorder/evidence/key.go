package evidence

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vaad/recorder/archive"

	"golang.org/x/mod/sumdb/note"
)

// Files of the key's folder. It is not in that of the recordings: a copy of
// those must not have the key.
const (
	keyFile    = "key"
	publicFile = "key.pub"
	lastFile   = "last" // the newest checkpoint, the anchor that is always there
)

// A Key signs checkpoints: Ed25519, in the text form of golang.org/x/mod/sumdb/note.
type Key struct {
	signer note.Signer
	Public string // the verifier key, NAME+HASH+BASE64: what people write down
	Made   bool   // there was none
}

// OpenKey reads the key in a folder, and makes one where there is none.
func OpenKey(dir string) (Key, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Key{}, err
	}
	name := filepath.Join(dir, keyFile)
	b, err := os.ReadFile(name)
	made := errors.Is(err, fs.ErrNotExist)
	if made {
		b, err = makeKey(dir)
	}
	if err != nil {
		return Key{}, err
	}
	secret, public, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	s, err := note.NewSigner(secret)
	if err == nil {
		var v note.Verifier
		if v, err = note.NewVerifier(public); err == nil && (v.Name() != s.Name() || v.KeyHash() != s.KeyHash()) {
			err = errors.New("its two lines do not belong together")
		}
	}
	if err != nil {
		return Key{}, fmt.Errorf("%s: %w", name, err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return Key{}, err
	}
	known, err := PublicKeys(dir)
	if err == nil && !slices.Contains(known, public) { // older ones stay: they verify what was signed with them
		err = archive.ReplaceFile(filepath.Join(dir, publicFile), []byte(strings.Join(append([]string{public}, known...), "\n")+"\n"), 0o644)
	}
	return Key{signer: s, Public: public, Made: made}, err
}

func makeKey(dir string) ([]byte, error) {
	var tag [4]byte
	if _, err := rand.Read(tag[:]); err != nil {
		return nil, err
	}
	secret, public, err := note.GenerateKey(rand.Reader, "vaad-"+hex.EncodeToString(tag[:]))
	if err != nil {
		return nil, err
	}
	b := []byte(secret + "\n" + public + "\n")
	return b, archive.ReplaceFile(filepath.Join(dir, keyFile), b, 0o600)
}

// PublicKeys reads the public keys in a key's folder, the one in use first. None
// is no error.
func PublicKeys(dir string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, publicFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys, err := ParseKeys(string(b))
	if err != nil {
		err = fmt.Errorf("%s: %w", filepath.Join(dir, publicFile), err)
	}
	return keys, err
}

// ParseKeys reads public keys, one per line.
func ParseKeys(s string) ([]string, error) {
	keys := strings.Fields(s)
	for _, k := range keys {
		if _, err := note.NewVerifier(k); err != nil {
			return nil, fmt.Errorf("%q is no public key of an evidence log: %w", k[:min(len(k), 200)], err)
		}
	}
	return keys, nil
}

// LastAnchor reads the checkpoint that was signed last, from the key's folder.
func LastAnchor(dir string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(dir, lastFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// appendFile adds to the end of a file, durably.
func appendFile(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, filePerm)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
