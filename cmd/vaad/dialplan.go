package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vaad/calls"
	"vaad/channels/numbering"
	"vaad/driver"
	"vaad/settings"
)

// dialplanDoc is where numbers lead that are dialled here, and calls that come in.
type dialplanDoc struct {
	Outside      []outsideDoc  `json:"outside"`        // of those that take a number the one with the longest prefix counts, else the first
	Incoming     []incomingDoc `json:"incoming"`       // the first that fits counts; then lines.N.ring
	RingMS       int           `json:"ring_ms"`        // stations that a station calls ring so long; 0 = 2 min
	FirstDigitMS int           `json:"first_digit_ms"` // dial tone without a digit; 0 = 15 s
	DigitPauseMS int           `json:"digit_pause_ms"` // pause that ends a number; 0 = 4 s
	CallerWaitMS int           `json:"caller_wait_ms"` // a call on an analog trunk waits so long for its caller ID before stations ring; 0 = 4 s, -1 = not at all
}

// outsideDoc sends numbers out by groups of trunks.
type outsideDoc struct {
	Prefix     string   `json:"prefix"`      // what they begin with
	Groups     []string `json:"groups"`      // trunk groups, tried in this order
	KeepPrefix bool     `json:"keep_prefix"` // it belongs to the number and is dialled on the trunk too
	Add        string   `json:"add"`         // dialled on the trunk before the number
	Numbers    []string `json:"numbers"`     // patterns of what may follow the prefix; none = anything
}

// incomingDoc says who rings for calls that come in.
type incomingDoc struct {
	Groups []string `json:"groups"` // trunk groups; none = all trunks
	Called string   `json:"called"` // number that was called, * stands for anything; "" = any
	Ring   []string `json:"ring"`   // extensions, and lines of stations as "line 3"
	Direct bool     `json:"direct"` // the called number is an extension: it rings
	Strip  int      `json:"strip"`  // leading digits of the called number that are no part of the extension
	Name   string   `json:"name"`   // shown at stations before the caller's
}

// trunkGroupDoc is how trunks of one name are used; lines.N.trunk_group puts
// lines into it.
type trunkGroupDoc struct {
	Order  string `json:"order"`  // which free one is taken: first, last, rotate or longest-idle
	Prefix string `json:"prefix"` // dialled first, for an outside line of the exchange in between
	Caller string `json:"caller"` // the caller's number that is shown, where the trunk can
}

func (g trunkGroupDoc) validate(key string) error {
	var errs []error
	if err := badGroup(key); key == "" || err != nil {
		errs = append(errs, fmt.Errorf(": %q: a trunk group is a short word without dots and spaces", key))
	}
	if !slices.Contains(calls.TrunkOrders(), g.Order) {
		errs = append(errs, fmt.Errorf("order: %q is not known; use one of %q", g.Order, calls.TrunkOrders()))
	}
	if err := badPrefix(g.Prefix); err != nil {
		errs = append(errs, fmt.Errorf("prefix: %w", err))
	}
	if len(g.Caller) > 40 || strings.Trim(g.Caller, "0123456789+") != "" {
		errs = append(errs, fmt.Errorf("caller: %q: use at most 40 digits, or nothing", g.Caller))
	}
	return errors.Join(errs...)
}

// badGroup says what is wrong with the name of a trunk group.
func badGroup(name string) error {
	if strings.ContainsAny(name, ". /") || len(name) > 32 {
		return fmt.Errorf("%q: a trunk group is a short word without dots and spaces", name)
	}
	return nil
}

// anyNumber is the pattern of a number of whatever length.
const anyNumber = "[0-9*]."

// patterns are of whole numbers, with the prefix.
func (o outsideDoc) patterns() []string {
	if len(o.Numbers) == 0 {
		return []string{o.Prefix + anyNumber}
	}
	all := make([]string, 0, len(o.Numbers))
	for _, n := range o.Numbers {
		all = append(all, o.Prefix+n)
	}
	return all
}

