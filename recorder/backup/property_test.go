package backup_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaad/recorder/archive"
	"vaad/recorder/archive/memdisk"
	"vaad/recorder/backup"
)

// consistent holds a plain target against itself: what its journals name is
// there, byte for byte, at any moment.
func consistent(t rapid.TB, m *memTarget) {
	t.Helper()
	files := m.holds()
	for name, text := range files {
		folder, ok := strings.CutSuffix(name, "/day.jsonl")
		if !ok {
			continue
		}
		gone := map[string]bool{}
		var seals []*archive.Seal
		for line := range strings.Lines(text) {
			raw := archive.RawLine{Bytes: []byte(strings.TrimSuffix(line, "\n"))}
			l, err := raw.Parse()
			switch {
			case err != nil:
			case l.Kind == archive.ActErase:
				gone[l.ID] = true
			case l.Seal != nil:
				seals = append(seals, l.Seal)
			}
		}
		for _, s := range seals {
			for _, f := range append(slices.Clone(s.Files), s.Story) {
				sum := sha256.Sum256([]byte(files[folder+"/"+f.Name]))
				if !gone[s.ID] && hex.EncodeToString(sum[:]) != f.SHA256 {
					t.Fatalf("%s of %s is not on the target, and its journal names it", f.Name, folder)
				}
			}
		}
	}
}

// TestWhateverHappensATargetIsConsistentAndComesBack runs an appliance through
// random days: recordings, acts, erasures, runs that are cut off anywhere, a state
// that is lost, restores.
func TestWhateverHappensATargetIsConsistentAndComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		defer func() { _ = r.e.Close() }()
		defer r.a.Close()
		var ids []string
		live := func() string {
			if len(ids) == 0 {
				return ""
			}
			return ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "recording")]
		}
		rt.Repeat(map[string]func(*rapid.T){
			"seal": func(rt *rapid.T) { ids = append(ids, r.seal(rapid.IntRange(0, 3).Draw(rt, "days ago"), "")) },
			"act": func(rt *rapid.T) {
				if id := live(); id != "" {
					r.act(id, archive.ActNote, rapid.StringN(0, 20, -1).Draw(rt, "note"))
				}
			},
			"erase": func(rt *rapid.T) {
				if id := live(); id != "" {
					r.erase(id, rapid.Bool().Draw(rt, "forget"))
					ids = slices.DeleteFunc(ids, func(o string) bool { return o == id })
				}
			},
			"run": func(rt *rapid.T) {
				r.tgt.revive()
				if _, err := r.e.Run(ctx); err != nil {
					rt.Fatal(err)
				}
				if got, want := r.tgt.holds(), r.mirrors(); !maps.Equal(got, want) {
					rt.Fatalf("target and archive differ: %d and %d files", len(got), len(want))
				}
			},
			"crash": func(rt *rapid.T) {
				r.tgt.revive()
				r.tgt.dieAt = rapid.IntRange(1, 60).Draw(rt, "operation")
				_, _ = r.e.Run(ctx)
				r.tgt.revive()
				if rapid.Bool().Draw(rt, "power") {
					r.state = r.state.PowerCut(rapid.Uint64().Draw(rt, "seed"))
				} else {
					r.state = r.state.Kill()
				}
				r.engine()
			},
			"lose the state": func(rt *rapid.T) {
				r.state = memdisk.New()
				r.engine()
			},
			"restore": func(rt *rapid.T) {
				d := memdisk.New()
				if _, err := backup.RestoreAll(ctx, backup.Restoring{Target: r.tgt, Disk: d}, ""); err != nil && !errors.Is(err, backup.ErrIncomplete) {
					rt.Fatal(err)
				}
				for name, b := range r.tgt.holds() {
					if strings.HasSuffix(name, "day.jsonl") {
						if got, _ := d.ReadFile(name); string(got) != b {
							rt.Fatal(name, "came back as another")
						}
					}
				}
			},
			"": func(rt *rapid.T) {
				consistent(rt, r.tgt)
				for day := range 4 {
					d := archive.DayOf(t0.AddDate(0, 0, -day))
					text := r.tgt.holds()["recordings/"+dir(d)+"/day.jsonl"]
					for seq := uint64(1); seq < 100 && r.e.Backed(d, seq); seq++ {
						if uint64(strings.Count(text, "\n")) < seq {
							rt.Fatalf("line %d of %s counts as backed up and is not on the target", seq, d)
						}
					}
				}
			},
		})
	})
}
