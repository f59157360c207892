package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vaad/api"
)

// Four E1 tapped at once, 120 timeslots, with libpri at both ends of each: every
// call has its line, numbers, direction, answer and cause, and every one that was
// answered a recording of both sides.
func TestFourTappedTrunksAtOnce(t *testing.T) {
	calls := counts(0, 25, 500) // of each trunk
	if calls == 0 {
		t.Skip("runs in .ci/run and in the proofs")
	}
	const trunks, slots = 4, 30
	prog := buildLink(t)
	d := start(t, scratch(t), fmt.Sprintf(`%s
[[board]]
driver = "sim"
id = "e1"
clock = "real"
count = %d
kind = "bchan"
use = "tap"
spans = [%s]
`, quietly, 2*trunks*slots, strings.TrimSuffix(strings.Repeat("{channels = 31, tap = true}, ", 2*trunks), ", ")))
	var wg sync.WaitGroup
	truth := make([][]linkCall, trunks)
	for i := range trunks {
		wg.Go(func() {
			socket := func(span int) string { return filepath.Join(sockets(d, "e1"), fmt.Sprintf("span-%02d.dch.sock", span)) }
			out, err := exec.CommandContext(within(t, 20*time.Minute), prog, socket(2*i+1), socket(2*i+2), fmt.Sprint(calls), fmt.Sprint(*seed+uint64(i)), "0", "euroisdn").Output()
			if err != nil {
				t.Errorf("trunk %d: %v", i, err)
				return
			}
			for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
				var x linkCall
				if err := dec.Decode(&x); err != nil {
					t.Error(err)
					return
				}
				truth[i] = append(truth[i], x)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.Fatal(d.Log())
	}
	type key struct {
		trunk  int
		called string
	}
	ends := map[key]linkCall{}
	for i, all := range truth {
		for _, x := range all {
			if !x.OK {
				t.Fatalf("a link did not end a call of its own: %+v", x)
			}
			ends[key{i, x.Called}] = x
		}
	}
	ctx := within(t, 2*time.Minute)
	var told []api.Call
	if err := Until(ctx, "all calls have ended and are recorded", func() (bool, error) {
		var err error
		told, err = Rows[api.Call](ctx, d, "calls", "--limit", "0")
		done := 0
		for _, x := range told {
			if x.End != nil && (x.Answered == nil || len(x.Recordings) > 0) {
				done++
			}
		}
		return done >= trunks*calls, err
	}); err != nil {
		t.Errorf("%v: %d calls are told", err, len(told))
	}
	rows, err := Rows[api.Recording](ctx, d, "recordings", "--limit", "0")
	if err != nil {
		t.Fatal(err)
	}
	sides := map[string]int{}
	for _, r := range rows {
		sides[r.ID] = len(r.Sides)
	}
	wrong := 0
	for _, got := range told {
		i := (got.Line - 1) / slots
		want, ok := ends[key{i, got.Called}]
		got.Line -= i * slots
		s := compareLink(linkRun{kind: "euroisdn"}, want, got)
		switch {
		case !ok:
			s = "nobody made this call"
		case got.Answered == nil:
		case len(got.Recordings) == 0 || sides[got.Recordings[0]] != 2:
			s += " has no recording of both sides"
		}
		if s != "" {
			if wrong++; wrong <= 10 {
				t.Errorf("trunk %d, %s: %s", i, got.Called, s)
			}
		}
	}
	if len(told) != trunks*calls {
		t.Errorf("%d calls are told of %d", len(told), trunks*calls)
	}
	t.Logf("%d calls on %d tapped trunks, %d told, %d recordings, %d wrong", trunks*calls, trunks, len(told), len(rows), wrong)
}
