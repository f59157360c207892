package sysconf

import (
	"slices"
	"strconv"
	"strings"
)

// MaxChannel is the highest channel number (DAHDI_MAX_CHANNELS − 1).
const MaxChannel = 1023

// A Range is a row of channel numbers, both ends included.
type Range struct{ First, Last int }

// Channels is a list of channels, in the order in which they were written.
type Channels []Range

// Of makes the shortest list that holds the numbers.
func Of(numbers ...int) Channels {
	sorted := slices.Compact(slices.Sorted(slices.Values(numbers)))
	var c Channels
	for _, n := range sorted {
		if last := len(c) - 1; last >= 0 && c[last].Last == n-1 {
			c[last].Last = n
			continue
		}
		c = append(c, Range{n, n})
	}
	return c
}

// Numbers lists every channel.
func (c Channels) Numbers() []int {
	var all []int
	for _, r := range c {
		for n := r.First; n <= r.Last; n++ {
			all = append(all, n)
		}
	}
	return all
}

// Len counts the channels.
func (c Channels) Len() int {
	n := 0
	for _, r := range c {
		n += r.Last - r.First + 1
	}
	return n
}

// String writes the list as in the file: 1-15,17-31.
func (c Channels) String() string {
	var b strings.Builder
	for i, r := range c {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(r.First))
		if r.Last > r.First {
			b.WriteByte('-')
			b.WriteString(strconv.Itoa(r.Last))
		}
	}
	return b.String()
}

// parseChannels reads a list; why says what is wrong with it, if anything is.
func parseChannels(s string) (c Channels, why string) {
	s = strings.TrimSuffix(strings.TrimSpace(s), ",") // a comma at the end is let through, as dahdi_cfg does
	if s == "" {
		return nil, "no channels are named"
	}
	for _, part := range strings.Split(s, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		r := Range{}
		if r.First, why = parseChannel(first); why != "" {
			return nil, why
		}
		r.Last = r.First
		if isRange {
			if r.Last, why = parseChannel(last); why != "" {
				return nil, why
			}
		}
		if r.Last < r.First {
			return nil, "the range " + quote(part) + " ends before it begins"
		}
		c = append(c, r)
	}
	return c, ""
}

func parseChannel(s string) (n int, why string) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > MaxChannel {
		return 0, quote(s) + " is no channel; channels are numbers from 1 to " + strconv.Itoa(MaxChannel)
	}
	return n, ""
}

// quote shows a piece of the file, cut where it is long.
func quote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	return strconv.Quote(s)
}
