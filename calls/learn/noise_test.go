package learn

import (
	"math"
	"math/rand/v2"
	"testing"

	"vaad/dsp"
	"vaad/dsp/tone"
)

func TestNoiseAndHumOfASilentLineAreMeasured(t *testing.T) {
	for _, c := range []struct{ hum, noise float64 }{{-40, -60}, {-55, -50}, {-30, -65}, {-99, -60}} {
		x := heard(tone.Cadence{}, 4, 0, c.hum, c.noise, 3)
		n, ok := MeasureNoise(x)
		if !ok {
			t.Fatal("nothing was measured")
		}
		hum := dsp.DBm0(dsp.MeanSquare(c.hum) * (1 + math.Pow(10, -0.6) + math.Pow(10, -1.2)))
		all := dsp.DBm0(dsp.MeanSquare(hum) + dsp.MeanSquare(c.noise))
		if math.Abs(n.DBm0-all) > 0.7 {
			t.Errorf("%+v: %.1f dBm0 in all, want %.1f", c, n.DBm0, all)
		}
		if c.hum > -70 && (math.Abs(n.HumDBm0-hum) > 0.7 || math.Abs(n.MainsHz-50) > 0.05) {
			t.Errorf("%+v: hum of %.2f Hz, %.1f dBm0, want 50 and %.1f", c, n.MainsHz, n.HumDBm0, hum)
		}
		if c.hum < -70 && n.MainsHz != 0 {
			t.Errorf("%+v: hum of %.2f Hz, %.1f dBm0, and there is none", c, n.MainsHz, n.HumDBm0)
		}
		// The ear does not hear 50 to 150 Hz (63 to 30 dB down), and of white noise 3.6 dB less.
		if c.noise > c.hum-25 && math.Abs(n.DBm0p-(c.noise-3.6)) > 1.2 {
			t.Errorf("%+v: %.1f dBm0p, want %.1f", c, n.DBm0p, c.noise-3.6)
		}
	}
}

func TestAnOffsetIsToldAndIsNoNoise(t *testing.T) {
	x := make([]int16, 2*dsp.Rate)
	for i := range x {
		x[i] = 120
	}
	if n, ok := MeasureNoise(x); !ok || n.DC != 120 || n.DBm0 != dsp.Floor {
		t.Errorf("%+v %v", n, ok)
	}
}

func TestNothingIsMeasuredWhereNothingSounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	silence, noise := make([]int16, 3*dsp.Rate), make([]int16, 3*dsp.Rate)
	for i := range noise {
		noise[i] = int16(300 * rng.NormFloat64())
	}
	for name, x := range map[string][]int16{"silence": silence, "noise": noise, "hum": heard(tone.Cadence{}, 3, 0, -20, -70, 1), "nothing": nil, "a moment": noise[:100]} {
		if got, ok := Measure(x); ok {
			t.Errorf("%s is a tone: %+v", name, got)
		}
	}
	if _, ok := MeasureNoise(silence[:100]); ok {
		t.Error("a moment says nothing of noise")
	}
}

func FuzzMeasure(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 200, 100}, uint8(100))
	f.Fuzz(func(t *testing.T, b []byte, times uint8) {
		var x []int16
		for range int(times) * 4 {
			for i := 0; i+1 < len(b) && len(x) < 2*dsp.Rate; i += 2 {
				x = append(x, int16(b[i])<<8|int16(b[i+1]))
			}
		}
		if got, ok := Measure(x); ok && (math.IsNaN(got.DBm0) || len(got.Sines) == 0 || got.Sure() < 0 || got.Sure() > 100) {
			t.Errorf("%+v", got)
		}
		MeasureNoise(x)
	})
}
