package emulator

import (
	"slices"
	"strconv"
	"strings"
)

// extended are the commands of ITU-T V.250 and V.253 that begin with a plus.
func (m *modem) extended(c, name string) string {
	args, sets := strings.CutPrefix(c[len(name):], "=")
	asks, bounds := c == name+"?", sets && args == "?"
	for i := range numbers {
		n := &numbers[i]
		if n.name != name {
			continue
		}
		switch have := m.set.numbers[name]; {
		case asks:
			m.text(join(have))
		case bounds:
			m.text(n.bounds())
		case !sets || !n.assign(have, args):
			return "ERROR"
		}
		return "OK"
	}
	switch name {
	case "+GMI", "+FMI":
		return m.identity(m.chip.maker)
	case "+GMM", "+FMM":
		return m.identity(m.chip.model)
	case "+GMR", "+FMR":
		return m.identity(m.chip.revision)
	case "+FCLASS":
		return m.class(args, asks, bounds)
	}
	if m.set.class != "8" && (name != "+VSM" || sets && !bounds) && name != "+VRID" { // voice commands need class 8
		return "ERROR"
	}
	switch name {
	case "+VSM":
		return m.compression(args, asks, bounds)
	case "+VLS":
		if asks {
			m.text(strconv.Itoa(m.set.source))
			return "OK"
		}
		v, err := strconv.Atoi(strings.Split(args, ",")[0])
		if err != nil || !slices.Contains(m.chip.sources, v) {
			return "ERROR"
		}
		if v == 1 || v == 3 || v == 5 || v == 7 {
			m.seize()
		} else {
			m.release()
		}
		m.set.source = v
		return "OK"
	case "+VTX":
		return m.enter(sending, c == name)
	case "+VRX":
		return m.enter(receiving, c == name)
	case "+VTR":
		return m.enter(both, c == name && m.chip.duplex)
	case "+VTS":
		if !sets || !m.hook && m.set.source == 0 {
			return "ERROR"
		}
		return m.tones(args)
	case "+VRID":
		if m.number != "" {
			m.lines(m.number)
		}
		return "OK"
	}
	return "ERROR"
}

func (m *modem) identity(s string) string {
	m.text(s)
	return "OK"
}

// class is +FCLASS.
func (m *modem) class(args string, asks, bounds bool) string {
	switch {
	case asks:
		m.text(m.set.class)
	case bounds:
		m.text(m.chip.classes)
	default:
		args = strings.TrimSuffix(args, ".0")
		if !slices.Contains(strings.Split(m.chip.classes, ","), args) {
			return "ERROR"
		}
		if m.set.class == "8" && args != "8" && m.set.numbers["+VNH"][0] != 2 {
			m.release()
		}
		m.set.class = args
	}
	return "OK"
}

// compression is +VSM: the format of voice data and its rate.
func (m *modem) compression(args string, asks, bounds bool) string {
	have := &m.chip.formats[m.set.format]
	switch {
	case asks:
		m.text(strconv.Itoa(have.id) + "," + strconv.Itoa(m.set.rate) + ",0,0")
		return "OK"
	case bounds:
		for _, f := range m.chip.formats {
			m.text(f.text)
		}
		return "OK"
	}
	words := strings.Split(args, ",")
	if len(words) > 4 {
		return "ERROR"
	}
	for i := range m.chip.formats {
		f := &m.chip.formats[i]
		if words[0] != strconv.Itoa(f.id) {
			continue
		}
		rate := f.rates[0]
		if len(words) > 1 && words[1] != "" {
			v, err := strconv.Atoi(words[1])
			if err != nil || !slices.Contains(f.rates, v) {
				return "ERROR"
			}
			rate = v
		}
		m.set.format, m.set.rate = i, rate
		return "OK"
	}
	return "ERROR"
}

// enter begins voice data.
func (m *modem) enter(to mode, ok bool) string {
	if !ok {
		return "ERROR"
	}
	var err error
	if m.coder, err = newCoder(m.chip.formats[m.set.format].coding, m.set.rate); err != nil {
		return "ERROR"
	}
	m.stop()
	m.quiet.begin(m.pos)
	m.todo = nil
	m.result("CONNECT")
	m.mode = to
	return ""
}
