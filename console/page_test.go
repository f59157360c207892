package console

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vaad/api/text"
)

// sourcesOf reads the embedded page.
func sourcesOf(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(pageFiles, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(pageFiles, name)
		all[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPageUsesOnlyTextsThatExist(t *testing.T) {
	keys := text.Keys(text.English)
	used := map[string]bool{}
	for name, src := range sourcesOf(t) {
		for _, m := range regexp.MustCompile(`(?:t\(|data-t(?:-label)?=|part\()["'](page\.[a-z-]+)["']`).FindAllStringSubmatch(src, -1) {
			used[m[1]] = true
		}
		for _, m := range regexp.MustCompile(`'(page\.[a-z-]+)'`).FindAllStringSubmatch(src, -1) {
			used[m[1]] = true
		}
		if strings.Contains(src, "data-t=\"\"") {
			t.Errorf("%s: an empty data-t", name)
		}
	}
	for k := range used {
		if !slices.Contains(keys, k) {
			t.Errorf("the page uses %s, which has no text", k)
		}
	}
	if len(used) < 60 {
		t.Errorf("only %d texts were found: is the test looking at the page?", len(used))
	}
}

func TestPageLoadsNothingFromElsewhere(t *testing.T) {
	for name, src := range sourcesOf(t) {
		for _, m := range regexp.MustCompile(`(?i)https?://[^"'\s)]+`).FindAllString(src, -1) {
			if m != "http://www.w3.org/2000/svg" {
				t.Errorf("%s names %s: the page must work without the Internet", name, m)
			}
		}
		for _, forbidden := range []string{"innerHTML", "eval(", "document.write", "onclick=\"", " style=\""} {
			if strings.Contains(src, forbidden) {
				t.Errorf("%s has %s, which the content security policy forbids or which may run what a caller sent", name, forbidden)
			}
		}
	}
}

func TestPageImportsOnlyItsOwnModules(t *testing.T) {
	all := sourcesOf(t)
	for name, src := range all {
		for _, m := range regexp.MustCompile(`(?m)^import [^;]*from '\./([a-z]+\.js)';`).FindAllStringSubmatch(src, -1) {
			other, ok := all["page/static/"+m[1]]
			if !ok {
				t.Errorf("%s imports %s, which is not there", name, m[1])
				continue
			}
			names := regexp.MustCompile(`import \{([^}]*)\} from '\./` + regexp.QuoteMeta(m[1])).FindStringSubmatch(m[0])
			if names == nil {
				continue
			}
			for _, n := range strings.Split(names[1], ",") {
				n, _, _ = strings.Cut(strings.TrimSpace(n), " as ")
				if !regexp.MustCompile(`export (?:async )?(?:function|const|let) `+regexp.QuoteMeta(n)+`\b`).MatchString(strings.ReplaceAll(other, "$", "S")) &&
					!strings.Contains(other, "export const "+n+" ") {
					t.Errorf("%s imports %s from %s, which does not export it", name, n, m[1])
				}
			}
		}
	}
}

func TestPageIconsExist(t *testing.T) {
	all := sourcesOf(t)
	index := all["page/static/index.html"]
	for name, src := range all {
		for _, m := range regexp.MustCompile(`icon\('([a-z]+)'\)`).FindAllStringSubmatch(src, -1) {
			if !strings.Contains(index, `id="i-`+m[1]+`"`) {
				t.Errorf("%s uses the icon %s, which is not drawn", name, m[1])
			}
		}
	}
}

func TestCatalogueOfThePageIsJSON(t *testing.T) {
	p, err := newPage()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range text.Languages() {
		var m map[string]string
		if err := json.Unmarshal(p.files["/text/"+lang+".json"].body, &m); err != nil || m["page.lines"] == "" {
			t.Errorf("%s: %v", lang, err)
		}
	}
}
