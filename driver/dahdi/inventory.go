package dahdi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"vaad/driver"
)

// Inventory is what DAHDI has on this machine. It is read without opening a
// channel, so it disturbs nobody.
type Inventory struct {
	Version   string   `json:"version"`            // of the kernel module, as "2.11.1"
	EchoCan   string   `json:"echo_can,omitempty"` // echo cancellers that are built in
	HasDevice bool     `json:"-"`                  // /sys says which devices there are; else they are guessed from the spans
	Devices   []Device `json:"devices,omitempty"`  // in the order of their first span
}

// Device is one card, as its driver registered it.
type Device struct {
	ID           string `json:"id"` // stable over reboots: the hardware's own number, else its place
	HardwareID   string `json:"hardware_id,omitempty"`
	Location     string `json:"location,omitempty"`
	Type         string `json:"type,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Folder       string `json:"folder,omitempty"` // its name under /sys/bus/dahdi_devices/devices
	Spans        []Span `json:"spans,omitempty"`  // empty: its spans have no numbers, so nothing of it can be used
}

// Span is one span of a card.
type Span struct {
	Number   int       `json:"number"` // as the kernel counts, over all cards
	Local    int       `json:"local"`  // as on the card, from 1
	Name     string    `json:"name"`
	Desc     string    `json:"desc,omitempty"`
	Type     string    `json:"type,omitempty"` // "E1", "FXO", …
	Digital  bool      `json:"digital"`
	Base     int       `json:"base"`             // number of its first channel
	Count    int       `json:"channels"`         // its channels, configured or not
	Alarms   uint32    `json:"alarms,omitempty"` // DAHDI_ALARM_* bits
	Sync     int       `json:"sync,omitempty"`   // span that this one takes its clock from
	Channels []Channel `json:"-"`
}

// Channel is one channel of a span.
type Channel struct {
	Number     int        `json:"number"`   // as the kernel counts, over all cards
	Position   int        `json:"position"` // in the span, from 1
	Name       string     `json:"name"`
	Signalling uint32     `json:"signalling"` // DAHDI_SIG_* bits; 0: not configured
	Law        driver.Law `json:"law"`        // known for sure once a channel was opened
	Alarms     uint32     `json:"alarms,omitempty"`
	EchoCan    string     `json:"echo_can,omitempty"` // echo canceller that is configured
}

const (
	ctlPath  = "/dev/dahdi/ctl"
	maxSpans = 128 // of a machine (DAHDI_MAX_SPANS)
)

// Inspect reads the inventory of this machine. What /sys alone says is there
// also with an error.
func Inspect(ctx context.Context) (Inventory, error) { return inspect(ctx, linux{}) }

func inspect(ctx context.Context, k kernel) (Inventory, error) {
	var in Inventory
	in.Devices, in.HasDevice = readDevices(k.files())
	fd, err := k.open(ctlPath, true)
	if err != nil {
		return in, openFault(ctlPath, err)
	}
	defer func() { _ = k.close(fd) }()
	c := ctl{k, fd}
	in.Version, in.EchoCan = c.version()
	if !in.HasDevice {
		in.Devices = c.devices()
	}
	for i := range in.Devices {
		d := &in.Devices[i]
		for j := range d.Spans {
			if err := ctx.Err(); err != nil {
				return in, err
			}
			c.complete(&d.Spans[j])
			d.Spans[j].echoCans(k.files())
		}
	}
	slices.SortStableFunc(in.Devices, func(a, b Device) int { return a.first() - b.first() })
	in.name()
	return in, nil
}

func (d Device) first() int {
	if len(d.Spans) == 0 {
		return maxSpans + 1
	}
	return d.Spans[0].Number
}

// name gives every device its ID.
func (in *Inventory) name() {
	used := map[string]int{}
	for i := range in.Devices {
		d := &in.Devices[i]
		for _, d.ID = range []string{d.HardwareID, d.Location, d.Folder, d.Type, "dahdi"} {
			if d.ID != "" {
				break
			}
		}
		used[d.ID]++
	}
	for i := range in.Devices {
		if d := &in.Devices[i]; used[d.ID] > 1 { // two of a kind without numbers: their places tell them apart
			switch {
			case d.Location != "" && d.Location != d.ID:
				d.ID += "@" + d.Location
			case d.Folder != "" && d.Folder != d.ID:
				d.ID += "@" + d.Folder
			}
		}
	}
}

// device finds a device by its ID, or by another of its names.
func (in *Inventory) device(id string) *Device {
	for i := range in.Devices {
		if in.Devices[i].ID == id {
			return &in.Devices[i]
		}
	}
	for i := range in.Devices {
		if d := &in.Devices[i]; id != "" && (d.HardwareID == id || d.Location == id || d.Folder == id) {
			return d
		}
	}
	return nil
}

// ctl is /dev/dahdi/ctl, open.
type ctl struct {
	k  kernel
	fd int
}

func (c ctl) version() (version, echo string) {
	b := make([]byte, versionSize)
	if c.k.ioctl(c.fd, reqGetVersion, b) != nil {
		return "", ""
	}
	return text(b[:80]), text(b[80:])
}

// params asks for one channel, which is not opened.
func (c ctl) params(number int, p []byte) error {
	clear(p)
	binary.LittleEndian.PutUint32(p[paramsChan:], uint32(number))
	return c.k.ioctl(c.fd, reqGetParams, p)
}

func (c ctl) spanStat(number int, p []byte) error {
	clear(p)
	binary.LittleEndian.PutUint32(p, uint32(number))
	return c.k.ioctl(c.fd, reqSpanStat, p)
}

// devices guesses the devices of a kernel without /sys/bus/dahdi_devices: spans
// in one place are of one card.
func (c ctl) devices() []Device {
	var out []Device
	p := make([]byte, spanStatSize)
	base := 1
	for n, seen, total := 1, 0, 1; n <= maxSpans && seen < total; n++ {
		if c.spanStat(n, p) != nil {
			continue
		}
		seen, total = seen+1, number(p, spanTotal)
		s := Span{Number: n, Base: base, Count: number(p, spanChannels), Local: 1}
		base += s.Count
		d := Device{Location: text(p[spanLocation : spanLocation+40]), Type: text(p[spanDeviceType : spanDeviceType+40]),
			Manufacturer: text(p[spanManufacturer : spanManufacturer+40])}
		if d.Location != "" {
			if i := slices.IndexFunc(out, func(o Device) bool { return o.Location == d.Location }); i >= 0 {
				s.Local = len(out[i].Spans) + 1
				out[i].Spans = append(out[i].Spans, s)
				continue
			}
		}
		d.Spans = []Span{s}
		out = append(out, d)
	}
	return out
}

// complete fills in what the kernel says about a span of which number, base and
// count are known.
func (c ctl) complete(s *Span) {
	p := make([]byte, spanStatSize)
	if c.spanStat(s.Number, p) == nil {
		s.Alarms, s.Sync = uint32(number(p, spanAlarms)), number(p, spanSyncSource)
		s.Name, s.Desc = text(p[spanName:spanName+20]), text(p[spanDesc:spanDesc+40])
		if t := text(p[spanType : spanType+6]); s.Type == "" && t != "" {
			s.Type, s.Digital = t, !strings.HasPrefix(t, "FX") && !strings.HasPrefix(t, "ANA")
		}
		s.Count = number(p, spanChannels)
	}
	q := make([]byte, paramsSize)
	for i := range min(max(s.Count, 0), maxChannels) {
		if c.params(s.Base+i, q) != nil || number(q, paramsSpan) != s.Number {
			continue
		}
		ch := Channel{Number: s.Base + i, Position: number(q, paramsPos), Name: text(q[paramsName : paramsName+40]),
			Signalling: uint32(number(q, paramsSig)), Law: lawOf(q), Alarms: uint32(number(q, paramsAlarms))}
		s.Channels = append(s.Channels, ch)
	}
}

func lawOf(params []byte) driver.Law {
	if number(params, paramsLaw) == lawA {
		return driver.ALaw
	}
	return driver.MuLaw
}

const maxChannels = 1024 // of a span: more is nonsense

func number(b []byte, at int) int { return int(int32(binary.LittleEndian.Uint32(b[at:]))) }

// text is a C string.
func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return strings.TrimSpace(string(b))
}

// list says which devices there are, ready to paste.
func (in *Inventory) list() string {
	var b strings.Builder
	for _, d := range in.Devices {
		fmt.Fprintf(&b, "\n  device = %q  # %s", d.ID, d.describe())
	}
	return b.String()
}

func (d Device) describe() string {
	words := []string{d.model()}
	for _, s := range d.Spans {
		words = append(words, fmt.Sprintf("%s (%d channels)", s.Name, s.Count))
	}
	if len(d.Spans) == 0 {
		words = append(words, "its spans have no numbers")
	}
	return strings.Join(words, ", ")
}

func (d Device) model() string {
	if d.Type != "" {
		return d.Type
	}
	if len(d.Spans) > 0 && d.Spans[0].Desc != "" {
		return d.Spans[0].Desc
	}
	return "DAHDI device"
}

// openFault says why a device file could not be opened.
func openFault(path string, err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		return fault(CodeNotLoaded, "open %s: %w: the kernel module dahdi is not loaded; load it with: modprobe dahdi, then the module of the card", path, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fault(CodePermission, "open %s: %w: this user may not use DAHDI; add it to the group that owns %s", path, err, path)
	}
	return fault(CodeNotLoaded, "open %s: %w", path, err)
}
