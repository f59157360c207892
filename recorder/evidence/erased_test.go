package evidence_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/evidence"
)

// erased is small, with one recording erased and one forgotten.
func erased(t testing.TB) (*rig, []string, []archive.JournalLine) {
	r, ids := small(t)
	r.must(r.start())
	var lines []archive.JournalLine
	for i, act := range []archive.Act{{ID: ids[1], Actor: "li"}, {ID: ids[0], Actor: "li", Value: "asked for", Forget: true}, {ID: ids[2], Forget: true}} {
		d := r.a.EraseAll(context.Background(), []archive.Act{act}, nil)[0]
		r.must(d.Err)
		if i == 0 {
			r.must(evidence.Follow(r.l))
		}
		lines = append(lines, d.Line)
	}
	return r, ids, lines
}

func TestLawfulErasureIsNoTampering(t *testing.T) {
	r, ids, _ := erased(t)
	r.stop()
	sum, found, files := r.verify(nil)
	if len(found)+len(files) > 0 {
		t.Errorf("found %v, files %v", found, files)
	}
	// Forgotten are the seal, two notes; and of the simulated one two lines that have no leaves.
	if sum.Erased != 3 || sum.Redacted != 3 || sum.Recordings != 3 || sum.Leaves != 11 || sum.Covered != 11 {
		t.Errorf("%+v", sum)
	}
	b, err := r.disk.ReadFile(day1)
	r.must(err)
	if s := string(b); strings.Contains(s, "note 0") || strings.Contains(s, "a day later") || !strings.Contains(s, "note 1") {
		t.Errorf("journal after forgetting %s:\n%s", ids[0], s)
	}
	r.now = r.now.Add(time.Hour)
	r.must(r.start())
	if up := r.alarms.codes(); len(up) > 0 {
		t.Errorf("alarms after a start: %v", up)
	}
	r.stop()
}

func TestWhatIsForgottenBeforeTheLogHasItIsLawfulToo(t *testing.T) {
	r := newRig(t)
	r.must(r.start())
	id := r.record(t0, false)
	r.note(id, "secret")
	r.must(r.a.EraseAll(context.Background(), []archive.Act{{ID: id, Forget: true}}, nil)[0].Err)
	other := r.record(t0.Add(time.Minute), false)
	r.must(evidence.Follow(r.l))
	r.note(other, "x")
	r.stop()
	if sum, found, files := r.verify(nil); len(found)+len(files) > 0 || sum.Leaves != 5 || sum.Erased != 1 {
		t.Errorf("found %v, files %v, %+v", found, files, sum)
	}
}

func TestForgettingWhatWasErasedBeforeIsLawful(t *testing.T) {
	r, ids, _ := erased(t)
	r.must(r.a.EraseAll(context.Background(), []archive.Act{{ID: ids[1], Day: "2026-11-22", Forget: true}}, nil)[0].Err)
	r.must(evidence.Follow(r.l))
	r.stop()
	if sum, found, files := r.verify(nil); len(found)+len(files) > 0 || sum.Erased != 3 || sum.Redacted != 5 {
		t.Errorf("found %v, files %v, %+v", found, files, sum)
	}
}

