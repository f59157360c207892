package sysconf

import (
	"fmt"
	"strings"
)

// Assignments are the lines of DAHDI's assigned-spans.conf that give the spans that there are the
// numbers that they have, whenever their cards come: a card by its hardware ID, or by its place, then
// of each span its number on the card, on the machine, and of its first channel
// (dahdi_span_assignments(8)). Cards with neither ID nor place are left out.
func (h Hardware) Assignments() []byte {
	var b strings.Builder
	for _, d := range h.Devices {
		id := d.HardwareID
		if id == "" && d.Location != "" {
			id = "@" + strings.ReplaceAll(d.Location, " ", "?") // columns end at blanks; the first is a shell's pattern
		}
		if id == "" || len(d.Assigned) == 0 || strings.ContainsAny(id, " \t#") {
			continue
		}
		b.WriteString(id)
		for i, n := range d.Assigned {
			for _, s := range h.Spans {
				if s.Number == n && s.First() > 0 {
					fmt.Fprintf(&b, " %d:%d:%d", max(s.Local, i+1), n, s.First())
				}
			}
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
