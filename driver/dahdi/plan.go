package dahdi

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vaad/driver"
	"vaad/driver/keys"
)

// A plan is what a board is to be: its description and its channels, none open.
type plan struct {
	info   driver.Info
	lines  []*channel
	dchan  []*dchannel
	spans  []int  // the kernel's numbers, by index into info.Spans
	unused []bool // left to others: never opened
}

// pick finds the devices that a configuration means.
func (o *options) pick(id string, in *Inventory) ([]*Device, error) {
	if len(in.Devices) == 0 {
		return nil, fault(CodeNoCard, "open board %q: DAHDI is loaded but has no card; load the module of the card, and see lspci or lsusb for whether the machine sees it", id)
	}
	var out []*Device
	for _, want := range o.Devices {
		d := in.device(want)
		if d == nil {
			return nil, fault(CodeNotFound, "open board %q: there is no DAHDI device %q; there are:%s", id, want, in.list())
		}
		out = append(out, d)
	}
	if len(o.Devices) == 0 {
		if len(in.Devices) > 1 {
			return nil, fault(CodeAmbiguous, "open board %q: there are %d DAHDI devices; say which one the board is:%s", id, len(in.Devices), in.list())
		}
		out = append(out, &in.Devices[0])
	}
	for _, d := range out {
		if len(d.Spans) == 0 {
			return nil, fault(CodeNoDriver, "open board %q: no span of device %q is in use; load dahdi with auto_assign_spans=1, or write 1 to /%s/%s/auto_assign", id, d.ID, devicesDir, d.Folder)
		}
	}
	return out, nil
}

// lay lays out a board of these devices.
func (o *options) lay(k kernel, id string, devices []*Device) (*plan, error) {
	f := &keys.Faults{Where: fmt.Sprintf("board %q: ", id)}
	p := &plan{info: driver.Info{Driver: "dahdi"}}
	var models, serials, places []string
	for _, d := range devices {
		models = append(models, d.model())
		if d.HardwareID != "" {
			serials = append(serials, d.HardwareID)
		}
		places = append(places, cmp.Or(d.Location, d.Folder))
	}
	p.info.Model, p.info.Serial, p.info.Location = strings.Join(models, " + "), strings.Join(serials, " + "), strings.Join(places, " + ")

	taps := map[int]string{}
	for i, t := range o.Taps {
		taps[t.Network], taps[t.User] = fmt.Sprintf("tap[%d].network_span", i), fmt.Sprintf("tap[%d].user_span", i)
	}
	port, number := 0, 0
	for _, d := range devices {
		for i := range d.Spans {
			number++
			_, tap := taps[number]
			delete(taps, number)
			p.span(k, &d.Spans[i], number, port, tap, o.Numbering)
			port += d.Spans[i].Count
		}
	}
	for i := range p.info.Spans {
		s := &p.info.Spans[i]
		for _, t := range o.Taps {
			switch s.Number {
			case t.Network:
				s.Pair = t.User
			case t.User:
				s.Pair, s.User = t.Network, true
			}
		}
	}
	for n, key := range taps {
		f.Add(key, "there is no span %d; the board has %d", n, number)
	}
	o.apply(p, f)
	for i, d := range p.dchan {
		d.key = int32(len(p.lines) + i)
	}
	if err := errors.Join(f.Errs...); err != nil {
		return nil, err
	}
	if len(p.lines) == 0 {
		return nil, fault(CodeUnconfigured, "open board %q: none of its channels has a signalling; write /etc/dahdi/system.conf and run dahdi_cfg", id)
	}
	return p, nil
}

// span adds a span and its channels; port is the last one before it.
func (p *plan) span(k kernel, s *Span, number, port int, tap bool, numbering string) {
	at := -1 // index into info.Spans, once the span is there
	place := func() int {
		if at < 0 {
			at = len(p.info.Spans)
			p.info.Spans = append(p.info.Spans, driver.Span{Number: number, Channels: s.Count, Tap: tap})
			p.spans = append(p.spans, s.Number)
		}
		return at
	}
	for _, ch := range s.Channels {
		c := channel{k: k, number: ch.Number, span: s.Number, line: -1, sig: ch.Signalling, law: ch.Law, name: ch.Name,
			tap: tap, analog: !s.Digital, ec: ch.EchoCan != "", fd: -1}
		if c.isHDLC() {
			if i := place(); p.info.Spans[i].DChannel == 0 {
				p.info.Spans[i].DChannel = ch.Position
				p.dchan = append(p.dchan, &dchannel{channel: c, index: i})
			}
			continue
		}
		l := driver.Line{Port: port + ch.Position, Law: ch.Law, EventError: driver.Block}
		switch classOf(ch.Signalling) {
		case classFXO:
			l.Kind, l.Use = driver.FXO, driver.Tap
		case classFXS:
			l.Kind, l.Use = driver.FXS, driver.Station
		default:
			if !carriesAudio(ch.Signalling) {
				continue
			}
			place()
			l.Kind, l.Use = driver.BChan, driver.Trunk
			l.Span, l.Timeslot = number, ch.Position
			if numbering == byTimeslot {
				l.Port = 100*number + ch.Position
			}
		}
		if tap {
			l.Use = driver.Tap
		}
		c.line, c.key = len(p.lines), int32(len(p.lines))
		p.lines = append(p.lines, &c)
		p.info.Lines = append(p.info.Lines, l)
	}
}

