package dsp

import (
	"math"
	"testing"
)

func sine(hz, peak float64, n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(math.Round(max(-32768, min(32767, peak*math.Sin(2*math.Pi*hz*float64(i)/Rate)))))
	}
	return s
}

func TestSineReadsItsLevel(t *testing.T) {
	for _, level := range []float64{3, 0, -10, -20, -40, -60} {
		l := Measure(sine(1004, SinePeak(level), Rate))
		if got := l.DBm0(); math.Abs(got-level) > 0.05 {
			t.Errorf("a sine of %v dBm0 reads %.3f", level, got)
		}
		if got := DBm0(MeanSquare(level)); math.Abs(got-level) > 1e-9 {
			t.Errorf("DBm0(MeanSquare(%v)) = %v", level, got)
		}
	}
}

func TestSilenceReadsFloor(t *testing.T) {
	for _, l := range []Level{{}, Measure(nil), Measure(make([]int16, 160))} {
		if l.DBm0() != Floor || l.Peak != 0 || l.DC() != 0 {
			t.Errorf("%+v reads %v dBm0, want %v", l, l.DBm0(), Floor)
		}
	}
	if got := DBm0(math.NaN()); got != Floor {
		t.Errorf("DBm0(NaN) = %v", got)
	}
}

func TestPeakAndClippingAreCounted(t *testing.T) {
	for _, c := range []struct {
		block         []int16
		peak, clipped int
	}{
		{[]int16{0, -5, 3}, 5, 0},
		{[]int16{32123, -32123}, 32123, 0},
		{[]int16{32124, -32124, 32767, 1}, 32767, 3},
		{[]int16{-32768}, 32768, 1},
	} {
		if l := Measure(c.block); l.Peak != c.peak || l.Clipped != c.clipped {
			t.Errorf("%v: peak %d clipped %d, want %d and %d", c.block, l.Peak, l.Clipped, c.peak, c.clipped)
		}
	}
}

func TestLevelsOfBlocksAddUp(t *testing.T) {
	s := sine(440, 32768*1.1, 1000)
	whole := Measure(s)
	for _, n := range []int{1, 80, 160, 333} {
		var sum Level
		for from := 0; from < len(s); from += n {
			sum.Add(Measure(s[from:min(from+n, len(s))]))
		}
		if sum != whole {
			t.Errorf("blocks of %d: %+v, want %+v", n, sum, whole)
		}
	}
}

func BenchmarkMeasure(b *testing.B) {
	s := sine(440, 1000, 160)
	b.SetBytes(320)
	b.ReportAllocs()
	for b.Loop() {
		_ = Measure(s)
	}
}
