package index

import (
	"math"
	"testing"
	"time"
)

func TestAnyDurationIsABound(t *testing.T) {
	j := newJournals()
	ix, _ := run(t, Config{Journals: j, Subscribe: j.Subscribe})
	settle(t, ix)
	j.recording(0, 1, nil) // 1 s
	for _, d := range []time.Duration{time.Second + 1, 300 * time.Hour, 400 * time.Hour, 3000 * time.Hour, 1 << 62, math.MaxInt64} {
		if n := query(t, ix, Filter{MinDuration: d}).Count; n != 0 {
			t.Errorf("a recording of 1 s is found among those of at least %v", d)
		}
		if n := query(t, ix, Filter{MaxDuration: d}).Count; n != 1 {
			t.Errorf("a recording of 1 s is not found among those of at most %v", d)
		}
	}
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 1, time.Second} {
		if n := query(t, ix, Filter{MinDuration: d}).Count; n != 1 {
			t.Errorf("a recording of 1 s is not found among those of at least %v", d)
		}
	}
	if n := query(t, ix, Filter{MaxDuration: time.Second - 1}).Count; n != 0 {
		t.Error("a recording of 1 s is found among those of less")
	}
}
