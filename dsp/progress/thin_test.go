package progress

import (
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// TestFiltersPassWhatTheySay measures both filters with sines.
func TestFiltersPassWhatTheySay(t *testing.T) {
	for hz := 50.0; hz < 4000; hz += 50 {
		if hz == 2000 { // the mid samples meet its zeros
			continue
		}
		var x [2*midHop + 16]int16
		for i := range x {
			x[i] = int16(math.Round(16000 * math.Cos(2*math.Pi*hz*float64(i)/8000)))
		}
		var y [midHop]float32
		wide(&y, (*[hop + 2*wideReach]int16)(x[:]))
		// All mid samples are cosines of the same peak, at a lag of wideReach.
		var peak float64
		for i, v := range y {
			if c := math.Cos(2 * math.Pi * hz * float64(2*i+wideReach) / 8000); math.Abs(c) > 0.5 {
				peak = float64(v) / c / 16000
			}
		}
		if want := math.Sqrt(float64(wideGain(float32(hz)))); math.Abs(math.Abs(peak)-want) > 0.001 {
			t.Errorf("wide at %v Hz: %.4f, want %.4f", hz, peak, want)
		}
		folded := math.Min(hz, math.Abs(4000-hz))
		if db := 20 * math.Log10(math.Abs(peak)); hz < 1170 && db < -1 || hz > 3250 && folded < 750 && db > -34 {
			t.Errorf("wide at %v Hz: %.1f dB", hz, db)
		}
		sum := 0.5
		for i, v := range tails {
			sum += 2 * float64(v) * math.Cos(2*math.Pi*hz/2*float64(2*i+1)/4000)
		}
		db := 20 * math.Log10(math.Abs(sum)+1e-9)
		if at := hz / 2; at <= 700 && db < -0.5 || at >= 1250 && db > -22 || at >= 1500 && db > -47 {
			t.Errorf("narrow at %v Hz: %.1f dB", at, db)
		}
	}
}

// What assembly gives is what plain Go gives, to the last bit.
func TestKernelsAgreeWithTheirTwins(t *testing.T) {
	if !vectors {
		t.Skip("no vectors here")
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var x [hop + 2*wideReach]int16
		for i := range x {
			x[i] = int16(r.Uint32() >> r.IntN(17))
		}
		var w1, w2 [midHop]float32
		wideAVX2(&w1, &x)
		widePlain(&w2, &x)
		if w1 != w2 {
			t.Fatalf("wide: %v\nplain %v", w1, w2)
		}
		var m [midLen + 3]float32
		for i := range m {
			m[i] = float32(r.NormFloat64() * 1000)
		}
		var n1, n2 [lowHop]float32
		narrowAVX2(&n1, (*[narrowTaken]float32)(m[:]))
		narrowPlain(&n2, (*[narrowTaken]float32)(m[:]))
		if n1 != n2 {
			t.Fatalf("narrow: %v\nplain %v", n1, n2)
		}
		if got, want := squaresAVX2(&m[0], midHop), squaresPlain(m[:midHop]); got != want {
			t.Fatalf("squares: %v, plain %v", got, want)
		}
		a0, a1, a2 := neighboursAVX2(&m)
		b0, b1, b2 := neighboursPlain(&m)
		if a0 != b0 || a1 != b1 || a2 != b2 {
			t.Fatalf("neighbours: %v %v %v, plain %v %v %v", a0, a1, a2, b0, b1, b2)
		}
	}
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano())
}
