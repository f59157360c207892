package callerid

// Charset is a guess at how a name is coded. No standard says it in the message:
// Bellcore and ETSI send ASCII; networks in China send GBK, newer ones UTF-8;
// some in Europe ISO 8859-1.
type Charset string

// The charsets.
const (
	ASCII  Charset = "ascii"
	UTF8   Charset = "utf-8"
	GBK    Charset = "gbk" // GB 2312 is part of it
	Latin1 Charset = "iso-8859-1"
)

// DecodeText returns a name as text, and the charset it was taken for. Anything
// can be taken for ISO 8859-1, so that nothing fails. Control characters become
// spaces.
func DecodeText(raw []byte) (string, Charset) {
	c := guessCharset(raw)
	out := make([]rune, 0, len(raw))
	switch c {
	case UTF8:
		out = append(out, []rune(string(raw))...)
	case GBK:
		for i := 0; i < len(raw); i++ {
			if r, ok := gbkRune(raw[i:]); ok {
				out = append(out, r)
				i++
			} else {
				out = append(out, rune(raw[i]))
			}
		}
	default:
		for _, b := range raw {
			out = append(out, rune(b))
		}
	}
	for i, r := range out {
		if r < ' ' || r >= 0x7F && r < 0xA0 {
			out[i] = ' '
		}
	}
	return string(out), c
}

func guessCharset(raw []byte) Charset {
	high := 0
	for _, b := range raw {
		if b >= 0x80 {
			high++
		}
	}
	switch {
	case high == 0:
		return ASCII
	case validUTF8(raw):
		return UTF8
	case looksGBK(raw):
		return GBK
	}
	return Latin1
}

func validUTF8(raw []byte) bool {
	s := string(raw)
	for i, r := range s {
		if r == 0xFFFD && s[i] != 0xEF { // what range makes of a byte that does not belong
			return false
		}
	}
	return true
}

// looksGBK reports whether all bytes above 0x7F are first bytes of characters
// of GBK. In ISO 8859-1 such a byte stands mostly between ASCII letters, so a
// pair whose second byte is ASCII counts only beside one whose is not.
func looksGBK(raw []byte) bool {
	sure := false
	for i := 0; i < len(raw); i++ {
		if raw[i] < 0x80 {
			continue
		}
		if _, ok := gbkRune(raw[i:]); !ok {
			return false
		}
		i++
		sure = sure || raw[i] >= 0x80
	}
	return sure
}

// gbkRune decodes the character of two bytes that b begins with.
func gbkRune(b []byte) (rune, bool) {
	if len(b) < 2 || b[0] < 0x81 || b[0] > 0xFE || b[1] < 0x40 || b[1] == 0x7F || b[1] > 0xFE {
		return 0, false
	}
	n := int(b[1]) - 0x40
	if b[1] > 0x7F {
		n--
	}
	for _, r := range gbk[b[0]-0x81] {
		if n == 0 {
			return r, r != 0xFFFD
		}
		n--
	}
	return 0, false
}
