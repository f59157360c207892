package voicemodem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"vaad/driver"
	"vaad/driver/keys"
)

// options are the keys of a [[board]] table with driver = "voicemodem".
type options struct {
	Device  string   // ID, USB serial number or port, or path of the serial port; empty: the only one there is
	Use     string   // "trunk" (default) or "unused"
	Name    string   // of the line
	Country string   // ISO 3166: which country's rules the modem keeps; empty: as it was sold
	Init    []string // commands said after those of vaad, as "AT+VGT=130"
	Baud    int      // of the port; USB modems ignore it
	Format  string   // of audio: a name or the modem's number; empty: the best
	Duplex  string   // "auto" (default), "full" or "half"
	Chip    string   // family of the modem, where it is not recognised
}

const (
	duplexAuto = "auto"
	duplexFull = "full"
	duplexHalf = "half"

	defaultBaud = 230400 // more than voice of 16 bit needs, where a real serial line carries it
	maxInit     = 16
	maxCommand  = 200
)

// parseOptions reads the keys and says everything that is wrong with them.
func parseOptions(cfg driver.Config) (options, error) {
	f := &keys.Faults{Where: fmt.Sprintf("board %q: ", cfg.ID)}
	o := options{Use: "trunk", Baud: defaultBaud, Duplex: duplexAuto}
	raw := cfg.Options
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = json.RawMessage("{}")
	}
	f.Object(raw, "", map[string]any{"device": &o.Device, "use": &o.Use, "name": &o.Name, "country": &o.Country, "init": &o.Init,
		"baud": &o.Baud, "format": &o.Format, "duplex": &o.Duplex, "chip": &o.Chip})
	o.check(f)
	return o, errors.Join(f.Errs...)
}

func (o *options) check(f *keys.Faults) {
	switch o.Use {
	case "trunk", "unused":
	case "tap":
		f.Add("use", "a voice modem cannot be a tap: it hears nothing while it is on-hook; use a DAHDI card to listen to a line in parallel")
	case "station":
		f.Add("use", "a voice modem cannot be a station: it faces an exchange and feeds no telephone")
	default:
		f.Add("use", "%q is not known; use \"trunk\" or \"unused\"", o.Use)
	}
	if strings.ContainsAny(o.Device, "\x00\r\n") {
		f.Add("device", "%q is neither the ID of a modem nor a path", o.Device)
	}
	o.Country = strings.ToUpper(o.Country)
	if _, known := countries[o.Country]; o.Country != "" && !known {
		f.Add("country", "%q is not known; use one of %s, or give the modem's own command in init", o.Country, strings.Join(slices.Sorted(maps.Keys(countries)), ", "))
	}
	if len(o.Init) > maxInit {
		f.Add("init", "%d commands are too many; the most is %d", len(o.Init), maxInit)
	}
	for i, c := range o.Init {
		if !plainCommand(c) {
			f.Add(fmt.Sprintf("init[%d]", i), "%q is no AT command: it begins with AT and has at most %d printable characters", c, maxCommand)
		}
	}
	if o.Baud < 9600 || o.Baud > 4000000 {
		f.Add("baud", "%d is outside 9600…4000000; audio of 8000 bytes a second needs 115200 at least", o.Baud)
	} else if o.Baud < 115200 {
		f.Add("baud", "%d is too slow for audio of 8000 bytes a second; use 115200 or more", o.Baud)
	}
	if id, err := strconv.Atoi(o.Format); err == nil && (id < 0 || id > 255) || err != nil && o.Format != "" && !slices.Contains(codingNames[1:], o.Format) {
		f.Add("format", "%q is not known; use %s, or a number of the modem's answer to AT+VSM=?", o.Format, strings.Join(codingNames[1:], ", "))
	}
	if !slices.Contains([]string{duplexAuto, duplexFull, duplexHalf}, o.Duplex) {
		f.Add("duplex", "%q is not known; use %q, %q or %q", o.Duplex, duplexAuto, duplexFull, duplexHalf)
	}
	if o.Chip != "" && o.row() == nil {
		var names []string
		for _, c := range chips {
			names = append(names, strconv.Quote(c.name))
		}
		f.Add("chip", "%q is not known; use one of %s", o.Chip, strings.Join(names, ", "))
	}
}

// row is the family that the key chip names; nil: none.
func (o *options) row() *chip {
	for i := range chips {
		if strings.EqualFold(chips[i].name, o.Chip) {
			return &chips[i]
		}
	}
	return nil
}

// plainCommand reports whether c can be said to a modem as it is.
func plainCommand(c string) bool {
	if len(c) < 2 || len(c) > maxCommand || !strings.EqualFold(c[:2], "AT") {
		return false
	}
	for i := range len(c) {
		if c[i] < ' ' || c[i] > '~' {
			return false
		}
	}
	return true
}
