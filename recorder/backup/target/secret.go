package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Secret says where a secret stands, and is never the secret itself:
//
//	/etc/vaad/nas.password    a file
//	credential:nas            a credential that systemd hands over (LoadCredential=)
//	env:VAAD_NAS_PASSWORD     a variable of the environment
type Secret string

// maxSecret bounds what is read, in bytes: keys are the largest.
const maxSecret = 64 << 10

func (s Secret) check() error {
	text := string(s)
	if text == "" {
		return nil
	}
	if name, ok := strings.CutPrefix(text, "env:"); ok {
		if name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return errors.New("after env: stands the name of a variable")
		}
		return nil
	}
	if name, ok := strings.CutPrefix(text, "credential:"); ok {
		if name == "" || strings.Contains(name, "/") || strings.HasPrefix(name, ".") {
			return errors.New("after credential: stands the name of a credential of the service")
		}
		return nil
	}
	if !path.IsAbs(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		// The text is not repeated: it may be the secret, put in the wrong place.
		return errors.New("must say where the secret stands: the absolute path of a file, credential:NAME or env:NAME")
	}
	return nil
}

// Read gives the secret, without a line end. Its errors say where it was looked
// for and never what was found. A file that others may read is refused.
func (s Secret) Read() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if name, ok := strings.CutPrefix(string(s), "env:"); ok {
		v, ok := os.LookupEnv(name)
		if !ok || v == "" {
			return nil, fmt.Errorf("the environment has no %s", name)
		}
		return []byte(v), nil
	}
	file := string(s)
	if name, ok := strings.CutPrefix(file, "credential:"); ok {
		dir := os.Getenv("CREDENTIALS_DIRECTORY")
		if dir == "" {
			return nil, fmt.Errorf("the service was given no credentials: add LoadCredential=%s:FILE to its unit", name)
		}
		return readSecret(filepath.Join(dir, name), false)
	}
	return readSecret(file, true)
}

func readSecret(file string, private bool) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", file)
	}
	if private && st.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("%s can be read by everybody: chmod o-rwx it", file)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxSecret {
		return nil, fmt.Errorf("%s is too large for a secret", file)
	}
	b = bytes.TrimRight(b, "\r\n")
	if len(b) == 0 {
		return nil, fmt.Errorf("%s is empty", file)
	}
	return b, nil
}
