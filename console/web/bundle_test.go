package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vaad/api/text"
)

// firstScreen is how much a browser may have to fetch before it shows the lines, compressed.
const firstScreen = 300_000

// chunk is an entry of Vite's manifest.
type chunk struct {
	File           string   `json:"file"`
	CSS            []string `json:"css"`
	Assets         []string `json:"assets"`
	Imports        []string `json:"imports"`
	DynamicImports []string `json:"dynamicImports"`
	IsEntry        bool     `json:"isEntry"`
}

func built(t *testing.T) (files map[string][]byte, chunks map[string]chunk) {
	t.Helper()
	files = map[string][]byte{}
	dist := Files()
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(dist, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(files["manifest.json"], &chunks); err != nil {
		t.Fatalf("manifest.json: %v", err)
	}
	return files, chunks
}

// homeScreen is the source of the screen that a visitor lands on.
func homeScreen(t *testing.T) string {
	t.Helper()
	src := string(readFile(t, "src/routes.ts"))
	home := regexp.MustCompile(`export const home = '([^']+)'`).FindStringSubmatch(src)
	if home == nil {
		t.Fatal("src/routes.ts does not say where a visitor lands")
	}
	at := regexp.MustCompile(`path: '` + regexp.QuoteMeta(home[1]) + `'[^}]*?import\('\./([^']+)'\)`)
	lists, err := filepath.Glob("src/screens/*/routes.ts")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		if m := at.FindStringSubmatch(string(readFile(t, list))); m != nil {
			return filepath.ToSlash(filepath.Join(filepath.Dir(list), m[1]))
		}
	}
	t.Fatalf("no src/screens/*/routes.ts has a screen at %s", home[1])
	return ""
}

func TestFirstScreenIsSmall(t *testing.T) {
	files, chunks := built(t)
	home := homeScreen(t)
	for _, lang := range text.Languages() {
		need := map[string]bool{"index.html": true}
		var take func(key string)
		take = func(key string) {
			c, ok := chunks[key]
			if !ok {
				t.Fatalf("the manifest does not have %s: is dist older than the sources?", key)
			}
			if need[c.File] {
				return
			}
			need[c.File] = true
			for _, f := range slices.Concat(c.CSS, c.Assets) {
				need[f] = true
			}
			for _, k := range c.Imports {
				take(k)
			}
		}
		for key, c := range chunks {
			if c.IsEntry || key == home || key == "src/words/"+lang+".ts" || strings.HasPrefix(key, "src/words/") && strings.HasSuffix(key, "."+lang+".json") {
				take(key)
			}
		}
		all, _ := text.Catalogue(lang)
		total := packed(t, all)
		for name := range need {
			n := packed(t, files[name])
			total += n
			t.Logf("%s %6d %s", lang, n, name)
		}
		t.Logf("%s %6d in all", lang, total)
		if total > firstScreen {
			t.Errorf("the first screen takes %d bytes compressed, at most %d: load what is heavy when it is needed", total, firstScreen)
		}
	}
}

func packed(t *testing.T, b []byte) int {
	t.Helper()
	var to bytes.Buffer
	z, err := gzip.NewWriterLevel(&to, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Len()
}

// named are addresses that stand in the files and are never asked: names of XML, and where messages of errors are explained.
var named = regexp.MustCompile(`^(https?://www\.w3\.org/|https://svelte\.dev/e/|https?://(localhost|127\.0\.0\.1|a|x|HOST)\b)`)

func TestBuiltPagesNameNothingElsewhere(t *testing.T) {
	files, _ := built(t)
	address := regexp.MustCompile("(?i)\\b(?:https?|wss?)://[^\\s\"'`)<>\\\\]+|@import\\s+[\"'][^\"']*|url\\(\\s*[\"']?(?:data:|//)[^)]*")
	for name, b := range files {
		for _, m := range address.FindAllString(string(b), -1) {
			if !named.MatchString(m) {
				t.Errorf("%s names %.80s: the page must work without the Internet", name, m)
			}
		}
	}
}

func TestBuiltPagesDoNothingThatThePolicyForbids(t *testing.T) {
	files, _ := built(t)
	for name, b := range files {
		switch path.Ext(name) {
		case ".html":
			for _, bad := range []string{`<style`, ` style=`, ` onclick=`, ` onload=`} {
				if bytes.Contains(b, []byte(bad)) {
					t.Errorf("%s has %s", name, bad)
				}
			}
			if m := regexp.MustCompile(`<script(?:\s[^>]*)?>\s*[^<\s]`).Find(b); m != nil {
				t.Errorf("%s has a script inside: %s", name, m)
			}
		case ".js":
			if m := regexp.MustCompile(`\bnew Function\(|[^.\w]eval\(|document\.write\(`).Find(b); m != nil {
				t.Errorf("%s has %s", name, m)
			}
		}
	}
}

// TestSourcesPutNoMarkupIntoThePage looks at what the screens are written in.
func TestSourcesPutNoMarkupIntoThePage(t *testing.T) {
	for name, src := range pageSources(t) {
		for _, bad := range []string{"{@html", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", ` style="`, "eval(", "new Function"} {
			if strings.Contains(src, bad) {
				t.Errorf("%s has %s: what others have sent could run", name, strings.TrimSpace(bad))
			}
		}
	}
}
