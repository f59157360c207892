package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"vaad/api/text"
)

// The console's own words: one file per area and language.
const (
	wordsDir = "src/words"
	pageSrc  = "src"
)

// words reads the catalogue of a language, all areas in one; area tells where a key stands.
func words(t *testing.T, lang string) (all map[string]string, area map[string]string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(wordsDir, "*."+lang+".json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no words in %s: %v", wordsDir, err)
	}
	all, area = map[string]string{}, map[string]string{}
	for _, name := range names {
		of := strings.TrimSuffix(filepath.Base(name), "."+lang+".json")
		one, err := catalogue(readFile(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for k, v := range one {
			if all[k] != "" {
				t.Errorf("%s stands in %s and in %s", k, area[k], of)
			}
			all[k], area[k] = v, of
		}
	}
	return all, area
}

// catalogue decodes a flat file of words and refuses what a decoder would forgive: keys that stand twice.
func catalogue(b []byte) (map[string]string, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return nil, fmt.Errorf("it is no object of texts: %w", err)
	}
	all := map[string]string{}
	var errs []error
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return all, err
		}
		var v string
		if err := d.Decode(&v); err != nil {
			return all, fmt.Errorf("%v: %w", k, err)
		}
		key := k.(string)
		if _, twice := all[key]; twice {
			errs = append(errs, fmt.Errorf("%s stands twice", key))
		}
		if strings.TrimSpace(v) == "" {
			errs = append(errs, fmt.Errorf("%s is empty", key))
		}
		all[key] = v
	}
	return all, errors.Join(errs...)
}

