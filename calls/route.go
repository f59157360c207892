package calls

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vaad/channels/numbering"
)

// A PBX says what a Switch does by itself. The zero value does nothing but end
// the second leg of a bridge with the first.
type PBX struct {
	Stations []Extension
	Outside  []Outside // of those that take a number the one with the longest prefix counts
	Groups   []TrunkGroup
	Incoming []Incoming      // the first that takes a call counts
	Numbers  *numbering.Plan // of all that stations may dial, as the lines have it; nil: a number is whole after a pause

	RingFor    time.Duration // a station that a station calls rings so long; 0: 2 min
	CallerWait time.Duration // a call on an analog trunk waits so long for its caller ID before stations ring; 0: 4 s; < 0: not at all
	FirstDigit time.Duration // second dial tone without a digit; 0: 15 s
	DigitPause time.Duration // pause that ends a number dialled on it; 0: 4 s
}

// An Extension is a station's number.
type Extension struct {
	Line    int
	Number  string // digits; unique
	Name    string // of who sits there
	Outside string // the caller's number that trunks show, where they can; "": the group's
	Private bool   // trunks show none
}

// Outside leads numbers to trunks.
type Outside struct {
	Prefix  string          // "": none is needed
	Numbers *numbering.Plan // what may follow Prefix; nil: anything
	Strip   int             // leading digits of the number that are not dialled; < 0: the prefix
	Add     string          // digits dialled before what is left
	Groups  []string        // TrunkGroup.Name, tried in this order
}

// A TrunkGroup is trunks of which any may be taken.
type TrunkGroup struct {
	Name   string
	Lines  []int
	Order  string // one of TrunkOrders; "": "first"
	Prefix string // dialled first, then its dial tone is waited for: of an exchange in between
	Caller string // the caller's number that is shown
}

// TrunkOrders lists the values of TrunkGroup.Order: as they stand in Lines, from
// the end, beginning after the one taken last, and the one longest idle first.
func TrunkOrders() []string { return []string{"first", "last", "rotate", "longest-idle"} }

// Incoming says who rings for a call that comes in on a trunk. A call that none
// takes, and one that nobody rings for, rings on, to be answered by an operation.
type Incoming struct {
	Lines  []int    // trunks; empty: all
	Called string   // number that was called (digital trunks tell it), * stands for anything; "": any
	Direct bool     // the called number is an extension, if there is one
	Strip  int      // Direct: leading digits of it that are not part of the extension
	Ring   []string // stations that ring together: extensions, and lines as "line 3"
	Name   string   // shown at stations before the caller's own
}

const (
	ringFor    = 2 * time.Minute
	callerWait = 4 * time.Second // a burst of 1 s, 1.5 s to the message, 1 s of it: the longest in use
	firstDigit = 15 * time.Second
	digitPause = 4 * time.Second
)

// usual is d, or its default where it is not set.
func usual(d, instead time.Duration) time.Duration {
	switch {
	case d < 0:
		return 0
	case d == 0:
		return instead
	}
	return d
}

// byNumber is the station that has a number.
func (p *PBX) byNumber(number string) (Extension, bool) {
	i := slices.IndexFunc(p.Stations, func(e Extension) bool { return e.Number != "" && e.Number == number })
	if i < 0 {
		return Extension{}, false
	}
	return p.Stations[i], true
}

// byLine is the extension of a line.
func (p *PBX) byLine(line int) Extension {
	if i := slices.IndexFunc(p.Stations, func(e Extension) bool { return e.Line == line }); i >= 0 {
		return p.Stations[i]
	}
	return Extension{Line: line}
}

// group is the trunk group of a name.
func (p *PBX) group(name string) (TrunkGroup, bool) {
	i := slices.IndexFunc(p.Groups, func(g TrunkGroup) bool { return g.Name == name })
	if i < 0 {
		return TrunkGroup{}, false
	}
	return p.Groups[i], true
}

// A lead is where a number leads: to a station, or out by trunks.
type lead struct {
	station Extension
	inside  bool
	groups  []string
	number  string // what the trunk dials
}

// lead finds where a dialled number leads.
func (p *PBX) lead(number string) (lead, bool) {
	if e, ok := p.byNumber(number); ok {
		return lead{station: e, inside: true, number: number}, true
	}
	var best *Outside
	for i := range p.Outside {
		if o := &p.Outside[i]; o.takes(number) && (best == nil || len(o.Prefix) > len(best.Prefix)) {
			best = o
		}
	}
	if best == nil {
		return lead{}, false
	}
	strip := best.Strip
	if strip < 0 {
		strip = len(best.Prefix)
	}
	return lead{groups: best.Groups, number: best.Add + number[min(strip, len(number)):]}, true
}

// takes says whether a number goes out here.
func (o *Outside) takes(number string) bool {
	rest, ok := strings.CutPrefix(number, o.Prefix)
	switch {
	case !ok:
		return false
	case o.Numbers == nil:
		return rest != "" || o.Strip == 0
	}
	r := o.Numbers.Match(rest)
	return r == numbering.Whole || r == numbering.Open
}

// stations are the lines of entries of Incoming.Ring; those that are none are left out.
func (p *PBX) stations(ring []string) (lines []int) {
	for _, r := range ring {
		line := 0
		if n, ok := strings.CutPrefix(r, "line "); ok {
			line, _ = strconv.Atoi(n)
		} else if e, ok := p.byNumber(r); ok {
			line = e.Line
		}
		if line > 0 && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// incoming finds who rings for a call on a trunk: lines of stations. ok is false
// where nothing is said of such a call; no lines: it is left to operations.
func (p *PBX) incoming(line int, called string) (ring []int, name string, ok bool) {
	for i := range p.Incoming {
		in := &p.Incoming[i]
		if len(in.Lines) > 0 && !slices.Contains(in.Lines, line) || in.Called != "" && !Match(in.Called, called) {
			continue
		}
		if in.Direct && called != "" {
			if e, ok := p.byNumber(called[min(max(0, in.Strip), len(called)):]); ok {
				return []int{e.Line}, in.Name, true
			}
			if len(in.Ring) == 0 {
				continue
			}
		}
		return p.stations(in.Ring), in.Name, true
	}
	return nil, "", false
}

// dialable says whether a number can be sent: 1 to 64 of 0-9 * # A-D and ",", with
// "+" in front or not. Without a limit of its own it comes from outside.
func dialable(number string) bool {
	n := strings.TrimPrefix(number, "+")
	return n != "" && len(n) <= 64 && strings.Trim(n, "0123456789*#ABCD,") == ""
}
