package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// plain are texts of licences for what comes without.
var plain = map[string]string{
	"Expat": `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
	"BSD-3-clause": `Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
following conditions are met: (1) redistributions of source code must retain the above copyright notice, this list of
conditions and the following disclaimer; (2) redistributions in binary form must reproduce the above copyright notice, this
list of conditions and the following disclaimer in the documentation and/or other materials provided with the distribution;
(3) neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products
derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING,
BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO
EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR
CONSEQUENTIAL DAMAGES ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`,
}

const apache = `On Debian systems the text of the Apache License, version 2.0, is in /usr/share/common-licenses/Apache-2.0.`

// copyright writes the machine-readable file (DEP-5): ours, and one paragraph per module.
func (j job) copyright(mods []module) error {
	var b, texts bytes.Buffer
	fmt.Fprintf(&b, "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: vaad\n\n")
	fmt.Fprintf(&b, "Files: *\nCopyright: the authors of vaad\nLicense: Apache-2.0\n")
	fmt.Fprintf(&texts, "\nLicense: Apache-2.0\n %s\n", apache)
	names := map[string]string{} // hash of the text → name that a paragraph refers to
	for _, m := range mods {
		name := m.family
		if m.family != "Apache-2.0" {
			sum := sha256.Sum256([]byte(m.text))
			key := hex.EncodeToString(sum[:])
			if names[key] == "" {
				names[key] = m.family + "~" + key[:8]
				if m.family == "MPL-2.0" {
					m.text = "On Debian systems the text of the Mozilla Public License, version 2.0, is in\n/usr/share/common-licenses/MPL-2.0. The sources of this module, unchanged, are at https://" + m.path + "."
				}
				fmt.Fprintf(&texts, "\nLicense: %s\n%s", names[key], indented(m.text))
			}
			name = names[key]
		}
		fmt.Fprintf(&b, "\nFiles: %s/%s@%s/*\nCopyright: %s\nLicense: %s\nComment: linked into the programs, or part of the console's pages.\n",
			m.kind, m.path, m.version, strings.Join(m.holders, "\n "), name)
	}
	return j.write("usr/share/doc/vaad/copyright", append(b.Bytes(), texts.Bytes()...))
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text + "\n") {
		if line = strings.TrimRight(line, " \t\n\f"); line == "" {
			line = "."
		}
		b.WriteString(" " + strings.TrimPrefix(line, "\f") + "\n")
	}
	return b.String()
}

// bill writes the bill of materials (CycloneDX 1.5).
func (j job) bill(mods []module) error {
	type hash struct {
		Alg     string `json:"alg"`
		Content string `json:"content"`
	}
	type licence struct {
		License map[string]string `json:"license"`
	}
	type component struct {
		Type     string    `json:"type"`
		Name     string    `json:"name"`
		Version  string    `json:"version"`
		PURL     string    `json:"purl,omitempty"`
		Licenses []licence `json:"licenses,omitempty"`
		Hashes   []hash    `json:"hashes,omitempty"`
		Props    []any     `json:"properties,omitempty"`
	}
	spdx := map[string]string{"Expat": "MIT", "BSD-3-clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause"}
	var parts []component
	programs, _ := filepath.Glob(filepath.Join(j.binaries, "vaa*"))
	sort.Strings(programs)
	for _, p := range programs {
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		parts = append(parts, component{Type: "application", Name: filepath.Base(p), Version: j.version, Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
			Licenses: []licence{{map[string]string{"id": "Apache-2.0"}}}})
	}
	for _, m := range mods {
		id := m.family
		if s := spdx[id]; s != "" {
			id = s
		}
		c := component{Type: "library", Name: m.path, Version: m.version, PURL: "pkg:" + m.kind + "/" + strings.ReplaceAll(m.path, "@", "%40") + "@" + m.version,
			Licenses: []licence{{map[string]string{"id": id}}}}
		if m.sum != "" {
			c.Props = append(c.Props, map[string]string{"name": "sum", "value": m.sum})
		}
		parts = append(parts, c)
	}
	out, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
		"metadata": map[string]any{"timestamp": j.when.Format(time.RFC3339),
			"component": map[string]string{"type": "application", "name": "vaad", "version": j.version}},
		"components": parts,
	}, "", " ")
	if err != nil {
		return err
	}
	return j.write("usr/share/doc/vaad/vaad.cdx.json", append(out, '\n'))
}

// changelog writes Debian's, and ours of what is new.
func (j job) changelog() error {
	deb := fmt.Sprintf("vaad (%s) stable; urgency=medium\n\n  * What is new: /usr/share/doc/vaad/NEWS.md.\n\n -- vaad maintainers <vaad@vaad.invalid>  %s\n",
		j.version, j.when.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	if err := j.write("usr/share/doc/vaad/changelog", []byte(deb)); err != nil {
		return err
	}
	names, _ := filepath.Glob(filepath.Join(j.source, "changelog/*/*.md"))
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	var b bytes.Buffer
	b.WriteString("# What is new\n")
	last := ""
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			return err
		}
		if v := filepath.Base(filepath.Dir(n)); v != last {
			fmt.Fprintf(&b, "\n## %s\n", v)
			last = v
		}
		fmt.Fprintf(&b, "\n**%s.** %s\n", strings.TrimSuffix(filepath.Base(n), ".md"), strings.TrimSpace(string(text)))
	}
	return j.write("usr/share/doc/vaad/NEWS.md", b.Bytes())
}
