package gain

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vaad/dsp"
)

func sine(hz, dBm0 float64, n int) []int16 {
	x := make([]int16, n)
	for i := range x {
		x[i] = int16(math.Round(max(-32768, min(32767, dsp.SinePeak(dBm0)*math.Sin(2*math.Pi*hz*float64(i)/dsp.Rate)))))
	}
	return x
}

// syllables are bursts of noise of that level, 200 ms on and 100 ms off, over a
// weak steady noise.
func syllables(r *rand.Rand, dBm0 float64, seconds float64) []int16 {
	x := make([]int16, int(seconds*dsp.Rate))
	on, off := math.Sqrt(dsp.MeanSquare(dBm0)), math.Sqrt(dsp.MeanSquare(-65))
	for i := range x {
		rms := on
		if i%(300*dsp.MS) >= 200*dsp.MS {
			rms = off
		}
		x[i] = int16(max(-32768, min(32767, rms*r.NormFloat64())))
	}
	return x
}

func newAGC(t testing.TB, change func(*Config)) *AGC {
	t.Helper()
	c := Defaults()
	if change != nil {
		change(&c)
	}
	a, err := NewAGC(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// loud is the level of the bursts of syllables.
func loud(x []int16) float64 {
	var l dsp.Level
	for at := 0; at+200*dsp.MS <= len(x); at += 300 * dsp.MS {
		l.Add(dsp.Measure(x[at : at+200*dsp.MS]))
	}
	return l.DBm0()
}

func TestFixedGainIsExact(t *testing.T) {
	for _, dB := range []float64{-40, -6, -0.1, 0, 3, 12, 20} {
		x := sine(1004, -25, dsp.Rate)
		before := dsp.Measure(x).DBm0()
		New(dB).Process(x)
		if got := dsp.Measure(x).DBm0() - before; math.Abs(got-dB) > 0.05 {
			t.Errorf("%v dB became %.3f", dB, got)
		}
	}
	x := []int16{0, 1, -1, 32767, -32768, 12345}
	if New(0).Process(x); !slices.Equal(x, []int16{0, 1, -1, 32767, -32768, 12345}) {
		t.Errorf("0 dB changed %v", x)
	}
}

func TestWhatDoesNotFitIsClippedAndCounted(t *testing.T) {
	x := []int16{20000, -20000, 100, 32767, -32768}
	if n := New(6.0206).Process(x); n != 4 || !slices.Equal(x, []int16{32767, -32768, 200, 32767, -32768}) {
		t.Errorf("%d clipped: %v", n, x)
	}
}

func TestGainChangesWithoutAClick(t *testing.T) {
	g := New(0)
	x := slices.Repeat([]int16{10000}, 400)
	g.Process(x[:100])
	g.Set(-20)
	g.Process(x[100:])
	for i := 1; i < len(x); i++ {
		if d := int(x[i-1]) - int(x[i]); d < 0 || d > 300 {
			t.Fatalf("sample %d jumps by %d", i, d)
		}
	}
	if x[99] != 10000 || x[100+glide] != 1000 {
		t.Errorf("%d before, %d after", x[99], x[100+glide])
	}
}

func TestSpeechComesOutAtTheTarget(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, level := range []float64{-40, -35, -25, -18, -10, -3} {
		a := newAGC(t, nil)
		x := syllables(r, level, 20)
		a.Process(x)
		if got := loud(x[12*dsp.Rate:]); math.Abs(got+18) > 1.5 {
			t.Errorf("%v dBm0 came out at %.1f", level, got)
		}
	}
}

func TestGainFollowsInTime(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for _, c := range []struct{ level, seconds float64 }{{-3, 0.6}, {-36, 3.6}} {
		a := newAGC(t, nil)
		a.Process(syllables(r, -18, 9))
		x := syllables(r, c.level, 9)
		from := int(c.seconds*dsp.Rate) / (300 * dsp.MS) * 300 * dsp.MS
		a.Process(x)
		took := 0.0
		for at := 0; at+300*dsp.MS <= len(x); at += 300 * dsp.MS {
			if got := loud(x[at : at+300*dsp.MS]); math.Abs(got+18) > 3 {
				took = float64(at+300*dsp.MS) / dsp.Rate
			}
		}
		t.Logf("from −18 to %v dBm0: within 3 dB after %.1f s", c.level, took)
		if took*dsp.Rate > float64(from) {
			t.Errorf("to %v dBm0: %.1f s, want %.1f", c.level, took, c.seconds)
		}
	}
}

func TestNoiseIsNotPumpedUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	a := newAGC(t, nil)
	a.Process(syllables(r, -30, 10))
	before := a.Gain()
	noise := make([]int16, 20*dsp.Rate)
	for i := range noise {
		noise[i] = int16(math.Sqrt(dsp.MeanSquare(-55)) * r.NormFloat64())
	}
	a.Process(noise)
	if after := a.Gain(); math.Abs(after-before) > 0.1 {
		t.Errorf("weak noise moved the gain from %.1f to %.1f dB", before, after)
	}
	for i := range noise { // above the gate, but steady
		noise[i] = int16(math.Sqrt(dsp.MeanSquare(-40)) * r.NormFloat64())
	}
	a = newAGC(t, nil)
	a.Process(noise)
	if a.Gain() > 0.5 {
		t.Errorf("steady noise was raised by %.1f dB", a.Gain())
	}
}

func TestNoPeakPassesTheLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	a := newAGC(t, func(c *Config) { c.Limit = -6 })
	x := syllables(r, -38, 10)
	x = append(x, sine(300, 3, 4000)...)
	x = append(x, syllables(r, -2, 3)...)
	a.Process(x)
	if peak, most := dsp.Measure(x).Peak, dsp.SinePeak(-6); float64(peak) > most {
		t.Errorf("peak of %d, limit %.0f", peak, most)
	}
}

