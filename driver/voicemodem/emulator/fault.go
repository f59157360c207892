package emulator

import (
	"bytes"
	"strings"
)

// A Fault is what is wrong with the modem. The zero value is a modem that works.
type Fault struct {
	Hang    bool   // it neither listens nor says anything; the line stays as it is
	Until   string // what ends that: "reset" is ATZ; anything else only pulling it out
	Garbage int    // bytes of noise a second
	Slow    int    // bytes a second that it says at most; 0: as fast as they come
	Drop    int    // every so many-th byte to the host is lost; 0: none
}

func (f *Fault) deaf() bool { return f.Hang }

// listen hears, while nothing is answered, only the command that ends it.
func (m *modem) listen(c byte) {
	m.line = append(m.line, c)
	if c == '\r' {
		if m.fault.Until == "reset" && strings.Contains(strings.ToUpper(string(bytes.TrimSpace(m.line))), "ATZ") {
			m.fault.Hang = false
			m.note("asked", "ATZ")
			m.reset()
			m.result("OK")
		}
		m.line = m.line[:0]
	}
	if len(m.line) > maxLine {
		m.line = m.line[:0]
	}
}

// leak is what comes of the fault in one block: noise, and room for so much more.
func (m *modem) leak(share float64) {
	for range int(float64(m.fault.Garbage) * share) {
		m.random = m.random*6364136223846793005 + 1442695040888963407
		if len(m.out) < m.chip.rxRoom {
			m.out = append(m.out, byte(m.random>>56))
		}
	}
	m.credit = min(m.credit+float64(m.fault.Slow)*share, 64)
}

// take hands over what is to be sent to the host now.
func (m *modem) take(dst []byte) []byte {
	n := len(m.out)
	if m.fault.Hang {
		m.out = m.out[:0]
		return dst
	}
	if m.fault.Slow > 0 {
		n = min(n, int(m.credit))
		m.credit -= float64(n)
	}
	for _, b := range m.out[:n] {
		if m.counted++; m.fault.Drop > 0 && m.counted%m.fault.Drop == 0 {
			continue
		}
		dst = append(dst, b)
	}
	m.out = m.out[:copy(m.out, m.out[n:])]
	return dst
}
