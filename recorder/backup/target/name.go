package target

import (
	"fmt"
	"strings"
)

// Limits of names, so that every kind can store every name: a segment fits the
// disc formats, a whole name fits under any prefix.
const (
	MaxName    = 480 // bytes of a name
	MaxSegment = 100 // bytes between slashes
	MaxDepth   = 12  // segments
)

// CheckName says whether name is one: segments joined by single slashes, made of
// ASCII letters, digits and "._-+=@", neither beginning nor ending with a dot and
// not beginning with "-". So it can leave no folder, mean no option, hide from
// nobody, and be stored on every kind of disk. The error matches [ErrName].
func CheckName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("%w: %d bytes, 1 to %d are allowed", ErrName, len(name), MaxName)
	}
	depth := 0
	for seg := range strings.SplitSeq(name, "/") {
		if depth++; depth > MaxDepth {
			return fmt.Errorf("%w: more than %d parts", ErrName, MaxDepth)
		}
		if seg == "" || len(seg) > MaxSegment {
			return fmt.Errorf("%w: a part of %q has %d bytes, 1 to %d are allowed", ErrName, name, len(seg), MaxSegment)
		}
		if seg[0] == '.' || seg[0] == '-' || seg[len(seg)-1] == '.' {
			return fmt.Errorf("%w: a part of %q begins with a dot or dash, or ends with a dot", ErrName, name)
		}
		for i := range len(seg) {
			if !nameByte(seg[i]) {
				return fmt.Errorf("%w: byte %q of %q", ErrName, seg[i], name)
			}
		}
	}
	return nil
}

// CheckPrefix says whether p may be listed: "" or a name.
func CheckPrefix(p string) error {
	if p == "" {
		return nil
	}
	return CheckName(p)
}

// Below says whether name is what a List of prefix shows.
func Below(prefix, name string) bool {
	if prefix == "" {
		return true
	}
	return len(name) > len(prefix)+1 && name[len(prefix)] == '/' && name[:len(prefix)] == prefix
}

func nameByte(b byte) bool {
	switch {
	case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9':
		return true
	}
	return strings.IndexByte("._-+=@", b) >= 0
}
