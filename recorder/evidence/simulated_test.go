package evidence_test

import (
	"testing"
	"time"

	"vaad/recorder/evidence"

	"pgregory.net/rapid"
)

// TestSimulatedRecordingsOfLongAgoTakeNoMemory: a trainer's box makes nothing else, for years.
func TestSimulatedRecordingsOfLongAgoTakeNoMemory(t *testing.T) {
	const days, each = 40, 6
	r := newRig(t)
	r.must(r.start())
	for i := range days {
		r.now = t0.AddDate(0, 0, i)
		for k := range each {
			r.record(r.now.Add(time.Duration(k)*time.Minute), true)
		}
		r.record(r.now.Add(time.Hour), false)
		r.must(evidence.Follow(r.l))
		if n := evidence.Remembered(r.l); n > each {
			t.Fatalf("day %d: %d simulated recordings are remembered, of one day there are %d", i, n, each)
		}
	}
	r.now = r.now.Add(2 * time.Hour)
	r.must(evidence.Follow(r.l))
	if n := evidence.Remembered(r.l); n > 0 {
		t.Errorf("two hours later %d are remembered", n)
	}
	r.stop()

	r.must(r.start()) // reads all journals
	if n := evidence.Remembered(r.l); n > 0 {
		t.Errorf("%d are remembered since the start, of days that nothing comes to", n)
	}
	r.stop()
	if sum, found, _ := r.verify(nil); sum.Leaves != days || sum.Simulated != days*each || len(found) > 0 {
		t.Errorf("%+v %v", sum, found)
	}
}

// TestWhatIsDoneToSimulatedRecordingsNeverHasLeaves, however long after it is done: what was
// forgotten of their day is read again.
func TestWhatIsDoneToSimulatedRecordingsNeverHasLeaves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		r.must(r.start())
		var ids []string
		simulated := map[string]bool{}
		lines, leaves := 0, 0
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			var id string
			if len(ids) == 0 || rapid.Bool().Draw(rt, "new") {
				s := rapid.Bool().Draw(rt, "simulated")
				id = r.record(t0.AddDate(0, 0, rapid.IntRange(0, 2).Draw(rt, "day")), s)
				ids, simulated[id] = append(ids, id), s
			} else {
				id = rapid.SampledFrom(ids).Draw(rt, "recording")
				r.note(id, "x")
			}
			if lines++; !simulated[id] {
				leaves++
			}
			switch rapid.SampledFrom([]string{"", "follow", "pass", "back", "restart"}).Draw(rt, "then") {
			case "follow":
				r.must(evidence.Follow(r.l))
			case "pass":
				r.must(evidence.Follow(r.l))
				r.now = r.now.Add(time.Duration(rapid.IntRange(1, 100).Draw(rt, "minutes")) * time.Minute)
				r.must(evidence.Follow(r.l))
			case "back":
				r.must(evidence.Follow(r.l))
				r.now = r.now.Add(-2 * time.Hour)
				r.must(evidence.Follow(r.l))
				if n := evidence.Remembered(r.l); n > 0 {
					rt.Fatalf("%d are remembered of days that a clock that was set back never reaches", n)
				}
			case "restart":
				r.stop()
				r.must(r.start())
			}
		}
		r.stop()
		sum, found, _ := r.verify(nil)
		if sum.Lines != lines || sum.Leaves != int64(leaves) || sum.Simulated != lines-leaves || len(found) > 0 {
			rt.Fatalf("%d lines, %d of them with a leaf: %+v %v", lines, leaves, sum, found)
		}
	})
}
