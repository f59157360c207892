package main

import (
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"vaad/ci/licence"
)

// A module is what a program was linked with, or a page bundled.
type module struct {
	kind, path, version, sum string // kind: golang, npm
	family, text             string // of its licence
	holders                  []string
}

// debian has Debian's names of families that it names otherwise; GPLs are none that is linked.
var debian = map[string]string{"MIT": "Expat", "AGPL": "", "LGPL": "", "GPL": ""}

// modules are all of all programs, of Go itself and of the console's pages.
func (j job) modules() ([]module, error) {
	programs, _ := filepath.Glob(filepath.Join(j.binaries, "vaa*"))
	linked := map[string]module{}
	goVersion := ""
	for _, p := range programs {
		info, err := buildinfo.ReadFile(p)
		if err != nil {
			return nil, err
		}
		goVersion = info.GoVersion
		for _, d := range info.Deps {
			if d.Replace != nil {
				d = d.Replace
			}
			linked[d.Path] = module{kind: "golang", path: d.Path, version: d.Version, sum: d.Sum}
		}
	}
	if len(linked) == 0 {
		return nil, errors.New("no program says what it was linked with")
	}
	out, err := exec.Command("go", "env", "GOMODCACHE", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	where := strings.Fields(string(out))
	var all []module
	for _, m := range linked {
		if err := m.read(licence.Folder(where[0], m.path, m.version)); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	std := module{kind: "golang", path: "std", version: goVersion}
	if err := std.read(where[1]); err != nil {
		return nil, err
	}
	all = append(all, std)
	pages, err := j.bundled()
	if err != nil {
		return nil, err
	}
	all = append(all, pages...)
	sort.Slice(all, func(a, b int) bool { return all[a].kind+all[a].path < all[b].kind+all[b].path })
	return all, nil
}

// bundled are the npm packages whose licences stand beside the built pages, by
// package-lock.json; their texts are in console/web/dist when it was built.
func (j job) bundled() (out []module, err error) {
	var pack struct{ Dependencies map[string]string }
	b, err := os.ReadFile(filepath.Join(j.source, "console/web/package.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &pack); err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct {
			Version, Integrity, License string
			Dependencies                map[string]string
		}
	}
	if b, err = os.ReadFile(filepath.Join(j.source, "console/web/package-lock.json")); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &lock); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		p, ok := lock.Packages["node_modules/"+name]
		if seen[name] || !ok {
			return
		}
		seen[name] = true
		family := map[string]string{"MIT": "Expat", "BSD-3-Clause": "BSD-3-clause", "BSD-2-Clause": "BSD-2-clause"}[p.License]
		if family == "" {
			family = p.License
		}
		out = append(out, module{kind: "npm", path: name, version: p.Version, sum: p.Integrity, family: family, text: plain[family], holders: []string{"The authors of " + name}})
		for d := range p.Dependencies {
			add(d)
		}
	}
	for name := range pack.Dependencies {
		add(name)
	}
	add("svelte") // its runtime is in the pages
	for _, m := range out {
		if m.text == "" && m.family != "Apache-2.0" {
			return nil, fmt.Errorf("npm package %s: no text of the licence %q", m.path, m.family)
		}
	}
	return out, nil
}

// read finds the licence of a module in its folder.
func (m *module) read(dir string) error {
	family, text := licence.Of(dir)
	if name, other := debian[family]; other {
		family = name
	}
	if family == "" {
		return fmt.Errorf("%s@%s: no licence that is known in %s", m.path, m.version, dir)
	}
	if family == "BSD" {
		family = "BSD-2-clause"
		if strings.Contains(strings.Join(strings.Fields(text), " "), "Neither the name") {
			family = "BSD-3-clause"
		}
	}
	m.family, m.text = family, strings.TrimSpace(strings.ReplaceAll(text, "\r", ""))
	m.holders = holders(m.text)
	if len(m.holders) == 0 {
		m.holders = []string{"The authors of " + m.path}
	}
	return nil
}

// holders are the lines that say whose it is.
func holders(text string) (out []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "*#/"))
		low := strings.ToLower(line)
		if !strings.HasPrefix(low, "copyright ") || strings.ContainsAny(line, "[{") || strings.HasPrefix(low, "copyright notice") ||
			strings.HasPrefix(low, "copyright owner") || strings.HasPrefix(low, "copyright holder") || strings.HasPrefix(low, "copyright and") || strings.HasPrefix(low, "copyright license") {
			continue
		}
		line = strings.TrimSpace(strings.NewReplacer("(c)", "", "(C)", "", "©", "").Replace(line[len("copyright "):]))
		if line = strings.TrimSuffix(line, "."); line != "" && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}
