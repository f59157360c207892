//go:build lab

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/driver/dahdi/labtest"
)

// dahdiModules are what the lab has loaded, in the order in which they can go.
var dahdiModules = []string{"dahdi_dynamic_loc", "dahdi_dynamic", "dahdi_echocan_mg2", "dahdi"}

// alarmed waits until an alarm is up, or is not.
func alarmed(t *testing.T, d *Daemon, code string, up bool) string {
	t.Helper()
	c, ctx := client(t, d), within(t, time.Minute)
	subject := ""
	err := eventually(ctx, code, func() (bool, error) {
		all, err := c.Alarms(ctx, false)
		is := false
		for _, a := range all {
			if a.Code == code && a.State == "active" {
				is, subject = true, a.Subject
				if a.Text == "" || a.Remedy == "" {
					t.Errorf("alarm %s without words: %+v", code, a)
				}
			}
		}
		return is == up, err
	})
	if err != nil {
		out, _ := d.Ctl(ctx, "alarms")
		t.Fatalf("alarm %s is not %v: %v\n%s", code, up, err, out)
	}
	return subject
}

// TestDAHDIBoardsComeAndGo goes through what can happen to a card while the
// daemon runs. Beside it another board goes on.
func TestDAHDIBoardsComeAndGo(t *testing.T) {
	load := func() { must(t, labtest.Modules("dahdi", "dahdi_dynamic_loc", "dahdi_echocan_mg2")) }
	t.Cleanup(func() { load(); must(t, labtest.Zones()) }) // for the tests that follow
	must(t, labtest.Unload(dahdiModules...))
	root := scratch(t)
	const device = "DYN/loc/e:0"
	d := start(t, root, listening+card("card", `use = "tap"`, device)+board("other", "real", 2, `scene = "busy-128"`)+
		pin(1, 4, always))
	isBoard(t, d, "other", "running", "")
	began, pid := time.Now(), d.Pid()
	var a, b labtest.Span
	other := func() {
		t.Helper()
		o := isBoard(t, d, "other", "running", "")
		if gap := time.Since(began) - time.Duration(o.Ticks)*20*time.Millisecond; gap > time.Second+5*time.Second {
			t.Errorf("the other board is %v behind: %+v", gap, o)
		}
		if o.Lost != 0 {
			t.Errorf("the other board: %+v", o)
		}
	}
	step := func(name string, do func(), state, code string) {
		t.Helper()
		at := time.Now()
		do()
		is := isBoard(t, d, "card", state, code)
		t.Logf("%-44s %-8s %-20s after %v", name, is.State, is.Code, time.Since(at).Round(100*time.Millisecond))
		if code != "" {
			if is.Text == "" || is.Remedy == "" {
				t.Errorf("%s without words: %+v", code, is)
			}
			if out, err := d.Ctl(within(t, time.Minute), "boards"); err != nil || !strings.Contains(out, is.Text) {
				t.Errorf("vaactl boards does not say %q: %v\n%s", is.Text, err, out)
			}
		}
		other()
	}
	create := func() {
		var err error
		a, err = labtest.Create("e:0", 2)
		must(t, err)
		b, err = labtest.Create("e:1", 2)
		must(t, err)
	}
	configure := func() {
		must(t, a.Configure(1, 2, labtest.Clear, labtest.ALaw))
		must(t, b.Configure(1, 2, labtest.Clear, labtest.ALaw))
	}
	step("DAHDI is not loaded", func() {}, "failed", "dahdi-not-loaded")
	if !*full { // the daemon looks less and less often, up to each 30 s
		step("a card, configured", func() { load(); create(); configure() }, "running", "")
		speaks(t, d, b)
		step("span taken away", func() { must(t, a.Unassign()) }, "gone", "dahdi-removed")
		step("given back, configured", func() {
			must(t, labtest.Within(5*time.Second, a.Assign))
			must(t, a.Configure(1, 2, labtest.Clear, labtest.ALaw))
		}, "running", "")
		speaks(t, d, b)
		stop(t, d)
		must(t, labtest.Within(5*time.Second, a.Destroy))
		must(t, b.Destroy())
		return
	}
	step("DAHDI loaded, no card", load, "failed", "dahdi-no-card|dahdi-not-found")
	step("a card, not configured", create, "failed", "dahdi-unconfigured")
	step("configured", configure, "running", "")
	speaks(t, d, b)

	step("its far end is gone: no clock", func() { must(t, b.Destroy()) }, "gone", "dahdi-stopped")
	step("the far end is back", func() {
		var err error
		b, err = labtest.Create("e:1", 2)
		must(t, err)
		must(t, b.Configure(1, 2, labtest.Clear, labtest.ALaw))
	}, "running", "")
	speaks(t, d, b)

	step("span taken away", func() { must(t, a.Unassign()) }, "gone", "")
	alarmed(t, d, "board-gone", true)
	step("given back, not configured", func() { must(t, labtest.Within(5*time.Second, a.Assign)) }, "gone", "dahdi-unconfigured")
	step("configured again", func() { must(t, a.Configure(1, 2, labtest.Clear, labtest.ALaw)) }, "running", "")
	alarmed(t, d, "board-gone", false)
	speaks(t, d, b)

	step("taken away again", func() { must(t, a.Unassign()) }, "gone", "")
	step("all modules removed", func() {
		must(t, labtest.Within(5*time.Second, a.Destroy))
		must(t, b.Destroy())
		must(t, labtest.Within(5*time.Second, func() error { return labtest.Unload(dahdiModules...) }))
	}, "gone", "dahdi-not-loaded")
	step("loaded and configured again", func() {
		load()
		create()
		configure()
	}, "running", "")
	speaks(t, d, b)

	step("taken away", func() { must(t, a.Unassign()) }, "gone", "")
	must(t, labtest.Within(5*time.Second, a.Assign))
	must(t, a.Configure(1, 2, labtest.Clear, labtest.ALaw))
	taken := farEnds(t, a, 1, 2)
	step("owned by another program", func() {}, "gone", "dahdi-busy")
	step("free again", func() {
		for _, c := range taken {
			must(t, c.Close())
		}
	}, "running", "")
	speaks(t, d, b)

	text := metrics(t, d)
	failed := metric(text, "vaad_board_openings_total", `board="card",result="failed"`)
	opened := metric(text, "vaad_board_openings_total", `board="card",result="ok"`)
	life := time.Since(began)
	t.Logf("in %v the card was opened %v times and tried in vain %v times", life.Round(time.Second), opened, failed)
	if opened != 5 || failed > 20+life.Seconds()/5 {
		t.Errorf("%v openings, %v tries in vain in %v", opened, failed, life)
	}
	if d.Pid() != pid {
		t.Error("the daemon was restarted")
	}
	other()
	stop(t, d)
	must(t, labtest.Within(5*time.Second, a.Destroy))
	must(t, b.Destroy())
}

