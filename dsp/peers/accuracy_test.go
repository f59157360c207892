package peers

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"vaad/dsp"
)

var (
	tables = flag.String("table", "", "folder in which each test leaves its rows of the table of accuracy")
	logs   = flag.String("logs", "", "folder with the output of the detectors' own tests, for rows that have no peer")
)

// line of the table: what was asked for, what was reached, what the best peer
// reaches on the same signals.
type tableRow struct {
	Work, Target, Reached, Peer string
	OK                          bool
}

// table collects the rows of a test, says them, and leaves them in a file.
type table struct {
	t    *testing.T
	name string
	rows []tableRow
}

func newTable(t *testing.T, name string) *table { return &table{t: t, name: name} }

// save leaves the rows so far in their file, as a long test may be ended early.
func (b *table) save() {
	if *tables == "" {
		return
	}
	said, err := json.MarshalIndent(b.rows, "", "\t")
	if err == nil {
		err = os.WriteFile(filepath.Join(*tables, b.name+".json"), said, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// row adds one; a target that is missed fails the test where the figure stands
// for something, which small counts do not.
func (b *table) row(work, target, reached, peer string, ok bool) {
	if !there() {
		peer = "not there"
	}
	mark := ""
	if !ok {
		mark = "  <-- missed"
		b.t.Fail()
	}
	b.rows = append(b.rows, tableRow{work, target, reached, peer, ok})
	b.save()
	b.t.Logf("%-72s %-12s %-28s peer %s%s", work, target, reached, peer, mark)
}

func TestAccuracyOfKeys(t *testing.T) {
	b := newTable(t, "1-keys")
	for i, noisy := range []bool{false, true} {
		ours, theirs := accept(uint64(40+i), times(400, 4000), noisy).both(t)
		what := fmt.Sprintf("DTMF that must be accepted, %d keys", ours.sent)
		if noisy {
			what += ", S/N 15…30 dB"
		}
		say := func(s score) string {
			return fmt.Sprintf("%s missed, %d doubled", percent(s.missed(), s.sent), s.doubled)
		}
		b.row(what, "≤ 0.1 %, 0", say(ours), say(theirs), ours.missed()*1000 <= ours.sent && ours.doubled+ours.wrong == 0)
	}
	for i, k := range refused {
		n := times(200, 2000)
		ours, theirs := refuse(uint64(42+i), n, k.put).both(t)
		b.row(fmt.Sprintf("refused: %s, %d", k.what, n), "0 accepted", fmt.Sprint(ours.wrong), fmt.Sprint(theirs.wrong), ours.wrong == 0)
	}
	ours, theirs := broken(50, times(200, 2000), 10).both(t)
	say := func(s score) string { return fmt.Sprintf("%d of %d split, %d missed", s.doubled, s.sent, s.missed()) }
	b.row("10 ms missing in a key", "bridged", say(ours), say(theirs), ours.doubled+ours.wrong+ours.missed() == 0)
	for _, hz := range []float64{50, 60} {
		for _, dB := range []float64{0, -6, -12} {
			s := steadyKeys(51, 320, -13)
			s.hum(hz, -13-dB)
			ours, theirs := s.both(t)
			b.row(fmt.Sprintf("DTMF over hum of %v Hz, %v dB to one tone", hz, dB), "≥ 99 %", percent(ours.found, ours.sent), percent(theirs.found, theirs.sent), ours.found*100 >= ours.sent*99)
		}
	}
	for _, d := range [][]float64{{350, 440}, {450}, {425}} {
		s := steadyKeys(52, 320, -15)
		for _, hz := range d {
			s.sines(0, len(s.x), hz, -3)
		}
		ours, _ := s.both(t)
		filtered := score{sent: 1}
		if there() {
			filtered = s.compare(receive(t, "dtmf-filter", s.samples()), 15*dsp.MS)
		}
		b.row(fmt.Sprintf("DTMF over a dial tone of %v Hz, −12 dB", d), "≥ 99 %", percent(ours.found, ours.sent), percent(filtered.found, filtered.sent)+" with filter", ours.found*100 >= ours.sent*99)
	}
	if *full {
		ours, theirs := lowest(t, hearKeys, -15*dsp.MS), 0
		if there() {
			theirs = lowest(t, func(x []int16) []heard { return receive(t, "dtmf", x) }, 15*dsp.MS)
		}
		b.row("all of 1000 keys in white noise, down to S/N", "≤ 7 dB", fmt.Sprintf("%d dB", ours), fmt.Sprintf("%d dB", theirs), ours <= 7)
	}
}

func TestAccuracyOfCallerIDs(t *testing.T) {
	b := newTable(t, "3-callers")
	n := times(60, 1000)
	for i, k := range fskKinds {
		row := func(what string, least float64, stream int, with func(l *track) bent, after func(l *track)) {
			ours, wrong, theirs, theirsWrong := arrived(t, uint64(80+10*i+stream), k, n, with, after)
			ok := float64(ours) >= least*float64(n) && wrong == 0
			say := func(ok, wrong int) string {
				if wrong > 0 {
					return fmt.Sprintf("%s, %d wrong", percent(ok, n), wrong)
				}
				return percent(ok, n)
			}
			b.row(fmt.Sprintf("caller ID, %s, %s", k.says, what), fmt.Sprintf("≥ %.0f %%", 100*least), say(ours, wrong), say(theirs, theirsWrong), ok)
		}
		plain := func(level float64) func(*track) bent { return func(*track) bent { return bent{level: level} } }
		noise := func(dBm0 float64) func(*track) { return func(l *track) { l.noise(0, len(l.x), dBm0) } }
		row("S/N 9 dB", 0.97, 0, plain(-14), noise(-23))
		row("−36 dBm0", 0.99, 1, plain(-36), noise(-68))
		row("hum of 50 Hz at 0 dB", 0.99, 2, plain(-14), func(l *track) {
			l.noise(0, len(l.x), -60)
			l.sines(0, len(l.x), 50, -14)
		})
		row("−28…−9 dBm0, twist ±6, ±1 %, S/N 15…35 dB", 0.99, 3, func(l *track) bent {
			return bent{level: l.between(-28, -9), twist: l.between(-6, 6), hz: l.between(-0.01, 0.01), baud: l.between(-0.01, 0.01)}
		}, func(l *track) {
			// a noise for each second, below the weakest tone of most messages
			for at := 0; at < len(l.x); at += dsp.Rate {
				end := min(len(l.x), at+dsp.Rate)
				loud := 0.0
				for _, v := range l.x[at:end] {
					loud = max(loud, math.Abs(v))
				}
				if loud > 0 {
					weak := 20*math.Log10(loud/dsp.SinePeak(0)) - 6
					l.noise(at, end, weak-l.between(15, 35))
				}
			}
		})
	}
}

// TestAccuracyOfVoice takes the figures of the package's own test.
func TestAccuracyOfVoice(t *testing.T) {
	if *logs == "" {
		t.Skip("the figures are those of dsp/vad's own test: make accuracy runs both")
	}
	b := newTable(t, "2-voice")
	for _, of := range []struct{ file, what string }{{"vad.log", "VAD"}, {"vad-other-voices.log", "VAD, other voices"}} {
		said, err := os.ReadFile(filepath.Join(*logs, of.file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []struct {
			what, target, pattern, peer string
			ok                          func(v float64) bool
		}{
			{"mean F1 of 17 noise conditions", "≥ 88 %", `mean F1 of 17 noise conditions: ([0-9.]+)`, "libfvad 82.9 %, not in this run", func(v float64) bool { return v >= 88 }},
			{"tones taken for voice", "≤ 10 %", `tones taken for voice: ([0-9.]+)`, "libfvad 43 %, not in this run", func(v float64) bool { return v <= 10 }},
		} {
			m := regexp.MustCompile(k.pattern).FindSubmatch(said)
			if m == nil {
				b.row(of.what+", "+k.what, k.target, "not measured: dsp/vad's test did not say it", k.peer, false)
				continue
			}
			v, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			b.row(of.what+", "+k.what, k.target, fmt.Sprintf("%.1f %%", v), k.peer, k.ok(v))
		}
	}
}

// TestAccuracyOfVectors takes the results of the codecs' own tests against the
// sequences of ETSI and ITU-T, which are not part of this project.
func TestAccuracyOfVectors(t *testing.T) {
	if *logs == "" {
		t.Skip("the results are those of the codecs' own tests: make prove-listening runs both")
	}
	said, err := os.ReadFile(filepath.Join(*logs, "vectors.log"))
	if err != nil {
		t.Fatal(err)
	}
	b := newTable(t, "5-vectors")
	for _, k := range []struct{ what, test string }{
		{"G.711, sweeps of the ITU-T software tool library", "TestSweepsOfTheSoftwareToolLibrary"},
		{"G.726, all sequences of Appendix II", "TestVectorsOfAppendixII"},
		{"GSM 06.10, sequences 1 to 5 of ETSI", "TestSequencesOfTheStandard"},
	} {
		reached, ok := "failed", false
		switch {
		case regexp.MustCompile(`--- PASS: ` + k.test + ` `).Match(said):
			reached, ok = "every bit", true
		case regexp.MustCompile(`--- SKIP: ` + k.test + ` `).Match(said):
			reached, ok = "not run: VAAD_VECTORS names no folder", true
		}
		b.row(k.what, "every bit", reached, "–", ok)
	}
}

// generators adds the row of a test that sends what one side makes to the other.
func generators(t *testing.T, what string, sent int) {
	t.Helper()
	name := "6-" + t.Name()
	reached, ok := "all", !t.Failed()
	if !ok {
		reached = "not all: see the output of " + t.Name()
	}
	newTable(t, name).row(fmt.Sprintf("%s, %d", what, sent), "all heard", reached, "–", ok)
}
