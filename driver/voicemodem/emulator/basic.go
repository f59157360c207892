package emulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vaad/driver"
)

// do carries out one command and returns its result, or "" where it takes time.
func (m *modem) do(c string) string {
	if text, ok := m.chip.answers[c]; ok {
		if text != "" {
			m.text(text)
		}
		return "OK"
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(c, "?"), "=")
	if slices.Contains(m.chip.refused, c) || slices.Contains(m.chip.refused, name) {
		return "ERROR"
	}
	if strings.IndexByte("+#-*", c[0]) >= 0 {
		return m.extended(c, name)
	}
	if c[0] == 'S' {
		return m.register(c[1:])
	}
	if c[0] == 'D' {
		return m.dial(c[1:])
	}
	letters := 1
	if strings.IndexByte(`&\%`, c[0]) >= 0 {
		letters = 2
	}
	n := 0
	if len(c) > letters {
		var err error
		if n, err = strconv.Atoi(c[letters:]); err != nil || n > 255 {
			return "ERROR"
		}
	}
	return m.basic(c[:letters], n)
}

// basic are the commands of one letter (ITU-T V.250, clause 6).
func (m *modem) basic(c string, n int) string {
	yes := func(set *bool, v bool) string {
		if n > 1 {
			return "ERROR"
		}
		*set = v
		return "OK"
	}
	switch c {
	case "E":
		return yes(&m.set.echo, n == 1)
	case "V":
		return yes(&m.set.verbose, n == 1)
	case "Q":
		return yes(&m.set.quiet, n == 1)
	case "X":
		if n > 4 {
			return "ERROR"
		}
		m.set.x = n
		return "OK"
	case "&D":
		if n > 3 {
			return "ERROR"
		}
		m.set.d = n
		return "OK"
	case "L", "M", "&C", "&K", "&S", "&W", "T", "P": // what has no loudspeaker, no such wire, one way to dial only
		return "OK"
	case "Z", "&F":
		m.reset()
		return "OK"
	case "I":
		if n > 9 || m.chip.info[n] == "" {
			return "ERROR"
		}
		if m.chip.info[n] != "OK" {
			m.text(m.chip.info[n])
		}
		return "OK"
	case "H":
		if n > 1 {
			return "ERROR"
		}
		if n == 1 {
			m.seize()
		} else {
			m.release()
		}
		return "OK"
	case "A":
		return m.answer()
	case "O": // there never is a data call to go back to
		return "NO CARRIER"
	}
	return "ERROR"
}

// answer is ATA. A data call finds no carrier: there is no data modem.
func (m *modem) answer() string {
	m.seize()
	if m.set.class == "8" {
		m.set.source = 1
		return m.chip.connected
	}
	m.noCarrier(m.pos)
	return ""
}

// noCarrier waits for a carrier that never comes, from a time on, as S7 says.
func (m *modem) noCarrier(from int64) {
	m.mode = dialling
	m.wait = func() (bool, string) {
		if m.pos-from < int64(m.set.s[7])*driver.Rate {
			return false, ""
		}
		m.release()
		return true, "NO CARRIER"
	}
}

// register is S7=30 and S7?.
func (m *modem) register(s string) string {
	k := digits(s)
	n, err := strconv.Atoi(s[:k])
	if err != nil || n > 255 {
		return "ERROR"
	}
	switch rest := s[k:]; {
	case rest == "?":
		m.text(fmt.Sprintf("%03d", m.set.s[n]))
	case strings.HasPrefix(rest, "="):
		v := 0
		if rest != "=" {
			if v, err = strconv.Atoi(rest[1:]); err != nil || v > 255 {
				return "ERROR"
			}
		}
		m.set.s[n] = byte(v)
	default:
		return "ERROR"
	}
	return "OK"
}
