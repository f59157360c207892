package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"vaad/api"
	"vaad/api/text"
)

// t is the text of a key in the user's language.
func (s *session) t(key string, args ...string) string {
	a := text.Args{}
	for i := 0; i+1 < len(args); i += 2 {
		a[args[i]] = args[i+1]
	}
	return text.Text(s.lang, key, a)
}

// code is the words for a code.
func (s *session) code(group, code string) string {
	if code == "" {
		return ""
	}
	return text.Code(s.lang, group, code)
}

// codes is code for several, separated by commas.
func (s *session) codes(group, list string) string {
	var out []string
	for _, c := range strings.Split(list, ",") {
		if c != "" {
			out = append(out, s.code(group, c))
		}
	}
	return strings.Join(out, ", ")
}

// whys is why a call is recorded, or is not: the rule first, if one decided.
func (s *session) whys(c *api.Call) string {
	why := s.codes("why", c.Why)
	rule, _, ok := strings.Cut(c.Rule, ":")
	switch {
	case ok && why != "":
		return s.t("cli.by-rule", "rule", rule) + ", " + why
	case ok:
		return s.t("cli.by-rule", "rule", rule)
	}
	return why
}

// object prints one JSON object on one line.
func (s *session) object(v any) error {
	e := json.NewEncoder(s.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// objects prints one line per element.
func objects[T any](s *session, all []T) error {
	for i := range all {
		if err := s.object(all[i]); err != nil {
			return err
		}
	}
	return nil
}

// say prints one line of text.
func (s *session) say(format string, args ...any) error {
	_, err := fmt.Fprintf(s.out, format+"\n", args...)
	return err
}

// A table lines columns up. Chinese characters are two columns wide.
type table struct {
	head []string
	rows [][]string
}

// table begins a table whose headings are keys below cli.
func (s *session) table(keys ...string) *table {
	t := &table{}
	for _, k := range keys {
		t.head = append(t.head, s.t("cli."+k))
	}
	return t
}

// list prints a table, or what to say where it has no rows.
func (s *session) list(t *table, empty string) error {
	if len(t.rows) == 0 {
		return s.say("%s", s.t(empty))
	}
	return t.print(s.out)
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) error {
	width := make([]int, len(t.head))
	all := append([][]string{t.head}, t.rows...)
	for _, r := range all {
		for i, c := range r {
			width[i] = max(width[i], columns(c))
		}
	}
	var b strings.Builder
	for _, r := range all {
		line := ""
		for i, c := range r {
			line += c + strings.Repeat(" ", width[i]-columns(c)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// columns is how wide a terminal shows a string: East Asian wide characters
// take two columns (Unicode TR 11; the blocks that our texts use).
func columns(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE4F || r >= 0xFF00 && r <= 0xFF60 {
			n++
		}
	}
	return n
}

// printable takes out what could steer the terminal: names, notes and reasons
// come from elsewhere.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

func when(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func whenP(t *time.Time) string {
	if t == nil {
		return ""
	}
	return when(*t)
}

// long is a length in seconds as m:ss or h:mm:ss.
func long(seconds float64) string {
	n := int(seconds)
	if n < 3600 {
		return fmt.Sprintf("%d:%02d", n/60, n%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", n/3600, n/60%60, n%60)
}

func number(v *float64, decimals int, unit string) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', decimals, 64) + unit
}

func size(n int64) string {
	v, i := float64(n), 0
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for v >= 1024 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

func party(direction, caller, called string) string {
	if direction == "out" {
		return printable(called)
	}
	return printable(caller)
}
