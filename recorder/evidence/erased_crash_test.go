package evidence_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"vaad/recorder/archive"
	"vaad/recorder/evidence"
)

// TestErasureStaysLawfulWhereverThePowerFails erases and forgets between leaves
// and checkpoints, is cut off anywhere, and goes on.
func TestErasureStaysLawfulWhereverThePowerFails(t *testing.T) {
	seeds := 80
	if testing.Short() {
		seeds = 20
	}
	for seed := range uint64(seeds) {
		erasedCrash(t, seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func erasedCrash(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 11))
	r := newRig(t)
	r.must(r.start())
	for range 4 {
		r.record(t0, false)
	}
	for range 3 {
		var ids []string
		r.must(r.a.Lines(context.Background(), nil, func(l *archive.JournalLine) error {
			if l.Seal != nil {
				ids = append(ids, l.ID)
			}
			return nil
		}, nil))
		r.disk.CrashAfter(20+rng.IntN(150), rng.Uint64())
		var err error
		for err == nil {
			id := ids[rng.IntN(len(ids))]
			switch rng.IntN(7) {
			case 0:
				_, err = r.a.Sync()
			case 1, 2:
				_, err = r.a.Act(context.Background(), archive.Act{ID: id, Kind: archive.ActNote, Value: "secret"})
				if _, gone := r.a.Find(id); gone != nil && err != nil {
					err = nil
				}
			case 3:
				err = r.a.EraseAll(context.Background(), []archive.Act{{ID: id, Day: archive.DayOf(t0), Forget: true}}, nil)[0].Err
			case 4:
				if _, gone := r.a.Find(id); gone == nil {
					err = r.a.EraseAll(context.Background(), []archive.Act{{ID: id}}, nil)[0].Err
				}
			case 5:
				err = evidence.Follow(r.l)
			case 6:
				err = r.l.Sign()
			}
			if r.disk.Ops() > 5000 {
				break
			}
		}
		r.disk.Off()
		_ = r.l.Close()
		_ = r.a.Close()
		if rng.IntN(2) == 0 {
			r.disk = r.disk.Kill()
		} else {
			r.disk = r.disk.PowerCut(rng.Uint64())
		}
		r.must(r.start())
		if err := r.a.Reconcile(context.Background(), nil, nil); err != nil {
			t.Fatal(err)
		}
		if up := r.alarms.codes(); len(up) > 0 {
			t.Errorf("alarms after a start: %v %v", up, r.alarms.up)
		}
		r.now = r.now.Add(time.Minute)
	}
	r.stop()
	if _, found, files := r.verify(nil); len(found)+len(files) > 0 {
		t.Errorf("found %v, files %v", found, files)
	}
}
