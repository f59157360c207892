package index

import (
	"bytes"
	"strings"
)

// parts are the pieces of a pattern around its asterisks.
func parts(pattern string) (p [][]byte) {
	for s := range strings.SplitSeq(pattern, "*") {
		p = append(p, []byte(s))
	}
	return p
}

// like reports whether s is made of the parts in order with anything between
// them. A single part means equal. Nothing is like an empty s.
func like(s []byte, parts [][]byte) bool {
	if len(s) == 0 {
		return false
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return bytes.Equal(s, first)
	}
	if !bytes.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	if !bytes.HasSuffix(s, last) {
		return false
	}
	s = s[:len(s)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := bytes.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}
