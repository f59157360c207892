package backup_test

import (
	"fmt"
	"strings"
	"testing"

	"vaad/recorder/archive"
	"vaad/recorder/backup/target"
)

// story makes an archive with something of everything, and a target that is one
// run behind.
func story(t testing.TB, crypt bool) *rig {
	r := newRig(t)
	if crypt {
		r = cryptRig(t)
	}
	old, gone := r.seal(9, ""), r.seal(9, "")
	r.seal(1, "")
	r.run()
	r.seal(1, "")
	r.seal(0, "")
	r.erase(r.seal(0, ""), false)
	r.act(old, archive.ActNote, "later")
	r.erase(gone, true)
	return r
}

// TestACrashAtAnyStepOfTheTargetCostsNoCopy ends the run at each operation of the
// target, as kill -9, a cable, or a stick that is pulled out do, and runs again.
func TestACrashAtAnyStepOfTheTargetCostsNoCopy(t *testing.T) {
	for _, crypt := range []bool{false, true} {
		for k, done := 1, false; !done; k++ {
			r := story(t, crypt)
			r.tgt.revive()
			r.tgt.dieAt = k
			_, err := r.e.Run(ctx)
			if done = r.tgt.ops < k; done && err != nil {
				t.Fatal(err)
			}
			r.tgt.revive()
			again(t, r, fmt.Sprintf("target operation %d", k), true)
		}
	}
}

// again begins anew on what a crash left, and holds the target against the archive.
func again(t *testing.T, r *rig, what string, once bool) {
	t.Helper()
	r.engine()
	if _, err := r.e.Run(ctx); err != nil {
		t.Fatal(what, err)
	}
	if !r.o.Encrypt {
		same(t, r.tgt.holds(), r.mirrors())
	}
	for name, n := range r.tgt.puts {
		if once && n > 1 && strings.HasPrefix(name, "recordings/") && !strings.Contains(name, "day.jsonl") {
			t.Fatalf("%s: %s was sent %d times", what, name, n)
		}
	}
	for _, d := range []archive.Day{"2026-11-13", "2026-11-21", "2026-11-22"} {
		if !r.e.Backed(d, 2) {
			t.Fatal(what, d, "is not backed up")
		}
	}
	puts := len(r.tgt.puts)
	if rep := r.run(); rep.Files != 0 || rep.Removed != 0 || len(r.tgt.puts) > puts+1 {
		t.Fatalf("%s: it does not come to rest: %+v", what, rep)
	}
}

// TestACrashAtAnyStepOfTheStateCostsNoCopy does it with the disk that holds the
// state: killed, and with a power cut.

func TestACrashAtAnyStepOfTheStateCostsNoCopy(t *testing.T) {
	for k, done := 1, false; !done; k++ {
		r := story(t, false)
		from := r.state.Ops()
		r.state.CrashAfter(k, uint64(k))
		if _, err := r.e.Run(ctx); err != nil {
			t.Fatal("a state that cannot be written is no reason not to back up:", err)
		}
		done = r.state.Ops()-from < k
		if k%2 == 0 {
			r.state = r.state.Kill()
		} else {
			r.state = r.state.PowerCut(uint64(k))
		}
		again(t, r, fmt.Sprintf("state operation %d", k), true)
	}
}

func TestATargetThatIsChangedByOthersIsMadeRightAfterADrill(t *testing.T) {
	r := newRig(t)
	for range 3 {
		r.seal(0, "")
	}
	r.run()
	for name := range r.tgt.files {
		if strings.HasSuffix(name, ".network.wav") {
			r.tgt.files[name][70] ^= 4
		}
		if strings.HasSuffix(name, ".local.wav") {
			delete(r.tgt.files, name)
		}
	}
	rep, err := r.e.Drill(ctx)
	if err != nil || rep.OK() {
		t.Fatalf("%+v %v", rep, err)
	}
	r.run()
	same(t, r.tgt.holds(), r.mirrors())
	if rep, err := r.e.Drill(ctx); err != nil || !rep.OK() || rep.Opened == 0 {
		t.Fatalf("%+v %v", rep, err)
	}
	if _, ok := r.tgt.files[target.Marker]; !ok {
		t.Error("the head is gone")
	}
}
