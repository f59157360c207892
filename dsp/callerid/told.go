package callerid

// toldPrefix begins the text in which hardware passes on a message that it has
// received itself.
const toldPrefix = "caller-id "

// Parse takes a message apart that hardware has received: type, length,
// parameters, and the checksum where it is kept. Its coding is Told.
func Parse(b []byte) (Message, bool) {
	if len(b) < 2 {
		return Message{}, false
	}
	n := int(b[1])
	if len(b) != n+2 && (len(b) != n+3 || Checksum(b[:n+2]) != b[n+2]) || !plausible(b[0], b[2:n+2]) {
		return Message{}, false
	}
	m := Message{Coding: Told, Type: b[0], Quality: 1, length: n}
	copy(m.data[:], b[2:n+2])
	return m, true
}

// ParseHex is Parse of hexadecimal digits; spaces are left out.
func ParseHex(text string) (Message, bool) {
	var b [maxData + 3]byte
	n := 0
	for i := range len(text) {
		c := text[i]
		v := byte(0)
		switch {
		case c == ' ':
			continue
		case c >= '0' && c <= '9':
			v = c - '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = (c | 0x20) - 'a' + 10
		default:
			return Message{}, false
		}
		if n == 2*len(b) {
			return Message{}, false
		}
		b[n/2] = b[n/2]<<4 | v
		n++
	}
	if n%2 != 0 {
		return Message{}, false
	}
	return Parse(b[:n/2])
}

// AppendText appends a message as text, as FromText reads it.
func (m *Message) AppendText(dst []byte) []byte {
	dst = append(dst, toldPrefix...)
	return append(dst, m.Hex()...)
}

// FromText reads what AppendText has written.
func FromText(text []byte) (Message, bool) {
	const n = len(toldPrefix)
	if len(text) <= n || string(text[:n]) != toldPrefix {
		return Message{}, false
	}
	return ParseHex(string(text[n:]))
}
