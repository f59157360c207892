//go:build lab

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vaad/api"
	"vaad/driver"
	"vaad/driver/dahdi/labtest"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

// The whole daemon in the kernel lab, on the real DAHDI: the far end of its
// lines is played by driver/dahdi/labtest, everything else is asked through
// vaactl, the API and the files.

// card is the [[board]] table of DAHDI devices.
func card(id, more string, devices ...string) string {
	return fmt.Sprintf("[[board]]\ndriver = \"dahdi\"\nid = %q\ndevice = [\"%s\"]\n%s\n", id, strings.Join(devices, `", "`), more)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// spanPair makes two spans that are each other's far end.
func spanPair(t *testing.T, key string, channels, sigA, sigB, law int) (a, b labtest.Span) {
	t.Helper()
	var pair [2]labtest.Span
	for i, sig := range []int{sigA, sigB} {
		s, err := labtest.Create(fmt.Sprintf("%s:%d", key, i), channels)
		must(t, err)
		t.Cleanup(func() {
			if err := labtest.Within(5*time.Second, s.Destroy); err != nil {
				t.Error(err)
			}
		})
		must(t, s.Configure(1, channels, sig, law))
		pair[i] = s
	}
	return pair[0], pair[1]
}

// farEnds opens channels from…to of a span.
func farEnds(t *testing.T, s labtest.Span, from, to int) (all []*labtest.Channel) {
	t.Helper()
	for n := from; n <= to; n++ {
		c, err := labtest.Open(s.Channel(n), false)
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		all = append(all, c)
	}
	return all
}

func client(t *testing.T, d *Daemon) *api.Client {
	t.Helper()
	c, err := api.New(api.Options{Root: d.Root, Lang: "en"})
	must(t, err)
	return c
}

// eventually waits until cond says true. The guest's processor is slow: asking
// often costs more than what is tested.
func eventually(ctx context.Context, what string, cond func() (bool, error)) error {
	return untilEvery(ctx, 400*time.Millisecond, what, cond)
}

// isBoard waits until a board is in a state for a reason (one of those between
// bars; empty: any), and returns it.
func isBoard(t *testing.T, d *Daemon, id, state, code string) api.Board {
	t.Helper()
	c := client(t, d)
	ctx := within(t, 2*time.Minute)
	var is api.Board
	err := eventually(ctx, fmt.Sprintf("board %s is %s %s", id, state, code), func() (bool, error) {
		all, err := c.Boards(ctx)
		for _, b := range all {
			if b.ID == id {
				is = b
			}
		}
		return is.State == state && (code == "" || slices.Contains(strings.Split(code, "|"), is.Code)), err
	})
	if err != nil {
		t.Fatalf("%v: it is %s %s (%s)\n%s", err, is.State, is.Code, is.Reason, d.Log())
	}
	return is
}

// codesOf are the bytes of a sealed recording of G.711, as the line had them.
func codesOf(t *testing.T, d *Daemon, id string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(filepath.Join(d.Root, "recordings"), func(p string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(e.Name(), id+".") || !strings.HasSuffix(e.Name(), ".wav") {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			return err
		}
		info, err := wav.ParseAt(f, st.Size())
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		if info.Format != wav.ALaw && info.Format != wav.MuLaw || info.Channels != 1 || all != nil {
			return fmt.Errorf("%s is not the one file of G.711: %+v", p, info)
		}
		all = make([]byte, info.DataBytes)
		_, err = f.ReadAt(all, info.DataOffset)
		return err
	})
	must(t, err)
	if all == nil {
		t.Fatalf("recording %s has no file", id)
	}
	return all
}

// stopAll ends all recordings and waits until they are sealed.
func stopAll(t *testing.T, d *Daemon, lines int) {
	t.Helper()
	c, ctx := client(t, d), within(t, time.Minute)
	for line := 1; line <= lines; line++ {
		_, err := c.Stop(ctx, line)
		must(t, err)
	}
	sealed(t, d)
}

// metric adds up the values of a metric, by a part of its labels.
func metric(text, name, labels string) (sum float64) {
	for _, m := range regexp.MustCompile(`(?m)^`+name+`(\{.*\})? (.*)$`).FindAllStringSubmatch(text, -1) {
		var v float64
		if _, err := fmt.Sscan(m[2], &v); err == nil && strings.Contains(m[1], labels) {
			sum += v
		}
	}
	return sum
}

func metrics(t *testing.T, d *Daemon) string {
	t.Helper()
	base, _ := console(t, d)
	return fetch(t, within(t, time.Minute), base+"/metrics", 200)
}

const (
	listening = "listen = \"127.0.0.1:0\"\n"
	always    = "trigger = \"continuous\"\non_modem = \"keep\""
)

// recordAll records lines of a cross-connected pair of spans for so long, from
// a far end that plays each its own pattern, and compares every recording.
func recordAll(t *testing.T, lines int, length time.Duration, strict bool) {
	a, b := spanPair(t, "c", lines, labtest.Clear, labtest.Clear, labtest.ALaw)
	root := scratch(t)
	d := start(t, root, listening+card("card", `use = "tap"`, a.ID)+pin(1, lines, always))
	isBoard(t, d, "card", "running", "")
	ctx := within(t, length+5*time.Minute)
	ends := farEnds(t, b, 1, lines)
	blocks := uint32(length / driver.Tick)
	labtest.Pause(1500 * time.Millisecond) // what it counts is asked once a second
	const overrun = "vaad_board_rx_overruns_total"
	before := metric(metrics(t, d), overrun, `board="card"`)
	cost, began := meter(t, d), time.Now()
	talk, err := labtest.Talk(ends, 4, 10, blocks, labtest.Patterns(1))
	must(t, err)
	sent, err := talk.Wait()
	must(t, err)
	took := time.Since(began)
	core, _ := cost()
	if say := t.Errorf; sent != blocks || talk.Underruns() != 0 {
		if !strict {
			say = t.Logf
		}
		say("the far end sent %d blocks of %d, %d underruns", sent, blocks, talk.Underruns())
	}
	text := metrics(t, d)
	board := isBoard(t, d, "card", "running", "")
	overruns := metric(text, overrun, `board="card"`) - before
	t.Logf("%d lines for %v (%v by the machine's clock): %v overruns, %d samples lost, %d frames late, %d missed, daemon %.1f %% of the guest's processor",
		lines, length, took.Round(time.Millisecond), overruns, board.Lost, board.Late, board.Missed, core)
	if !strings.Contains(text, overrun) {
		t.Errorf("there is no metric %s", overrun)
	}
	if strict && (overruns != 0 || board.Lost != 0 || board.Missed != 0) {
		t.Errorf("audio was lost: %+v", board)
	}
	stopAll(t, d, lines)
	rows, err := d.Recordings(ctx, 0)
	must(t, err)
	if len(rows) != lines {
		t.Fatalf("%d recordings of %d lines", len(rows), lines)
	}
	whole, most, least := 0, 0, int(blocks)
	for _, r := range rows {
		runs := labtest.Runs(codesOf(t, d, r.ID))
		got := 0
		for _, n := range runs {
			got += n.Blocks()
			if n.Line != r.Line {
				t.Errorf("line %d: its recording has %v", r.Line, n)
			}
		}
		if len(runs) == 1 && got == int(blocks) {
			whole++
		} else if strict {
			t.Errorf("line %d: %d blocks were sent, the recording has %v", r.Line, blocks, runs)
		}
		most, least = max(most, len(runs)), min(least, got)
	}
	if whole < lines {
		t.Logf("of %d blocks at least %d are in each recording, in at most %d parts", blocks, least, most)
	}
	if !strict && board.Lost == 0 && talk.Underruns() == 0 && whole < lines {
		t.Error("audio is missing, and nobody says so")
	}
	t.Logf("%d of %d recordings equal what was played, byte for byte, %d blocks each", whole, lines, blocks)
	stop(t, d)
}

func TestDAHDIRecords128LinesByteForByte(t *testing.T) {
	recordAll(t, 128, counts(10*time.Second, 10*time.Second, 5*time.Minute), true)
}

// TestDAHDIInRealTime is for lab/run -rt: what a busy machine loses is shown,
// and only what is not told is a fault.
func TestDAHDIInRealTime(t *testing.T) {
	if os.Getenv("VAAD_LAB_REALTIME") == "" {
		t.Skip("VAAD_LAB_REALTIME=1 and lab/run -rt: the smoke test in real time")
	}
	recordAll(t, 64, counts(5*time.Second, 5*time.Second, 60*time.Second), false)
}

// companded compands linear samples.
func companded(pcm []int16, law g711.Law) []byte {
	b := make([]byte, len(pcm))
	g711.Encode(b, pcm, law)
	return b
}

// TestDAHDICallsAreListed: an exchange rings tapped lines; calls that are
// answered are recorded, one is missed, and vaactl tells of all.
func TestDAHDICallsAreListed(t *testing.T) {
	a, b := spanPair(t, "d", 3, labtest.FXSKewl, labtest.FXOKewl, labtest.ALaw)
	root := scratch(t)
	d := start(t, root, listening+card("card", ``, a.ID)+pin(1, 3, `trigger = "call"`))
	isBoard(t, d, "card", "running", "")
	ctx := within(t, 10*time.Minute)
	exchange := farEnds(t, b, 1, 3)
	labtest.Pause(2200 * time.Millisecond) // DAHDI ignores rings for 2 s after a channel was opened
	for _, c := range exchange {
		must(t, c.Cadence(1000, 4000))
		must(t, c.Hook(labtest.Ring))
	}
	labtest.Pause(7 * time.Second) // two bursts
	for _, c := range exchange {
		must(t, c.Hook(labtest.RingOff))
	}
	speech := companded(append(uttering(7).all(), uttering(8).all()...), g711.ALaw)
	blocks := uint32(len(speech) / labtest.BlockSize)
	talk, err := labtest.Talk(exchange[:2], 8, 1, blocks, func(_ int, n uint32, dst []byte) { // the third caller was not answered
		copy(dst, speech[n*labtest.BlockSize:])
	})
	must(t, err)
	_, err = talk.Wait()
	must(t, err)
	labtest.Pause(11 * time.Second) // nobody is heard for 10 s: the calls end
	var calls []Call
	err = eventually(ctx, "three calls in the journal", func() (done bool, err error) {
		calls, err = d.Calls(ctx, 0)
		n := 0
		for _, c := range calls {
			if c.End != nil {
				n++
			}
		}
		return n >= 3, err
	})
	if err != nil {
		t.Fatalf("%v: %+v", err, calls)
	}
	sealed(t, d)
	recs, err := d.Recordings(ctx, 0)
	must(t, err)
	if len(calls) != 3 {
		t.Fatalf("%d calls, %d recordings: %+v %+v", len(calls), len(recs), calls, recs)
	}
	for _, c := range calls {
		outcome := "answered"
		if c.Line == 3 { // without volts nothing tells what became of it
			outcome = "unknown"
		}
		if c.Direction != "in" || c.Outcome != outcome {
			t.Errorf("call on line %d: %+v", c.Line, c)
		}
		t.Logf("line %d: %s, outcome %s, ended by %s, %d recordings", c.Line, c.Direction, c.Outcome, c.EndedBy, len(c.Recordings))
	}
	has := 0
	for _, r := range recs {
		if bytes.Contains(codesOf(t, d, r.ID), speech[:len(speech)/2]) {
			has++
		} else if r.Line < 3 {
			t.Errorf("the recording of line %d does not have what was said: %+v", r.Line, r)
		}
	}
	if has != 2 {
		t.Errorf("%d recordings have what was said on two lines", has)
	}
	for _, words := range [][]string{{"calls"}, {"recordings"}, {"boards"}, {"lines"}, {"lines", "1"}} {
		out, err := d.Ctl(ctx, words...)
		if err != nil || len(out) < 20 {
			t.Errorf("vaactl %v: %v\n%s", words, err, out)
		}
	}
	stop(t, d)
}

// all is everything a step plays.
func (s Step) all() []int16 {
	pcm := make([]int16, s.For/driver.Tick*driver.Block)
	for n := 0; n < len(pcm)/driver.Block; n++ {
		s.Audio(uint32(n), pcm[n*driver.Block:(n+1)*driver.Block])
	}
	return pcm
}

// TestDAHDIDoctorLooksAtTheMachine: vaactl doctor runs where DAHDI is.
func TestDAHDIDoctorLooksAtTheMachine(t *testing.T) {
	a, _ := spanPair(t, "d", 4, labtest.FXSKewl, labtest.FXOKewl, labtest.ALaw)
	root := scratch(t)
	d := start(t, root, quietly+card("card", ``, a.ID))
	isBoard(t, d, "card", "running", "")
	ctx := within(t, time.Minute)
	type finding struct{ Code, Severity string }
	text, err := d.Ctl(ctx, "doctor", "--json") // its status says whether there are faults
	var rows []finding
	for dec := json.NewDecoder(strings.NewReader(text)); dec.More(); {
		var r finding
		if e := dec.Decode(&r); e != nil {
			t.Fatalf("%v in %q, %v", e, text, err)
		}
		rows = append(rows, r)
	}
	if len(rows) < 5 {
		t.Fatalf("%d findings: %v\n%s", len(rows), err, text)
	}
	words, _ := d.Ctl(ctx, "doctor")
	for _, r := range rows {
		if r.Code == "" || r.Severity == "" {
			t.Errorf("finding %+v", r)
		}
		t.Logf("%-8s %s", r.Severity, r.Code)
	}
	if len(words) < 100 {
		t.Errorf("vaactl doctor prints %q", words)
	}
	stop(t, d)
}
