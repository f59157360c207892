package dahdi

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"vaad/driver"
)

// An astribank reads the voltages that the driver of the Astribank's FXO modules
// (xpd_fxo) prints: one file for the ports of one module. It asks the hardware
// every poll_battery_interval ms, 500 unless set; 0 never.
type astribank struct {
	k     kernel
	mail  mailbox
	files []xppFile
	got   []int32
}

type xppFile struct {
	path  string
	lines []int // by port of the module, from 0; -1: not on this board
}

const (
	astribankPeriod = 500 * time.Millisecond
	pollInterval    = "sys/module/xpd_fxo/parameters/poll_battery_interval"
	maxXPPFile      = 1 << 14
	portsOfModule   = 32 // CHANNELS_PERXPD
	maxXPPVolts     = 127
)

// findAstribank says which channels have their voltage in /proc/xpp, and how
// often it is new, in samples. Spans of an Astribank are named by their place
// there, as "XBUS-00/XPD-00"; positions are those of channels in their span, from 1.
func findAstribank(k kernel, channels []*channel, spans map[int]string, positions map[int]int) (a *astribank, every int) {
	a = &astribank{k: k}
	period := astribankPeriod
	if text, err := fs.ReadFile(k.files(), pollInterval); err == nil {
		ms, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || ms <= 0 || ms > 60_000 {
			return nil, 0
		}
		period = max(time.Duration(ms)*time.Millisecond, 100*time.Millisecond)
	}
	byPath := map[string]int{}
	for _, c := range channels {
		name, pos := spans[c.span], positions[c.number]
		if !c.isAnalogFXO() || c.fault == errUnused || !isXPDName(name) {
			continue
		}
		path := "proc/xpp/" + name + "/fxo_info"
		at, ok := byPath[path]
		if !ok {
			if len(a.volts(path)) == 0 {
				continue
			}
			at = len(a.files)
			byPath[path] = at
			a.files = append(a.files, xppFile{path: path})
		}
		f := &a.files[at]
		for len(f.lines) < min(pos, portsOfModule) {
			f.lines = append(f.lines, -1)
		}
		if pos >= 1 && pos <= len(f.lines) {
			f.lines[pos-1] = c.line
		}
	}
	if len(a.files) == 0 {
		return nil, 0
	}
	return a, int(period * driver.Rate / time.Second)
}

// isXPDName accepts "XBUS-NN/XPD-NN" only: the name becomes part of a path.
func isXPDName(s string) bool {
	var bus, unit int
	n, err := fmt.Sscanf(s, "XBUS-%d/XPD-%d", &bus, &unit)
	return err == nil && n == 2 && !strings.Contains(s, "..") && strings.Count(s, "/") == 1
}

func (a *astribank) box() *mailbox { return &a.mail }
func (a *astribank) finish()       {}

// step reads all modules.
func (a *astribank) step() time.Duration {
	for i := range a.files {
		f := &a.files[i]
		volts := a.volts(f.path)
		now := a.k.now()
		for port, mv := range volts {
			if port < len(f.lines) && f.lines[port] >= 0 {
				a.mail.put(fact{kind: driver.Volts, line: f.lines[port], value: mv, when: now})
			}
		}
	}
	return astribankPeriod
}

// volts reads one file; nothing where there is none.
func (a *astribank) volts(path string) []int32 {
	text, err := fs.ReadFile(a.k.files(), path)
	if err != nil || len(text) > maxXPPFile {
		return nil
	}
	a.got = parseFXOInfo(text, a.got[:0])
	return a.got
}

// parseFXOInfo finds the row "voltage : N N N …" of the section Battery-Data and
// returns its figures in mV. A row with anything else in it says nothing: ports
// could be taken for one another.
func parseFXOInfo(text []byte, dst []int32) []int32 {
	section := ""
	for line := range bytes.Lines(text) {
		if len(line) > 0 && line[0] != '\t' && line[0] != ' ' {
			name, _, _ := bytes.Cut(line, []byte(":"))
			section = string(name)
			continue
		}
		name, figures, ok := bytes.Cut(line, []byte(":"))
		if !ok || section != "Battery-Data" || string(bytes.TrimSpace(name)) != "voltage" {
			continue
		}
		for _, f := range bytes.Fields(figures) {
			v, err := strconv.Atoi(string(f))
			if err != nil || v < -maxXPPVolts-1 || v > maxXPPVolts || len(dst) == portsOfModule {
				return dst[:0]
			}
			dst = append(dst, int32(v)*1000)
		}
		return dst
	}
	return dst[:0]
}
