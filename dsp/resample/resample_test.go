package resample

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func sine(hz, peak, rate float64, n int) []int16 {
	x := make([]int16, n)
	for i := range x {
		x[i] = int16(math.Round(peak * math.Sin(2*math.Pi*hz*float64(i)/rate)))
	}
	return x
}

// tone fits a sine of that frequency and returns its peak and how far below it
// the rest lies, in dB.
func tone(x []int16, hz, rate float64) (peak, below float64) {
	var cc, cs, ss, xc, xs, xx float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		cc, cs, ss = cc+c*c, cs+c*s, ss+s*s
		xc, xs, xx = xc+c*float64(v), xs+s*float64(v), xx+float64(v)*float64(v)
	}
	det := cc*ss - cs*cs
	a, b := (xc*ss-xs*cs)/det, (xs*cc-xc*cs)/det
	rest := xx - a*xc - b*xs
	return math.Hypot(a, b), 10 * math.Log10(max(1e-9, xx-rest)/max(1e-9, rest))
}

func converter(t testing.TB, from, to int) *Converter {
	t.Helper()
	c, err := New(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// middle leaves out what the ends disturb.
func middle(x []int16) []int16 { return x[len(x)/4 : len(x)*3/4] }

var pairs = [][2]int{{8000, 16000}, {16000, 8000}, {8000, 48000}, {48000, 8000}, {16000, 48000}, {48000, 16000}, {44100, 8000}, {8000, 44100}, {11025, 8000}, {22050, 8000}, {32000, 8000}, {8000, 8000}}

func TestSinesPassUnchanged(t *testing.T) {
	for _, p := range pairs {
		from, to := float64(p[0]), float64(p[1])
		low := min(from, to)
		for _, share := range []float64{0.0125, 0.125, 0.3, 0.425} { // 100, 1000, 2400, 3400 Hz of 8000
			hz := low * share
			x := sine(hz, 16000, from, p[0])
			y := middle(converter(t, p[0], p[1]).Process(nil, x))
			peak, below := tone(y, hz, to)
			if dB := 20 * math.Log10(peak/16000); math.Abs(dB) > 0.01 || below < 84 {
				t.Errorf("%v: %.0f Hz changed by %.3f dB, distortion and noise −%.1f dB", p, hz, dB, below)
			}
		}
	}
}

func TestWhatCannotBeKeptIsGone(t *testing.T) {
	for _, p := range pairs {
		if p[1] >= p[0] {
			continue
		}
		for _, share := range []float64{0.576, 0.7, 0.9, 1.3, 2.4} {
			hz := share * float64(p[1])
			if hz > float64(p[0])*0.49 {
				continue
			}
			y := middle(converter(t, p[0], p[1]).Process(nil, sine(hz, 30000, float64(p[0]), p[0])))
			var sum float64
			for _, v := range y {
				sum += float64(v) * float64(v)
			}
			if dB := 10 * math.Log10(sum/float64(len(y))/(30000*30000/2)+1e-12); dB > -79 {
				t.Errorf("%v: %.0f Hz leaves %.1f dB", p, hz, dB)
			}
		}
	}
}

func TestOutputIsNotShifted(t *testing.T) {
	for _, p := range pairs {
		x := make([]int16, 4000)
		x[p[0]/80] = 30000 // at 12.5 ms
		y := converter(t, p[0], p[1]).Process(nil, x)
		at := 0
		for i, v := range y {
			if v > y[at] {
				at = i
			}
		}
		if want := float64(p[0]/80) * float64(p[1]) / float64(p[0]); math.Abs(float64(at)-want) > 1 {
			t.Errorf("%v: a click comes out at %d, want %.1f", p, at, want)
		}
	}
}

func TestLengthIsExact(t *testing.T) {
	for _, p := range pairs {
		for _, n := range []int{0, 1, 159, 8000, 12345} {
			c := converter(t, p[0], p[1])
			y := c.Flush(c.Process(nil, make([]int16, n)))
			if want := (n*p[1] + p[0] - 1) / p[0]; len(y) != want {
				t.Errorf("%v: %d samples became %d, want %d", p, n, len(y), want)
			}
		}
		c := converter(t, p[0], p[1])
		n := 0
		for range 100 {
			n += len(c.Process(nil, make([]int16, 160)))
		}
		if want := (16000 - c.Latency()) * p[1] / p[0]; n < want || n > want+p[1]/p[0]+1 {
			t.Errorf("%v: %d samples after 16000, want %d: latency %d", p, n, want, c.Latency())
		}
	}
}

func TestConstantStaysConstant(t *testing.T) {
	x := slices.Repeat([]int16{12345}, 4000)
	for _, p := range pairs {
		for _, v := range middle(converter(t, p[0], p[1]).Process(nil, x)) {
			if v < 12344 || v > 12346 {
				t.Fatalf("%v: %d", p, v)
			}
		}
	}
}

func TestClockMakesUpForAnother(t *testing.T) {
	for _, ppm := range []float64{0, 50, -50, 1000, -1000, 10000} {
		for _, hz := range []float64{300, 1000, 3400} {
			n := 80000
			c := NewClock()
			c.Set(ppm)
			y := c.Process(nil, sine(hz, 22000, 8000, n))
			if want := float64(n-c.Latency()) / (1 + ppm*1e-6); math.Abs(float64(len(y))-want) > 2 {
				t.Errorf("%v ppm: %d samples of %d, want %.0f", ppm, len(y), n, want)
			}
			peak, below := tone(middle(y), hz*(1+ppm*1e-6), 8000)
			least := 86.0
			if hz > 3000 {
				least = 78
			}
			if dB := 20 * math.Log10(peak/22000); math.Abs(dB) > 0.01 || below < least {
				t.Errorf("%v ppm, %v Hz: %.3f dB, distortion and noise −%.1f dB", ppm, hz, dB, below)
			}
		}
	}
}

func TestClockMayBeSetAtAnyTime(t *testing.T) {
	c, r := NewClock(), rand.New(rand.NewPCG(1, 1))
	x := sine(500, 20000, 8000, 80000)
	var y []int16
	for part := range slices.Chunk(x, 160) {
		c.Set(400*r.Float64() - 200)
		y = c.Process(y, part)
	}
	for i := 2; i < len(y); i++ { // no click: the second difference of a sine is small
		if d := int(y[i]) - 2*int(y[i-1]) + int(y[i-2]); i > 100 && max(d, -d) > 3200 {
			t.Fatalf("sample %d jumps: %v", i, y[i-2:i+1])
		}
	}
	c.Set(math.NaN())
	if p := c.PPM(); p < -200 || p > 200 {
		t.Errorf("no number was taken for %v ppm", p)
	}
	if c.Set(1e9); math.Abs(c.PPM()-MaxPPM) > 0.1 {
		t.Errorf("%v ppm", c.PPM())
	}
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]int16, 5000)
	for i := range x {
		x[i] = int16(r.IntN(65536) - 32768)
	}
	run := func(process func(dst, src []int16) []int16, n int) (y []int16) {
		for part := range slices.Chunk(x, n) {
			y = process(y, part)
		}
		return y
	}
	for _, p := range pairs {
		want := run(converter(t, p[0], p[1]).Process, 160)
		for _, n := range []int{1, 7, 513, 5000} {
			if !slices.Equal(run(converter(t, p[0], p[1]).Process, n), want) {
				t.Errorf("%v: blocks of %d give other samples", p, n)
			}
		}
	}
	clock := func() *Clock { c := NewClock(); c.Set(-77); return c }
	want := run(clock().Process, 160)
	for _, n := range []int{1, 7, 513, 5000} {
		if !slices.Equal(run(clock().Process, n), want) {
			t.Errorf("clock: blocks of %d give other samples", n)
		}
	}
}

