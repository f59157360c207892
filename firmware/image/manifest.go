package image

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"
)

// ManifestName is the manifest's file name in a folder of images.
const ManifestName = "manifest.toml"

const (
	maxManifest = 1 << 20
	maxEntries  = 256
)

// A Kind says how an image is loaded.
type Kind string

const (
	FX2  Kind = "fx2"  // into the RAM of a Cypress FX2
	FPGA Kind = "fpga" // through an Astribank's management interface
	PIC  Kind = "pic"  // into the controllers of an Astribank's modules
)

// A USBID is a vendor and a product.
type USBID struct{ Vendor, Product uint16 }

func (u USBID) String() string { return fmt.Sprintf("%04x:%04x", u.Vendor, u.Product) }

// An Entry is what the manifest says of one file.
type Entry struct {
	File     string
	Version  string
	SHA256   [32]byte
	Licence  string
	Kind     Kind
	Devices  []USBID
	Releases []uint16 // bcdDevice of the devices it is for; none stands for any
	Card     byte     // type of module, of an image of kind PIC
	line     int
}

// Loads says what an image is for, as wire.Image does: "fx2 e4e4:1130 (release 0101)".
func (e *Entry) Loads() string {
	s := string(e.Kind)
	if e.Kind == PIC {
		s += fmt.Sprintf(" %d", e.Card)
	}
	for _, d := range e.Devices {
		s += " " + d.String()
	}
	if len(e.Releases) > 0 {
		s += " (release"
		for _, r := range e.Releases {
			s += fmt.Sprintf(" %04x", r)
		}
		s += ")"
	}
	return s
}

// serves says whether the image is for such a device.
func (e *Entry) serves(k Kind, id USBID, release uint16) bool {
	return e.Kind == k && slices.Contains(e.Devices, id) && (len(e.Releases) == 0 || slices.Contains(e.Releases, release))
}

// A Fault is an error of a manifest: where and what.
type Fault struct {
	Line int // from 1
	What string
}

func (f *Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.What) }

// written is the manifest as it stands in the file.
type written struct {
	Version int            `toml:"version"`
	Images  []writtenImage `toml:"image"`
}

type writtenImage struct {
	File     string   `toml:"file"`
	Version  string   `toml:"version"`
	SHA256   string   `toml:"sha256"`
	Licence  string   `toml:"licence"`
	Kind     string   `toml:"kind"`
	Devices  []string `toml:"devices"`
	Releases []string `toml:"releases"`
	Card     int      `toml:"card"`
}