// TestUnlawfulErasureIsFound takes things away as an intruder would.
func TestUnlawfulErasureIsFound(t *testing.T) {
	cut := func(r *rig, f func([]string) []string) {
		b, err := r.disk.ReadFile(day1)
		r.must(err)
		r.disk.WriteFile(day1, []byte(strings.Join(f(split(b)), "")))
	}
	for name, c := range map[string]struct {
		do    func(r *rig, ids []string)
		want  []evidence.Kind
		files int
	}{
		"files removed": {func(r *rig, ids []string) {
			r.must(r.disk.Remove("2026/11/22/" + ids[3] + ".mixed.wav"))
		}, nil, 1},
		"a line redacted without an erasure": {func(r *rig, ids []string) {
			// The lines of what was forgotten, made to speak of another recording.
			whole := split(must(r.disk.ReadFile(day1)))
			r2 := redactedCopy(r, ids[3])
			mine := split(must(r2.disk.ReadFile(day1)))
			cut(r, func(ls []string) []string {
				for i := range whole {
					if strings.Contains(whole[i], ids[3]) {
						ls[i] = mine[i]
					}
				}
				return ls
			})
		}, []evidence.Kind{evidence.Changed, evidence.Changed}, 0},
		"an erasure written by hand": {func(r *rig, ids []string) {
			r2 := redactedCopy(r, ids[3])
			cut(r, func([]string) []string { return split(must(r2.disk.ReadFile(day1))) })
			r.must(r.disk.Remove("2026/11/22/" + ids[3] + ".mixed.wav"))
			r.must(r.disk.Remove("2026/11/22/" + ids[3] + ".jsonl"))
		}, []evidence.Kind{evidence.Changed, evidence.Changed, evidence.Uncovered}, 0},
		"lines of what was only erased redacted": {func(r *rig, ids []string) {
			r2, n := redactedCopy(r, ids[1]), len(split(must(r.disk.ReadFile(day1))))
			cut(r, func([]string) []string { return split(must(r2.disk.ReadFile(day1)))[:n] })
		}, []evidence.Kind{evidence.Changed, evidence.Changed}, 0},
		"the erase line removed": {func(r *rig, ids []string) {
			cut(r, func(ls []string) []string {
				return slices.DeleteFunc(ls, func(l string) bool { return strings.Contains(l, `"erase"`) && strings.Contains(l, ids[0]) })
			})
		}, []evidence.Kind{evidence.Changed, evidence.Changed, evidence.Changed, evidence.Removed}, 0},
		"a redacted line removed": {func(r *rig, ids []string) {
			cut(r, func(ls []string) []string { return ls[1:] })
		}, []evidence.Kind{evidence.Removed}, 0},
		"an erased file put back": {func(r *rig, ids []string) {
			r.disk.WriteFile("2026/11/22/"+ids[1]+".mixed.wav", []byte("x"))
		}, []evidence.Kind{evidence.FileAdded}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, ids, _ := erased(t)
			r.stop()
			c.do(r, ids)
			_, found, files := r.verify(nil)
			var kinds []evidence.Kind
			for _, f := range found {
				kinds = append(kinds, f.Kind)
			}
			slices.Sort(kinds)
			slices.Sort(c.want)
			if !slices.Equal(kinds, c.want) || len(files) != c.files {
				t.Errorf("found %v, files %v; want %v and %d files", found, files, c.want, c.files)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// redactedCopy is what the disk would be if somebody who can write to it, and has
// no key, forgot a recording.
func redactedCopy(r *rig, id string) *rig {
	c := &rig{TB: r.TB, disk: memdisk.New(), keys: r.keys, now: r.now}
	for _, name := range r.disk.Files() {
		c.disk.WriteFile(name, must(r.disk.ReadFile(name)))
	}
	a, err := archive.Open(archive.Config{Disk: c.disk, Now: func() time.Time { return c.now }})
	r.must(err)
	defer func() { r.must(a.Close()) }()
	r.must(a.EraseAll(context.Background(), []archive.Act{{ID: id, Day: "2026-11-22", Forget: true}}, nil)[0].Err)
	return c
}

func TestErasuresAreProvenToWhoeverAsked(t *testing.T) {
	r, ids, lines := erased(t)
	leaves, checkpoint, err := r.l.ProveErased(context.Background(), lines)
	r.must(err)
	if len(leaves) != 2 || leaves[0].ID != ids[1] || leaves[1].ID != ids[0] {
		t.Fatalf("leaves %+v, want those of the two that are not simulated", leaves)
	}
	r.stop()
	type item struct {
		ID   string              `json:"id"`
		Day  archive.Day         `json:"day"`
		Leaf *archive.ErasedLeaf `json:"leaf,omitempty"`
	}
	items := []item{{ids[1], "2026-11-22", &leaves[0]}, {ids[0], "2026-11-22", &leaves[1]}, {ids[2], "2026-11-22", nil}}
	doc := func() []byte {
		return must(json.Marshal(map[string]any{"v": 1, "erased": items, "checkpoint": checkpoint}))
	}
	keys := must(evidence.PublicKeys(r.keys))
	good := doc()
	e, err := evidence.CheckErasure(good, keys)
	if err != nil || e.Proven != 2 || e.Unproven != 1 {
		t.Errorf("checked: %+v, %v", e, err)
	}
	if _, err := evidence.CheckErasure(good, []string{"other+68dbf2eb+AX2C7Lyu4jPWUp8vWb4z2yK3VQhmCP6FGMYfGZgKQnV7"}); err == nil {
		t.Error("a key that nobody trusts is taken")
	}
	for name, change := range map[string]func(){
		"another recording": func() { items[0].ID = ids[3] },
		"another leaf":      func() { items[0].Leaf = &leaves[1] },
		"another index":     func() { l := leaves[0]; l.Index++; items[0].Leaf = &l },
		"a record changed": func() {
			l := leaves[0]
			l.Record = strings.Replace(l.Record, "erase", "trash", 1)
			items[0].Leaf = &l
		},
		"a proof cut": func() { l := leaves[0]; l.Proof = l.Proof[1:]; items[0].Leaf = &l },
	} {
		was := items[0]
		change()
		if _, err := evidence.CheckErasure(doc(), keys); err == nil {
			t.Errorf("%s: nothing is wrong", name)
		}
		items[0] = was
	}
}

// FuzzCheckErasure: whatever a document says, it is checked without a panic, and
// proves nothing that the checkpoint does not cover.
func FuzzCheckErasure(f *testing.F) {
	b, err := os.ReadFile("testdata/erased/v1/erasure.json")
	if err != nil {
		f.Fatal(err)
	}
	key, err := os.ReadFile("testdata/erased/v1/evidence/key.pub")
	if err != nil {
		f.Fatal(err)
	}
	keys, err := evidence.ParseKeys(string(key))
	if err != nil {
		f.Fatal(err)
	}
	whole, err := evidence.CheckErasure(b, keys)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(strings.Replace(string(b), `"index": `, `"index": 9`, 1)))
	f.Add([]byte(`{"v":1,"erased":[{"id":"x","leaf":{"index":-1,"proof":[""]}}],"checkpoint":"x"}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		e, err := evidence.CheckErasure(doc, keys)
		if err == nil && e.Proven > 0 && e.Checkpoint.Root != whole.Checkpoint.Root {
			t.Errorf("%d recordings are proven by a checkpoint that nobody signed", e.Proven)
		}
	})
}
