package notch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp"
)

func tones(n int, dBm0 float64, hz ...float64) []int16 {
	x := make([]int16, n)
	for i := range x {
		v := 0.0
		for k, f := range hz {
			v += dsp.SinePeak(dBm0) * math.Sin(2*math.Pi*f*float64(i)/dsp.Rate+float64(k))
		}
		x[i] = int16(math.Round(v))
	}
	return x
}

// loss is what a filter leaves of tones of that level once it has settled, in dB.
func loss(t *testing.T, f *Filter, dBm0 float64, hz ...float64) float64 {
	t.Helper()
	x := tones(3*dsp.Rate, dBm0, hz...)
	before := dsp.Measure(x[2*dsp.Rate:]).DBm0()
	f.Process(x)
	return dsp.Measure(x[2*dsp.Rate:]).DBm0() - before
}

func hum(t testing.TB, mains float64, multiples int) *Filter {
	t.Helper()
	f, err := Hum(mains, multiples)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func dial(t testing.TB, hz ...float64) *Filter {
	t.Helper()
	f, err := DialTone(hz...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestHumIsTakenOut(t *testing.T) {
	for _, mains := range []float64{50, 60, 49.93} {
		for _, c := range []struct{ off, most float64 }{{0, -50}, {0.05, -28}, {0.2, -17}} {
			got := loss(t, hum(t, mains, 6), -20, mains+c.off, 3*(mains+c.off), 5*(mains+c.off))
			t.Logf("%v Hz, off by %v: %.1f dB", mains, c.off, got)
			if got > c.most {
				t.Errorf("hum of %v Hz, off by %v Hz: %.1f dB, want %v", mains, c.off, got, c.most)
			}
		}
	}
	x := tones(dsp.Rate, -20, 50, 150)
	hum(t, 50, 6).Process(x)
	if got := dsp.Measure(x[4*dsp.Rate/10:5*dsp.Rate/10]).DBm0() + 17; got > -20 {
		t.Errorf("0.4 s after hum began %.1f dB of it are left", got)
	}
}

func TestSpeechPassesHumFilters(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	x := make([]int16, 20*dsp.Rate)
	for i := range x {
		x[i] = int16(2000 * r.NormFloat64())
	}
	before := dsp.Measure(x).DBm0()
	hum(t, 50, 6).Process(x)
	all := dsp.Measure(x).DBm0() - before
	t.Logf("white noise: %.3f dB", all)
	if all < -0.15 {
		t.Errorf("white noise lost %.2f dB", -all)
	}
	for _, hz := range []float64{325, 400, 1000, 3400} {
		if got := loss(t, hum(t, 50, 6), -10, hz); got < -0.6 {
			t.Errorf("%v Hz: %.2f dB", hz, got)
		}
	}
}

func TestDialTonesAreTakenOut(t *testing.T) {
	for _, c := range []struct {
		filter []float64
		hz     float64
		least  float64
		most   float64
	}{
		{[]float64{425}, 425, -99, -50}, {[]float64{425}, 415, -99, -8}, {[]float64{350, 440}, 350, -99, -50}, {[]float64{350, 440}, 440, -99, -50},
		{[]float64{450}, 450, -99, -50}, {[]float64{350, 440}, 697, -0.3, 0.01}, {[]float64{450}, 697, -0.3, 0.01}, {[]float64{425}, 1000, -0.1, 0.01},
	} {
		got := loss(t, dial(t, c.filter...), -10, c.hz)
		t.Logf("notch of %v Hz: %v Hz %.2f dB", c.filter, c.hz, got)
		if got < c.least || got > c.most {
			t.Errorf("notch of %v Hz: %v Hz %.2f dB, want %v…%v", c.filter, c.hz, got, c.least, c.most)
		}
	}
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]int16, 4000)
	for i := range x {
		x[i] = int16(r.IntN(65536) - 32768)
	}
	run := func(n int) []int16 {
		y, f := slices.Clone(x), hum(t, 50, 8)
		for part := range slices.Chunk(y, n) {
			f.Process(part)
		}
		return y
	}
	want := run(160)
	for _, n := range []int{1, 7, 64, 1000, 4000} {
		if !slices.Equal(run(n), want) {
			t.Errorf("blocks of %d give other samples", n)
		}
	}
}

func TestFrequenciesThatCannotBeAreRefused(t *testing.T) {
	for _, n := range [][]Notch{{{0, 5}}, {{4000, 5}}, {{50, 0}}, {{math.NaN(), 5}}, {{50, math.Inf(1)}}, make([]Notch, 33)} {
		if _, err := New(n...); err == nil {
			t.Errorf("%v was taken", n)
		}
	}
	for _, c := range []struct {
		mains float64
		n     int
	}{{40, 3}, {50, 0}, {50, 21}, {math.NaN(), 3}} {
		if _, err := Hum(c.mains, c.n); err == nil {
			t.Errorf("%v was taken", c)
		}
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	f, x := hum(t, 50, 6), make([]int16, 160)
	if n := testing.AllocsPerRun(100, func() { f.Process(x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	f.Process(tones(800, 0, 50))
	f.Reset()
	if f.Process(x); slices.Max(x) != 0 || slices.Min(x) != 0 {
		t.Errorf("rings after Reset: %v", x[:10])
	}
}

func FuzzProcess(f *testing.F) {
	f.Add(50.0, 4.0, []byte{1, 2, 3, 4, 255, 127})
	f.Fuzz(func(t *testing.T, hz, width float64, b []byte) {
		n, err := New(Notch{hz, width}, Notch{hz / 2, width})
		if err != nil {
			return
		}
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
		}
		n.Process(x)
		for _, s := range n.sections {
			if math.IsNaN(s.s1) || math.IsInf(s.s1, 0) || math.Abs(s.s1) > 1e9 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func BenchmarkHum6(b *testing.B) {
	x, f := tones(160, -20, 50, 1000), hum(b, 50, 6)
	b.SetBytes(320)
	for b.Loop() {
		f.Process(x)
	}
}
