package emulator

import "strings"

// key takes a character while the modem takes commands (ITU-T V.250, clause 5).
func (m *modem) key(c byte) {
	if m.set.class == "8" && (c == dle || m.behind) { // a code that comes too late
		m.behind = !m.behind
		return
	}
	if m.set.echo {
		m.emit(c)
	}
	c &= 0x7F // parity
	up := c
	if 'a' <= c && c <= 'z' {
		up -= 'a' - 'A'
	}
	if m.begun == 'A' && c == '/' && len(m.line) == 1 {
		m.begun, m.line = 0, m.line[:0]
		m.execute(m.last)
		return
	}
	switch {
	case c == m.set.s[3]:
		line, long := string(m.line), m.long
		m.line, m.long, m.begun = m.line[:0], false, 0
		if long {
			m.result("ERROR")
		} else if i := strings.Index(strings.ToUpper(line), "AT"); i >= 0 {
			m.last = line[i+2:]
			m.execute(m.last)
		}
		return
	case c == m.set.s[5] || c == 0x7F:
		if len(m.line) > 0 {
			m.line = m.line[:len(m.line)-1]
		}
	case c < ' ':
	case len(m.line) == maxLine:
		m.long = true
	default:
		m.line = append(m.line, c)
	}
	m.begun = 0
	if len(m.line) == 1 {
		m.begun = up
	}
}

// execute carries out the body of a command line: basic commands one behind the
// other, extended ones with semicolons between.
func (m *modem) execute(body string) {
	m.note("asked", "AT"+body)
	items, ok := split(body)
	if !ok {
		m.result("ERROR")
		return
	}
	m.todo = items
	m.finish("OK")
}

// finish is the end of one command: after OK comes the next of the line.
func (m *modem) finish(result string) {
	for result == "OK" && len(m.todo) > 0 {
		next := m.todo[0]
		m.todo = m.todo[1:]
		if result = m.do(next); result == "" { // it goes on
			return
		}
	}
	m.todo = nil
	m.result(result)
}

// split cuts the body of a command line into commands, in upper case and without
// spaces outside of quotes.
func split(body string) (items []string, ok bool) {
	var b strings.Builder
	quoted := false
	for i := range len(body) {
		c := body[i]
		if c == '"' {
			quoted = !quoted
		}
		if c == ' ' && !quoted {
			continue
		}
		if 'a' <= c && c <= 'z' && !quoted {
			c -= 'a' - 'A'
		}
		b.WriteByte(c)
	}
	s := b.String()
	for len(s) > 0 {
		n := 0
		switch c := s[0]; {
		case c == ';':
			s = s[1:]
			continue
		case c == 'D': // the rest is what is dialled
			n = len(s)
		case strings.IndexByte("+#-*", c) >= 0:
			n = strings.IndexByte(s, ';')
			if n < 0 {
				n = len(s)
			}
		case c == 'S':
			n = 1 + digits(s[1:])
			if n < len(s) && s[n] == '=' {
				n += 1 + digits(s[n+1:])
			} else if n < len(s) && s[n] == '?' {
				n++
			}
		case c == '&' || c == '\\' || c == '%':
			if len(s) < 2 {
				return nil, false
			}
			n = 2 + digits(s[2:])
		case 'A' <= c && c <= 'Z':
			n = 1 + digits(s[1:])
		default:
			return nil, false
		}
		items = append(items, s[:n])
		s = s[n:]
	}
	return items, true
}

// digits is how many digits stand at the beginning.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}