func TestWordsOfTheConsoleAreInBothLanguages(t *testing.T) {
	en, areaEN := words(t, "en")
	zh, areaZH := words(t, "zh")
	for _, k := range slices.Sorted(maps.Keys(en)) {
		switch {
		case zh[k] == "":
			t.Errorf("%s (%s) is not in Chinese", k, areaEN[k])
		case areaEN[k] != areaZH[k]:
			t.Errorf("%s is in %s in English and in %s in Chinese", k, areaEN[k], areaZH[k])
		}
		for lang, s := range map[string]string{"en": en[k], "zh": zh[k]} {
			if _, err := parseMessage(s); err != nil {
				t.Errorf("%s (%s): %v: %q", k, lang, err, s)
			}
		}
		a, _ := parseMessage(en[k])
		b, _ := parseMessage(zh[k])
		if zh[k] != "" && (!within(a, b) || !within(b, a)) {
			t.Errorf("%s: English takes %v, Chinese %v", k, slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
		}
	}
	for k := range zh {
		if en[k] == "" {
			t.Errorf("%s (%s) is not in English", k, areaZH[k])
		}
	}
	han := regexp.MustCompile(`\p{Han}`)
	for k, s := range en {
		if han.MatchString(s) && !strings.Contains(k, "language") && !strings.Contains(k, "chinese") {
			t.Errorf("%s: the English text is Chinese: %q", k, s)
		}
	}
}

func TestWordsOfTheConsoleAreAllUsedAndNoneIsMissing(t *testing.T) {
	en, area := words(t, "en")
	known := map[string]bool{}
	served, _ := text.Catalogue(text.English) // words of settings come with their schema
	daemons, err := catalogue(served)
	if err != nil {
		t.Fatal(err)
	}
	for k := range daemons {
		known[k] = true
	}
	for k := range en {
		if known[k] {
			t.Errorf("%s (%s) is in the daemon's catalogue too: one of them hides the other", k, area[k])
		}
		known[k] = true
	}
	areas := map[string]bool{}
	for _, of := range area {
		areas[of] = true
	}
	used, prefixes := map[string]bool{}, map[string]bool{}
	for name, src := range pageSources(t) {
		if strings.HasSuffix(name, ".d.ts") {
			continue
		}
		for _, m := range keyLiteral.FindAllStringSubmatch(src, -1) {
			used[m[2]] = true
			if !known[m[2]] { // handed on, to be said with an end
				prefixes[m[2]+"."] = true
			}
		}
		for _, m := range keyBegun.FindAllStringSubmatch(src, -1) {
			prefixes[m[2]] = true
			if areas[strings.TrimSuffix(m[2], ".")] {
				t.Errorf("%s puts keys together behind %s: every word of the area would count as used; give them a group", name, m[2])
			}
		}
		for _, m := range keyGroup.FindAllStringSubmatch(src, -1) {
			prefixes[m[1]+"."] = true
		}
		for _, arg := range saidKeys(src) {
			for _, m := range keyLiteral.FindAllStringSubmatch(arg, -1) {
				if !known[m[2]] && !strings.HasSuffix(m[2], "-") { // which is the beginning of one
					t.Errorf("%s says %s, which has no words", name, m[2])
				}
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(en)) {
		if used[k] {
			continue
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(prefixes)), func(p string) bool { return strings.HasPrefix(k, p) }) {
			t.Errorf("%s (%s) is said nowhere", k, area[k])
		}
	}
}

var (
	keyLiteral = regexp.MustCompile(`(['"` + "`" + `])([a-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+)['"` + "`" + `]`)
	keyBegun   = regexp.MustCompile(`(['"` + "`" + `])([a-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*[.-])(?:\$\{|['"` + "`" + `]\s*\+)`)
	keyGroup   = regexp.MustCompile(`\bcode\(\s*['"]([a-z][A-Za-z0-9_.-]*)['"]`)
	keySaid    = regexp.MustCompile(`\bt\(`)
)

// saidKeys finds the first arguments of all calls of t.
func saidKeys(src string) (args []string) {
	for _, at := range keySaid.FindAllStringIndex(src, -1) {
		depth := 0
		for i := at[1]; i < len(src); i++ {
			switch src[i] {
			case '(', '[', '{':
				depth++
				continue
			case ')', ']', '}':
				depth--
			}
			if depth < 0 || depth == 0 && src[i] == ',' {
				args = append(args, src[at[1]:i])
				break
			}
		}
	}
	return args
}

// pageSources reads what the page is built from.
func pageSources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(pageSrc, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".svelte" && filepath.Ext(name) != ".ts" {
			return err
		}
		b, err := os.ReadFile(name)
		all[name] = string(b)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("no pageSrc of the page: %v", err)
	}
	return all
}

// within says whether all that one message shows is known to the other; what it
// only counts by, a language without plurals does not need.
func within(shown, other map[string]bool) bool {
	for k, is := range shown {
		if _, known := other[k]; is && !known {
			return false
		}
	}
	return true
}

// parseMessage checks an ICU message as far as the console uses them and
// returns the arguments that it takes; true are those that it shows.
func parseMessage(s string) (args map[string]bool, err error) {
	p := &messageParser{s: s, args: map[string]bool{}}
	if err := p.text(false); err != nil {
		return p.args, err
	}
	return p.args, nil
}

type messageParser struct {
	s    string
	at   int
	args map[string]bool
}

// text reads up to the end, or up to the closing brace of a branch.
func (p *messageParser) text(inside bool) error {
	for p.at < len(p.s) {
		switch c := p.s[p.at]; c {
		case '\'': // quotes what a brace or # would mean; '' is itself
			rest := p.s[p.at+1:]
			switch {
			case strings.HasPrefix(rest, "'"):
				p.at++
			case strings.HasPrefix(rest, "{"), strings.HasPrefix(rest, "}"), strings.HasPrefix(rest, "#"):
				end := strings.IndexByte(rest, '\'')
				if end < 0 {
					return errors.New("a quote is not closed")
				}
				p.at += end + 1
			}
			p.at++
		case '{':
			if err := p.argument(); err != nil {
				return err
			}
		case '}':
			if inside {
				return nil
			}
			return errors.New("a } without {")
		default:
			p.at++
		}
	}
	if inside {
		return errors.New("a { is not closed")
	}
	return nil
}

var argumentHead = regexp.MustCompile(`^\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:,\s*(number|date|time|plural|selectordinal|select)\s*)?([,}])`)

func (p *messageParser) argument() error {
	m := argumentHead.FindStringSubmatch(p.s[p.at:])
	if m == nil {
		return fmt.Errorf("no argument: %.20q", p.s[p.at:])
	}
	p.args[m[1]] = p.args[m[1]] || m[2] != "plural" && m[2] != "selectordinal" && m[2] != "select"
	p.at += len(m[0])
	if m[3] == "}" {
		if m[2] == "plural" || m[2] == "select" || m[2] == "selectordinal" {
			return fmt.Errorf("%s has no branches", m[1])
		}
		return nil
	}
	if m[2] == "number" || m[2] == "date" || m[2] == "time" {
		end := strings.IndexByte(p.s[p.at:], '}')
		if end < 0 {
			return errors.New("a { is not closed")
		}
		p.at += end + 1
		return nil
	}
	return p.branches(m[1])
}

var branchHead = regexp.MustCompile(`^\s*(=\d+|[A-Za-z_][A-Za-z0-9_-]*)\s*\{`)

func (p *messageParser) branches(of string) error {
	other := false
	for {
		if rest := strings.TrimLeft(p.s[p.at:], " \n\t"); strings.HasPrefix(rest, "}") {
			p.at = len(p.s) - len(rest) + 1
			if !other {
				return fmt.Errorf("%s has no branch other", of)
			}
			return nil
		}
		m := branchHead.FindStringSubmatch(p.s[p.at:])
		if m == nil {
			return fmt.Errorf("%s: no branch: %.20q", of, p.s[p.at:])
		}
		other = other || m[1] == "other"
		p.at += len(m[0])
		if err := p.text(true); err != nil {
			return err
		}
		p.at++
	}
}

func TestParserOfMessagesKnowsRightFromWrong(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "plain, it's so": "", "{n} of {all}": "all n", "{n, number}": "n", "{n, plural, one {# line of {who}} other {# lines}}": "n who",
		"{n, plural, =0 {none} other {#}} {x, select, a {b} other {c}}": "n x", "'{'quoted'}'": "",
	} {
		got, err := parseMessage(s)
		if err != nil || strings.Join(slices.Sorted(maps.Keys(got)), " ") != want {
			t.Errorf("%q: %v %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"{", "}", "{n", "{n, plural}", "{n, plural, one {x}}", "{n, plural, other {x}", "{1x}", "{n, wrong, other {x}}", "'{"} {
		if got, err := parseMessage(s); err == nil {
			t.Errorf("%q is taken: %v", s, got)
		}
	}
}

// bareWords may stand in markup: names and signs that are the same in every language.
var bareWords = regexp.MustCompile(`^(vaad|ppm|dB|dBm0|dBFS|V|Hz|kHz|ms|s|h|min|WAV|FLAC|CSV|XLSX|JSON|ZIP|PCM|Q\.931|Q\.921|E1|T1|TEI|SHA-256|TLS|URL|API|OpenAPI|DAHDI|English|中文|nbsp|ID|x|vaactl|http|https|curl|Bearer|GET|POST|PUT|DELETE|PATCH|Enter|Esc|Tab|Ctrl|Alt|Shift|Space|[A-Z])$`)

// TestNoWordsStandInTheMarkup looks for texts of screens that bypass the catalogues.
func TestNoWordsStandInTheMarkup(t *testing.T) {
	say := func(name, what, s string) {
		for _, w := range strings.FieldsFunc(s, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
		}) {
			if strings.Contains(w, "-") && what == "the attribute placeholder" { // a code, as an example
				continue
			}
			if strings.IndexFunc(w, unicode.IsLetter) >= 0 && !bareWords.MatchString(strings.Trim(w, "._-")) {
				t.Errorf("%s: %s %.60q stands in the markup: give it a key in src/words", name, what, strings.TrimSpace(s))
				return
			}
		}
	}
	han := regexp.MustCompile(`[^\n]*\p{Han}[^\n]*`)
	for name, src := range pageSources(t) {
		if m := han.FindString(src); m != "" && !strings.Contains(m, "中文") && !strings.HasSuffix(name, "query.ts") { // what people may type
			t.Errorf("%s has Chinese words in it: %.80q", name, strings.TrimSpace(m))
		}
		if filepath.Ext(name) != ".svelte" {
			continue
		}
		texts, attributes := markup(src)
		for _, s := range texts {
			say(name, "the text", s)
		}
		for _, a := range attributes {
			say(name, "the attribute "+a[0], a[1])
		}
	}
}

var (
	unspoken = regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<!--.*?-->|<(code|pre|kbd)\b[^>]*>[^{]*?</(code|pre|kbd)>`)
	labelOf  = regexp.MustCompile(`\s(placeholder|title|aria-label|label|alt|aria-description)\s*=\s*(?:"([^"]*)"|'([^']*)')`)
	inBrace  = regexp.MustCompile(`\{[^{}]*\}`)
)

// markup gives the texts between tags of a component, and attributes that are read out, without what is in braces.
func markup(src string) (texts []string, attributes [][2]string) {
	src = unspoken.ReplaceAllString(src, "")
	var out strings.Builder
	for i := 0; i < len(src); {
		switch {
		case src[i] == '{':
			i = afterBrace(src, i)
			out.WriteByte(' ')
		case src[i] == '<' && i+1 < len(src) && (src[i+1] == '/' || unicode.IsLetter(rune(src[i+1]))):
			if s := strings.TrimSpace(out.String()); s != "" {
				texts = append(texts, s)
			}
			out.Reset()
			end := afterTag(src, i)
			for _, m := range labelOf.FindAllStringSubmatch(src[i:end], -1) {
				if v := inBrace.ReplaceAllString(m[2]+m[3], ""); v != "" {
					attributes = append(attributes, [2]string{m[1], v})
				}
			}
			i = end
		default:
			out.WriteByte(src[i])
			i++
		}
	}
	if s := strings.TrimSpace(out.String()); s != "" {
		texts = append(texts, s)
	}
	return texts, attributes
}

// afterBrace is after the brace that closes the one at i.
func afterBrace(s string, i int) int {
	depth, quoted := 0, byte(0)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case quoted != 0:
			if c == '\\' {
				i++
			} else if c == quoted {
				quoted = 0
			}
		case c == '\'' || c == '"' || c == '`':
			quoted = c
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// afterTag is after the > that ends the tag at i.
func afterTag(s string, i int) int {
	for quoted := byte(0); i < len(s); {
		switch c := s[i]; {
		case c == '{':
			i = afterBrace(s, i)
			continue
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '"' || c == '\'':
			quoted = c
		case c == '>':
			return i + 1
		}
		i++
	}
	return len(s)
}

func TestMarkupIsSeenAsAReaderSeesIt(t *testing.T) {
	texts, attributes := markup(`<script lang="ts">const a = 'x';</script><!-- no --><p title="Tip {x}" class="b">{t('a.b')} Lost {#if a > b}more{/if}</p><button onclick={() => a > 1} aria-label={t('x')}>{"}"}Go</button><code>vaactl lines</code>`)
	if !slices.Equal(texts, []string{"Lost  more", "Go"}) || len(attributes) != 1 || attributes[0] != [2]string{"title", "Tip "} {
		t.Errorf("%q %q", texts, attributes)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
