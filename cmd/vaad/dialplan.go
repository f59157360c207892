package main

import (
	"errors"
	"fmt"
	"slices"

	"vaad/channels/numbering"
)

// dialplanDoc is what may be dialled from stations besides extensions.
type dialplanDoc struct {
	Outside []outsideDoc `json:"outside"` // the first that fits a number counts
}

// outsideDoc sends numbers out by a group of trunks.
type outsideDoc struct {
	Prefix     string   `json:"prefix"`      // what they begin with
	Group      string   `json:"group"`       // lines.N.trunk_group
	KeepPrefix bool     `json:"keep_prefix"` // it belongs to the number and is dialled on the trunk too
	Numbers    []string `json:"numbers"`     // patterns of what may follow; none = anything
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

// takes says whether a number goes out here.
func (o outsideDoc) takes(number string) bool {
	p, err := numbering.Parse(o.patterns()...)
	if err != nil {
		return false // settings are validated: not seen
	}
	r := p.Match(number)
	return r == numbering.Whole || r == numbering.Open
}

func (d dialplanDoc) validate() error {
	var errs []error
	for i, o := range d.Outside {
		bad := func(k, format string, args ...any) {
			errs = append(errs, fmt.Errorf("outside.%d.%s: %s", i, k, fmt.Sprintf(format, args...)))
		}
		if err := badPrefix(o.Prefix); err != nil {
			bad("prefix", "%v", err)
		}
		if o.Group == "" {
			bad("group", "missing; name a trunk group, as in lines.N.trunk_group")
		}
		if o.Prefix == "" && len(o.Numbers) == 0 {
			bad("numbers", "without a prefix it must say which numbers go out")
		}
		if _, err := numbering.Parse(o.Numbers...); err != nil {
			bad("numbers", "%v", err)
		}
		for j, other := range d.Outside[:i] {
			if other.Prefix == o.Prefix && len(other.Numbers) == 0 {
				bad("prefix", "%q: all numbers behind it go out by outside.%d already", o.Prefix, j)
			}
		}
	}
	return errors.Join(errs...)
}

// checkNumbers looks across lines and dial plan: every number means one thing.
func checkNumbers(inOrder []string, lines map[string]lineDoc, d dialplanDoc) []error {
	var errs []error
	owner, groups := map[string]string{}, map[string]bool{}
	for _, n := range inOrder {
		l := lines[n]
		groups[l.TrunkGroup] = l.TrunkGroup != ""
		if l.Extension == "" {
			continue
		}
		if other, taken := owner[l.Extension]; taken {
			errs = append(errs, fmt.Errorf("lines.%s.extension: %s is line %s already", n, l.Extension, other))
			continue
		}
		owner[l.Extension] = n
		for i, o := range d.Outside {
			switch {
			case l.Extension == o.Prefix:
				errs = append(errs, fmt.Errorf("lines.%s.extension: %s is the prefix of dialplan.outside.%d", n, l.Extension, i))
			case o.takes(l.Extension):
				errs = append(errs, fmt.Errorf("lines.%s.extension: %s is a number that goes out by dialplan.outside.%d (prefix %q)", n, l.Extension, i, o.Prefix))
			}
		}
	}
	for _, n := range inOrder {
		for _, r := range lines[n].Ring {
			line := ringLine(r)
			if _, known := lines[key(line)]; line > 0 && !known {
				errs = append(errs, fmt.Errorf("lines.%s.ring: there is no line %d", n, line))
			}
			if key(line) == n {
				errs = append(errs, fmt.Errorf("lines.%s.ring: the line cannot ring for its own calls", n))
			}
			if _, known := owner[r]; line == 0 && !known {
				errs = append(errs, fmt.Errorf("lines.%s.ring: no line has the extension %s", n, r))
			}
		}
	}
	for i, o := range d.Outside {
		if !groups[o.Group] && o.Group != "" {
			errs = append(errs, fmt.Errorf("dialplan.outside.%d.group: no line has the trunk_group %q", i, o.Group))
		}
	}
	if _, err := numbering.Parse(dialled(lines, d)...); err != nil {
		errs = append(errs, fmt.Errorf("dialplan.outside: %w", err))
	}
	return errs
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
