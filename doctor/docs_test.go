package doctor

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"vaad/api/text"
)

var update = flag.Bool("update", false, "write the generated part of docs/doctor.md")

// entries is the part of the page that the catalogue makes.
func entries() string {
	var b strings.Builder
	words := func(lang, key string) string {
		s := text.Text(lang, key, nil)
		// {name} is set as NAME: it is no part of the words.
		return strings.NewReplacer("{", "*‹", "}", "›*").Replace(s)
	}
	stop := func(s string) string {
		if last := s[len(s)-1]; last == '.' || strings.HasSuffix(s, "。") {
			return s
		}
		return s + "."
	}
	for _, s := range []struct {
		severity Severity
		title    string
	}{{Fault, "Faults · 故障"}, {Warning, "Warnings · 警告"}, {Note, "Notes · 提示"}} {
		fmt.Fprintf(&b, "## %s\n", s.title)
		for _, k := range Table() {
			if k.Severity != s.severity {
				continue
			}
			key := "doctor." + k.Code
			fmt.Fprintf(&b, "\n### %s\n\n* **You see** %s\n* **It means** %s\n* **Do** %s\n", k.Code,
				stop(words(text.English, key)), words(text.English, key+".means"), stop(words(text.English, key+".remedy")))
			fmt.Fprintf(&b, "\n* **现象**：%s。\n* **含义**：%s\n* **处理**：%s\n", words(text.Chinese, key), words(text.Chinese, key+".means"), words(text.Chinese, key+".remedy"))
		}
		b.WriteByte('\n')
	}
	b.WriteString("## In order · 正常\n\n| code · 代码 | | |\n|---|---|---|\n")
	for _, k := range Table() {
		if k.Severity == OK {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Code, words(text.English, "doctor."+k.Code), words(text.Chinese, "doctor."+k.Code))
		}
	}
	return b.String()
}

func TestThePageHasEveryFinding(t *testing.T) {
	const file, begin, end = "../docs/doctor.md", "<!-- findings: from the message catalogue -->\n", "<!-- /findings -->"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	at, to := strings.Index(page, begin), strings.Index(page, end)
	if at < 0 || to < at {
		t.Fatal("the marks around the generated part are missing")
	}
	at += len(begin)
	if want := entries(); page[at:to] != want {
		if !*update {
			t.Fatal("docs/doctor.md is not what the catalogue says; run: go test ./doctor -run ThePage -update")
		}
		if err := os.WriteFile(file, []byte(page[:at]+want+page[to:]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
