package index

import "encoding/binary"

// IDs of recordings and calls are ULIDs: 26 letters that hold 128 bits. Packed,
// they take 16 bytes; a string that is no ULID is kept as it is, marked.

const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base 32

// packID makes the short form of an ID. What is no ULID never has 16 bytes.
func packID(id string) string {
	if b, ok := shortID(id); ok {
		return string(b[:])
	}
	if id == "" {
		return ""
	}
	if len(id) == 15 {
		id += "\x00"
	}
	return "\x00" + id
}

func shortID(id string) (b [16]byte, ok bool) {
	if len(id) != 26 || id[0] > '7' {
		return b, false
	}
	var hi, lo uint64
	for i := range len(id) {
		v := letter(id[i])
		if v < 0 {
			return b, false
		}
		hi, lo = hi<<5|lo>>59, lo<<5|uint64(v)
	}
	binary.BigEndian.PutUint64(b[:], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return b, true
}

func letter(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'H':
		return int(c-'A') + 10
	case c == 'J' || c == 'K':
		return int(c-'J') + 18
	case c == 'M' || c == 'N':
		return int(c-'M') + 20
	case c >= 'P' && c <= 'T':
		return int(c-'P') + 22
	case c >= 'V' && c <= 'Z':
		return int(c-'V') + 27
	}
	return -1
}

// longID is the reverse of packID.
func longID(b []byte) string {
	if len(b) != 16 {
		if len(b) == 0 {
			return ""
		}
		if b = b[1:]; len(b) == 16 && b[15] == 0 {
			b = b[:15]
		}
		return string(b)
	}
	hi, lo := binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	var s [26]byte
	for i := len(s) - 1; i >= 0; i-- {
		s[i] = letters[lo&31]
		hi, lo = hi>>5, lo>>5|hi<<59
	}
	return string(s[:])
}
