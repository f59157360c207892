package sysconf

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A Config is a system.conf: its statements in their order.
type Config struct{ Statements []Statement }

// A Statement is one line of the file that says something. Which of its fields
// are used depends on the keyword.
type Statement struct {
	Line    int    // in the file it was read from, from 1; 0 otherwise
	Note    string // comment to be written above it; Parse does not keep comments
	Keyword string // in lower case: span, fxsks, bchan, alaw, echocanceller, loadzone …

	Span     SpanConf    // of span
	Dynamic  DynamicConf // of dynamic
	Channels Channels    // of everything that names channels
	Value    string      // idle bits of cas and user, first target of dacs, interface of nethdlc, name of the echo canceller, zone, value of a radio keyword
}

// SpanConf is what a span line says.
type SpanConf struct {
	Number  int
	Timing  int    // 0: never a source of clock; 1: the first choice, …
	LBO     int    // line build-out, 0–7
	Framing string // d4, esf (T1), cas, ccs (E1, BRI)
	Coding  string // ami, b8zs (T1), hdb3 (E1)
	CRC4    bool
	Yellow  bool   // yellow alarm is sent while no channel is open
	Side    string // nt, te or ""
	Term    bool   // terminate the line (BRI)
}

// DynamicConf is what a dynamic line says.
type DynamicConf struct {
	Driver   string // loc, eth, ethmf
	Address  string
	Channels int
	Timing   int
}

// An Assignment is what a channel is used for.
type Assignment struct {
	Keyword string
	Line    int // of the file
}

// isSignalling knows the keywords that say what channels are used for; a channel
// has one of them at most.
func isSignalling(keyword string) bool {
	switch keyword {
	case "e&m", "e&me1", "fxsls", "fxsgs", "fxsks", "fxols", "fxogs", "fxoks", "cas", "user", "unused", "clear", "indclear", "bchan",
		"rawhdlc", "nethdlc", "fcshdlc", "dchan", "hardhdlc", "mtp2", "dacs", "dacsrbs":
		return true
	}
	return false
}

// isRadio knows the keywords of the PCI radio card, whose values are kept as
// they are.
func isRadio(keyword string) bool {
	switch keyword {
	case "ctcss", "dcsrx", "rxdcs", "tx", "debouncetime", "bursttime", "exttone", "invertcor", "corthresh", "rxgain", "txgain", "deemp", "preemp":
		return true
	}
	return false
}

// isLaw knows the keywords that set the companding of channels.
func isLaw(keyword string) bool {
	return keyword == "alaw" || keyword == "mulaw" || keyword == "deflaw"
}

// Signalling reports whether the statement says what channels are used for.
func (s Statement) Signalling() bool { return isSignalling(s.Keyword) }

// Law reports whether it sets the companding of channels.
func (s Statement) Law() bool { return isLaw(s.Keyword) }

// Bundles reports whether the channels of one such statement become one: only
// the first can then be opened.
func (s Statement) Bundles() bool {
	return slices.Contains([]string{"clear", "rawhdlc", "nethdlc", "fcshdlc"}, s.Keyword) && s.Channels.Len() > 1
}

// Assigned lists what each channel is used for.
func (c Config) Assigned() map[int]Assignment {
	all := map[int]Assignment{}
	for _, s := range c.Statements {
		if !s.Signalling() {
			continue
		}
		for _, n := range s.Channels.Numbers() {
			all[n] = Assignment{s.Keyword, s.Line}
		}
	}
	return all
}

// Span returns the line of a span; where there are several, the last, as
// dahdi_cfg does.
func (c Config) Span(number int) (s Statement, ok bool) {
	for _, st := range c.Statements {
		if st.Keyword == "span" && st.Span.Number == number {
			s, ok = st, true
		}
	}
	return s, ok
}

// Zone returns the value of the last statement with that keyword, as loadzone
// and defaultzone.
func (c Config) Zone(keyword string) string {
	zone := ""
	for _, s := range c.Statements {
		if s.Keyword == keyword {
			zone = s.Value
		}
	}
	return zone
}

// Bytes writes the file.
func (c Config) Bytes() []byte {
	var b bytes.Buffer
	for i, s := range c.Statements {
		if s.Note != "" {
			if i > 0 {
				b.WriteByte('\n')
			}
			for line := range strings.SplitSeq(s.Note, "\n") {
				b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
			}
		}
		if s.Keyword != "" {
			b.WriteString(s.String() + "\n")
		}
	}
	return b.Bytes()
}

// String writes the statement's line, without its note.
func (s Statement) String() string {
	switch {
	case s.Keyword == "span":
		return "span=" + s.Span.String()
	case s.Keyword == "dynamic":
		d := s.Dynamic
		return fmt.Sprintf("dynamic=%s,%s,%d,%d", d.Driver, d.Address, d.Channels, d.Timing)
	case s.Keyword == "echocanceller":
		return "echocanceller=" + s.Value + "," + s.Channels.String()
	case len(s.Channels) > 0 && s.Value != "":
		return s.Keyword + "=" + s.Channels.String() + ":" + s.Value
	case len(s.Channels) > 0:
		return s.Keyword + "=" + s.Channels.String()
	default:
		return s.Keyword + "=" + s.Value
	}
}

// String writes what stands behind span=.
func (s SpanConf) String() string {
	out := fmt.Sprintf("%d,%d,%d,%s,%s", s.Number, s.Timing, s.LBO, s.Framing, s.Coding)
	for _, flag := range []struct {
		set  bool
		name string
	}{{s.CRC4, "crc4"}, {s.Yellow, "yellow"}, {s.Term, "term"}, {s.Side != "", s.Side}} {
		if flag.set {
			out += "," + flag.name
		}
	}
	return out
}
