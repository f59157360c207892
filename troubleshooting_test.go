package vaad_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vaad/alarm"
	"vaad/api/text"
)

var update = flag.Bool("update", false, "write the generated parts of documents")

const troubleshooting = "docs/troubleshooting.md"

// entries are the parts of the page below each heading of the third level.
func entries(page string) map[string]string {
	all := map[string]string{}
	for _, part := range strings.Split(page, "\n### ")[1:] {
		code, body, _ := strings.Cut(part, "\n")
		body, _, _ = strings.Cut(body, "\n## ")
		all[code] = body
	}
	return all
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wanted is what every entry says, in both languages.
var wanted = []string{"* **You see** ", "* **It means** ", "* **Do** ", "* **Metric** ",
	"* **现象**：", "* **含义**：", "* **处理**：", "* **指标**："}

func TestTroubleshootingHasAnEntryForEveryAlarm(t *testing.T) {
	all := entries(readPage(t, troubleshooting))
	severities := map[alarm.Severity][2]string{alarm.Warning: {"warning", "警告"}, alarm.Critical: {"critical", "严重"}}
	for _, k := range alarm.Table() {
		e, ok := all[k.Code]
		if !ok {
			t.Errorf("no entry for the alarm %s", k.Code)
			continue
		}
		en, zh := "** · "+severities[k.Severity][0], "** · "+severities[k.Severity][1]
		if k.Momentary {
			en, zh = en+" · momentary", zh+" · 瞬时"
		}
		for _, s := range []string{en + "\n", zh + "\n"} {
			if !strings.Contains(e, s) {
				t.Errorf("%s: does not say %q", k.Code, s)
			}
		}
	}
}

func TestTroubleshootingSaysEverythingInBothLanguages(t *testing.T) {
	for code, e := range entries(readPage(t, troubleshooting)) {
		for _, s := range wanted {
			if strings.Count(e, s) != 1 {
				t.Errorf("%s: %q is there %d times", code, s, strings.Count(e, s))
			}
		}
	}
}

// Links within the page must lead somewhere, and metrics must be real ones.
func TestTroubleshootingNamesWhatThereIs(t *testing.T) {
	page := readPage(t, troubleshooting)
	all := entries(page)
	for _, m := range regexp.MustCompile(`\]\(#([a-z-]+)\)`).FindAllStringSubmatch(page, -1) {
		if _, ok := all[m[1]]; !ok && !strings.Contains(page, `<a id="`+m[1]+`">`) {
			t.Errorf("#%s leads nowhere", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([a-z-]+\.md)\)`).FindAllStringSubmatch(page, -1) {
		if _, err := os.Stat("docs/" + m[1]); err != nil {
			t.Error(err)
		}
	}
	known := metricNames(t)
	for _, m := range regexp.MustCompile(`vaad_[a-z_]+`).FindAllString(page, -1) {
		if !known[m] {
			t.Errorf("no metric %s is declared", m)
		}
	}
}

// A command that the page tells people to type is one that there is.
func TestTroubleshootingNamesCommandsThatThereAre(t *testing.T) {
	page := readPage(t, troubleshooting)
	for _, prog := range []string{"vaad", "vaactl"} {
		src := readPage(t, "cmd/"+prog+"/main.go")
		for _, m := range regexp.MustCompile("`"+prog+" ([a-z]+)").FindAllStringSubmatch(page, -1) {
			if !regexp.MustCompile(`(?m)^\t(?i:` + m[1] + `) +\w+Cmd\b`).MatchString(src) {
				t.Errorf("%s has no command %s", prog, m[1])
			}
		}
	}
}

// metricNames are the string constants of the sources that are, or make, the
// name of a metric.
func metricNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	sources(t, parser.SkipObjectResolution, func(_, file string, f *ast.File, _ *token.FileSet) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					names["vaad_"+strings.TrimPrefix(s, "vaad_")] = true
					names["vaad_"+strings.TrimPrefix(s, "vaad_")+"_seconds"] = true
				}
			}
			return true
		})
	})
	return names
}

// problems is the table of the API's answers, from the message catalogue.
func problems(all map[string]string) string {
	var b strings.Builder
	b.WriteString("| code · 代码 | meaning and remedy | 含义与处理 |\n|---|---|---|\n")
	for _, key := range text.Keys(text.English) {
		code, ok := strings.CutPrefix(key, "problem.")
		if !ok || strings.Contains(code, ".") {
			continue
		}
		cell := fmt.Sprintf("<a id=%q></a>`%s`", code, code)
		if _, ok := all[code]; ok {
			cell = fmt.Sprintf("[`%s`](#%s)", code, code)
		}
		fmt.Fprintf(&b, "| %s ", cell)
		for _, lang := range []string{text.English, text.Chinese} {
			title := text.Text(lang, key, nil)
			stop := map[string]string{text.English: ". ", text.Chinese: "。"}[lang]
			fmt.Fprintf(&b, "| %s%s%s ", title, stop, strings.ReplaceAll(text.Text(lang, key+".remedy", nil), "|", "\\|"))
		}
		b.WriteString("|\n")
	}
	return b.String()
}

func TestTroubleshootingListsTheAnswersOfTheAPI(t *testing.T) {
	page := readPage(t, troubleshooting)
	const begin, end = " from the message catalogue -->\n", "<!-- /problems -->"
	at, to := strings.Index(page, begin), strings.Index(page, end)
	if at < 0 || to < at {
		t.Fatal("the marks around the generated table are missing")
	}
	at += len(begin)
	want := problems(entries(page))
	if *update {
		page = page[:at] + want + page[to:]
		if err := os.WriteFile(troubleshooting, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page[at:to] != want {
		t.Errorf("the table of the API's answers is not the catalogue's; run: go test . -run TestTroubleshooting -update")
	}
	if !slices.Contains(text.Keys(text.English), "problem.internal") {
		t.Error("the catalogue names its problems otherwise: the table is empty")
	}
}
