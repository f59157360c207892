package dahdi

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"vaad/driver"
)

// findEchoCancellers gives CapEC to the lines for which an echo canceller is
// configured. Only /proc/dahdi tells: the kernel takes the request to switch one
// on without a word where there is none. Taps have none to switch.
func (b *Board) findEchoCancellers() {
	var seen []int
	for _, c := range b.channels {
		if c.span == 0 || slices.Contains(seen, c.span) {
			continue
		}
		seen = append(seen, c.span)
		text, err := fs.ReadFile(b.k.files(), fmt.Sprintf(procOfSpan, c.span))
		if err != nil || len(text) > maxSpanProc {
			continue
		}
		have := parseEchoCancellers(text)
		for _, of := range b.channels {
			if of.span == c.span && !of.tap && slices.Contains(have, of.number) && b.info.Lines[of.line].Caps.Has(driver.CapTx) {
				b.info.Lines[of.line].Caps |= driver.CapEC
			}
		}
	}
}

// parseEchoCancellers lists the channels of /proc/dahdi/SPAN that have one:
// lines "NUMBER NAME SIGNALLING … (EC: NAME - STATE)".
func parseEchoCancellers(text []byte) (channels []int) {
	for line := range bytes.Lines(text) {
		f := bytes.Fields(line)
		if len(f) < 4 || !bytes.Contains(line, []byte("(EC: ")) {
			continue
		}
		if n, err := strconv.Atoi(string(f[0])); err == nil && n > 0 {
			channels = append(channels, n)
		}
	}
	return channels
}
