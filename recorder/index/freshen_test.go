package index

import (
	"errors"
	"testing"
)

// What questions have looked at already is no reason to leave the rest of a
// segment for the next ones.
func TestAllColumnsOfAllSegmentsAreVerifiedBesideTheQuestions(t *testing.T) {
	s := newSite(t)
	s.fill(3_000)
	ix, err := Open(Config{Path: ramDir(t) + "/index.db", Journals: s.journals(), sizes: sizes{small: 256, large: 1024, over: 64}})
	if err == nil {
		err = errors.Join(ix.catchUp(t.Context()), ix.flush(), ix.fold(t.Context()))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	query(t, ix, Filter{Number: "*12*"})
	segs := ix.segs
	if len(segs) < 2 {
		t.Fatalf("%d segments", len(segs))
	}
	for range segs {
		ix.freshen()
	}
	for _, seg := range segs {
		for _, c := range []column{colStart, colNumbers, colDigits, colPairs, codesOf(fieldFlags), colRest} {
			if !seg.verified.has(c) {
				t.Errorf("column %d of segment %d is not verified", c, seg.ID)
			}
		}
	}
}