func TestGainKeepsItsLimits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	a := newAGC(t, func(c *Config) { c.Min, c.Max = -3, 6 })
	a.Process(syllables(r, -40, 10))
	if g := a.Gain(); math.Abs(g-6) > 0.01 {
		t.Errorf("%.2f dB, want 6", g)
	}
	a.Process(syllables(r, -8, 10))
	if g := a.Gain(); math.Abs(g+3) > 1.5 {
		t.Errorf("%.2f dB, want −3", g)
	}
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	x := append(syllables(r, -30, 2), syllables(r, 0, 2)...)
	run := func(n int) []int16 {
		y := slices.Clone(x)
		a, g := newAGC(t, nil), New(-3)
		g.Set(5)
		for rest := y; len(rest) > 0; {
			m := min(n, len(rest))
			a.Process(rest[:m])
			g.Process(rest[:m])
			rest = rest[m:]
		}
		return y
	}
	want := run(160)
	for _, n := range []int{1, 7, 80, 161, len(x)} {
		if !slices.Equal(run(n), want) {
			t.Errorf("blocks of %d give other samples", n)
		}
	}
}

func TestConfigurationsThatCannotWorkAreRefused(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.Target = 5 }, func(c *Config) { c.Min = 30 }, func(c *Config) { c.Gate = 0 }, func(c *Config) { c.Limit = 9 },
		func(c *Config) { c.Attack = 0 }, func(c *Config) { c.Decay = math.NaN() }, func(c *Config) { c.Target = math.NaN() },
	} {
		c := Defaults()
		change(&c)
		if _, err := NewAGC(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
	if err := (Config{Target: 9, Min: 1, Max: 0, Decay: 1}).Validate(); err == nil || len(err.Error()) < 100 {
		t.Errorf("not all faults are told: %v", err)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	a, g := newAGC(t, nil), New(3)
	x := make([]int16, 160)
	if n := testing.AllocsPerRun(100, func() { a.Process(x); g.Process(x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzProcess(f *testing.F) {
	f.Add([]byte{0, 128, 255, 127}, -18.0, 3.0)
	f.Fuzz(func(t *testing.T, b []byte, target, dB float64) {
		c := Defaults()
		c.Target = target
		a, err := NewAGC(c)
		if err != nil {
			return
		}
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
		}
		a.Process(x)
		if g := a.Gain(); !(g >= -200 && g <= c.Max+0.01) {
			t.Errorf("gain %v", g)
		}
		if l := dsp.Measure(x); float64(l.Peak) > dsp.SinePeak(c.Limit) {
			t.Errorf("peak %d", l.Peak)
		}
		New(dB).Process(x)
	})
}

func BenchmarkFixed(b *testing.B) {
	x, g := sine(1000, -20, 160), New(-0.001)
	b.SetBytes(320)
	for b.Loop() {
		g.Process(x)
	}
}

func BenchmarkAGC(b *testing.B) {
	x, a := sine(1000, -20, 160), newAGC(b, nil)
	b.SetBytes(320)
	for b.Loop() {
		a.Process(x)
	}
}
