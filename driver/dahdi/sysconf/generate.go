package sysconf

import (
	"fmt"
	"slices"
	"strings"
)

// Options say what a machine's cards are used for.
type Options struct {
	Country string // two letters, as cn: tones and companding
	Tap     []int  // spans that only listen; the others are trunks
	Echo    string // echo canceller of trunks and telephones, as mg2; "" for none
}

// MuLaw reports whether a country's digital lines are companded with µ-law
// (ITU-T G.711: North America and Japan; all others A-law).
func MuLaw(country string) bool {
	return slices.Contains([]string{"us", "ca", "jp", "tw"}, strings.ToLower(country))
}

// Generate makes the configuration for the spans. Ports get the signalling of
// the other side (an FXO port fxsks, an FXS port fxoks), digital spans clear B
// channels with the D channel of their kind. A tapped span recovers its timing
// from the line and gets no echo canceller. The only error is a tap of a span
// that is not there.
func Generate(spans []Span, o Options) (Config, error) {
	var c Config
	for _, n := range o.Tap {
		if !slices.ContainsFunc(spans, func(s Span) bool { return s.Number == n }) {
			return c, fmt.Errorf("tap of span %d: there is no such span; there are %s", n, numbers(spans))
		}
	}
	g := generator{options: o, timing: 1}
	g.note("DAHDI's configuration for the cards found in this machine, made by `vaad dahdi genconf`.\nAfter a change: dahdi_cfg -v, then restart what uses the channels.")
	for _, s := range spans {
		g.span(s)
	}
	z, known := zone(o.Country)
	if known {
		g.note("Tones that DAHDI itself makes")
	} else {
		g.note("Tones that DAHDI itself makes. It has none of this country; vaad makes and\nknows its own, only the cadence of ringing is taken from here.")
	}
	g.add(Statement{Keyword: "loadzone", Value: z})
	g.add(Statement{Keyword: "defaultzone", Value: z})
	c.Statements = g.out
	return c, nil
}

// zones are the countries of which dahdi-tools 3.1 has tones, by its names.
const zones = " ae ar at au be bg br ch cl cn cr cz de dk ee es fi fr gr hu il in it jp lt mo mx my nl no nz pa ph pl pt ru se sg th tr tw uk us ve za "

// zone is DAHDI's name of a country's tones; us where it has none.
func zone(country string) (name string, known bool) {
	name = strings.ToLower(country)
	if name == "gb" {
		name = "uk"
	}
	if strings.Contains(zones, " "+name+" ") {
		return name, true
	}
	return "us", false
}

func numbers(spans []Span) string {
	if len(spans) == 0 {
		return "none"
	}
	var n []int
	for _, s := range spans {
		n = append(n, s.Number)
	}
	return Of(n...).String()
}

// A generator collects statements; notes wait for the statement below them.
type generator struct {
	options Options
	timing  int // of the next span that recovers its clock
	pending string
	out     []Statement
}

func (g *generator) note(text string) {
	if g.pending != "" {
		g.out = append(g.out, Statement{Note: g.pending})
	}
	g.pending = text
}

func (g *generator) add(s Statement) {
	s.Note, g.pending = g.pending, ""
	g.out = append(g.out, s)
}

func (g *generator) channels(keyword string, n []int, value string) {
	if len(n) > 0 {
		g.add(Statement{Keyword: keyword, Channels: Of(n...), Value: value})
	}
}

func (g *generator) span(s Span) {
	tap := slices.Contains(g.options.Tap, s.Number)
	use := map[bool]string{true: "tap", false: "trunk"}[tap]
	head := fmt.Sprintf("Span %d: %s %q (%s)", s.Number, s.Name, s.Description, kindOf(s))
	var talk []int // channels that carry speech
	switch {
	case s.Kind == Analog:
		talk = g.analog(s, head)
	case s.Kind.Digital():
		talk = g.digital(s, head+", "+use, tap)
	case s.Kind == Dynamic:
		talk = g.dynamic(s, head)
	default:
		g.note(head + "\nIts kind is not known: configure it by hand.")
	}
	if s.Kind != Analog { // the companding of an analog card is set in its module, not here
		law := "alaw"
		if MuLaw(g.options.Country) || s.Kind == T1 || s.Kind == J1 {
			law = "mulaw"
		}
		g.channels(law, talk, "")
	}
	if g.options.Echo != "" && !tap && s.Kind != Dynamic {
		g.channels("echocanceller", talk, g.options.Echo)
	}
}

