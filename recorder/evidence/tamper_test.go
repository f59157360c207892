package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

var full = flag.Bool("full", false, "a thousand changes instead of some dozens")

// A crime is one change to the files of an archive by somebody who has the disk
// and not the key. It says what it did, or nothing if it changed nothing.
type crime struct {
	name string
	do   func(c *scene) string
}

// A scene is an archive that is changed and put back.
type scene struct {
	*rig
	rnd   *rand.Rand
	names []string
	whole map[string][]byte
	older []map[string][]byte // as it was at its checkpoints
}

func (c *scene) restore(files map[string][]byte) {
	for _, name := range c.disk.Files() {
		if _, there := files[name]; !there {
			c.must(c.disk.Remove(name))
		}
	}
	for name, b := range files {
		c.disk.WriteFile(name, slices.Clone(b))
	}
}

func (c *scene) any(like string) string {
	all := slices.DeleteFunc(slices.Clone(c.names), func(n string) bool { ok, _ := path.Match(like, n); return !ok && like != "" })
	return all[c.rnd.IntN(len(all))]
}

// edit changes one file.
func (c *scene) edit(name string, f func(b []byte) []byte) string {
	b := f(slices.Clone(c.whole[name]))
	if bytes.Equal(b, c.whole[name]) {
		return ""
	}
	c.disk.WriteFile(name, b)
	return name
}

func swap(b []byte, size, i, k int) {
	x := slices.Clone(b[i*size : (i+1)*size])
	copy(b[i*size:], b[k*size:(k+1)*size])
	copy(b[k*size:], x)
}

const journals = "*/*/*/day.jsonl"

func crimes() []crime {
	return []crime{
		{"one bit", func(c *scene) string {
			return c.edit(c.any(""), func(b []byte) []byte {
				b[c.rnd.IntN(len(b))] ^= 1 << c.rnd.IntN(8)
				return b
			})
		}},
		{"one byte of audio", func(c *scene) string {
			return c.edit(c.any("*/*/*/*.wav"), func(b []byte) []byte { b[c.rnd.IntN(len(b))] += byte(1 + c.rnd.IntN(255)); return b })
		}},
		{"shortened", func(c *scene) string {
			return c.edit(c.any(""), func(b []byte) []byte { return b[:c.rnd.IntN(len(b))] })
		}},
		{"a recording lengthened", func(c *scene) string { // half a line or record behind a journal or the log is what a crash leaves
			return c.edit(c.any("*/*/*/01*"), func(b []byte) []byte {
				return append(b, bytes.Repeat([]byte{byte(c.rnd.IntN(256))}, 1+c.rnd.IntN(300))...)
			})
		}},
		{"a line added", func(c *scene) string {
			return c.edit(c.any(journals), func(b []byte) []byte { return append(b, split(c.whole[c.any(journals)])[0]...) })
		}},
		{"a file removed", func(c *scene) string { n := c.any(""); c.must(c.disk.Remove(n)); return n }},
		{"a file added", func(c *scene) string {
			n := path.Dir(c.any("*/*/*/*.wav")) + "/01JZZZZZZZ" + fmt.Sprintf("%016d", c.rnd.IntN(1e9)) + ".mixed.wav"
			c.disk.WriteFile(n, c.whole[c.any("*/*/*/*.wav")])
			return n
		}},
		{"two recordings swapped", func(c *scene) string {
			a, b := c.any("*/*/*/*.wav"), c.any("*/*/*/*.wav")
			if a == b {
				return ""
			}
			c.disk.WriteFile(a, slices.Clone(c.whole[b]))
			c.disk.WriteFile(b, slices.Clone(c.whole[a]))
			return a + " " + b
		}},
		{"two lines swapped", func(c *scene) string {
			return c.edit(c.any(journals), func(b []byte) []byte {
				ls := split(b)
				i, k := c.rnd.IntN(len(ls)), c.rnd.IntN(len(ls))
				ls[i], ls[k] = ls[k], ls[i]
				return []byte(strings.Join(ls, ""))
			})
		}},
		{"a line removed", func(c *scene) string {
			return c.edit(c.any(journals), func(b []byte) []byte {
				ls := split(b)
				i := c.rnd.IntN(len(ls))
				return []byte(strings.Join(slices.Delete(ls, i, i+1), ""))
			})
		}},
		{"a line twice", func(c *scene) string {
			return c.edit(c.any(journals), func(b []byte) []byte {
				ls := split(b)
				return []byte(strings.Join(slices.Insert(ls, c.rnd.IntN(len(ls)), ls[c.rnd.IntN(len(ls))]), ""))
			})
		}},
		{"a line forged, with its leaf", forge},
		{"two leaves swapped", func(c *scene) string {
			return c.edit("evidence/leaves", func(b []byte) []byte {
				n := len(b)/128 - 1
				swap(b, 128, 1+c.rnd.IntN(n), 1+c.rnd.IntN(n))
				return b
			})
		}},
		{"two hashes swapped", func(c *scene) string {
			return c.edit("evidence/hashes", func(b []byte) []byte {
				n := len(b)/32 - 1
				swap(b, 32, 1+c.rnd.IntN(n), 1+c.rnd.IntN(n))
				return b
			})
		}},
		{"a checkpoint removed", func(c *scene) string {
			return c.edit("checkpoints", func(b []byte) []byte {
				notes := evidence.ReadNotes(b)
				i := c.rnd.IntN(len(notes))
				return append(bytes.Join(slices.Delete(notes, i, i+1), []byte("\n")), '\n')
			})
		}},
		{"all put back as it was", func(c *scene) string {
			i := c.rnd.IntN(len(c.older) - 1) // not as it is
			c.restore(c.older[i])
			return fmt.Sprint("at checkpoint ", i+1)
		}},
		{"the log put back as it was", func(c *scene) string {
			i := c.rnd.IntN(len(c.older) - 1)
			for _, n := range []string{"evidence/leaves", "evidence/hashes", "checkpoints"} {
				c.disk.WriteFile(n, slices.Clone(c.older[i][n]))
			}
			return fmt.Sprint("at checkpoint ", i+1)
		}},
	}
}

