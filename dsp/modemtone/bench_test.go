package modemtone

import (
	"flag"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"vaad/dsp"
)

var corpus = flag.String("corpus", "/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.wav", "8 kHz WAV for BenchmarkProcess/speech")

// BenchmarkProcess tells how many lines one core serves, by processor time.
func BenchmarkProcess(b *testing.B) {
	ansam := make([]int16, 10*dsp.Rate)
	NewSource(ANSampr, -15).Fill(ansam)
	noise := noisy(make([]int16, 10*dsp.Rate), -30, 1)
	var speech []int16
	if files := sounding(*corpus); len(files) > 0 {
		speech = read(b, files[0])
	}
	for _, c := range []struct {
		name string
		x    []int16
	}{{"silence", make([]int16, 8000)}, {"noise", noise}, {"ansam", ansam}, {"fax", play(rand.New(rand.NewPCG(1, 1)), NewSource(V21, -15), 1000, 0)}, {"speech", speech}} {
		if len(c.x) == 0 {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			d := New()
			events := make([]Event, 0, 16)
			at := 0
			b.SetBytes(2 * 160)
			b.ReportAllocs()
			t := cpu()
			for b.Loop() {
				if at+160 > len(c.x) {
					at = 0
				}
				events = d.Process(events[:0], c.x[at:at+160])
				at += 160
			}
			used := (cpu() - t).Seconds()
			b.ReportMetric(float64(b.N)*160/dsp.Rate/used, "lines/core")
			b.ReportMetric(used/float64(b.N)/160*1e9, "cpu-ns/sample")
		})
	}
}

// cpu is the processor time used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
