package journald

import (
	"encoding/binary"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// attrs gathers attributes: as text behind the message, and as fields.
type attrs struct {
	cfg          *Config
	text, fields []byte
}

// add takes an attribute; groups are taken apart.
func (b *attrs) add(group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, m := range v.Group() {
			b.add(group, m)
		}
		return
	}
	if a.Equal(slog.Attr{}) || len(b.text) > maxMessage {
		return
	}
	s := value(v)
	b.text = append(b.text, ' ')
	b.text = append(b.text, quoted(group+a.Key)...)
	b.text = append(b.text, '=')
	b.text = append(b.text, quoted(cut(s, maxMessage))...)
	key := a.Key
	if key == "err" {
		key = "error" // one field for both
	}
	if b.cfg.Name != nil {
		key = b.cfg.Name(key, v)
	}
	if key == "" {
		return
	}
	if s = cut(strings.ToValidUTF8(s, "\uFFFD"), maxValue); len(b.fields)+len(s) < maxFields {
		b.fields = field(b.fields, name(b.cfg.Prefix, group+key), s)
	}
}

// field appends a field. Its value is anything.
func field(b []byte, name, value string) []byte {
	b = append(b, name...)
	if strings.Contains(value, "\n") {
		b = append(b, '\n')
		b = binary.LittleEndian.AppendUint64(b, uint64(len(value)))
	} else {
		b = append(b, '=')
	}
	return append(append(b, value...), '\n')
}

// name makes the name of a field that journald takes: capital letters, digits and
// underscores, and none of them in front.
func name(prefix, key string) string {
	n := prefix + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, key)
	return n[:min(len(n), maxName)]
}

func value(v slog.Value) string {
	switch v.Kind() {
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	case slog.KindAny:
		if b, ok := v.Any().([]byte); ok {
			return string(b)
		}
	}
	return v.String()
}

// quoted puts into quotes what is more than a word, as slog's text does.
func quoted(s string) string {
	if s == "" || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool {
		return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r)
	}) {
		return strconv.Quote(s)
	}
	return s
}

// printable is s without what makes journalctl show "[blob data]" instead.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// cut bounds s to n bytes and the mark that it was longer.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