// forge changes a number in a line, makes its checksum right, and its leaf too.
func forge(c *scene) string {
	name := c.any(journals)
	ls := split(slices.Clone(c.whole[name]))
	i := c.rnd.IntN(len(ls))
	was := strings.TrimSuffix(ls[i], "\n")
	body, _, _ := strings.Cut(was, `,"crc":"`)
	at := strings.Index(body, `"time":"20`) // every line has one
	forged := body[:at] + `"time":"19` + body[at+10:]
	forged = fmt.Sprintf(`%s,"crc":"%08x"}`, forged, crc32.Checksum([]byte(forged), crc32.MakeTable(crc32.Castagnoli)))
	ls[i] = forged + "\n"
	c.disk.WriteFile(name, []byte(strings.Join(ls, "")))
	a, b := sha256.Sum256([]byte(was)), sha256.Sum256([]byte(forged))
	c.edit("evidence/leaves", func(l []byte) []byte {
		return bytes.Replace(l, []byte(hex.EncodeToString(a[:])), []byte(hex.EncodeToString(b[:])), 1)
	})
	return fmt.Sprintf("%s line %d", name, i+1)
}

// TestAThousandRandomChangesAreAllFound changes one thing after the other, each
// time from the untouched archive: all are found, and the untouched one is not.
func TestAThousandRandomChangesAreAllFound(t *testing.T) {
	n := 96
	if *full {
		n = 1000
	}
	c := &scene{rig: newRig(t), rnd: rand.New(rand.NewPCG(7, 11)), whole: map[string][]byte{}}
	c.must(c.start())
	for k := range 24 {
		id := c.record(t0.Add(time.Duration(k)*4*time.Hour), false)
		c.now = t0.Add(time.Duration(k) * 4 * time.Hour)
		if k%3 == 0 {
			c.note(id, fmt.Sprint("note ", k))
		}
		if k%2 == 0 {
			c.must(evidence.Follow(c.l))
			c.must(c.l.Sign())
			at := map[string][]byte{}
			for _, name := range c.disk.Files() {
				at[name], _ = c.disk.ReadFile(name)
				at[name] = slices.Clone(at[name])
			}
			c.older = append(c.older, at)
		}
	}
	c.must(evidence.Follow(c.l))
	c.must(c.l.Sign())
	c.stop()
	for _, name := range c.disk.Files() {
		b, err := c.disk.ReadFile(name)
		c.must(err)
		if len(b) > 0 {
			c.names, c.whole[name] = append(c.names, name), slices.Clone(b)
		}
	}
	last, err := evidence.LastAnchor(c.keys)
	c.must(err)
	anchors := func(o *evidence.Options) { o.Anchors = [][]byte{last} }
	all := crimes()
	done, missed := map[string]int{}, map[string]int{}
	for k := 0; k < n; {
		one := all[c.rnd.IntN(len(all))]
		what := one.do(c)
		if what == "" {
			continue
		}
		k++
		done[one.name]++
		found, files, err := c.look(anchors)
		if found+files == 0 && err == nil {
			missed[one.name]++
			t.Errorf("%s: %s: nothing is found", one.name, what)
		}
		c.restore(c.whole)
		if k%16 == 0 {
			if found, files, err := c.look(anchors); found+files > 0 || err != nil {
				t.Fatalf("untouched after %s of %s: %d findings, %d files, %v", one.name, what, found, files, err)
			}
		}
	}
	for _, one := range all {
		t.Logf("%-32s %4d, not found %d", one.name, done[one.name], missed[one.name])
	}
}

// look verifies and counts; an error of reading is no silence either.
func (c *scene) look(change func(*evidence.Options)) (found, files int, err error) {
	reader, err := archive.OpenReadOnly("", c.disk)
	if err != nil {
		return 0, 0, err
	}
	keys, err := evidence.PublicKeys(c.keys)
	c.must(err)
	o := evidence.Options{Reader: reader, Disk: c.disk, Keys: keys, Now: c.now.Add(time.Hour), Found: func(evidence.Finding) { found++ },
		File: func(_ archive.Day, _ string, check archive.Check) {
			if !check.OK {
				files++
			}
		}}
	change(&o)
	_, err = evidence.Verify(c.Context(), o)
	return found, files, err
}
