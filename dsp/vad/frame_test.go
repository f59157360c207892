package vad

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

func TestSpectrumIsThatOfTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var x [window]int16
		for i := range x {
			x[i] = int16(r.IntN(65536) - 32768)
		}
		var p [32]float32
		spectrum(&p, &x)
		for k := 1; k < 32; k++ {
			var sum complex128
			for i, v := range x {
				sum += complex(float64(v)*float64(shape[i%8][i/8]), 0) * cmplx.Rect(1, -2*math.Pi*float64(k*i)/fold)
			}
			want := real(sum)*real(sum) + imag(sum)*imag(sum)
			if got := float64(p[k]); math.Abs(got-want) > 1e-3*want+100 {
				t.Fatalf("line %d: %g, want %g", k, got, want)
			}
		}
	}
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}

func BenchmarkSpectrum(b *testing.B) {
	var x [window]int16
	for i := range x {
		x[i] = int16(i*i*7919%4001 - 2000)
	}
	var p [32]float32
	t := cpu()
	for b.Loop() {
		spectrum(&p, &x)
	}
	b.ReportMetric(float64(cpu()-t)/float64(b.N), "cpu-ns/op")
}