var (
	header  = regexp.MustCompile(`^\s*\[\[\s*image\s*\]\]`)
	name    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$`)
	usbID   = regexp.MustCompile(`^([0-9a-f]{4}):([0-9a-f]{4})$`)
	release = regexp.MustCompile(`^[0-9a-f]{4}$`)
)

// ParseManifest reads a manifest. It answers all faults that it finds, joined;
// each is a *Fault.
func ParseManifest(data []byte) ([]Entry, error) {
	if len(data) > maxManifest {
		return nil, &Fault{1, "it is larger than 1 MiB"}
	}
	var w written
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&w); err != nil {
		return nil, syntax(err)
	}
	lines := strings.Split(string(data), "\n")
	if w.Version != 1 {
		return nil, &Fault{lineOf(lines, 0, "version"), fmt.Sprintf("version = %d: this program knows version 1", w.Version)}
	}
	if len(w.Images) > maxEntries {
		return nil, &Fault{1, fmt.Sprintf("it has more than %d images", maxEntries)}
	}
	var headers []int // lines of [[image]]
	for i, l := range lines {
		if header.MatchString(l) {
			headers = append(headers, i)
		}
	}
	var entries []Entry
	var faults []error
	for i := range w.Images {
		at := 0
		if i < len(headers) {
			at = headers[i]
		}
		e, errs := w.Images[i].check(func(key string) int { return lineOf(lines, at, key) })
		e.line = at + 1
		if j := slices.IndexFunc(entries, func(o Entry) bool { return o.File == e.File }); j >= 0 && e.File != "" {
			errs = append(errs, &Fault{lineOf(lines, at, "file"), fmt.Sprintf("file = %q: line %d names it too", e.File, entries[j].line)})
		}
		for _, o := range entries {
			if id, ok := o.collides(&e); ok {
				errs = append(errs, &Fault{lineOf(lines, at, "devices"), fmt.Sprintf("%s of %v: line %d has an image for it too", e.Kind, id, o.line)})
			}
		}
		entries, faults = append(entries, e), append(faults, errs...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return entries, nil
}

// collides says whether two images are for the same device, so that nobody could
// say which is meant.
func (e *Entry) collides(o *Entry) (USBID, bool) {
	if e.Kind != o.Kind || e.Card != o.Card {
		return USBID{}, false
	}
	if len(e.Releases) > 0 && len(o.Releases) > 0 && !slices.ContainsFunc(e.Releases, func(r uint16) bool { return slices.Contains(o.Releases, r) }) {
		return USBID{}, false
	}
	for _, d := range e.Devices {
		if slices.Contains(o.Devices, d) {
			return d, true
		}
	}
	return USBID{}, false
}

func (w *writtenImage) check(line func(key string) int) (Entry, []error) {
	e := Entry{File: w.File, Version: w.Version, Licence: w.Licence, Kind: Kind(w.Kind)}
	var faults []error
	wrong := func(key, what string, args ...any) {
		faults = append(faults, &Fault{line(key), key + ": " + fmt.Sprintf(what, args...)})
	}
	if !name.MatchString(w.File) || w.File == ManifestName {
		wrong("file", "%q is no name of an image: letters, digits and . _ + - only, no folders", w.File)
	}
	if !printable(w.Version, 40) {
		wrong("version", "it is needed: one line, at most 40 bytes")
	}
	if !printable(w.Licence, 400) {
		wrong("licence", "a note where the image is from and what may be done with it is needed: one line, at most 400 bytes")
	}
	if sum, err := hex.DecodeString(w.SHA256); err != nil || len(sum) != len(e.SHA256) {
		wrong("sha256", "%q is not 64 hexadecimal digits", w.SHA256)
	} else {
		copy(e.SHA256[:], sum)
	}
	if !slices.Contains([]Kind{FX2, FPGA, PIC}, e.Kind) {
		wrong("kind", "%q is none of fx2, fpga, pic", w.Kind)
	}
	if (e.Kind == PIC) != (w.Card != 0) || w.Card < 0 || w.Card > 9 {
		wrong("card", "an image of kind pic, and no other, has the type of module it is for, 1 to 9")
	}
	e.Card = byte(w.Card)
	if len(w.Devices) == 0 || len(w.Devices) > 32 {
		wrong("devices", "1 to 32 are needed, as in [\"e4e4:1130\"]")
	}
	for _, d := range w.Devices {
		m := usbID.FindStringSubmatch(strings.ToLower(d))
		if m == nil {
			wrong("devices", "%q is not vendor:product, as in \"e4e4:1130\"", d)
			continue
		}
		e.Devices = append(e.Devices, USBID{number(m[1]), number(m[2])})
	}
	for _, r := range w.Releases {
		if r = strings.ToLower(r); !release.MatchString(r) || len(w.Releases) > 32 {
			wrong("releases", "%q is not four digits as lsusb shows bcdDevice without the dot, or there are more than 32", r)
			continue
		}
		e.Releases = append(e.Releases, number(r))
	}
	return e, faults
}

func printable(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func number(hex string) uint16 {
	n, _ := strconv.ParseUint(hex, 16, 16) // the caller's pattern has seen to it
	return uint16(n)
}

// lineOf finds a key at or after a header, before the next; else it answers the header.
func lineOf(lines []string, at int, key string) int {
	for i := at; i < len(lines); i++ {
		if i > at && header.MatchString(lines[i]) {
			break
		}
		if rest, ok := strings.CutPrefix(strings.TrimSpace(lines[i]), key); ok && strings.HasPrefix(strings.TrimSpace(rest), "=") {
			return i + 1
		}
	}
	return at + 1
}

// syntax says where TOML's own errors are.
func syntax(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		row, _ := strict.Errors[0].Position()
		return &Fault{row, fmt.Sprintf("the key %q is unknown", strings.Join(strict.Errors[0].Key(), "."))}
	}
	var d *toml.DecodeError
	if errors.As(err, &d) {
		row, _ := d.Position()
		return &Fault{max(row, 1), strings.TrimPrefix(d.Error(), "toml: ")}
	}
	return &Fault{1, err.Error()}
}
