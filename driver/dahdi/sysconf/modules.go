package sysconf

import (
	"slices"
	"strings"
)

// A ModuleOption is a parameter that a kernel module must be loaded with.
type ModuleOption struct {
	Module    string
	Parameter string
	Value     string
}

// ModuleOptions lists what the modules of the cards must be loaded with so that
// lines of that country are heard as they are: the companding and the electrical
// mode of analog cards, E1 where a card would come up as T1, and for an
// Astribank audio of lines that are on-hook, and that DAHDI leaves the numbers of
// spans to [Assignments]: only then do its scripts set up a board that comes later.
func ModuleOptions(modules []string, country string) []ModuleOption {
	alaw := map[string]ModuleOption{
		"wctdm":      {"wctdm", "alawoverride", "1"},
		"opvxa1200":  {"opvxa1200", "alawoverride", "1"},
		"wctdm24xxp": {"wctdm24xxp", "companding", "alaw"},
		"wcaxx":      {"wcaxx", "companding", "alaw"},
	}
	opermode := map[string]string{"cn": "CHINA", "us": "FCC", "ca": "FCC"}[strings.ToLower(country)]
	assign := "1"
	if slices.Contains(modules, "xpd_fxo") {
		assign = "0"
	}
	all := []ModuleOption{{"dahdi", "auto_assign_spans", assign}}
	for _, m := range slices.Sorted(slices.Values(modules)) {
		o, analog := alaw[m]
		if analog && !MuLaw(country) {
			all = append(all, o)
		}
		if analog && opermode != "" {
			all = append(all, ModuleOption{m, "opermode", opermode})
		}
		if (m == "wcte13xp" || m == "wcte43x") && !MuLaw(country) {
			all = append(all, ModuleOption{m, "default_linemode", "e1"})
		}
		if m == "xpd_fxo" {
			all = append(all, ModuleOption{m, "caller_id_style", "3"})
		}
	}
	return all
}

// Modprobe writes the options as a file of /etc/modprobe.d.
func Modprobe(options []ModuleOption) []byte {
	var b strings.Builder
	for i, o := range options {
		switch {
		case i > 0 && options[i-1].Module == o.Module:
		case i > 0:
			b.WriteByte('\n')
			fallthrough
		default:
			b.WriteString("options " + o.Module)
		}
		b.WriteString(" " + o.Parameter + "=" + o.Value)
	}
	if len(options) > 0 {
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
