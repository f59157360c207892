package sysconf

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Hardware is what DAHDI knows of a machine.
type Hardware struct {
	Spans   []Span // by number
	Devices []Device
}

// Read asks the kernel's files for spans and cards; root is the file system
// from / down. Where DAHDI is not loaded it returns an error that is
// fs.ErrNotExist.
func Read(root fs.FS) (Hardware, error) {
	entries, err := fs.ReadDir(root, "proc/dahdi")
	if err != nil {
		return Hardware{}, err
	}
	var h Hardware
	var errs []error
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		b, err := fs.ReadFile(root, "proc/dahdi/"+e.Name())
		if err != nil { // a span that went while we looked
			errs = append(errs, err)
			continue
		}
		s, ok := ParseSpan(string(b))
		if !ok {
			continue
		}
		refine(root, &s)
		h.Spans = append(h.Spans, s)
	}
	slices.SortFunc(h.Spans, func(a, b Span) int { return a.Number - b.Number })
	h.Devices = devices(root)
	for _, d := range h.Devices {
		for i := range h.Spans {
			if slices.Contains(d.Assigned, h.Spans[i].Number) {
				h.Spans[i].Device = d.Name
			}
		}
	}
	return h, errors.Join(errs...)
}

// devices lists the cards; none where sysfs has none or cannot be read.
func devices(root fs.FS) []Device {
	const bus = "sys/bus/dahdi_devices/devices"
	entries, err := fs.ReadDir(root, bus)
	if err != nil {
		return nil
	}
	var all []Device
	for _, e := range entries {
		dir := path.Join(bus, e.Name())
		d := Device{Name: e.Name(), Model: value(root, dir+"/type"), HardwareID: value(root, dir+"/hardware_id"), Location: value(root, dir+"/location")}
		d.Spans, _ = strconv.Atoi(value(root, dir+"/span_count"))
		parts, _ := fs.ReadDir(root, dir) // without it, no span of the card is known
		for _, p := range parts {
			if s, ok := strings.CutPrefix(p.Name(), "span-"); ok {
				if n, err := strconv.Atoi(s); err == nil {
					d.Assigned = append(d.Assigned, n)
				}
			}
		}
		slices.Sort(d.Assigned)
		all = append(all, d)
	}
	return all
}

// value reads a file of one line, "" where there is none.
func value(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// refine adds what only sysfs says: the kind of the span and of analog ports.
func refine(root fs.FS, s *Span) {
	dir := "sys/bus/dahdi_spans/devices/span-" + strconv.Itoa(s.Number)
	kind := value(root, dir+"/spantype")
	s.Local, _ = strconv.Atoi(value(root, dir+"/local_spanno"))
	switch {
	case kind == "FXO" || kind == "FXS" || kind == "ANALOG_MIXED" || value(root, dir+"/is_digital") == "0":
		s.Kind = Analog
	case kind == "E1" || kind == "T1" || kind == "J1":
		s.Kind = Kind(kind)
	case strings.HasPrefix(kind, "BRI_"):
		s.Kind = BRI
		if s.Side = strings.ToLower(strings.TrimPrefix(kind, "BRI_")); s.Side != "nt" && s.Side != "te" {
			s.Side = "" // BRI_SOFT: either
		}
	case kind == "DYNAMIC":
		s.Kind = Dynamic
	}
	if s.Kind == Unknown {
		s.Kind = guess(*s)
	}
	for i := range s.Channels {
		c := &s.Channels[i]
		caps, err := fs.ReadFile(root, chanFile(s.Number, i+1, "sigcap"))
		c.Caps = strings.TrimSpace(string(caps))
		c.HardHDLC = strings.Contains(c.Caps, hardHDLC)
		if s.Kind != Analog {
			continue
		}
		if c.Port = port(c.Caps, err == nil); c.Port == NotKnown {
			c.Port = portByName(*c, kind)
		}
	}
}

// chanFile is where sysfs keeps an attribute of a channel. The kernel writes
// "!" for the slashes of its name.
func chanFile(span, position int, attribute string) string {
	pad := func(n int) string { return strings.Repeat("0", max(0, 3-len(strconv.Itoa(n)))) + strconv.Itoa(n) }
	return "sys/bus/dahdi_channels/devices/dahdi!chan!" + pad(span) + "!" + pad(position) + "/" + attribute
}

// port tells an analog port from the signalling that its driver offers: an FXO
// port is signalled as FXS and the other way round, an empty slot as nothing.
func port(sigcap string, known bool) Port {
	fxs, fxo := strings.Contains(sigcap, "FXS"), strings.Contains(sigcap, "FXO")
	switch {
	case fxs && !fxo:
		return FXO
	case fxo && !fxs:
		return FXS
	case known && !fxs && !fxo:
		return Empty
	}
	return NotKnown
}

// portByName tells it from the type of the span, the channel's name, or else
// from what it is used for now.
func portByName(c Channel, kind string) Port {
	switch {
	case kind == "FXO" || strings.Contains(c.Name, "FXO/") || strings.HasPrefix(c.Signalling, "fxs"):
		return FXO
	case kind == "FXS" || strings.Contains(c.Name, "FXS/") || strings.HasPrefix(c.Signalling, "fxo"):
		return FXS
	}
	return NotKnown
}

// guess tells the kind of a span without sysfs.
func guess(s Span) Kind {
	switch {
	case strings.HasPrefix(s.Name, "DYN/"):
		return Dynamic
	case strings.HasPrefix(s.Name, "WCTDM/") || strings.HasPrefix(s.Name, "WCFXO/") || strings.HasPrefix(s.Name, "OPVXA"):
		return Analog
	case len(s.Channels) > 0 && (strings.Contains(s.Channels[0].Name, "FXO/") || strings.Contains(s.Channels[0].Name, "FXS/")):
		return Analog
	case len(s.Channels) == 31:
		return E1
	case len(s.Channels) == 24:
		return T1
	case len(s.Channels) == 3:
		return BRI
	}
	return Unknown
}