// carriesAudio reports whether a channel that is no port has audio: not one that
// is not configured, part of another, or used for data.
func carriesAudio(sig uint32) bool {
	return sig == sigClear || classOf(sig) == classEM || classOf(sig) == classCAS
}

// apply gives the lines what the configuration says of them, and the powers that
// this leaves them.
func (o *options) apply(p *plan, f *keys.Faults) {
	var all driver.Use
	if o.Use != "" && all.UnmarshalText([]byte(o.Use)) == nil {
		for i := range p.info.Lines {
			if l := &p.info.Lines[i]; serves(l.Kind, all) && !p.lines[i].tap {
				l.Use = all
			}
		}
	}
	for n, r := range o.ports {
		key := fmt.Sprintf("lines[%d]", n)
		for _, port := range r.ports {
			i := p.info.LineByPort(port)
			if i < 0 {
				f.Add(key+".ports", "there is no line on port %d; there are %s", port, p.ports())
				continue
			}
			l := &p.info.Lines[i]
			if r.name != "" {
				l.Name = r.name
				if len(r.ports) > 1 {
					l.Name += " " + strconv.Itoa(port)
				}
			}
			if !r.said {
				continue
			}
			if !serves(l.Kind, r.use) {
				f.Add(key+".use", "port %d is of kind %v and cannot be used as %v", port, l.Kind, r.use)
			} else if p.lines[i].tap && r.use != driver.Tap && r.use != driver.Unused {
				f.Add(key+".use", "port %d lies on a span that taps a trunk; it can only be used as tap or unused", port)
			} else {
				l.Use = r.use
			}
		}
	}
	p.unused = make([]bool, len(p.lines))
	for i := range p.info.Lines {
		l, c := &p.info.Lines[i], p.lines[i]
		c.tap = c.tap || l.Use == driver.Tap
		if p.unused[i] = l.Use == driver.Unused; !p.unused[i] {
			l.Caps = powers(c.sig, c.tap, c.analog)
			if c.ec && !c.tap {
				l.Caps |= driver.CapEC
			}
		}
		if l.Caps.Has(driver.CapTx) {
			l.RoundTrip = ahead
		}
	}
}

// serves reports whether a line of that kind can be used so.
func serves(k driver.Kind, u driver.Use) bool {
	return u == driver.Unused || (k == driver.FXS) == (u == driver.Station)
}

// powers are what a line can do by its signalling.
func powers(sig uint32, tap, analog bool) driver.Caps {
	var hears, acts driver.Caps
	switch classOf(sig) {
	case classFXO:
		hears = driver.CapOnHookRx | driver.CapRingDetect
		if analog {
			hears |= driver.CapPolarity
		}
		if sig == sigFXSKS {
			hears |= driver.CapLoopBreak
		}
		acts = driver.CapTx | driver.CapHook | driver.CapPulseOut
	case classFXS:
		hears = driver.CapPulseIn
		acts = driver.CapTx | driver.CapRing | driver.CapOnHookTx
	case classEM:
		hears, acts = driver.CapOnHookRx|driver.CapPulseIn, driver.CapTx|driver.CapHook|driver.CapPulseOut
	case classCAS:
		hears, acts = driver.CapOnHookRx, driver.CapTx|driver.CapCAS
	default:
		hears, acts = driver.CapOnHookRx, driver.CapTx
	}
	if tap {
		return hears
	}
	return hears | acts
}

// ports lists the ports of the board, as "1–4, 7".
func (p *plan) ports() string {
	var parts []string
	for i := 0; i < len(p.info.Lines); {
		from := p.info.Lines[i].Port
		to := from
		for i++; i < len(p.info.Lines) && p.info.Lines[i].Port == to+1; i++ {
			to++
		}
		if s := strconv.Itoa(from); to > from {
			parts = append(parts, s+"–"+strconv.Itoa(to))
		} else {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
