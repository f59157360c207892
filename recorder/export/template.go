package export

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vaad/recorder/index"
)

// DefaultTemplate is what files in a ZIP are called where nobody says.
const DefaultTemplate = "{start}_{line}_{id}"

const (
	maxTemplate = 200 // bytes
	maxName     = 120 // bytes of a file's name without its end
	maxField    = 60  // bytes of one field
)

// A Template makes names of files out of what is known of a recording:
//
//	{start} {date} {time}   begin, in the zone of the box: 20261122-160500, 20261122, 160500
//	{line} {line_name}      number of the line, three digits at least, and its name
//	{caller} {called}       numbers; "unknown" where they are not known
//	{direction} {id} {n}    in, out or unknown; the recording; its place in the export, from 1
//
// Whatever the fields hold, a name is a single plain one: no folder, nothing that
// any system would refuse or take for something else.
type Template struct{ parts []string } // text and fields in turns, text first

func templateFields() []string {
	return []string{"start", "date", "time", "line", "line_name", "caller", "called", "direction", "id", "n"}
}

// ErrTemplate is wrapped by what is wrong with a template.
var ErrTemplate = errors.New("the template of file names cannot be used")

// ParseTemplate reads a template; an empty one is [DefaultTemplate].
func ParseTemplate(s string) (Template, error) {
	bad := func(format string, a ...any) (Template, error) {
		return Template{}, fmt.Errorf("%w: %s", ErrTemplate, fmt.Sprintf(format, a...))
	}
	if s == "" {
		s = DefaultTemplate
	}
	if len(s) > maxTemplate || !utf8.ValidString(s) {
		return bad("it is longer than %d bytes, or no text", maxTemplate)
	}
	var t Template
	for {
		before, rest, ok := strings.Cut(s, "{")
		if i := strings.IndexFunc(before, func(r rune) bool { return !plain(r) }); i >= 0 || strings.Contains(before, "}") {
			return bad("%q: a name has no folders, no control characters and none of %s", before, forbidden)
		}
		t.parts = append(t.parts, before)
		if !ok {
			return t, nil
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok || !slices.Contains(templateFields(), name) {
			return bad("{%s}: the fields are {%s}", name, strings.Join(templateFields(), "} {"))
		}
		t.parts, s = append(t.parts, name), after
	}
}

// forbidden are characters that some file system takes for something else.
const forbidden = `/\:*?"<>|{}`

// plain says that a character may stand in any name: it is printed, and shows
// where it stands (marks of direction do not).
func plain(r rune) bool {
	return r != utf8.RuneError && !strings.ContainsRune(forbidden, r) && (r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r))
}

// safe takes everything out of a field that could not stand in a name.
func safe(s string) string {
	s = strings.Map(func(r rune) rune {
		if plain(r) {
			return r
		}
		return '_'
	}, s)
	return cutTo(s, maxField)
}

// cutTo cuts at the end of a character.
func cutTo(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Name is the name for a recording, without the end that says the format.
func (t Template) Name(r *index.Row, n int, zone *time.Location) string {
	at := r.Start.In(zone)
	known := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return safe(s)
	}
	var b strings.Builder
	for i, p := range t.parts {
		if i%2 == 0 {
			b.WriteString(p)
			continue
		}
		switch p {
		case "start":
			b.WriteString(at.Format("20060102-150405"))
		case "date":
			b.WriteString(at.Format("20060102"))
		case "time":
			b.WriteString(at.Format("150405"))
		case "line":
			fmt.Fprintf(&b, "%03d", r.Line)
		case "line_name":
			b.WriteString(known(r.LineName))
		case "caller":
			b.WriteString(known(r.Caller))
		case "called":
			b.WriteString(known(r.Called))
		case "direction":
			b.WriteString(known(r.Direction))
		case "id":
			b.WriteString(known(r.ID))
		case "n":
			fmt.Fprintf(&b, "%05d", n)
		}
	}
	return harmlessName(b.String())
}

// harmlessName keeps a name from being hidden, an option, or a device.
func harmlessName(s string) string {
	s = strings.Trim(cutTo(s, maxName), " .")
	if s == "" {
		return "recording"
	}
	if s[0] == '-' || s[0] == '~' {
		s = "_" + s[1:]
	}
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	switch base = strings.TrimSpace(base); {
	case slices.Contains([]string{"CON", "PRN", "AUX", "NUL"}, base),
		len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")):
		s = "_" + s
	}
	return s
}

// names gives every file of a ZIP a name of its own, also where letters of both
// cases are equal: for each name that was asked for, the number to go on from, so
// that many equal ones take no longer than different ones.
type names map[string]int

// taken are names that the ZIP has for itself.
func newNames() names { return names{"manifest.csv": 2, "manifest.json": 2, "proof": 2} }

func (n names) unique(name, end string) string {
	first := strings.ToLower(name + end)
	for i := max(1, n[first]); ; i++ {
		try := name + end
		if i > 1 {
			try = name + "~" + strconv.Itoa(i) + end
		}
		if k := strings.ToLower(try); n[k] == 0 {
			n[k], n[first] = 2, i+1
			return try
		}
	}
}
