package recorder

import (
	"strings"

	"vaad/dsp"
)

const (
	keyGap     = 2 * dsp.Rate // the longest pause between two keys of a sequence
	maxKeys    = 16           // keys of a burst that are kept; no sequence is longer
	keyLate    = 300 * dsp.MS // a key is told at most so long after it is let go
	muteBehind = 5 * dsp.Rate // how far writing stays behind a line whose sequences are muted: keys may be held so long
	keyCodes   = "0123456789*#ABCD"
)

// A sequence finds what people key to begin and end a recording: keys that
// follow each other within keyGap, the first one after a pause being * or #.
type sequence struct {
	keys  string
	first int64 // where the first key began
	end   int64 // where the last one ended
}

// add takes a key that was pressed over [pos, end).
func (s *sequence) add(key string, pos, end int64) {
	if pos-s.end > keyGap || s.keys == "" {
		s.keys, s.first = "", pos
	}
	if len(s.keys) <= maxKeys {
		s.keys += key
	}
	s.end = max(end, pos)
}

// take says whether the keys since the last pause are exactly this sequence,
// and begins anew if they are.
func (s *sequence) take(want string) bool {
	if want == "" || s.keys != want {
		return false
	}
	s.keys = ""
	return true
}

// begun returns where a sequence began that may still become one of these.
func (s *sequence) begun(k int64, want ...string) (first int64, ok bool) {
	if s.keys == "" || k-s.end > keyGap+keyLate {
		return 0, false
	}
	for _, w := range want {
		if strings.HasPrefix(w, s.keys) {
			return s.first, true
		}
	}
	return 0, false
}

// goodSequence says what is wrong with a sequence of keys.
func goodSequence(s string) string {
	switch {
	case len(s) < 2 || len(s) > maxKeys:
		return "use 2 to 16 keys"
	case s[0] != '*' && s[0] != '#':
		return "it must begin with * or #"
	case strings.Trim(s, keyCodes) != "":
		return "use the keys " + keyCodes
	}
	return ""
}