// speaks checks that what the far end says is in a recording of the card's first line.
func speaks(t *testing.T, d *Daemon, b labtest.Span) {
	t.Helper()
	end, err := labtest.Open(b.Channel(1), false)
	must(t, err)
	talk, err := labtest.Talk([]*labtest.Channel{end}, 4, 1, 100, labtest.Patterns(1))
	must(t, err)
	_, err = talk.Wait()
	must(t, err)
	must(t, end.Close())
	c, ctx := client(t, d), within(t, time.Minute)
	lines, err := c.Lines(ctx)
	must(t, err)
	line := lines[slices.IndexFunc(lines, func(l api.Line) bool { return l.Board == "card" && l.Port == 1 })].Line
	started, err := c.Stop(ctx, line) // it begins anew with Start
	must(t, err)
	err = eventually(ctx, "the recording sealed", func() (bool, error) {
		r, err := c.Recording(ctx, started.Recording)
		return err == nil && r.State != "open", nil
	})
	must(t, err)
	runs := labtest.Runs(codesOf(t, d, started.Recording))
	if len(runs) != 1 || runs[0].Blocks() != 100 {
		t.Errorf("of 100 blocks the recording has %v; the far end ran dry %d times", runs, talk.Underruns())
	}
	_, err = c.Start(ctx, line)
	must(t, err)
}

// TestDAHDISpanAlarmsAreShown: a span in alarm keeps its card running; the
// alarm is told and ends.
func TestDAHDISpanAlarmsAreShown(t *testing.T) {
	fakeCards(t, "e1+e1", labtest.Clear, labtest.ALaw)
	second, err := labtest.CardSpan(1, 2)
	must(t, err)
	must(t, second.Configure(1, 31, labtest.Clear, labtest.ALaw))
	root := scratch(t)
	d := start(t, root, listening+card("card", `use = "tap"`, "fakecard-1"))
	isBoard(t, d, "card", "running", "")
	kinds := 0.
	for _, kind := range counts([]string{"red"}, []string{"red"}, []string{"red", "yellow", "blue"}) {
		kinds++
		must(t, labtest.Tell("alarm 1:2 "+kind, "count 1:2 bpv +7", "slip 1:2 2"))
		subject := alarmed(t, d, "span-alarm", true)
		is := isBoard(t, d, "card", "running", "")
		if len(is.Spans) != 2 || strings.Contains(strings.Join(is.Spans[0].Alarms, " "), kind) || !strings.Contains(strings.Join(is.Spans[1].Alarms, " "), kind) {
			t.Errorf("alarm %s: spans %+v", kind, is.Spans)
		}
		out, err := d.Ctl(within(t, time.Minute), "boards")
		must(t, err)
		t.Logf("alarm %s: %q; spans %+v\n%s", kind, subject, is.Spans, out)
		must(t, labtest.Tell("alarm 1:2 none"))
		alarmed(t, d, "span-alarm", false)
	}
	must(t, labtest.Tell("wait 1 +2500"))
	text := metrics(t, d)
	if bpv, slips := metric(text, "vaad_span_bpv_total", `span="2"`), metric(text, "vaad_span_slips_total", `span="2"`); bpv != 7*kinds || slips != 2*kinds {
		t.Errorf("%v bipolar violations, %v slips are counted after %v alarms", bpv, slips, kinds)
	}
	stop(t, d)
}
