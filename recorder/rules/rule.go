package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Doc is the settings section of rules.
type Doc struct {
	Internal []string `json:"internal"` // patterns of numbers of the own house: calls with them are internal
	List     []Rule   `json:"list"`     // the first rule that fits a call decides it
}

// A Rule fits a call if all of its conditions do; what is left out fits every call.
type Rule struct {
	Name string `json:"name"` // short word without spaces; in the journal and in stories
	Off  bool   `json:"off"`  // it decides nothing

	Lines     []int    `json:"lines"`     // permanent numbers; together with groups: either
	Groups    []string `json:"groups"`    // of lines
	Uses      []string `json:"uses"`      // tap, trunk, station
	Direction string   `json:"direction"` // in or out
	Caller    []string `json:"caller"`    // patterns, and lists as @NAME; with ! before it: not these
	Called    []string `json:"called"`    // the same of the called number
	Party     []string `json:"party"`     // the same of either
	Scope     string   `json:"scope"`     // internal or external: whether the other party's number is of the own house
	Calendar  string   `json:"calendar"`  // the call begins within the work periods of this calendar
	Outside   bool     `json:"outside"`   // … outside of them
	Heard     []string `json:"heard"`     // fax, modem, text (telephone), or any of these: from when it was heard

	Record  bool   `json:"record"`  // false: such calls are not recorded
	Blank   bool   `json:"blank"`   // with record false: flight recorder and listeners have nothing of such calls either
	Percent int    `json:"percent"` // of the calls that fit, a random sample so large is recorded and the others are not; 0 = all
	Proof   bool   `json:"proof"`   // with heard: only 3 s of it are recorded
	Trigger string `json:"trigger"` // call, voice, key or manual; "" = the line's own
	Codec   string `json:"codec"`   // g711, pcm16, ima or gsm; "" = the line's own
	Sides   string `json:"sides"`   // separate or mixed; "" = the line's own
	Class   string `json:"class"`   // retention class, a short word

	Beep         bool   `json:"beep"`          // both parties hear a beep again and again while it is recorded
	Announce     string `json:"announce"`      // prompt that says so, right after the answer; "" = none
	AnnounceTo   string `json:"announce_to"`   // network (default) or both
	AnnounceOver bool   `json:"announce_over"` // mixed with what the parties say, instead of in its place
	AnnounceElse string `json:"announce_else"` // if it cannot be played: record (default) or deny
}

// What was heard of fax and modems, in Facts.Modem and Rule.Heard.
const (
	Fax   = "fax"
	Modem = "modem"
	Text  = "text"
	Any   = "any" // in Rule.Heard; and in Facts.Modem one of them, but which one is not known
)

// Bounds of the settings.
const (
	maxRules  = 500
	maxTerms  = 1_000  // of one condition
	maxNumber = 40     // bytes of a pattern
	maxList   = 50_000 // patterns of one list
	maxName   = 32
)

// Validate names everything that is wrong, by key. What rules refer to is checked by [New].
func (d Doc) Validate() error {
	var errs []error
	for i, p := range d.Internal {
		if err := badPattern(p); err != nil {
			errs = append(errs, fmt.Errorf("internal.%d: %w", i, err))
		}
	}
	if len(d.List) > maxRules {
		errs = append(errs, fmt.Errorf("list: %d rules; at most %d are possible", len(d.List), maxRules))
	}
	seen := map[string]int{}
	for i := range d.List {
		r := &d.List[i]
		for _, err := range r.validate() {
			errs = append(errs, fmt.Errorf("list.%d.%w", i, err))
		}
		if before, ok := seen[r.Name]; ok {
			errs = append(errs, fmt.Errorf("list.%d.name: rule %d is called %q too", i, before, r.Name))
		}
		seen[r.Name] = i
	}
	return errors.Join(errs...)
}

func (r *Rule) validate() (errs []error) {
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	oneOf := func(key, v string, ok ...string) {
		if v != "" && !slices.Contains(ok, v) {
			bad(key, "%q is not known; use one of %q, or nothing", v, ok)
		}
	}
	if err := BadName(r.Name); err != nil {
		bad("name", "%v", err)
	}
	for i, n := range r.Lines {
		if n < 1 || n > 9999 {
			bad(fmt.Sprintf("lines.%d", i), "%d is not a line number: use 1…9999", n)
		}
	}
	for i, u := range r.Uses {
		if !slices.Contains([]string{"tap", "trunk", "station"}, u) {
			bad(fmt.Sprintf("uses.%d", i), "%q is not known; use tap, trunk or station", u)
		}
	}
	for i, h := range r.Heard {
		if !slices.Contains([]string{Fax, Modem, Text, Any}, h) {
			bad(fmt.Sprintf("heard.%d", i), "%q is not known; use fax, modem, text or any", h)
		}
	}
	for _, c := range []struct {
		key   string
		terms []string
	}{{"caller", r.Caller}, {"called", r.Called}, {"party", r.Party}} {
		if len(c.terms) > maxTerms {
			bad(c.key, "%d patterns; at most %d are possible here: make a number list", len(c.terms), maxTerms)
		}
		for i, t := range c.terms {
			if err := badTerm(t); err != nil {
				bad(fmt.Sprintf("%s.%d", c.key, i), "%v", err)
			}
		}
	}
	oneOf("direction", r.Direction, "in", "out")
	oneOf("scope", r.Scope, "internal", "external")
	oneOf("trigger", r.Trigger, "call", "voice", "key", "manual")
	oneOf("codec", r.Codec, "g711", "pcm16", "ima", "gsm")
	oneOf("sides", r.Sides, "separate", "mixed")
	if r.Percent < 0 || r.Percent > 100 {
		bad("percent", "%d: must be 0…100", r.Percent)
	}
	if r.Class != "" {
		if err := BadName(r.Class); err != nil {
			bad("class", "%v", err)
		}
	}
	errs = append(errs, r.badSounds()...)
	if r.Outside && r.Calendar == "" {
		bad("outside", "it says nothing without a calendar")
	}
	if r.Blank && r.Record {
		bad("blank", "it is for rules with record false: what is recorded cannot be kept out")
	}
	if r.Proof && (len(r.Heard) == 0 || !r.Record) {
		bad("proof", "it needs record and heard: three seconds of a fax or a modem are the proof")
	}
	if !r.Record {
		for _, k := range []struct {
			key string
			set bool
		}{{"percent", r.Percent != 0}, {"trigger", r.Trigger != ""}, {"codec", r.Codec != ""}, {"sides", r.Sides != ""}, {"class", r.Class != ""}, {"beep", r.Beep}, {"announce", r.Announce != ""}} {
			if k.set {
				bad(k.key, "it says nothing without record")
			}
		}
	}
	return errs
}

// BadName says what is wrong with the name of a rule, a class, a calendar or a
// number list; nil if nothing is.
func BadName(s string) error {
	if s == "" || len(s) > maxName || strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == 0x7f || strings.ContainsRune(",:;=@!.\"/", c)
	}) {
		return fmt.Errorf("%q: use a short word of at most %d bytes, without spaces and , : ; = @ ! . / and quotes", s, maxName)
	}
	return nil
}