func kindOf(s Span) string {
	switch {
	case s.Kind == Unknown:
		return "kind not known"
	case s.Side != "":
		return string(s.Kind) + " " + strings.ToUpper(s.Side)
	}
	return string(s.Kind)
}

func (g *generator) analog(s Span, head string) []int {
	var fxo, fxs, empty, unknown []int
	for _, c := range s.Channels {
		switch c.Port {
		case FXO:
			fxo = append(fxo, c.Number)
		case FXS:
			fxs = append(fxs, c.Number)
		case Empty:
			empty = append(empty, c.Number)
		default:
			unknown = append(unknown, c.Number)
		}
	}
	if len(empty) > 0 {
		head += "\nEmpty slots: " + Of(empty...).String()
	}
	if len(unknown) > 0 {
		head += "\nNot known to be FXO or FXS, configure by hand: " + Of(unknown...).String()
	}
	g.note(head)
	g.channels("fxsks", fxo, "") // lines of an exchange
	g.channels("fxoks", fxs, "") // telephones
	return append(fxo, fxs...)
}

func (g *generator) digital(s Span, head string, tap bool) []int {
	conf := SpanConf{Number: s.Number, Framing: "ccs", Coding: "hdb3", Term: false}
	switch s.Kind {
	case T1, J1:
		conf.Framing, conf.Coding = "esf", "b8zs"
	case BRI:
		conf.Coding = "ami"
	case E1:
		if conf.CRC4 = strings.Contains(s.LineConfig, "CRC4"); conf.CRC4 {
			head += "\nCRC4 stays on, as it is now."
		} else {
			head += "\nIf the span stays in alarm although the cable is right, the exchange uses CRC4: add ,crc4 at the end."
		}
	}
	if s.Kind != BRI || s.Side != "nt" || tap { // the network side gives the clock; everybody else takes it
		conf.Timing = g.timing
		g.timing++
	}
	g.note(head)
	g.add(Statement{Keyword: "span", Span: conf})
	d := s.DChannel()
	var talk []int
	for _, c := range s.Channels {
		if c.Number != d {
			talk = append(talk, c.Number)
		}
	}
	g.channels("bchan", talk, "")
	if d > 0 {
		// The cards decode BRI's themselves; elsewhere the kernel can always do it.
		g.channels(map[bool]string{true: "hardhdlc", false: "dchan"}[s.Kind == BRI], []int{d}, "")
	}
	return talk
}

// dynamic keeps what a span made by software is now: nothing says what it
// should be.
func (g *generator) dynamic(s Span, head string) []int {
	g.note(head)
	if driver, address, ok := strings.Cut(strings.TrimPrefix(s.Name, "DYN/"), "/"); ok {
		g.add(Statement{Keyword: "dynamic", Dynamic: DynamicConf{Driver: driver, Address: address, Channels: max(1, len(s.Channels))}})
	}
	by := map[string][]int{}
	var order []string
	var talk []int
	for _, c := range s.Channels {
		k := c.Signalling
		if k == "" || strings.HasPrefix(k, "dacs") {
			k = "bchan"
		}
		if !slices.Contains(order, k) {
			order = append(order, k)
		}
		by[k] = append(by[k], c.Number)
		if !strings.HasSuffix(k, "hdlc") && k != "dchan" && k != "mtp2" {
			talk = append(talk, c.Number)
		}
	}
	for _, k := range order {
		idle := ""
		if k == "cas" {
			idle = "1101"
		}
		g.channels(k, by[k], idle)
	}
	return talk
}
