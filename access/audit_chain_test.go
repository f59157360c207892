package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"vaad/store"

	"pgregory.net/rapid"
)

func fill(t testing.TB, a *Audit, n int) (heads []SignedHead) {
	t.Helper()
	for i := range n {
		if _, err := a.Append(Entry{Actor: "ann", Verb: Play, Object: fmt.Sprint("r", i), Line: i % 3, Result: "ok", Detail: map[string]string{"n": fmt.Sprint(i)}}); err != nil {
			t.Fatal(err)
		}
		h, err := a.Head()
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, SignedHead{h, time.Unix(int64(i), 0).UTC()})
	}
	return heads
}

func check(t testing.TB, a *Audit, signed []SignedHead) AuditCheck {
	t.Helper()
	c, err := a.Verify(context.Background(), signed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// change rewrites the stored bytes of a row; nil takes it out.
func change(t testing.TB, db *store.DB, seq uint64, with func([]byte) []byte) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		b, err := rawEntries().Get(tx, store.Key(seq))
		if err != nil {
			return err
		}
		if b = with(b); b == nil {
			return rawEntries().Delete(tx, store.Key(seq))
		}
		return rawEntries().Put(tx, store.Key(seq), b)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUntouchedAuditLogVerifies(t *testing.T) {
	a, _ := audit(t)
	if c := check(t, a, nil); c.Rows != 0 || c.Findings != nil || c.Head != (Head{}) {
		t.Errorf("empty: %+v", c)
	}
	heads := fill(t, a, 20)
	c := check(t, a, heads[:15])
	if c.Rows != 20 || c.Findings != nil || c.Head != heads[19].Head || c.Signed != 15 || c.Heads != 15 || c.Plain != 0 {
		t.Errorf("%+v", c)
	}
	rows, err := a.Query(AuditFilter{Text: "N=7"})
	if err != nil || len(rows) != 1 || rows[0].Object != "r7" {
		t.Errorf("%+v %v", rows, err)
	}
}

func TestTamperingWithTheAuditLogShows(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(db *store.DB)
		want []AuditFinding
	}{
		"a word changed": {func(db *store.DB) {
			change(t, db, 4, func(b []byte) []byte { return bytes.Replace(b, []byte("ann"), []byte("bob"), 1) })
		}, []AuditFinding{{Kind: AuditAltered, From: 4, To: 4}}},
		"a member added behind the hash": {func(db *store.DB) {
			change(t, db, 4, func(b []byte) []byte { return append(b[:len(b)-1], `,"actor":"bob"}`...) })
		}, []AuditFinding{{Kind: AuditAltered, From: 4, To: 5}}},
		"no JSON": {func(db *store.DB) { change(t, db, 4, func([]byte) []byte { return []byte{} }) },
			[]AuditFinding{{Kind: AuditAltered, From: 4, To: 5}}},
		"rows taken out": {func(db *store.DB) {
			change(t, db, 4, func([]byte) []byte { return nil })
			change(t, db, 5, func([]byte) []byte { return nil })
		}, []AuditFinding{{Kind: AuditMissing, From: 4, To: 5}}},
		"two rows exchanged": {func(db *store.DB) {
			var third []byte
			change(t, db, 3, func(b []byte) []byte { third = bytes.Clone(b); return b })
			change(t, db, 4, func(b []byte) []byte { return third })
		}, []AuditFinding{{Kind: AuditAltered, From: 4, To: 5}}},
		"the newest cut off": {func(db *store.DB) {
			change(t, db, 10, func([]byte) []byte { return nil })
			change(t, db, 9, func([]byte) []byte { return nil })
		}, []AuditFinding{{Kind: AuditCut, From: 9, To: 10, Signed: time.Unix(9, 0).UTC()}}},
		"all rows made anew": {func(db *store.DB) {
			var h [sha256.Size]byte
			for seq := uint64(1); seq <= 10; seq++ {
				change(t, db, seq, func(b []byte) []byte {
					var e Entry
					_ = json.Unmarshal(b, &e)
					if seq == 4 {
						e.Actor = "bob"
					}
					row, _ := sealRow(h, e)
					_, h, _ = openRow(row)
					return row
				})
			}
		}, []AuditFinding{{Kind: AuditForged, From: 1, To: 10, Signed: time.Unix(9, 0).UTC()}}},
	} {
		t.Run(name, func(t *testing.T) {
			a, db := audit(t)
			heads := fill(t, a, 10)
			c.do(db)
			if got := check(t, a, heads[9:]).Findings; !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestRowsFromBeforeTheChainAreCovered(t *testing.T) {
	a, db := audit(t)
	for i := range 5 {
		if err := db.Update(func(tx *store.Tx) error {
			n, err := entries().Next(tx)
			if err != nil {
				return err
			}
			return entries().Put(tx, store.Key(n), Entry{Seq: n, Actor: "old", Verb: Play, Object: fmt.Sprint(i), Result: "ok"})
		}); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, a, 3)
	if c := check(t, a, nil); c.Rows != 8 || c.Plain != 5 || c.Findings != nil {
		t.Errorf("%+v", c)
	}
	change(t, db, 2, func(b []byte) []byte { return bytes.Replace(b, []byte("old"), []byte("new"), 1) })
	if c := check(t, a, nil); !reflect.DeepEqual(c.Findings, []AuditFinding{{Kind: AuditAltered, From: 1, To: 6}}) {
		t.Errorf("%+v", c.Findings)
	}
}

// TestEveryChangedByteOfTheAuditLogShows changes one byte of one row to any other.
func TestEveryChangedByteOfTheAuditLogShows(t *testing.T) {
	a, db := audit(t)
	heads := fill(t, a, 6)
	rapid.Check(t, func(rt *rapid.T) {
		seq := rapid.Uint64Range(1, 6).Draw(rt, "row")
		var was []byte
		change(t, db, seq, func(b []byte) []byte {
			was = bytes.Clone(b)
			at := rapid.IntRange(0, len(b)-1).Draw(rt, "byte")
			b[at] ^= rapid.ByteRange(1, 255).Draw(rt, "bits")
			return b
		})
		got := check(t, a, heads[5:]).Findings
		change(t, db, seq, func([]byte) []byte { return slices.Clone(was) })
		if len(got) == 0 {
			rt.Error("it was not found")
		}
	})
}
