package doctor

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vaad/driver/dahdi/sysconf"
)

const confFile = "/etc/dahdi/system.conf"

// checkConf compares system.conf with the cards.
func (c *checker) checkConf() {
	if len(c.hardware.Spans) == 0 {
		return // nothing to compare with; what is missing was said
	}
	b, err := fs.ReadFile(c.Root, strings.TrimPrefix(confFile, "/"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.add("conf-missing", "file", confFile)
		return
	case err != nil:
		c.skipped(confFile, err)
		return
	}
	before := len(c.found)
	conf, wrong := sysconf.Parse(b)
	for _, e := range wrong {
		c.add("conf-syntax", "file", confFile, "line", strconv.Itoa(e.Line), "text", e.Text, "reason", e.Reason)
	}
	m := c.index()
	for _, s := range conf.Statements {
		c.statement(s, m)
	}
	c.unassigned(conf, len(wrong) > 0)
	if zone := conf.Zone("defaultzone"); c.Country != "" && !strings.EqualFold(zone, c.Country) {
		if zone == "" {
			zone = "-"
		}
		c.add("conf-zone", "zone", zone, "country", strings.ToLower(c.Country))
	}
	for _, f := range c.found[before:] {
		if f.Severity.Worse(Note) {
			return
		}
	}
	c.add("conf-good", "file", confFile, "count", strconv.Itoa(len(conf.Assigned())))
}

// A machine finds spans and channels by their number.
type machine struct {
	spans    map[int]sysconf.Span
	channels map[int]sysconf.Channel
	of       map[int]sysconf.Span // by channel
	last     int                  // highest channel
}

func (c *checker) index() machine {
	m := machine{map[int]sysconf.Span{}, map[int]sysconf.Channel{}, map[int]sysconf.Span{}, 0}
	for _, s := range c.hardware.Spans {
		m.spans[s.Number] = s
		for _, ch := range s.Channels {
			m.channels[ch.Number], m.of[ch.Number] = ch, s
			m.last = max(m.last, ch.Number)
		}
	}
	return m
}

func (c *checker) statement(s sysconf.Statement, m machine) {
	line := strconv.Itoa(s.Line)
	if s.Keyword == "span" {
		c.spanLine(s, m)
		return
	}
	if len(s.Channels) == 0 {
		return
	}
	if m := sysconf.EchoModule(s.Value); s.Keyword == "echocanceller" && m != "" && !sysconf.HasModule(c.Root, m) {
		c.add("conf-echo-missing", "line", line, "name", s.Value, "module", m)
	}
	if s.Bundles() && (s.Keyword == "clear" || s.Keyword == "fcshdlc") {
		c.add("conf-bundle", "line", line, "text", s.String(), "better", map[string]string{"clear": "bchan", "fcshdlc": "dchan"}[s.Keyword]+"="+s.Channels.String())
	}
	var absent, slots, law []int
	wrong := map[sysconf.Port][]int{}
	for _, n := range s.Channels.Numbers() {
		ch, ok := m.channels[n]
		of := m.of[n]
		switch {
		case !ok:
			absent = append(absent, n)
		case s.Law() && of.Kind == sysconf.Analog:
			law = append(law, n)
		case !s.Signalling() || s.Keyword == "unused":
		case ch.Port == sysconf.Empty:
			slots = append(slots, n)
		case ch.Port != sysconf.NotKnown && !fits(s.Keyword, ch.Port):
			wrong[ch.Port] = append(wrong[ch.Port], n)
		case of.Kind.Digital():
			c.timeslot(s, n, ch, of)
		}
	}
	if len(absent) > 0 {
		c.add("conf-no-channel", "line", line, "channels", sysconf.Of(absent...).String(), "last", strconv.Itoa(m.last))
	}
	if len(slots) > 0 {
		c.add("conf-empty-slot", "line", line, "channels", sysconf.Of(slots...).String())
	}
	for _, port := range slices.Sorted(maps.Keys(wrong)) {
		n := wrong[port]
		c.add("conf-wrong-port", "line", line, "channels", sysconf.Of(n...).String(), "port", string(port), "keyword", s.Keyword,
			"better", map[sysconf.Port]string{sysconf.FXO: "fxsks", sysconf.FXS: "fxoks"}[port]+"="+sysconf.Of(n...).String())
	}
	if len(law) > 0 && c.lawContradicts(s.Keyword) {
		c.add("conf-analog-law", "line", line, "text", s.String())
	}
}

// fits reports whether a port can be used so: an FXO port is signalled as FXS.
func fits(keyword string, port sysconf.Port) bool {
	switch port {
	case sysconf.FXO:
		return !strings.HasPrefix(keyword, "fxo")
	case sysconf.FXS:
		return !strings.HasPrefix(keyword, "fxs")
	}
	return true
}

// lawContradicts reports whether the analog cards deliver another companding
// than a line of system.conf says. Where that cannot be read they are believed.
func (c *checker) lawContradicts(keyword string) bool {
	for _, m := range []string{"wctdm", "opvxa1200", "wctdm24xxp", "wcaxx"} {
		for _, o := range sysconf.ModuleOptions([]string{m}, "cn") {
			if o.Module != m || o.Parameter == "opermode" {
				continue
			}
			have, err := c.line("sys/module/" + m + "/parameters/" + o.Parameter)
			if err == nil && (have == o.Value) != (keyword == "alaw") && keyword != "deflaw" {
				return true
			}
		}
	}
	return false
}

// timeslot looks for D-channels of the wrong kind or in the wrong place.
func (c *checker) timeslot(s sysconf.Statement, n int, ch sysconf.Channel, of sysconf.Span) {
	isD := s.Keyword == "dchan" || s.Keyword == "fcshdlc" || s.Keyword == "hardhdlc"
	where := []string{"line", strconv.Itoa(s.Line), "channel", strconv.Itoa(n), "span", strconv.Itoa(of.Number), "right", strconv.Itoa(of.DChannel())}
	switch {
	case isD && of.Kind == sysconf.BRI && s.Keyword != "hardhdlc":
		c.add("conf-hardhdlc", append(where, "keyword", s.Keyword, "better", "hardhdlc")...)
	case s.Keyword == "hardhdlc" && !ch.HardHDLC && ch.Caps != "":
		c.add("conf-hardhdlc", append(where, "keyword", s.Keyword, "better", "dchan")...)
	case isD && of.DChannel() != 0 && of.DChannel() != n, s.Keyword == "bchan" && n == of.DChannel() && of.Kind != sysconf.T1:
		// On T1 all 24 may be B channels, their D channel being on another span.
		c.add("conf-dchannel", append(where, "keyword", s.Keyword)...)
	}
}

// spanLine compares framing and coding with the kind of line.
func (c *checker) spanLine(s sysconf.Statement, m machine) {
	span, ok := m.spans[s.Span.Number]
	args := []string{"line", strconv.Itoa(s.Line), "span", strconv.Itoa(s.Span.Number)}
	if !ok {
		c.add("conf-no-span", args...)
		return
	}
	t1 := s.Span.Framing == "esf" || s.Span.Framing == "d4" || s.Span.Coding == "b8zs"
	e1 := s.Span.Framing == "cas" || s.Span.Framing == "ccs" || s.Span.Coding == "hdb3"
	better := map[sysconf.Kind]string{sysconf.E1: "ccs,hdb3", sysconf.T1: "esf,b8zs", sysconf.J1: "esf,b8zs", sysconf.BRI: "ccs,ami"}[span.Kind]
	args = append(args, "kind", string(span.Kind), "text", s.Span.Framing+","+s.Span.Coding, "better", better)
	switch {
	case span.Kind == sysconf.Analog:
		c.add("conf-wrong-line", append(args[:len(args)-2], "better", "-")...)
	case better != "" && t1 == e1, (span.Kind == sysconf.E1 || span.Kind == sysconf.BRI) && t1, (span.Kind == sysconf.T1 || span.Kind == sysconf.J1) && e1:
		c.add("conf-wrong-line", args...)
	case span.Kind == sysconf.E1 && s.Span.Coding == "ami":
		c.add("conf-e1-coding", args...)
	}
}

// unassigned finds channels that the file leaves out, and those that the kernel
// was not told of. After a line that cannot be read that is only to be expected.
func (c *checker) unassigned(conf sysconf.Config, broken bool) {
	assigned := conf.Assigned()
	for _, s := range c.hardware.Spans {
		var out, waiting []int
		for _, ch := range s.Channels {
			a, ok := assigned[ch.Number]
			switch {
			case ch.Port == sysconf.Empty || ch.Signalling == "" && reserved(ch, s):
			case !ok:
				out = append(out, ch.Number)
			case ch.Signalling == "" && a.Keyword != "unused" && !strings.HasPrefix(a.Keyword, "dacs"):
				waiting = append(waiting, ch.Number)
			}
		}
		if _, ok := conf.Span(s.Number); s.Kind.Digital() && !ok && !broken {
			c.add("conf-span-missing", "span", strconv.Itoa(s.Number), "name", s.Name, "kind", string(s.Kind))
		}
		if len(out) > 0 && !broken {
			c.add("conf-unassigned", "span", strconv.Itoa(s.Number), "channels", sysconf.Of(out...).String())
		}
		if len(waiting) > 0 && !broken {
			c.add("conf-not-applied", "span", strconv.Itoa(s.Number), "channels", sysconf.Of(waiting...).String())
		}
	}
}

// reserved reports whether a channel cannot be used at all: timeslot 16 of an E1
// with CAS.
func reserved(ch sysconf.Channel, of sysconf.Span) bool {
	return of.Kind == sysconf.E1 && ch.Number == of.DChannel() && !strings.Contains(of.LineConfig, "CCS") && of.LineConfig != ""
}
