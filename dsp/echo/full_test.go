package echo

import (
	"flag"
	"testing"

	"vaad/dsp"
)

var (
	full = flag.Bool("full", false, "many lines")
	seed = flag.Uint64("seed", 1, "of these lines")
)

// Both sides speak, the near one much louder: with -full on many lines.
func TestDoubleTalkOfManyLines(t *testing.T) {
	lines := 2
	if *full {
		lines = 100
	}
	for _, level := range []float64{-16, -10, -4} {
		worst, lost := 99.0, 0
		for n := range uint64(lines) {
			r := newRand(*seed*1000 + n)
			far, h, hiss := talk(r, 9, -18), hybrid(r, 12, 80, 3), noise(r, 9*dsp.Rate, -65)
			speech := float(talk(r, 9, level))
			clear(speech[:4*dsp.Rate])
			k := newCall(far, h, hiss, speech)
			out := run(canceller(t, Config{Tail: 64}), k.near, k.far)
			change := k.enhancement(out, block, 4, 9) - k.enhancement(out, block, 3, 4)
			worst = min(worst, change)
			if change < -12 {
				lost++
			}
		}
		t.Logf("near side %v dBm0: lost on %d of %d lines, at worst %.1f dB", level, lost, lines, worst)
		if lost*100 > lines {
			t.Errorf("near side %v dBm0: lost on %d of %d lines, at worst %.1f dB", level, lost, lines, worst)
		}
	}
}
