package callerid

// EncodeGBK returns a text as telephones in China show it: ASCII as it is, other
// characters as two bytes of GBK, and a question mark where it has none.
func EncodeGBK(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r < 0x80 {
			out = append(out, byte(r))
		} else if first, second, ok := gbkBytes(r); ok {
			out = append(out, first, second)
		} else {
			out = append(out, '?')
		}
	}
	return out
}

// gbkBytes finds a character in the table: some 100 µs for one that comes late.
func gbkBytes(r rune) (first, second byte, ok bool) {
	if r == 0xFFFD { // what the table has where there is none
		return 0, 0, false
	}
	for i := range gbk {
		n := 0
		for _, c := range gbk[i] {
			if c == r {
				second = byte(0x40 + n)
				if second >= 0x7F {
					second++
				}
				return byte(0x81 + i), second, true
			}
			n++
		}
	}
	return 0, 0, false
}