func TestResetForgets(t *testing.T) {
	c, k := converter(t, 8000, 16000), NewClock()
	c.Process(nil, sine(1000, 30000, 8000, 333))
	k.Process(nil, sine(1000, 30000, 8000, 333))
	c.Reset()
	k.Reset()
	x := sine(700, 10000, 8000, 1000)
	if !slices.Equal(c.Process(nil, x), converter(t, 8000, 16000).Process(nil, x)) || !slices.Equal(k.Process(nil, x), NewClock().Process(nil, x)) {
		t.Error("something is left")
	}
}

func TestRatesThatCannotBeAreRefused(t *testing.T) {
	for _, p := range [][2]int{{0, 8000}, {8000, 0}, {-1, 8000}, {8000, 1 << 30}, {8000, 44101}} {
		if _, err := New(p[0], p[1]); err == nil {
			t.Errorf("%v was taken", p)
		}
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	c, k, x, dst := converter(t, 8000, 48000), NewClock(), make([]int16, 160), make([]int16, 0, 2000)
	if n := testing.AllocsPerRun(100, func() { dst = c.Process(dst[:0], x); dst = k.Process(dst[:0], x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzProcess(f *testing.F) {
	f.Add(8000, 11025, 12.0, []byte{1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, from, to int, ppm float64, b []byte) {
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(uint16(b[2*i]) | uint16(b[2*i+1])<<8)
		}
		k := NewClock()
		k.Set(ppm)
		k.Process(nil, x)
		if len(x) > 2000 || from > 8*to || to > 8*from {
			return
		}
		c, err := New(from, to)
		if err != nil {
			return
		}
		if y := c.Flush(c.Process(nil, x)); len(y) != (len(x)*to+from-1)/from {
			t.Errorf("%d samples from %d to %d Hz became %d", len(x), from, to, len(y))
		}
	})
}

func BenchmarkConverter(b *testing.B) {
	for _, p := range [][2]int{{8000, 16000}, {16000, 8000}, {8000, 48000}, {48000, 8000}} {
		b.Run(map[bool]string{true: "up", false: "down"}[p[0] < p[1]]+"="+map[int]string{16000: "16k", 48000: "48k"}[max(p[0], p[1])], func(b *testing.B) {
			c, x, dst := converter(b, p[0], p[1]), sine(1000, 10000, 8000, p[0]/50), make([]int16, 0, 2000)
			b.SetBytes(int64(2 * len(x)))
			for b.Loop() {
				dst = c.Process(dst[:0], x)
			}
		})
	}
}

func BenchmarkClock(b *testing.B) {
	c, x, dst := NewClock(), sine(1000, 10000, 8000, 160), make([]int16, 0, 2000)
	c.Set(30)
	b.SetBytes(320)
	for b.Loop() {
		dst = c.Process(dst[:0], x)
	}
}