// plan is what may follow the prefix, nil for anything.
func (o outsideDoc) plan() *numbering.Plan {
	p, _ := numbering.Parse(o.Numbers...) // settings have validated it
	return p
}

// takes says whether a number goes out here.
func (o outsideDoc) takes(number string) bool {
	p, err := numbering.Parse(o.patterns()...)
	return err == nil && dialable(p, number)
}

// dialable says whether digits are a whole number of a plan.
func dialable(p *numbering.Plan, number string) bool {
	r := p.Match(number)
	return r == numbering.Whole || r == numbering.Open
}

func (d dialplanDoc) validate() error {
	var errs []error
	bad := func(k, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", k, fmt.Sprintf(format, args...)))
	}
	for i, o := range d.Outside {
		at := fmt.Sprintf("outside.%d.", i)
		if err := badPrefix(o.Prefix); err != nil {
			bad(at+"prefix", "%v", err)
		}
		if len(o.Groups) == 0 {
			errs = append(errs, &settings.Coded{Key: at + "groups", Text: "missing; name trunk groups, as in lines.N.trunk_group", Code: "required"})
		}
		if len(o.Add) > 20 || strings.Trim(o.Add, "0123456789*#,") != "" {
			bad(at+"add", "%q: use at most 20 of the keys 0…9, * and #, and a comma for a pause", o.Add)
		}
		if o.Prefix == "" && len(o.Numbers) == 0 {
			errs = append(errs, &settings.Coded{Key: at + "numbers", Text: "without a prefix it must say which numbers go out", Code: "required"})
		}
		if _, err := numbering.Parse(o.Numbers...); err != nil {
			bad(at+"numbers", "%v", err)
		}
		if j := slices.IndexFunc(d.Outside[:i], func(x outsideDoc) bool { return x.Prefix == o.Prefix && len(x.Numbers) == 0 }); j >= 0 {
			bad(at+"prefix", "%q: all that begins with it goes out by outside.%d already", o.Prefix, j)
		}
	}
	for i, in := range d.Incoming {
		at := fmt.Sprintf("incoming.%d.", i)
		if len(in.Called) > 40 || strings.Trim(in.Called, "0123456789+*") != "" {
			bad(at+"called", "%q: use at most 40 digits, and * for anything", in.Called)
		}
		if err := badRing(in.Ring); err != nil {
			bad(at+"ring", "%v", err)
		}
		if len(in.Ring) == 0 && !in.Direct {
			errs = append(errs, &settings.Coded{Key: at + "ring", Text: "missing; name extensions, or set direct", Code: "required"})
		}
		if in.Strip < 0 || in.Strip > 20 {
			bad(at+"strip", "%d: must be 0…20", in.Strip)
		}
		if len(in.Name) > 40 {
			bad(at+"name", "it has more than 40 bytes")
		}
	}
	for _, k := range []struct {
		name      string
		v, lo, hi int
	}{
		{"ring_ms", d.RingMS, 5_000, 600_000}, {"first_digit_ms", d.FirstDigitMS, 2_000, 60_000}, {"digit_pause_ms", d.DigitPauseMS, 1_000, 20_000},
		{"caller_wait_ms", d.CallerWaitMS, 500, 10_000},
	} {
		if k.v != 0 && (k.v < k.lo || k.v > k.hi) && (k.v != -1 || k.name != "caller_wait_ms") {
			bad(k.name, "%d: must be %d…%d, or 0 for the usual", k.v, k.lo, k.hi)
		}
	}
	return errors.Join(errs...)
}

// ringLine is the line that an entry of ring names, 0 if it is an extension.
func ringLine(entry string) int {
	rest, ok := strings.CutPrefix(entry, "line ")
	n, err := strconv.Atoi(rest)
	if !ok || err != nil || n < 1 {
		return 0
	}
	return n
}

