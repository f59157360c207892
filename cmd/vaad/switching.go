package main

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vaad/channels"
)

// callDoc is how a trunk or a station carries calls: more keys of a line.
type callDoc struct {
	Extension   string   `json:"extension"`    // station: its number
	Dial        string   `json:"dial"`         // trunk: keys or pulses
	FlashMS     int      `json:"flash_ms"`     // trunk: its flash; station: the longest that is one; 0 = 500, 1000
	Release     string   `json:"release"`      // trunk: what tells that the far end is gone ends the call (act), or is only told (report)
	SilenceMS   int      `json:"silence_ms"`   // trunk: silence of both ends that ends a call; 0 = never
	LongestMS   int      `json:"longest_ms"`   // a call ends after so long; 0 = 12 h
	EchoMS      int      `json:"echo_ms"`      // tail of the echo canceller, 8…128; 0 = 32, -1 = off
	SendsCaller string   `json:"sends_caller"` // station: how it is told who calls: bell202, v23, dtmf, none; "" = as usual in the country
	Ring        []string `json:"ring"`         // trunk: what rings for calls that come in: extensions, and lines of stations as "line 3"
	TrunkGroup  string   `json:"trunk_group"`  // trunk: calls out find it by this name
}

func (c callDoc) validate() error {
	var errs []error
	bad := func(k, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", k, fmt.Sprintf(format, args...)))
	}
	oneOf := func(k, v string, ok ...string) {
		if !slices.Contains(ok, v) {
			bad(k, "%q is not known; use one of %q", v, ok)
		}
	}
	within := func(k string, v, lo, hi int, or string) {
		if v < lo || v > hi {
			bad(k, "%d: must be %d…%d, or %s", v, lo, hi, or)
		}
	}
	if c.Extension != "" && !extension.MatchString(c.Extension) {
		bad("extension", "%q: use 1 to 12 digits, or nothing", c.Extension)
	}
	oneOf("dial", c.Dial, "keys", "pulses")
	oneOf("release", c.Release, "act", "report")
	oneOf("sends_caller", c.SendsCaller, "", "bell202", "v23", "dtmf", "none")
	if c.FlashMS != 0 {
		within("flash_ms", c.FlashMS, 50, 1_500, "0 for the usual")
	}
	if c.SilenceMS != 0 { // people do keep silent: a shorter silence would cut their calls
		within("silence_ms", c.SilenceMS, 120_000, 3_600_000, "0 for never")
	}
	if c.LongestMS != 0 {
		within("longest_ms", c.LongestMS, 60_000, 7*24*3_600_000, "0 for 12 h")
	}
	if c.EchoMS != 0 && c.EchoMS != -1 {
		within("echo_ms", c.EchoMS, 8, 128, "0 for 32, or -1 for off")
	}
	if err := badRing(c.Ring); err != nil {
		bad("ring", "%v", err)
	}
	if err := badGroup(c.TrunkGroup); err != nil {
		bad("trunk_group", "%v", err)
	}
	return errors.Join(errs...)
}

var extension = regexp.MustCompile(`^[0-9]{1,12}$`)

// same says whether two lines are set alike.
func (l lineDoc) same(o lineDoc) bool { return reflect.DeepEqual(l, o) }

// active is what channels needs of how a line carries calls.
func (c callDoc) active() channels.Active {
	return channels.Active{Pulse: c.Dial == "pulses", FlashMS: c.FlashMS, Report: c.Release == "report", SilenceMS: c.SilenceMS,
		MaxMS: c.LongestMS, EchoMS: c.EchoMS, Extension: c.Extension, Sends: c.SendsCaller}
}

// spanDoc is a digital span with a D-channel of our own. Its key is BOARD/SPAN.
type spanDoc struct {
	Side      string `json:"side"`      // which one we are: user or network
	Switch    string `json:"switch"`    // what the link speaks: euroisdn, qsig, ni2, dms100, 5ess or 4ess
	Overlap   bool   `json:"overlap"`   // digits may come and go one by one
	Numbering string `json:"numbering"` // how the far end counts channels: timeslot, or logical (1…30)
	Order     string `json:"order"`     // which free channel calls out take: up (the lowest) or down
}

func defaultSpan() spanDoc {
	return spanDoc{Side: "user", Switch: "euroisdn", Numbering: "timeslot", Order: "up"}
}

func (d spanDoc) validate(key string) error {
	var errs []error
	if board, span := spanKey(key); board == "" || span == 0 {
		errs = append(errs, fmt.Errorf(": %q is no span: write BOARD/NUMBER, as card1/2", key))
	}
	for _, k := range []struct {
		name, v string
		ok      []string
	}{
		{"side", d.Side, []string{"user", "network"}},
		{"switch", d.Switch, []string{"euroisdn", "qsig", "ni2", "dms100", "5ess", "4ess"}},
		{"numbering", d.Numbering, []string{"timeslot", "logical"}},
		{"order", d.Order, []string{"up", "down"}},
	} {
		if !slices.Contains(k.ok, k.v) {
			errs = append(errs, fmt.Errorf("%s: %q is not known; use one of %q", k.name, k.v, k.ok))
		}
	}
	return errors.Join(errs...)
}

// spanKey takes the key of a span apart; 0 where it is none.
func spanKey(key string) (board string, span int) {
	board, n, _ := strings.Cut(key, "/")
	span, err := strconv.Atoi(n)
	if err != nil || span < 1 || span > 64 || strconv.Itoa(span) != n {
		return board, 0
	}
	return board, span
}

// config is what channels needs of a span's settings.
func (d spanDoc) config(span int) channels.SpanConfig {
	return channels.SpanConfig{Number: span, Side: d.Side, Switch: d.Switch, Overlap: d.Overlap, Logical: d.Numbering == "logical", Down: d.Order == "down"}
}
