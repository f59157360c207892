package emulator

import (
	"fmt"
	"math"

	"vaad/driver"
	"vaad/dsp/callerid"
)

// A happening is an E message of the line.
type happening struct {
	what  string
	value float64
	at    int // sample of the block
}

// wires is what the line does apart from sounding.
type wires struct {
	ringing bool
	from    int64 // where the burst began
	over    int64 // where the last one ended; 0: none
	told    bool  // of this burst
	rings   int
	done    bool // the exchange has seen the pulses or the flash
	used    bool // another telephone is off-hook
}

// answered forgets the ringing.
func (w *wires) answered() { w.ringing, w.rings, w.over = false, 0, 0 }

const (
	shortest = 100 * ms        // a burst that is believed
	forget   = 8 * driver.Rate // without a burst, a caller has given up
	repeat   = 5 * driver.Rate // a burst without end
	inUse    = 24.0            // V: below, another telephone is off-hook
	noFeed   = 3.0             // V: below, there is no line
	settled  = driver.Rate / 2 // after hanging up, until the voltage tells of others
	dropped  = 0.75            // of the voltage, when a second telephone goes off-hook
)

// happen takes an event of the line.
func (m *modem) happen(h happening) {
	w, at := &m.wires, m.pos+int64(h.at)
	switch h.what {
	case "ring":
		if !m.hook && !w.ringing {
			w.ringing, w.from, w.told = true, at, false
			if w.over > 0 && m.set.numbers["+VDR"][0] == 1 {
				m.later = append(m.later, fmt.Sprintf("DROF=%d", (at-w.over+50*ms)/(100*ms)))
			}
		}
	case "ring-end":
		if !w.ringing {
			return
		}
		w.ringing, w.over = false, at
		if at-w.from < shortest {
			return
		}
		if m.set.numbers["+VDR"][0] == 1 {
			m.later = append(m.later, fmt.Sprintf("DRON=%d", (at-w.from+50*ms)/(100*ms)))
		}
		if !w.told {
			m.rang()
		}
	case "reversal":
		if m.hook && m.chip.polarity {
			m.event('L')
		}
	case "loop-break":
		if m.hook && m.chip.loop {
			m.event('l')
		}
	case "done":
		w.done = true
	case "volts":
		m.measured(math.Abs(h.value))
	}
}

// measured takes a voltage: it tells whether another telephone is off-hook.
func (m *modem) measured(v float64) {
	before := m.volts
	m.volts = v
	if m.chip.inUse == "" || m.pos-m.since < settled {
		return
	}
	used := v >= noFeed && v < inUse
	if m.hook {
		used = m.wires.used
		switch {
		case v < dropped*before:
			used = true
		case v > before/dropped:
			used = false
		}
	}
	if used != m.wires.used {
		m.wires.used = used
		if used {
			m.event('P')
		} else {
			m.event('p')
		}
	}
}

// rings tells of ringing in time.
func (m *modem) rings() {
	w := &m.wires
	switch {
	case w.ringing && !w.told && !m.chip.ringAtEnd && m.pos-w.from >= shortest, w.ringing && m.pos-w.from >= repeat:
		if w.told {
			w.from = m.pos
		}
		m.rang()
	case !w.ringing && w.over > 0 && m.pos-w.over > forget:
		w.rings, w.over = 0, 0
	}
}

// rang tells one ring.
func (m *modem) rang() {
	m.wires.told = true
	m.wires.rings++
	if vdr := m.set.numbers["+VDR"]; vdr[0] == 0 || vdr[1] > 0 {
		m.later = append(m.later, "RING")
	}
	if n := int(m.set.s[0]); n > 0 && m.wires.rings >= n && m.mode == commands {
		m.todo = []string{"A"}
		m.reports()
		m.finish("OK")
	}
}

// caller tells who calls, as +VCID asks.
func (m *modem) caller(c *callerid.Message) {
	eq := m.chip.callerEqual
	plain := ""
	if month, day, hour, minute, ok := c.Date(); ok {
		plain = fmt.Sprintf("DATE%s%02d%02d\nTIME%s%02d%02d\n", eq, month, day, eq, hour, minute)
	}
	number, absent := c.Caller()
	if number == "" && absent == 0 {
		absent = callerid.OutOfArea
	}
	if number == "" {
		number = string(rune(absent))
	}
	plain += "NMBR" + eq + number
	if name, _ := c.CallerName(); name != "" {
		plain += "\nNAME" + eq + name
	}
	m.number = plain
	switch m.set.numbers["+VCID"][0] {
	case 1:
		m.later = append(m.later, plain)
	case 2:
		m.later = append(m.later, "MESG"+eq+c.Hex())
	}
}

// reports says what has waited until nobody is typing.
func (m *modem) reports() {
	if len(m.later) == 0 || m.mode != commands || len(m.line) > 0 && m.pos-m.typed < driver.Rate {
		if m.mode == sending || m.mode == receiving || m.mode == both {
			for _, s := range m.later {
				if s == "RING" {
					m.event('R')
				}
			}
			m.later = m.later[:0]
		}
		return
	}
	for _, s := range m.later {
		m.lines(s)
	}
	m.later = m.later[:0]
}
