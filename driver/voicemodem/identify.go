package voicemodem

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	askWait    = 2 * time.Second
	helloWait  = 700 * time.Millisecond
	helloTries = 3
	maxAnswer  = 64 // lines
)

// hello makes the modem take commands: whoever had it before may have left it
// within audio, or talking back every character.
func (e *engine) hello() error {
	for try := range helloTries {
		e.dec.setVoice(false)
		if try > 0 {
			e.out = append(e.out[:0], "\x10\x03\x10!\x10^\x10\x1b\r"...)
			e.rest(endWait / 2)
		}
		a, err := e.ask("AT", helloWait)
		if err != nil {
			return err
		}
		if a.on == inOK {
			return nil
		}
	}
	return fault(CodeSilent, "open board %q: the modem does not answer to AT", e.id)
}

// selfAsked are the questions who a modem is.
var selfAsked = []string{"ATI", "ATI3", "AT+GMI", "AT+GMM", "AT+GMR", "AT+FMI?", "AT+FMM?", "AT+FMR?"}

// setting is a command of the set-up; text may be made of options.
type setting struct {
	text string
	must string // the code of the fault where it is refused; empty: it does no harm
}

// identify finds out what the modem is, the first time, and makes it ready.
func (e *engine) identify() error {
	if err := e.hello(); err != nil {
		return err
	}
	for _, c := range []string{"ATE0", "ATQ0V1"} {
		if _, err := e.question(c); err != nil {
			return err
		}
	}
	if e.chip == nil {
		if err := e.meet(); err != nil {
			return err
		}
	}
	if err := e.set("AT+FCLASS=8", CodeNoVoice); err != nil {
		return err
	}
	if e.format.coding == codingNone {
		if err := e.agree(); err != nil {
			return err
		}
	}
	if err := e.setFormat(); err != nil {
		return err
	}
	for _, s := range e.settings() {
		if err := e.set(s.text, s.must); err != nil {
			return err
		}
	}
	return nil
}

// meet asks who it is and whether it has voice.
func (e *engine) meet() error {
	var all []string
	said := map[string]string{}
	for _, q := range selfAsked {
		a, err := e.question(q)
		if err != nil {
			return err
		}
		if a.on == inOK && len(a.lines) > 0 {
			all = append(all, a.lines...)
			said[strings.TrimRight(q, "?")] = value(a.lines[0])
		}
	}
	e.chip = e.opt.row()
	if e.chip == nil {
		e.chip = chipOf(strings.Join(all, " "))
	}
	for _, pair := range [][2]string{{"AT+FMI", "AT+FMM"}, {"AT+GMI", "AT+GMM"}} {
		if maker, model := said[pair[0]], said[pair[1]]; model != "" && e.model == "" {
			if e.model = model; !strings.HasPrefix(strings.ToUpper(model), strings.ToUpper(maker)) {
				e.model = maker + " " + model
			}
		}
	}
	if e.model == "" && e.chip.match != nil {
		e.model = e.chip.name
	}
	a, err := e.question("AT+FCLASS=?")
	if err != nil {
		return err
	}
	var classes []string
	for _, l := range a.lines {
		classes = append(classes, strings.FieldsFunc(value(l), func(r rune) bool { return r == ',' || r == ' ' || r == '(' || r == ')' })...)
	}
	if a.on == inOK && len(classes) > 0 && !slices.Contains(classes, "8") {
		return fault(CodeNoVoice, "open board %q: the modem knows the service classes %s, and voice is 8: it is no voice modem", e.id, strings.Join(classes, ", "))
	}
	return nil
}

// value is what stands behind "+FMI: ", without quotes.
func value(line string) string {
	if strings.HasPrefix(line, "+") {
		if _, v, ok := strings.Cut(line, ":"); ok {
			line = v
		}
	}
	line = strings.Trim(strings.TrimSpace(line), `"`)
	return strings.ToValidUTF8(line[:min(len(line), 60)], "?")
}

// agree picks a format.
func (e *engine) agree() error {
	a, err := e.question("AT+VSM=?")
	if err != nil {
		return err
	}
	all := parseFormats(a.lines)
	ok := false
	if e.opt.Format != "" {
		if e.format, ok = choose(all, e.opt.Format); !ok {
			return fault(CodeNoFormat, "open board %q: the modem has no format %q at 8000 samples a second; it says: %s", e.id, e.opt.Format, strings.Join(a.lines, "; "))
		}
		return nil
	}
	if e.chip.prefer != "" {
		e.format, ok = choose(all, e.chip.prefer)
	}
	if !ok {
		e.format, ok = choose(all, "")
	}
	if !ok {
		return fault(CodeNoFormat, "open board %q: the modem has no format that can be used at 8000 samples a second; it says: %s", e.id, strings.Join(a.lines, "; "))
	}
	return nil
}

// setFormat says the format, with the fields that the dialect may want.
func (e *engine) setFormat() error {
	id := strconv.Itoa(e.format.id)
	var last answer
	for _, c := range []string{"AT+VSM=" + id + ",8000" + e.chip.vsm, "AT+VSM=" + id + ",8000", "AT+VSM=" + id} {
		a, err := e.question(c)
		if err != nil {
			return err
		}
		if last = a; a.on == inOK {
			return nil
		}
	}
	return fault(CodeNoFormat, "open board %q: the modem refuses the format %s %q that it has listed (%s)", e.id, id, e.format.name, last.on)
}

// settings is the rest of the set-up.
func (e *engine) settings() []setting {
	s := []setting{
		{"ATS0=0", ""},       // it does not answer by itself
		{"ATM0", ""},         // its loudspeaker is off
		{"AT+VLS=0", ""},     // on-hook
		{"AT+VCID=1", ""},    // who calls, formatted
		{"AT+VSD=128,0", ""}, // silence ends nothing
		{"AT+VIT=0", ""},     // no inactivity of ours does
		{"AT+IFC=2,2", ""},   // flow by modem lines: audio holds any byte
		{"AT+VGT=128", ""},   // gain as it is
		{"AT+VGR=128", ""},   //
	}
	if g := countries[e.opt.Country]; g != "" {
		s = append(s, setting{"AT+GCI=" + g, ""})
	}
	for _, c := range slices.Concat(e.chip.extra, e.opt.Init) {
		s = append(s, setting{c, ""})
	}
	return s
}

func (e *engine) set(command, must string) error {
	a, err := e.question(command)
	switch {
	case err != nil:
		return err
	case a.on == inOK:
		return nil
	case must == "" && a.on == inTimeout:
		return fault(CodeSilent, "open board %q: the modem does not answer to %s", e.id, command)
	case must == "":
		e.log.Info("modem refuses a setting", "board", e.id, "command", command)
		return nil
	}
	return fault(must, "open board %q: the modem refuses %s (%s): it is no voice modem", e.id, command, a.on)
}
