//go:build lab

package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"vaad/driver/dahdi/labtest"
	"vaad/dsp/g711"
)

// fakeCards loads the lab's test cards for one test and configures their spans.
func fakeCards(t *testing.T, kinds string, sig, law int) {
	t.Helper()
	must(t, labtest.LoadCards(kinds))
	t.Cleanup(func() {
		if err := labtest.Within(5*time.Second, labtest.UnloadCards); err != nil {
			t.Error(err)
		}
		labtest.Pause(2200 * time.Millisecond) // until DAHDI's own timer has taken over the clock
	})
	for i := range strings.Split(kinds, ",") {
		s, err := labtest.CardSpan(i+1, 1)
		must(t, err)
		must(t, s.Configure(1, s.Channels, sig, law))
	}
}

// script turns a trace into lines for the test card: what happens at which
// millisecond of its clock, from ms on. Audio is loaded now. It returns when
// the trace ends.
func script(t *testing.T, port string, ms int, steps []Step) (lines []string, end int) {
	t.Helper()
	reversed := false
	at := func(format string, args ...any) {
		lines = append(lines, fmt.Sprintf("at %d ", ms)+fmt.Sprintf(format, args...))
	}
	for _, s := range steps {
		for _, e := range s.Events {
			word, value, _ := strings.Cut(e, " ")
			switch word {
			case "volts":
				at("volts %s %s000", port, value)
			case "ring":
				at("ring %s on", port)
			case "ring-end":
				at("ring %s off", port)
			case "reversal": // the volts that follow say their sign
				reversed = !reversed
				at("event %s 17", port) // DAHDI_EVENT_POLARITY
			default:
				t.Fatalf("the test card has no word for %q", e)
			}
		}
		if s.Audio != nil {
			must(t, labtest.Load(port, companded(s.all(), g711.ALaw)))
			at("play %s once", port)
		}
		ms += int(s.For / time.Millisecond)
	}
	return lines, ms
}

// TestDAHDITracesOfRealLines plays the traces of traces_test.go through the
// real DAHDI to a parallel tap: volts come by WCTDM_GET_STATS, ringing and
// polarity as DAHDI's events.
func TestDAHDITracesOfRealLines(t *testing.T) {
	all := traces()
	ctx := within(t, 5*time.Minute)
	fakeCards(t, fmt.Sprintf("fxo%da", len(all)), labtest.FXSKewl, labtest.ALaw)
	var first []string
	for i, tr := range all {
		first = append(first, fmt.Sprintf("volts 1:%d %s000", i+1, tr.idle))
	}
	must(t, labtest.Tell(first...))
	root := scratch(t)
	d := start(t, root, quietly+card("card", ``, "fakecard-1"))
	isBoard(t, d, "card", "running", "")
	now, err := labtest.Number("card 1", "ms")
	must(t, err)
	longest := 0
	var lines []string
	for i, tr := range all {
		more, end := script(t, fmt.Sprintf("1:%d", i+1), now+7000, tr.steps) // by then the line is learnt
		lines = append(lines, more...)
		longest = max(longest, end)
	}
	must(t, labtest.Tell(lines...))
	must(t, labtest.Tell(fmt.Sprintf("wait 1 %d", longest+4000)))
	sealed(t, d)
	calls, recs := allTold(ctx, t, d, all)
	for i, tr := range all {
		t.Run(tr.name, func(t *testing.T) {
			tr.judge(t, calls[i+1], recs[i+1], 500*time.Millisecond) // a reading each 250 ms, two that agree
			m, err := labtest.Look(fmt.Sprintf("port 1:%d", i+1))
			must(t, err)
			if m["seizures"] != "0" || m["talk"] != "0" {
				t.Errorf("a tap was told to act: %v", m)
			}
		})
	}
	if n, err := labtest.Number("card 1", "refused"); n != 0 || err != nil {
		t.Errorf("%d lines of the script were refused, %v", n, err)
	}
	stop(t, d)
}

// TestDAHDIAStalledDaemonLosesWhatItSays: the process stands still for longer
// and longer. Up to 600 ms nothing is lost; what is lost then is told to the
// sample, and what follows stands where it belongs.
func TestDAHDIAStalledDaemonLosesWhatItSays(t *testing.T) {
	fakeCards(t, "fxo4a", labtest.FXSKewl, labtest.ALaw)
	must(t, labtest.Tell("pattern 1:* seq"))
	root := scratch(t)
	d := start(t, root, listening+card("card", ``, "fakecard-1")+pin(1, 4, always))
	isBoard(t, d, "card", "running", "")
	must(t, labtest.Tell("wait 1 +1000"))
	stall := func(ms int) {
		must(t, syscall.Kill(d.Pid(), syscall.SIGSTOP))
		must(t, labtest.Tell(fmt.Sprintf("wait 1 +%d", ms)))
		must(t, syscall.Kill(d.Pid(), syscall.SIGCONT))
		must(t, labtest.Tell("wait 1 +1500"))
	}
	for range 3 {
		stall(600)
	}
	is := isBoard(t, d, "card", "running", "")
	if is.Lost != 0 || is.Late == 0 {
		t.Errorf("after stalls of 600 ms: %d samples lost, %d frames late", is.Lost, is.Late)
	}
	long := counts([]int{1300}, []int{900, 2100}, []int{700, 800, 1000, 1300, 2100, 3000})
	for _, ms := range long {
		stall(ms)
	}
	is = isBoard(t, d, "card", "running", "")
	stopAll(t, d, 4)
	rows, err := d.Recordings(within(t, time.Minute), 0)
	must(t, err)
	lost := int64(0)
	for line := 1; line <= 4; line++ {
		var heard []byte
		for _, r := range rows { // a recording may go on in another after a gap
			if r.Line == line {
				heard = append(heard, codesOf(t, d, r.ID)...)
			}
		}
		all := labtest.Stretches(heard)
		if len(all) < 2 {
			t.Fatalf("line %d: heard %v", line, all)
		}
		first, last := all[0], all[len(all)-1]
		missing := last.Sample + int64(last.Len) - first.Sample
		for _, s := range all {
			missing -= int64(s.Len)
			if off := int64(s.At-first.At) - (s.Sample - first.Sample); off != 0 {
				t.Errorf("line %d: what follows a stall stands %d samples from where it belongs", line, off)
			}
		}
		lost += missing
	}
	if uint64(lost) != is.Lost || lost == 0 {
		t.Errorf("%d samples are missing in the recordings, the board says %d", lost, is.Lost)
	}
	t.Logf("stalls of 3 × 600 and %v ms: %d samples of 4 lines missing in the recordings, the board says %d; position exact", long, lost, is.Lost)
	if n := metric(metrics(t, d), "vaad_board_rx_overruns_total", `board="card"`); n < 1 {
		t.Errorf("%v overruns counted", n)
	}
	stop(t, d)
}