// badRing says what is wrong with a list of extensions that ring.
func badRing(all []string) error {
	if len(all) > 64 {
		return fmt.Errorf("%d extensions: at most 64 can ring at once", len(all))
	}
	for i, r := range all {
		switch {
		case ringLine(r) == 0 && !extension.MatchString(r):
			return fmt.Errorf("%q: use extensions, and lines as %q", r, "line 3")
		case slices.Contains(all[:i], r):
			return fmt.Errorf("%s stands there twice", r)
		}
	}
	return nil
}

// checkNumbers looks across lines, trunk groups and dial plan: every number
// means one thing, and what is named is there.
func checkNumbers(inOrder []string, lines map[string]lineDoc, groups map[string]trunkGroupDoc, d dialplanDoc) []error {
	var errs []error
	bad := func(k, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", k, fmt.Sprintf(format, args...)))
	}
	owner, used := map[string]string{}, map[string]bool{}
	for _, n := range inOrder {
		l := lines[n]
		used[l.TrunkGroup] = true
		at := "lines." + n + ".extension"
		if l.Extension == "" {
			continue
		}
		if other, taken := owner[l.Extension]; taken {
			errs = append(errs, twice(at, l.Extension, "lines."+other, fmt.Sprintf("%s is line %s already", l.Extension, other)))
			continue
		}
		owner[l.Extension] = n
		for i, o := range d.Outside {
			if l.Extension == o.Prefix {
				errs = append(errs, reserved(at, l.Extension, i, fmt.Sprintf("%s is the prefix of dialplan.outside.%d", l.Extension, i)))
			} else if o.takes(l.Extension) {
				errs = append(errs, reserved(at, l.Extension, i, fmt.Sprintf("%s is a number that goes out by dialplan.outside.%d (prefix %q)", l.Extension, i, o.Prefix)))
			}
		}
	}
	rings := func(at string, all []string) {
		for _, r := range all {
			n, known := owner[r]
			line := ringLine(r)
			if line > 0 {
				n = key(line)
				_, known = lines[n]
			}
			switch use := lines[n].Use; {
			case line > 0 && !known:
				bad(at, "there is no line %d", line)
			case !known:
				bad(at, "no line has the extension %s", r)
			case use == driver.Tap.String() || use == driver.Trunk.String(): // what is not used may be again
				bad(at, "line %s is a %s and cannot ring: only a station can", n, use)
			}
		}
	}
	known := func(at string, all []string) {
		for _, g := range all {
			if _, set := groups[g]; !set && (g == "" || !used[g]) {
				bad(at, "there is no trunk group %q", g)
			}
		}
	}
	for _, n := range inOrder {
		rings("lines."+n+".ring", lines[n].Ring)
	}
	for i, o := range d.Outside {
		known(fmt.Sprintf("dialplan.outside.%d.groups", i), o.Groups)
	}
	for i, in := range d.Incoming {
		known(fmt.Sprintf("dialplan.incoming.%d.groups", i), in.Groups)
		rings(fmt.Sprintf("dialplan.incoming.%d.ring", i), in.Ring)
	}
	if _, err := numbering.Parse(dialled(lines, d)...); err != nil {
		bad("dialplan.outside", "%v", err)
	}
	return errs
}

// reserved is the fault of an extension that is a number of the dial plan already.
func reserved(key, extension string, outside int, words string) error {
	return &settings.Coded{Key: key, Text: words, Code: "reserved", Args: map[string]string{"value": extension, "other": fmt.Sprintf("dialplan.outside.%d", outside)}}
}

// dialled are the patterns of all that stations may dial, in a fixed order.
func dialled(lines map[string]lineDoc, d dialplanDoc) []string {
	var all []string
	for _, l := range lines {
		if l.Extension != "" {
			all = append(all, l.Extension)
		}
	}
	slices.Sort(all)
	for _, o := range d.Outside {
		all = append(all, o.patterns()...)
	}
	return all
}
