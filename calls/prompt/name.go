package prompt

import (
	"errors"
	"fmt"
	"strings"
)

const maxName = 64 // bytes

// ErrName is in the errors about names and languages that cannot be.
var ErrName = errors.New("not a name of a prompt")

// CheckName says what is wrong with the name of a clip: a to z, 0 to 9 and
// hyphens, in parts with a slash between.
func CheckName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("%w: it has more than %d letters", ErrName, maxName)
	}
	for part := range strings.SplitSeq(name, "/") {
		if !plain(part) {
			return fmt.Errorf("%w: %q; use a to z, 0 to 9 and hyphens, as in queue/please-wait", ErrName, name)
		}
	}
	return nil
}

// CheckLanguage says what is wrong with the name of a language's folder.
func CheckLanguage(lang string) error {
	if len(lang) > 16 || !plain(lang) {
		return fmt.Errorf("%w: the language %q; use a to z, 0 to 9 and hyphens, as in en or zh", ErrName, lang)
	}
	return nil
}

// plain reports whether s may be the name of a file or folder.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != ""
}
