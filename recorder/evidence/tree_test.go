package evidence

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The tree is that of tlog: same hashes in the same order, same head.
func TestTheTreeIsThatOfTlog(t *testing.T) {
	var f frontier
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var hs []tlog.Hash
		for _, i := range at {
			hs = append(hs, stored[i])
		}
		return hs, nil
	})
	for n := range int64(300) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil || f.root() != want {
			t.Fatalf("head of %d leaves: %v, tlog says %v (%v)", n, f.root(), want, err)
		}
		h := tlog.RecordHash(fmt.Append(nil, n))
		hs, err := tlog.StoredHashesForRecordHash(n, h, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.add(h); fmt.Sprint(got) != fmt.Sprint(hs) || len(got) != hashesOf(n) {
			t.Fatalf("stored with leaf %d: %v, tlog says %v", n, got, hs)
		}
		stored = append(stored, hs...)
	}
}

func FuzzLeaf(f *testing.F) {
	l := Leaf{Day: "2026-11-22", Number: 7, Kind: "sealed", ID: "01M82V5SD0DBK7GFTFQQMHPVNR", Sum: sha256.Sum256(nil)}
	f.Add(l.append(nil))
	l.ID = ""
	f.Add(l.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := parseLeaf(b); err == nil && string(l.append(nil)) != string(b) {
			t.Errorf("%q is taken as %+v", b, l)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	cp := Checkpoint{Origin: "vaad-1", Size: 3, Number: 1, Previous: "none"}
	f.Add([]byte(cp.body() + "\n— vaad-1 AAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		notes, rest := splitNotes(b)
		if rest > int64(len(b)) {
			t.Fatal(rest, len(b))
		}
		for _, n := range append(notes, ReadNotes(b)...) {
			if cp, err := ParseCheckpoint(n, nil); err == nil {
				_ = cp.signer()
			}
		}
	})
}

// What any change of the order gives is explained with lines that really moved.
func TestMovedLinesExplainTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		order := rapid.Permutation(func() (s []int) {
			for i := range n {
				s = append(s, i)
			}
			return s
		}()).Draw(t, "order")
		lines := make([]line, n)
		for i, k := range order {
			lines[i] = line{number: i + 1, leaf: k}
		}
		moved := outOfOrder(lines)
		last := -1
		for i := range lines {
			if !moved[i] {
				if lines[i].leaf < last {
					t.Fatalf("%v without %v is not in order", order, moved)
				}
				last = lines[i].leaf
			}
		}
	})
}
