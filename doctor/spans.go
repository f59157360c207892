package doctor

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"vaad/driver/dahdi/sysconf"
)

// conf is system.conf as far as it can be read.
func (c *checker) conf() (sysconf.Config, bool) {
	b, err := fs.ReadFile(c.Root, strings.TrimPrefix(confFile, "/"))
	if err != nil {
		return sysconf.Config{}, false
	}
	conf, _ := sysconf.Parse(b)
	return conf, true
}

// tapped reports whether a span is part of a digital tap, as the caller says or
// the daemon.
func (c *checker) tapped(span int) bool {
	if slices.Contains(c.Taps, span) || c.Daemon == nil {
		return slices.Contains(c.Taps, span)
	}
	for _, d := range c.hardware.Devices {
		at := slices.Index(d.Assigned, span)
		if at >= 0 && slices.ContainsFunc(c.Daemon.Taps, func(t TapSpan) bool {
			here := t.Serial != "" && t.Serial == d.HardwareID || t.Location != "" && t.Location == d.Location
			return here && t.Span == at+1
		}) {
			return true
		}
	}
	return false
}

func (c *checker) checkTiming() {
	spans := c.hardware.Spans
	if len(spans) == 0 {
		return
	}
	master := slices.IndexFunc(spans, func(s sysconf.Span) bool { return s.Master })
	cards := slices.ContainsFunc(spans, func(s sysconf.Span) bool { return s.Kind != sysconf.Dynamic })
	switch {
	case master < 0 && cards:
		c.add("timing-none")
	case master < 0:
		c.add("timing-software")
	default:
		c.add("timing-master", "span", strconv.Itoa(spans[master].Number), "name", spans[master].Name)
	}
	conf, ok := c.conf()
	if !ok {
		return
	}
	var zero []int
	digital, recovering := 0, 0
	for _, s := range spans {
		line, configured := conf.Span(s.Number)
		if !s.Kind.Digital() || !configured {
			continue
		}
		digital++
		switch {
		case line.Span.Timing > 0:
			recovering++
		case c.tapped(s.Number):
			c.add("tap-timing", "span", strconv.Itoa(s.Number), "line", strconv.Itoa(line.Line))
		case s.Side != "nt" && line.Span.Side != "nt":
			zero = append(zero, s.Number)
		}
	}
	if digital > 0 && recovering == 0 && len(zero) > 0 {
		c.add("timing-zero", "spans", sysconf.Of(zero...).String())
	}
}

func (c *checker) checkSpans() {
	for _, s := range c.hardware.Spans {
		number := strconv.Itoa(s.Number)
		c.spanState(s, number)
		var dead []int
		for _, ch := range s.Channels {
			if len(s.Alarms) == 0 && slices.Contains(ch.Alarms, "RED") {
				dead = append(dead, ch.Number)
			}
		}
		if len(dead) > 0 {
			c.add("channel-alarm", "span", number, "channels", sysconf.Of(dead...).String())
		}
		if s.IRQMisses > 0 && !slices.ContainsFunc(c.found, func(f Finding) bool { return f.Code == "irq-misses" && f.Args["device"] == s.Device && s.Device != "" }) {
			// The count is the card's: once is enough for all of its spans.
			c.add("irq-misses", "span", number, "name", s.Name, "count", strconv.Itoa(s.IRQMisses), "device", s.Device)
		}
		if s.Slips > 0 {
			c.add("timing-slips", "span", number, "name", s.Name, "count", strconv.Itoa(s.Slips))
		}
		if s.BPV+s.CRC4+s.EBit+s.FAS > 0 {
			c.add("span-errors", "span", number, "name", s.Name, "counts", fmt.Sprintf("BPV %d, CRC4 %d, E-bit %d, FAS %d", s.BPV, s.CRC4, s.EBit, s.FAS))
		}
	}
}

func (c *checker) spanState(s sysconf.Span, number string) {
	kind := string(s.Kind)
	if kind == "" {
		kind = "?"
	}
	args := []string{"span", number, "name", s.Name, "kind", kind, "channels", strconv.Itoa(s.First()) + "–" + strconv.Itoa(s.Last())}
	alarms := slices.DeleteFunc(slices.Clone(s.Alarms), func(a string) bool { return a == "NOTOPEN" })
	switch {
	case len(alarms) > 0:
		c.add("span-alarm", append(args, "alarms", strings.Join(alarms, " "))...)
	case slices.Contains(s.Alarms, "NOTOPEN"), s.Kind.Digital() && s.LineConfig == "":
		c.add("span-not-started", args...)
	default:
		c.add("span-good", args...)
	}
}

// checkUse names the programs that have channels open, where it may look.
func (c *checker) checkUse() {
	var used []int
	for _, s := range c.hardware.Spans {
		for _, ch := range s.Channels {
			if ch.InUse {
				used = append(used, ch.Number)
			}
		}
	}
	if len(used) == 0 {
		return
	}
	programs, hidden := c.openers()
	programs = slices.DeleteFunc(programs, func(p string) bool { return p == "vaad" })
	if ours := c.Daemon != nil && c.Daemon.Cards; len(programs) == 0 && (!hidden || ours) {
		return // our own daemon's
	}
	who := strings.Join(programs, ", ")
	if who == "" {
		who = "?"
	}
	c.add("channels-in-use", "channels", sysconf.Of(used...).String(), "programs", who)
}

// openers lists the programs that have a DAHDI device open. Those of other users
// are hidden from everybody but root.
func (c *checker) openers() (programs []string, hidden bool) {
	for _, pid := range c.list("proc") {
		if pid[0] < '1' || pid[0] > '9' {
			continue
		}
		dir := path.Join("proc", pid, "fd")
		fds, err := fs.ReadDir(c.Root, dir)
		if err != nil {
			hidden = hidden || exists(c.Root, "proc/"+pid)
			continue
		}
		for _, fd := range fds {
			to, err := fs.ReadLink(c.Root, path.Join(dir, fd.Name()))
			if err != nil || !strings.HasPrefix(to, "/dev/dahdi/") {
				continue
			}
			if name := c.text(path.Join("proc", pid, "comm")); name != "" && !slices.Contains(programs, name) {
				programs = append(programs, name)
			}
			break
		}
	}
	return programs, hidden
}
