package voicemodem

import (
	"strings"
	"time"

	"vaad/dsp/callerid"
)

// A caller collects what a modem says about who calls: lines of a key and a
// value, formatted (+VCID=1) or as the message was sent (+VCID=2).
type caller struct {
	number, name, date, clock []byte
	absent, nameAbsent        byte
	raw                       string
	said                      time.Time // the last line; never: none
}

const maxValue = 64

// line takes a line if it is about a caller.
func (c *caller) line(text string, now time.Time) bool {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		return false
	}
	value = strings.TrimSpace(value)
	if len(value) > maxValue && !strings.EqualFold(strings.TrimSpace(key), "MESG") {
		value = value[:maxValue]
	}
	switch strings.ToUpper(strings.TrimSpace(key)) {
	case "NMBR", "DDN_NMBR", "CALLER NUMBER":
		c.number, c.absent = absence(value)
	case "NAME", "CALLER NAME":
		c.name, c.nameAbsent = absence(value)
	case "DATE":
		c.date = digitsOf(value, 4)
	case "TIME":
		c.clock = digitsOf(value, 4)
	case "MESG":
		c.raw = value
	case "DDN", "ERRM", "DRON", "DROF", "CPON", "CPOF", "CWON", "CWOF", "SITT":
		// known, and no news: the number dialled is the line's own, cadences are heard by us
	default:
		return false
	}
	c.said = now
	return true
}

// absence tells "P" and "O", and words for them, from a number or name.
func absence(v string) (value []byte, absent byte) {
	switch strings.ToUpper(v) {
	case "P", "PRIVATE", "BLOCKED", "ANONYMOUS":
		return nil, callerid.Private
	case "O", "OUT OF AREA", "OUT-OF-AREA", "UNAVAILABLE", "UNKNOWN", "":
		return nil, callerid.OutOfArea
	}
	return []byte(v), 0
}

// digitsOf keeps n digits, or nothing.
func digitsOf(v string, n int) []byte {
	var out []byte
	for i := range len(v) {
		if v[i] >= '0' && v[i] <= '9' {
			out = append(out, v[i])
		}
	}
	if len(out) != n {
		return nil
	}
	return out
}

// due returns the message as text when all of it has been said. Nil: there is none.
func (c *caller) due(now time.Time) []byte {
	if c.said == never || now.Sub(c.said) < callerQuiet {
		return nil
	}
	m, ok := c.message()
	*c = caller{}
	if !ok {
		return nil
	}
	return m.AppendText(nil)
}

func (c *caller) message() (callerid.Message, bool) {
	if c.raw != "" {
		return callerid.ParseHex(c.raw)
	}
	var f []callerid.Field
	add := func(t byte, raw []byte) {
		if len(raw) > 0 {
			f = append(f, callerid.Field{Type: t, Raw: raw})
		}
	}
	if len(c.date) == 4 && len(c.clock) == 4 {
		add(callerid.DateTime, append(c.date[:4:4], c.clock...))
	}
	add(callerid.Number, c.number)
	if c.absent != 0 {
		add(callerid.NumberAbsent, []byte{c.absent})
	}
	add(callerid.Name, c.name)
	if c.nameAbsent != 0 && len(c.number) > 0 {
		add(callerid.NameAbsent, []byte{c.nameAbsent})
	}
	if len(c.number) == 0 && c.absent == 0 && len(c.name) == 0 {
		return callerid.Message{}, false
	}
	b, err := callerid.Build(callerid.CallSetup, f...)
	if err != nil {
		return callerid.Message{}, false
	}
	return callerid.Parse(b)
}
