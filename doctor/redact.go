package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// removed stands where a secret stood.
const removed = "(removed)"

// A redactor takes secrets and telephone numbers out of texts and counts them.
// It rather takes too much.
type redactor struct{ count int }

// rules are what secrets and dates look like in text.
type rules struct {
	secrets []*regexp.Regexp // their first group is kept, the rest is a secret
	random  *regexp.Regexp   // a word that is long enough to be a key
	date    *regexp.Regexp   // left as it is where a number could begin
}

// compiled are the rules, made once.
var compiled = sync.OnceValue(func() rules {
	return rules{
		secrets: []*regexp.Regexp{
			regexp.MustCompile(`()-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*-----|\z)`),
			regexp.MustCompile(`(?i)(\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{6,}`),
			regexp.MustCompile(`(?i)([\w.-]*(?:token|password|passwd|passphrase|secret|api[_-]?key|credential|cookie)[\w.-]*\\?["']?\s*[=:]\s*)(?:\\?"[^"]*"|'[^']*'|[^\s,;&"]+)`),
			regexp.MustCompile(`(://)[^/\s:@]*:[^/\s@]+@`),
		},
		random: regexp.MustCompile(`[A-Za-z0-9+/]{24,}={1,2}|[A-Za-z0-9_+-]{32,}`),
		date:   regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2}\b)?`),
	}
})

// text takes secrets, keys that nothing tells of, and numbers out.
func (r *redactor) text(s string) string {
	return r.numbers(r.keys(r.secrets(s)))
}

// secrets takes out what a word before it calls a secret.
func (r *redactor) secrets(s string) string {
	for _, re := range compiled().secrets {
		s = re.ReplaceAllStringFunc(s, func(m string) string {
			keep := re.FindStringSubmatch(m)[1]
			if strings.HasSuffix(m, removed) { // it was taken out already
				return m
			}
			r.count++
			return keep + removed
		})
	}
	return s
}

// keys takes out words that are long and mixed enough to be a key.
func (r *redactor) keys(s string) string {
	return compiled().random.ReplaceAllStringFunc(s, func(m string) string {
		if !strings.ContainsAny(m, "0123456789") { // words with hyphens
			return m
		}
		r.count++
		return removed
	})
}

// comments is text, with the numbers of the comments only: those of a
// configuration are channels.
func (r *redactor) comments(s string) string {
	var b strings.Builder
	for line := range strings.Lines(r.keys(r.secrets(s))) {
		before, comment, ok := strings.Cut(line, "#")
		b.WriteString(before)
		if ok {
			b.WriteString("#" + r.numbers(comment))
		}
	}
	return b.String()
}

// numbers masks what may be a telephone number: 7 or more digits, with single
// blanks, hyphens or brackets between them, or 5 and more that stand alone.
func (r *redactor) numbers(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			b.WriteByte(s[i])
			i++
			continue
		}
		if d := compiled().date.FindString(s[i:]); d != "" && (i == 0 || !digit(s[i-1])) {
			b.WriteString(d)
			i += len(d)
			continue
		}
		end, digits, group, longest := i, 0, 0, 0
		for j := i; j < len(s); j++ {
			if digit(s[j]) {
				digits++
				group++
				end, longest = j+1, max(longest, group)
				continue
			}
			if group = 0; !strings.ContainsRune(" -()", rune(s[j])) || j+1 >= len(s) || j > end+1 {
				break
			}
		}
		version := i > 1 && s[i-1] == '.' && digit(s[i-2]) && digits <= 8 // as 2.11.1.0.20170917
		alone := !beside(s, i-1) && !beside(s, end)
		if !version && longest >= 7 || !version && digits >= 7 && longest >= 3 || longest >= 5 && alone {
			b.WriteString(mask(s[i:end]))
			r.count++
		} else {
			b.WriteString(s[i:end])
		}
		i = end
	}
	return b.String()
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// beside reports whether what stands there makes a number part of something
// else: a word, a decimal, a time, a process.
func beside(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] == '.' || s[i] == ':' || s[i] == '[' || s[i] == '_' || s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z')
}

// mask leaves the last two digits.
func mask(s string) string {
	out := []byte(s)
	for i, left := len(out)-1, 2; i >= 0; i-- {
		if digit(out[i]) {
			if left--; left < 0 {
				out[i] = 'x'
			}
		}
	}
	return string(out)
}

// json takes secrets out of a JSON document, by the names of its members as well.
func (r *redactor) json(doc []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.MarshalIndent(r.value("", v), "", "  ")
}

func (r *redactor) value(key string, v any) any {
	key = strings.ToLower(key)
	full := v != nil && v != "" && v != false
	switch {
	case full && secretName(key):
		r.count++
		return removed
	case full && numberName(key):
		if s := fmt.Sprint(v); scalar(v) {
			if m := mask(s); m != s {
				r.count++
				return m
			}
		}
	case full && scalar(v) && (key == "caller_name" || key == "callername"):
		r.count++
		return removed
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			name := r.numbers(k)
			for out[name] != nil {
				name += "'"
			}
			out[name] = r.value(k, e)
		}
		return out
	case []any:
		for i := range v {
			v[i] = r.value(key, v[i])
		}
		return v
	case string:
		return r.text(v)
	}
	return v
}

func scalar(v any) bool {
	switch v.(type) {
	case string, json.Number:
		return true
	}
	return false
}

func secretName(key string) bool {
	for _, s := range []string{"token", "password", "passwd", "passphrase", "secret", "apikey", "api_key", "private", "credential", "cookie", "authorization"} {
		if strings.Contains(key, s) {
			return true
		}
	}
	return key == "key" || key == "pin" || strings.HasSuffix(key, "_pin")
}

func numberName(key string) bool {
	return key == "caller" || key == "called" || key == "party" || strings.HasSuffix(key, "number") || strings.HasSuffix(key, "phone") || strings.HasSuffix(key, "_numbers")
}

// Mask takes secrets and telephone numbers out of a text that stands under a name, which
// may be empty.
func Mask(name, text string) string {
	var r redactor
	if s, ok := r.value(name, text).(string); ok {
		return s
	}
	return removed
}
