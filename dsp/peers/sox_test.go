package peers

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/g711"
)

// sox makes a signal with SoX: pieces of its "synth" and of silence, one after
// the other. A piece is seconds and any number of Hz; no Hz is silence.
// level is that of each of them in dBm0.
func sox(t *testing.T, level float64, pieces ...[]float64) []int16 {
	t.Helper()
	program, err := exec.LookPath("sox")
	if err != nil {
		t.Skip("no sox: \".ci/need sox\" installs it")
	}
	dir := t.TempDir()
	format := []string{"-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-L", "-c", "1"}
	run := func(a ...string) {
		if said, err := exec.Command(program, a...).CombinedOutput(); err != nil {
			t.Fatalf("sox %v: %v: %s", a, err, said)
		}
	}
	made := map[string]string{} // a piece to its file
	all := []string{"-D"}
	for _, p := range pieces {
		what := fmt.Sprint(p)
		if made[what] == "" {
			made[what] = filepath.Join(dir, fmt.Sprintf("%d.raw", len(made)))
			hz, gain := p[1:], level-dsp.PeakDBm0
			if len(hz) == 0 {
				hz, gain = []float64{1000}, -300
			}
			a := append([]string{"-D", "-r", "8000", "-c", fmt.Sprint(len(hz)), "-n"}, format...)
			a = append(a, made[what], "synth", fmt.Sprint(p[0]))
			for _, f := range hz { // a sine to a channel
				a = append(a, "sine", fmt.Sprint(f))
			}
			var mix []string // with their levels
			for i := range hz {
				mix = append(mix, fmt.Sprintf("%dv%.6f", i+1, math.Pow(10, gain/20)))
			}
			run(append(a, "remix", strings.Join(mix, ","))...)
		}
		all = append(append(all, format...), made[what])
	}
	out := filepath.Join(dir, "all.raw")
	run(append(append(all, format...), out)...)
	return samplesOf(t, out)
}

func TestKeysOfSoXAreHeard(t *testing.T) {
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477, 1633}
	keys := "123A456B789C*0#D"
	pieces := [][]float64{{0.3}}
	for range times(1, 10) {
		for i := range keys {
			pieces = append(pieces, []float64{0.05, rows[i/4], columns[i%4]}, []float64{0.05})
		}
	}
	pieces = append(pieces, []float64{0.3})
	for _, level := range []float64{-6, -24} {
		x := changed(sox(t, level, pieces...), 0, -65, g711.MuLaw)
		if m := missed(strings.Split(strings.Repeat(keys, times(1, 10)), ""), hearKeys(x)); m != "" {
			t.Errorf("at %v dBm0: %s", level, m)
			keep(t, x)
		}
	}
	generators(t, "keys of SoX's synth", 2*16*times(1, 10))
}

func TestTonesOfSoXAreHeard(t *testing.T) {
	repeat := func(n int, pieces ...[]float64) [][]float64 {
		out := [][]float64{{0.7}}
		for range n {
			out = append(out, pieces...)
		}
		return append(out, []float64{1})
	}
	sent := []struct {
		want   string
		pieces [][]float64
		hear   func(x []int16) []heard
	}{
		{"busy", repeat(6, []float64{0.35, 450}, []float64{0.35}), func(x []int16) []heard { return hearTones(x, "CN") }},
		{"ringback", repeat(3, []float64{2, 440, 480}, []float64{4}), func(x []int16) []heard { return hearTones(x, "US") }},
		{"dial", repeat(1, []float64{6, 350, 440}), func(x []int16) []heard { return hearTones(x, "US") }},
		{"sit", repeat(1, []float64{0.33, 950}, []float64{0.33, 1400}, []float64{0.33, 1800}), func(x []int16) []heard { return hearTones(x, "DE") }},
		{"cng", repeat(1, []float64{0.5, 1100}, []float64{3}), hearModems},
		{"ct", repeat(1, []float64{0.6, 1300}, []float64{2}), hearModems},
		{"ans", repeat(1, []float64{3, 2100}), hearModems},
		{"bell103", repeat(1, []float64{3, 2225}), hearModems},
	}
	for _, k := range sent {
		for _, level := range []float64{-10, -28} {
			x := changed(sox(t, level, k.pieces...), 0, -60, g711.ALaw)
			if m := missed([]string{k.want}, k.hear(x)); m != "" {
				t.Errorf("%s at %v dBm0: %s", k.want, level, m)
				keep(t, x)
			}
		}
	}
	generators(t, "tones of SoX's synth", 2*len(sent))
}
