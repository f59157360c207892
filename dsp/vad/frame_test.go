package vad

import (
	"math"
	"syscall"
	"testing"
	"time"

	"vaad/dsp/spectrum"
)

// A sine of any frequency has its level in the lines around it.
func TestLinesAddUpToTheMeanSquare(t *testing.T) {
	for _, hz := range []float64{500, 1000, 2125} {
		var x [window]int16
		for i := range x {
			x[i] = int16(math.Round(1000 * math.Sin(2*math.Pi*hz*float64(i)/8000)))
		}
		var p [32]float32
		var y [fold]float32
		laid(&y, &x)
		spectrum.Power64(&p, &y)
		var sum float32
		for _, v := range p {
			sum += v
		}
		if sum < 400000 || sum > 1500000 {
			t.Errorf("%v Hz: %.0f", hz, sum)
		}
	}
}

func TestLogarithmIsCloseEnough(t *testing.T) {
	for x := float32(0.01); x < 1e10; x *= 1.07 {
		if got, want := float64(log2(x)), math.Log2(float64(x)); math.Abs(got-want) > 0.01 {
			t.Errorf("log2(%g) = %.4f, want %.4f", x, got, want)
		}
	}
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}
