package dahdi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vaad/driver"
	"vaad/driver/keys"
)

// options are the keys of a [[board]] table with driver = "dahdi".
type options struct {
	Devices   []string     // IDs; empty: the only one there is
	Use       string       // of lines that say nothing else: "tap", "trunk", "station", "unused"; empty: by their kind
	Lines     []lineOption //
	Taps      []tapOption  // pairs of spans that listen to one trunk
	Monitor   string       // channels of another program, as "1-15,17-31"; instead of Devices
	Numbering string       // "position" (default) or "timeslot"

	ports   []portRange // of Lines
	monitor []int       // what Monitor says
}

type lineOption struct{ Ports, Use, Name string }

// tapOption names two spans of the card: one hears what the network sends, the
// other what the user's equipment does.
type tapOption struct{ Network, User int }

// portRange are ports with what was said of them.
type portRange struct {
	ports []int
	use   driver.Use // Unused with said false: nothing was said
	said  bool
	name  string
}

const (
	byPosition = "position"
	byTimeslot = "timeslot"
)

// parseOptions reads the keys and says everything that is wrong with them.
func parseOptions(cfg driver.Config) (options, error) {
	f := &keys.Faults{Where: fmt.Sprintf("board %q: ", cfg.ID)}
	o := options{Numbering: byPosition}
	raw := cfg.Options
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage("{}")
	}
	var device, tap json.RawMessage
	var lines []json.RawMessage
	f.Object(raw, "", map[string]any{"device": &device, "use": &o.Use, "lines": &lines, "tap": &tap, "monitor": &o.Monitor, "numbering": &o.Numbering})
	o.Devices = list[string](device, "device", f)
	for i, r := range lines {
		var l lineOption
		f.Object(r, fmt.Sprintf("lines[%d]", i), map[string]any{"ports": &l.Ports, "use": &l.Use, "name": &l.Name})
		o.Lines = append(o.Lines, l)
	}
	for i, r := range list[json.RawMessage](tap, "tap", f) {
		var t tapOption
		f.Object(r, fmt.Sprintf("tap[%d]", i), map[string]any{"network_span": &t.Network, "user_span": &t.User})
		o.Taps = append(o.Taps, t)
	}
	o.check(f)
	return o, errors.Join(f.Errs...)
}

// list reads one value or several.
func list[T any](raw json.RawMessage, key string, f *keys.Faults) []T {
	said := bytes.TrimSpace(raw)
	if len(said) == 0 {
		return nil
	}
	all := said
	if said[0] != '[' {
		all = slices.Concat([]byte("["), said, []byte("]"))
	}
	var out []T
	if err := json.Unmarshal(all, &out); err != nil {
		f.Wrong(key, said, err)
		return nil
	}
	return out
}

func (o *options) check(f *keys.Faults) {
	var all driver.Use
	if o.Use != "" && all.UnmarshalText([]byte(o.Use)) != nil {
		f.Add("use", "%q is not known; use \"tap\", \"trunk\", \"station\" or \"unused\"", o.Use)
	}
	if o.Numbering != byPosition && o.Numbering != byTimeslot {
		f.Add("numbering", "%q is not known; use %q (port = place among the channels of the card) or %q (port = 100 × span + timeslot)", o.Numbering, byPosition, byTimeslot)
	}
	for i, d := range o.Devices {
		if d == "" || slices.Contains(o.Devices[:i], d) {
			f.Add("device", "%q: every device has a name and stands once", d)
		}
	}
	o.checkLines(f)
	spans := map[int]bool{}
	for i, t := range o.Taps {
		key := fmt.Sprintf("tap[%d]", i)
		for _, s := range []struct {
			key string
			n   int
		}{{"network_span", t.Network}, {"user_span", t.User}} {
			if s.n < 1 || s.n > maxSpans {
				f.Add(key+"."+s.key, "%d is no span; give its number on the card, from 1", s.n)
			} else if spans[s.n] {
				f.Add(key+"."+s.key, "span %d stands twice; each span hears one side of one trunk", s.n)
			}
			spans[s.n] = true
		}
	}
	if o.Monitor == "" {
		return
	}
	for key, set := range map[string]bool{"device": len(o.Devices) > 0, "tap": len(o.Taps) > 0} {
		if set {
			f.Add(key, "monitor listens to channels of another program, %s names channels of our own; remove one of the two", key)
		}
	}
	var err error
	if o.monitor, err = ranges(o.Monitor, pseudoFrom-1); err != nil {
		f.Add("monitor", "%v", err)
	}
	if o.Use != "" && o.Use != "tap" {
		f.Add("use", "%q: channels of another program can only be tapped", o.Use)
	}
}

// pseudoFrom is the number of the first pseudo channel; channels of spans are
// below.
const pseudoFrom = 0x8000

func (o *options) checkLines(f *keys.Faults) {
	seen := map[int]bool{}
	for i, l := range o.Lines {
		key := fmt.Sprintf("lines[%d]", i)
		r := portRange{name: l.Name, said: l.Use != ""}
		if r.said {
			if err := r.use.UnmarshalText([]byte(l.Use)); err != nil {
				f.Add(key+".use", "%v", err)
			}
		}
		var err error
		if r.ports, err = ranges(l.Ports, 1<<16); err != nil {
			f.Add(key+".ports", "%v", err)
		}
		for _, p := range r.ports {
			if seen[p] {
				f.Add(key+".ports", "port %d stands twice", p)
			}
			seen[p] = true
		}
		o.ports = append(o.ports, r)
	}
}

// ranges reads "1-4,7".
func ranges(s string, most int) ([]int, error) {
	var out []int
	for _, part := range strings.Split(s, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		a, errA := strconv.Atoi(strings.TrimSpace(from))
		z, errZ := strconv.Atoi(strings.TrimSpace(to))
		if errA != nil || errZ != nil || a < 1 || z < a || z > most {
			return nil, fmt.Errorf("%q is no list of numbers from 1 to %d, as \"1-4,7\"", s, most)
		}
		for n := a; n <= z; n++ {
			out = append(out, n)
		}
	}
	return out, nil
}
