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
		spectrum.Fold(&y, x[:], shape[:])
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

// What assembly gives is what plain Go gives, to the last bit.
func TestKernelsAgreeWithTheirTwins(t *testing.T) {
	if !vectors {
		t.Skip("no vectors here")
	}
	r := newRand(5)
	some := func(x []float32, scale float64) {
		for i := range x {
			x[i] = float32(scale * r.NormFloat64())
		}
	}
	var a, b tracks
	for i := range 3000 {
		var p, q [lines]float32
		total := float32(0)
		for k := range p {
			if i%7 != 0 || k%5 == 0 {
				p[k] = float32(math.Exp(12 * r.NormFloat64()))
			}
			total += p[k]
		}
		q = p
		if got, want := restAVX2(&p, total), rest(&q, total); got != want {
			t.Fatalf("rest: %v, plain %v of %v", got, want, total)
		}
		var power, before, l1, l2 [lanes]float32
		some(before[:], 3)
		for k := range power {
			power[k] = float32(math.Exp(8 * r.NormFloat64()))
		}
		levelsAVX2((*[5][lanes]float32)(&a), &l1, &before, &power)
		levels(&b, &l2, &before, &power)
		if a != b || l1 != l2 {
			t.Fatalf("levels: %v %v\nplain %v %v", a, l1, b, l2)
		}
		var w weights
		for _, v := range w.parameters() {
			*v = float32(r.NormFloat64())
		}
		var h1, h2 [units]float32
		var s1, s2 [scores]float32
		scoreAVX2(&s1, &h1, &w.unit, &w.score, &before)
		score(&s2, &h2, &w.unit, &w.score, &before)
		if h1 != h2 || s1 != s2 {
			t.Fatalf("score: %v %v\nplain %v %v", h1, s1, h2, s2)
		}
		var x [told]float32
		some(x[:], 2)
		if got, want := oddsAVX2(&w.judge, &w.final, &x), odds(&w.judge, &w.final, &x); got != want {
			t.Fatalf("odds: %v, plain %v", got, want)
		}
	}
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}
