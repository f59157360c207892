package sim

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"vaad/driver"
	"vaad/driver/keys"
)

const (
	model        = "simulated board"
	defaultLines = 4
	voltsEvery   = 250 * driver.MS // as often as cards with a fast voltage register are polled

	// maxPath is what fits into sockaddr_un.sun_path with its closing zero
	// (unix(7): 108 bytes).
	maxPath = 107
)

const (
	capsFXO = driver.CapTx | driver.CapHook | driver.CapOnHookRx | driver.CapRingDetect | driver.CapVolts |
		driver.CapPolarity | driver.CapLoopBreak | driver.CapPulseOut
	capsFXS  = driver.CapTx | driver.CapPulseIn | driver.CapRing | driver.CapOnHookTx
	capsBChn = driver.CapTx | driver.CapOnHookRx
)

func lineSocket(dir string, port int) string {
	return filepath.Join(dir, fmt.Sprintf("line-%03d.sock", port))
}

func spanSocket(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("span-%02d.dch.sock", number))
}

// plan reads a configuration and lays the board out: everything that can be
// wrong is found here, before anything is opened.
func plan(cfg driver.Config) (options, driver.Info, error) {
	f := &keys.Faults{Where: fmt.Sprintf("board %q: ", cfg.ID)}
	o := parseOptions(cfg, f)
	info := driver.Info{Driver: "sim", Model: model, Serial: cfg.ID, Location: "simulated", Virtual: o.peersClock(), Simulated: true}
	if o.Replay != "" {
		info.Virtual = false // its log is read when it is opened: it may not be there yet
	} else {
		o.scene = loadScene(o.Scene, f)
		info.Spans = o.spans(f)
		info.Lines = o.lines(info.Spans, f)
		o.checkPaths(cfg.ID, info, f)
	}
	return o, info, errors.Join(f.Errs...)
}

func (o *options) checkPaths(id string, info driver.Info, f *keys.Faults) {
	if o.Dir == "" {
		f.Add("dir", "no folder for the sockets is given")
		return
	}
	var longest string
	if n := len(info.Lines); n > 0 {
		longest = lineSocket(o.Dir, n)
	}
	if n := len(info.Spans); n > 0 {
		longest = spanSocket(o.Dir, n)
	}
	if len(longest) > maxPath {
		f.Add("dir", "the socket path %s has %d bytes, but a Unix socket's path has at most %d; give a shorter dir, for example /run/vaad/%s",
			longest, len(longest), maxPath, id)
	}
}

// spans lays out the digital spans.
func (o *options) spans(f *keys.Faults) []driver.Span {
	wanted := o.Spans
	if n := o.channels(); n > 0 && len(wanted) == 0 {
		wanted = slices.Repeat([]spanOption{{Channels: 31}}, (n+29)/30)
	}
	var spans []driver.Span
	for i, s := range wanted {
		key := fmt.Sprintf("spans[%d]", i)
		usual := map[int]int{31: 16, 24: 24, 3: 3}
		d, ok := usual[s.Channels]
		if !ok {
			f.Add(key+".channels", "%d is no span; use 31 (E1), 24 (T1) or 3 (BRI)", s.Channels)
			s.Channels, d = 31, 16
		}
		if s.DChannel != nil {
			d = *s.DChannel
		}
		if d < 0 || d > s.Channels {
			f.Add(key+".dchannel", "%d is no timeslot of a span with %d; use 1 to %d, or 0 for none", d, s.Channels, s.Channels)
			d = 0
		}
		spans = append(spans, driver.Span{Number: i + 1, Channels: s.Channels, DChannel: d, Tap: s.Tap})
	}
	return spans
}

// channels counts the lines that are asked for as channels of spans.
func (o *options) channels() int {
	n := 0
	for _, l := range o.Lines {
		if l.Kind == "bchan" {
			n++
		}
	}
	if o.Kind == "bchan" {
		n += o.Count
	}
	return n
}

