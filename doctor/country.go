package doctor

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"vaad/driver/dahdi/sysconf"
)

// checkCountry compares what modules were loaded with, and the kinds of lines,
// with what the country has.
func (c *checker) checkCountry() {
	modules := slices.Clone(c.modules)
	fxo := false // of an Astribank
	for _, s := range c.hardware.Spans {
		for _, ch := range s.Channels {
			fxo = fxo || strings.HasPrefix(ch.Name, "XPP_FXO/")
		}
		if s.Kind == sysconf.T1 && c.Country != "" && !sysconf.MuLaw(c.Country) {
			c.add("t1-where-e1", "span", itoa(s.Number), "name", s.Name, "country", strings.ToLower(c.Country))
		}
	}
	if fxo || slices.Contains(modules, "xpp_usb") {
		modules = append(modules, "xpd_fxo")
	}
	for _, o := range sysconf.ModuleOptions(modules, c.Country) {
		file := "sys/module/" + o.Module + "/parameters/" + o.Parameter
		have, err := c.line(file)
		switch {
		case o.Module == "dahdi": // seen to with the cards
		case errors.Is(err, fs.ErrNotExist):
			// The module is not loaded, or of a version without the parameter.
		case err != nil:
			c.skipped(o.Module+" "+o.Parameter, err)
		case strings.EqualFold(have, o.Value):
		case o.Parameter == "caller_id_style":
			c.add("caller-id-style", "value", have, "want", o.Value)
		default:
			if have == "" || have == "(null)" {
				have = "-"
			}
			c.add("module-parameter", "module", o.Module, "parameter", o.Parameter, "value", have, "want", o.Value)
		}
	}
	if fxo && strings.EqualFold(c.Country, "cn") {
		c.opermode()
	}
}

// opermode reads the Astribank's electrical mode, which is no module parameter.
func (c *checker) opermode() {
	mode := ""
	for line := range strings.Lines(c.text("etc/dahdi/xpp.conf")) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) == 2 && f[0] == "opermode" {
			mode = f[1]
		}
	}
	if !strings.EqualFold(mode, "CHINA") {
		if mode == "" {
			mode = "FCC"
		}
		c.add("astribank-opermode", "value", mode, "want", "CHINA")
	}
}
