package dtmf

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"vaad/dsp"
)

var corpus = flag.String("corpus", "", "8 kHz WAV for BenchmarkProcess/corpus")

// BenchmarkProcess tells ns per block of 20 ms and how many lines one core
// would serve.
func BenchmarkProcess(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := make([]int16, 80000)
	voice := make([]int16, 80000) // a buzz of 100…200 Hz through two resonances, in syllables
	var y1, y2, z1, z2, phase float64
	for i := range noise {
		noise[i] = int16(1000 * rnd.NormFloat64())
		s := float64(i) / dsp.Rate
		phase += (140 + 40*math.Sin(5*s)) / dsp.Rate
		x := 0.0
		if phase >= 1 {
			phase--
			x = 1
		}
		f1, f2 := 500+250*math.Sin(9*s), 1500+500*math.Sin(7*s)
		y := x + 1.92*math.Cos(2*math.Pi*f1/dsp.Rate)*y1 - 0.92*y2
		y1, y2 = y, y1
		z := y + 1.88*math.Cos(2*math.Pi*f2/dsp.Rate)*z1 - 0.89*z2
		z1, z2 = z, z1
		voice[i] = int16(1500 * z * max(0, math.Sin(12*s)))
	}
	hum := steady(100, -13)
	hum.hum(50, -13)
	set := []struct {
		name string
		x    []int16
	}{
		{"silence", make([]int16, 8000)},
		{"voice", voice},
		{"noise", noise},
		{"keys", steady(100, -13).samples()},
		{"keys+hum", hum.samples()},
	}
	if *corpus != "" {
		t := &testing.T{}
		set = append(set, struct {
			name string
			x    []int16
		}{"corpus", read(t, *corpus)})
	}
	for _, c := range set {
		b.Run(c.name, func(b *testing.B) {
			d := New()
			var events []Event
			at := 0
			b.ReportAllocs()
			b.SetBytes(2 * 160)
			for b.Loop() {
				if at+160 > len(c.x) {
					at = 0
				}
				events = d.Process(events[:0], c.x[at:at+160])
				at += 160
			}
			b.ReportMetric(20e6/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "lines/core")
		})
	}
}
