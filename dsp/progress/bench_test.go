package progress

import (
	"flag"
	"testing"

	"vaad/dsp"
)

var corpus = flag.String("corpus", "", "8 kHz WAV for BenchmarkProcess/corpus")

// BenchmarkProcess tells how many lines one core serves, by processor time, in
// blocks of 20 ms.
func BenchmarkProcess(b *testing.B) {
	sounds := map[string][]int16{
		"busy":    play(world.all[2].sound(-16, 40), 0, 0, -60, 1),
		"silence": make([]int16, 30*dsp.Rate),
		"noise":   line(make([]int16, 30*dsp.Rate), -30, 1),
	}
	if *corpus != "" {
		sounds["corpus"] = read(*corpus)
	}
	for name, x := range sounds {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(2 * 160)
			d := New()
			events := make([]Event, 0, 16)
			at := 0
			t := cpu()
			for b.Loop() {
				if at+160 > len(x) {
					at = 0
				}
				events = d.Process(events[:0], x[at:at+160])
				at += 160
			}
			b.ReportMetric(float64(b.N)*160/dsp.Rate/(cpu()-t).Seconds(), "lines/core")
		})
	}
}
