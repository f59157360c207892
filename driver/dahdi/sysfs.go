package dahdi

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

const devicesDir = "sys/bus/dahdi_devices/devices"

// readDevices reads the devices and their spans from /sys. False: this kernel
// shows none there.
func readDevices(files fs.FS) ([]Device, bool) {
	entries, err := fs.ReadDir(files, devicesDir)
	if err != nil {
		return nil, false
	}
	var out []Device
	for _, e := range entries {
		dir := path.Join(devicesDir, e.Name())
		d := Device{Folder: e.Name(), HardwareID: attribute(files, dir, "hardware_id"), Location: attribute(files, dir, "location"),
			Type: attribute(files, dir, "type"), Manufacturer: attribute(files, dir, "manufacturer")}
		inside, err := fs.ReadDir(files, dir)
		if err != nil {
			continue
		}
		for _, f := range inside {
			if s, ok := readSpan(files, dir, f.Name()); ok {
				d.Spans = append(d.Spans, s)
			}
		}
		slices.SortFunc(d.Spans, func(a, b Span) int { return a.Number - b.Number })
		for i := range d.Spans {
			if d.Spans[i].Local == 0 {
				d.Spans[i].Local = i + 1
			}
		}
		out = append(out, d)
	}
	return out, true
}

// readSpan reads a folder span-N.
func readSpan(files fs.FS, dir, name string) (Span, bool) {
	digits, ok := strings.CutPrefix(name, "span-")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || n > maxSpans {
		return Span{}, false
	}
	dir = path.Join(dir, name)
	num := func(name string) int {
		v, err := strconv.ParseInt(attribute(files, dir, name), 0, 32)
		if err != nil || v < 0 {
			return 0
		}
		return int(v)
	}
	s := Span{Number: n, Local: num("local_spanno"), Name: attribute(files, dir, "name"), Desc: attribute(files, dir, "desc"),
		Type: attribute(files, dir, "spantype"), Digital: num("is_digital") != 0, Base: num("basechan"), Count: num("channels"),
		Alarms: uint32(num("alarms")), Sync: num("syncsrc")}
	return s, s.Base > 0
}

// attribute reads one line of /sys; what cannot be read is empty.
func attribute(files fs.FS, dir, name string) string {
	b, err := fs.ReadFile(files, path.Join(dir, name))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(strings.Trim(line, "\x00"))
}

// echoCans reads from /proc which echo cancellers are configured.
func (s *Span) echoCans(files fs.FS) {
	b, err := fs.ReadFile(files, path.Join("proc/dahdi", strconv.Itoa(s.Number)))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(b)) {
		if number, name, ok := parseEchoCan(line); ok {
			for i := range s.Channels {
				if s.Channels[i].Number == number {
					s.Channels[i].EchoCan = name
				}
			}
		}
	}
}

// parseEchoCan reads a channel's line, as "  5 WCTDM/4/0 FXSKS (In use) (EC: MG2 - INACTIVE)".
func parseEchoCan(line string) (number int, name string, ok bool) {
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	_, after, has := strings.Cut(line, "(EC: ")
	name, _, whole := strings.Cut(after, " - ")
	number, err := strconv.Atoi(first)
	return number, name, has && whole && err == nil && number > 0
}
