package sysconf

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A SyntaxError is a line that dahdi_cfg refuses, or understands otherwise than
// it reads.
type SyntaxError struct {
	Line   int    // from 1
	Text   string // the line, without its comment
	Reason string // what is wrong, in English
}

func (e SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Parse reads a system.conf. A line with an error is left out of the Config;
// the errors come in the order of their lines.
func Parse(text []byte) (Config, []SyntaxError) {
	var c Config
	var errs []SyntaxError
	seen := map[int]Assignment{}
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line == "" {
			continue
		}
		line = strings.TrimSpace(line)
		s, why := parseLine(line)
		s.Line = i + 1
		if why == "" && s.Signalling() {
			for _, n := range s.Channels.Numbers() {
				if was, ok := seen[n]; ok {
					why = fmt.Sprintf("channel %d is used already, for %s in line %d", n, was.Keyword, was.Line)
					break
				}
				seen[n] = Assignment{s.Keyword, s.Line}
			}
		}
		if why != "" {
			errs = append(errs, SyntaxError{i + 1, line, why})
			continue
		}
		c.Statements = append(c.Statements, s)
	}
	slices.SortStableFunc(errs, func(a, b SyntaxError) int { return cmp.Compare(a.Line, b.Line) })
	return c, errs
}

func parseLine(line string) (s Statement, why string) {
	if line == "" {
		return s, "blanks stand alone or before a comment, which dahdi_cfg does not take: remove them"
	}
	key, value, ok := strings.Cut(line, "=")
	s.Keyword = strings.ToLower(strings.TrimSpace(key))
	value = strings.TrimSpace(value)
	if !ok || s.Keyword == "" || value == "" {
		return s, "it must be KEYWORD=VALUE"
	}
	switch {
	case s.Keyword == "span":
		s.Span, why = parseSpan(value)
	case s.Keyword == "dynamic":
		s.Dynamic, why = parseDynamic(value)
	case s.Keyword == "echocanceller":
		var list string
		s.Value, list, _ = strings.Cut(value, ",")
		if s.Value = strings.TrimSpace(s.Value); !word(s.Value) {
			return s, quote(s.Value) + " is no echo canceller; write echocanceller=mg2,1-4"
		}
		s.Channels, why = parseChannels(list)
	case s.Keyword == "loadzone" || s.Keyword == "defaultzone":
		if s.Value = value; !word(value) {
			why = quote(value) + " is no zone; a line names one, as cn or us"
		}
	case isRadio(s.Keyword):
		s.Value = value
	case isLaw(s.Keyword) || s.Keyword == "channels":
		s.Channels, why = parseChannels(value)
	case isSignalling(s.Keyword):
		s.Channels, s.Value, why = parseSignalling(s.Keyword, value)
	default:
		why = "the keyword " + quote(s.Keyword) + " is not known"
	}
	return s, why
}

// word reports whether s is one name without blanks, commas and colons.
func word(s string) bool { return s != "" && !strings.ContainsAny(s, " \t,:=") }

func parseSignalling(keyword, value string) (c Channels, extra, why string) {
	list, extra, colon := strings.Cut(value, ":")
	if c, why = parseChannels(list); why != "" {
		return nil, "", why
	}
	switch keyword {
	case "cas", "user":
		if len(extra) != 4 || strings.Trim(extra, "01") != "" {
			return nil, "", "the idle bits are missing: write " + keyword + "=CHANNELS:1101, with 0 or 1 for each of A, B, C, D"
		}
	case "dacs", "dacsrbs":
		n, why := parseChannel(extra)
		if why != "" {
			return nil, "", "the first channel to connect to is missing: write " + keyword + "=CHANNELS:CHANNEL"
		}
		extra = strconv.Itoa(n)
	case "nethdlc":
		if colon && !word(extra) {
			return nil, "", quote(extra) + " is no name of a network interface"
		}
	default:
		if colon {
			return nil, "", "nothing may stand behind a colon with " + keyword
		}
	}
	return c, extra, ""
}

func parseSpan(value string) (s SpanConf, why string) {
	args := strings.Split(value, ",")
	for i := range args {
		args[i] = strings.TrimLeft(args[i], " \t")
	}
	if len(args) < 5 || len(args) > 9 {
		return s, "span needs 5 to 9 values: number,timing,build-out,framing,coding[,crc4][,yellow][,term][,nt or te]"
	}
	for i, n := range []struct {
		to   *int
		from int
		max  int
		name string
	}{{&s.Number, 1, 255, "number of the span"}, {&s.Timing, 0, 255, "timing source"}, {&s.LBO, 0, 7, "line build-out"}} {
		v, err := strconv.Atoi(strings.TrimSpace(args[i]))
		if err != nil || v < n.from || v > n.max {
			return s, fmt.Sprintf("%s is no %s; that is a number from %d to %d", quote(args[i]), n.name, n.from, n.max)
		}
		*n.to = v
	}
	for _, a := range args[3:] {
		if strings.TrimRight(a, " \t") != a {
			return s, "a blank stands behind " + quote(a) + ", which dahdi_cfg does not take"
		}
	}
	s.Framing, s.Coding = strings.ToLower(args[3]), strings.ToLower(args[4])
	if !slices.Contains([]string{"d4", "esf", "cas", "ccs"}, s.Framing) {
		return s, quote(args[3]) + " is no framing; E1 and BRI have ccs or cas, T1 has esf or d4"
	}
	if !slices.Contains([]string{"ami", "b8zs", "hdb3"}, s.Coding) {
		return s, quote(args[4]) + " is no coding; E1 has hdb3, T1 has b8zs, both and BRI have ami"
	}
	for _, a := range args[5:] {
		switch strings.ToLower(a) {
		case "crc4":
			s.CRC4 = true
		case "yellow":
			s.Yellow = true
		case "term":
			s.Term = true
		case "nt", "te":
			s.Side = strings.ToLower(a)
		default:
			return s, quote(a) + " is not known here; crc4, yellow, term, nt and te are"
		}
	}
	return s, ""
}

func parseDynamic(value string) (d DynamicConf, why string) {
	args := strings.Split(value, ",")
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	if len(args) != 4 || !name(args[0]) || args[1] == "" {
		return d, "dynamic needs 4 values: driver,address,channels,timing"
	}
	d.Driver, d.Address = args[0], args[1]
	var err error
	if d.Channels, err = strconv.Atoi(args[2]); err != nil || d.Channels < 1 || d.Channels > 255 {
		return d, quote(args[2]) + " is no number of channels; that is a number from 1 to 255"
	}
	if d.Timing, err = strconv.Atoi(args[3]); err != nil || d.Timing < 0 {
		return d, quote(args[3]) + " is no timing source; that is a number from 0"
	}
	return d, ""
}

// name reports whether s can be the name of a driver.
func name(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}
