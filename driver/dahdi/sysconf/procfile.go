package sysconf

import (
	"slices"
	"strconv"
	"strings"
)

const hardHDLC = "Hardware-assisted HDLC"

// keywordOf is what system.conf calls the signalling that the kernel names so
// (dahdi-base.c, sigstr).
func keywordOf(name string) string {
	switch name {
	case "FXSLS", "FXSKS", "FXSGS", "FXOLS", "FXOKS", "FXOGS", "E&M", "CAS", "MTP2", "DACS":
		return strings.ToLower(name)
	case "E&M-E1":
		return "e&me1"
	case "Clear":
		return "bchan"
	case "HDLCRAW":
		return "rawhdlc"
	case "HDLCFCS":
		return "dchan"
	case "HDLCNET":
		return "nethdlc"
	case "DACS+RBS":
		return "dacsrbs"
	}
	return ""
}

// isAlarm knows the kernel's names of alarms (fill_alarm_string).
func isAlarm(s string) bool {
	return slices.Contains([]string{"BLUE", "YELLOW", "RED", "LOOP", "RECOVERING", "NOTOPEN"}, s)
}

// ParseSpan reads a file of /proc/dahdi (dahdi-base.c, dahdi_seq_show). Kinds
// of spans and ports are not in it.
func ParseSpan(text string) (s Span, ok bool) {
	head, rest, _ := strings.Cut(text, "\n")
	head, ok = strings.CutPrefix(head, "Span ")
	number, head, found := strings.Cut(head, ": ")
	n, err := strconv.Atoi(number)
	if !ok || !found || err != nil || n < 1 {
		return Span{}, false
	}
	s.Number = n
	// A description may hold quotes itself: the last one ends it.
	s.Name, head, _ = strings.Cut(head, " ")
	if from, to := strings.Index(head, `"`), strings.LastIndex(head, `"`); from >= 0 && to > from {
		s.Description, head = head[from+1:to], head[to+1:]
	}
	for _, f := range strings.Fields(head) {
		switch {
		case f == "(MASTER)":
			s.Master = true
		case f == "ClockSource":
			s.ClockSource = true
		case isAlarm(f):
			s.Alarms = append(s.Alarms, f)
		case s.LineConfig == "":
			s.LineConfig = f
		}
	}
	for line := range strings.SplitSeq(rest, "\n") {
		s.counter(line)
		if c, ok := parseChannelLine(line); ok {
			s.Channels = append(s.Channels, c)
		}
	}
	return s, true
}

// counter reads a line as "IRQ misses: 3".
func (s *Span) counter(line string) {
	name, count, ok := strings.Cut(strings.TrimSpace(line), ": ")
	n, err := strconv.Atoi(count)
	if !ok || err != nil {
		return
	}
	switch name {
	case "BPV count":
		s.BPV = n
	case "CRC4 error count":
		s.CRC4 = n
	case "E-bit error count":
		s.EBit = n
	case "FAS error count":
		s.FAS = n
	case "IRQ misses":
		s.IRQMisses = n
	case "Timing slips":
		s.Slips = n
	}
}

func parseChannelLine(line string) (c Channel, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 2 || !strings.HasPrefix(line, "\t") {
		return c, false
	}
	n, err := strconv.Atoi(fields[0])
	if err != nil || n < 1 {
		return c, false
	}
	c.Number, c.Name = n, fields[1]
	if strings.Contains(line, hardHDLC) {
		c.Signalling = "hardhdlc"
	}
	c.InUse = strings.Contains(line, "(In use)")
	for _, f := range fields[2:] {
		if isAlarm(f) {
			c.Alarms = append(c.Alarms, f)
		} else if c.Signalling == "" {
			c.Signalling = keywordOf(f)
		}
	}
	return c, true
}