// lines lays out the lines. Channels of spans fill the timeslots in order,
// passing over D-channels. Where the configuration names no bchan line, every
// span has all of its channels, after the other lines; where it names no span,
// bchan lines lie on E1 spans that are made for them.
func (o *options) lines(spans []driver.Span, f *keys.Faults) []driver.Line {
	wanted := slices.Clone(o.Lines)
	count := o.Count
	if len(wanted) == 0 && count == 0 && len(spans) == 0 {
		count = defaultLines
		if o.scene != nil && o.scene.Lines > 0 {
			count = o.scene.Lines
		}
	}
	for range count {
		wanted = append(wanted, lineOption{Kind: o.Kind, Law: o.Law, Use: o.Use})
	}
	slots := timeslots(spans)
	if !slices.ContainsFunc(wanted, func(l lineOption) bool { return l.Kind == "bchan" }) {
		for range slots {
			wanted = append(wanted, lineOption{Kind: "bchan", Law: o.Law, Use: o.Use})
		}
	}
	if len(wanted) > maxLines {
		f.Add("lines", "%d lines; a board has at most %d", len(wanted), maxLines)
		return nil
	}
	lines := make([]driver.Line, len(wanted))
	for i, w := range wanted {
		key := fmt.Sprintf("lines[%d].", i)
		if i >= len(o.Lines) {
			key = ""
		}
		lines[i] = w.line(key, f)
		lines[i].Port = i + 1
		if !o.peersClock() {
			lines[i].RoundTrip = driver.Block
		}
		if lines[i].Kind != driver.BChan {
			continue
		}
		if len(slots) == 0 {
			f.Add(key+"kind", "no span has a timeslot left for this bchan line; the spans have %d", len(timeslots(spans)))
			continue
		}
		place(&lines[i], slots[0], spans, w.Use == "")
		slots = slots[1:]
	}
	return lines
}

// line reads one line's kind, law and use.
func (w lineOption) line(key string, f *keys.Faults) driver.Line {
	l := driver.Line{Kind: driver.FXO, Law: driver.ALaw, Name: w.Name}
	if err := l.Kind.UnmarshalText([]byte(w.Kind)); err != nil {
		f.Add(key+"kind", "%v", err)
	}
	if err := l.Law.UnmarshalText([]byte(w.Law)); err != nil {
		f.Add(key+"law", "%v", err)
	}
	switch l.Kind {
	case driver.FXO:
		l.Use, l.Caps, l.VoltsEvery = driver.Tap, capsFXO, voltsEvery
	case driver.FXS:
		l.Use, l.Caps = driver.Station, capsFXS
	default:
		l.Use, l.Caps = driver.Trunk, capsBChn
	}
	if w.Use == "" {
		return l
	}
	if err := l.Use.UnmarshalText([]byte(w.Use)); err != nil {
		f.Add(key+"use", "%v", err)
	} else if (l.Use == driver.Station) != (l.Kind == driver.FXS) && l.Use != driver.Unused {
		f.Add(key+"use", "a line of kind %s cannot be used as %s", l.Kind, l.Use)
	}
	return l
}

// slot is a timeslot of a span, by the span's index.
type slot struct{ span, timeslot int }

func timeslots(spans []driver.Span) []slot {
	var s []slot
	for i, sp := range spans {
		for ts := 1; ts <= sp.Channels; ts++ {
			if ts != sp.DChannel {
				s = append(s, slot{i, ts})
			}
		}
	}
	return s
}

// place puts a line on its timeslot. The channels of a tapped span are taps.
func place(l *driver.Line, s slot, spans []driver.Span, usual bool) {
	l.Span, l.Timeslot = spans[s.span].Number, s.timeslot
	if spans[s.span].Tap {
		l.Caps &^= driver.CapTx
		if usual {
			l.Use = driver.Tap
		}
	}
}
