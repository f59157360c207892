package dsp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// hum is mains hum, one level in dBm0 for each multiple.
func hum(hz float64, n int, dBm0 ...float64) []float64 {
	x := make([]float64, n)
	for k, level := range dBm0 {
		for i := range x {
			x[i] += SinePeak(level) * math.Sin(2*math.Pi*hz*float64(k+1)*float64(i)/Rate+float64(k))
		}
	}
	return x
}

func rounded(x []float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = int16(math.Round(max(-32768, min(32767, v))))
	}
	return out
}

// noisy adds something like speech: bursts of harmonics of a moving pitch.
func noisy(x []float64, dBm0 float64) {
	r := rand.New(rand.NewPCG(1, 2))
	peak, phase := SinePeak(dBm0)/3, 0.0
	for at := 0; at < len(x); {
		n, from, to := 1200+r.IntN(1200), 90+160*r.Float64(), 90+160*r.Float64()
		for i := 0; i < n && at+i < len(x); i++ {
			s := float64(i) / float64(n)
			phase += 2 * math.Pi * (from + (to-from)*s) / Rate
			for h := 1.0; h < 12; h++ {
				x[at+i] += peak * math.Sin(math.Pi*s) * math.Sin(h*phase) / math.Sqrt(h)
			}
		}
		at += n + r.IntN(2400)
	}
}

func humOf(x []int16) []HumLevel { return NewHum().Process(nil, x) }

func TestHumIsMeasured(t *testing.T) {
	for _, hz := range []float64{49.6, 49.93, 50, 50.2, 59.95, 60, 60.4} {
		for _, level := range []float64{-10, -30, -50, -60} {
			all := humOf(rounded(hum(hz, 3*Rate, level, level-14, level-6)))
			if len(all) != 3 {
				t.Fatalf("%d measurements of 3 s", len(all))
			}
			for _, h := range all {
				want := DBm0(MeanSquare(level) + MeanSquare(level-14) + MeanSquare(level-6))
				if math.Abs(h.Hz-hz) > 0.02 || math.Abs(h.DBm0()-want) > 0.5 {
					t.Errorf("%v Hz of %.1f dBm0 reads %.3f Hz of %.2f", hz, want, h.Hz, h.DBm0())
				}
			}
		}
	}
}

func TestRectifierHumIsMeasured(t *testing.T) {
	h := humOf(rounded(hum(50, 3*Rate, Floor, -30, Floor, -40)))[2]
	if math.Abs(h.Hz-50) > 0.05 || math.Abs(h.DBm0()+29.6) > 0.5 {
		t.Errorf("%.2f Hz of %.1f dBm0", h.Hz, h.DBm0())
	}
}

func TestHumBelowSpeechIsMeasured(t *testing.T) {
	for _, level := range []float64{-25, -35} {
		x := hum(50, 30*Rate, level, level-10, level-6)
		noisy(x, level+20)
		sum, n := 0.0, 0
		for _, h := range humOf(rounded(x))[3:] {
			sum += h.MeanSquare()
			n++
		}
		if got := DBm0(sum / float64(n)); math.Abs(got-level-1.3) > 3 {
			t.Errorf("hum of %.1f dBm0 below speech reads %.1f", level+1.3, got)
		}
	}
}

func TestWhatIsNoHumReadsNone(t *testing.T) {
	speech := make([]float64, 30*Rate)
	noisy(speech, -15)
	most := 0.0
	for _, h := range humOf(rounded(speech))[3:] {
		most = max(most, h.MeanSquare())
	}
	t.Logf("hum in speech of −15 dBm0 and no hum: at most %.1f dBm0", DBm0(most))
	if DBm0(most) > -40 {
		t.Errorf("speech reads as hum of %.1f dBm0", DBm0(most))
	}
	part := append(sine(450, 10000, 3*Rate), make([]int16, 5*Rate)...) // and what rounding leaves
	for _, h := range humOf(part) {
		if h.Hz != 0 || h.DBm0() != Floor {
			t.Errorf("a tone and silence read as %+v", h)
		}
	}
	white := make([]int16, 20*Rate)
	r := rand.New(rand.NewPCG(1, 3))
	for i := range white {
		white[i] = int16(1000 * r.NormFloat64())
	}
	for name, x := range map[string][]int16{
		"silence": make([]int16, 5*Rate), "dial tone of 425 Hz": sine(425, 10000, 5*Rate), "of 350 Hz": sine(350, 10000, 5*Rate), "of 400 Hz": sine(400, 10000, 5*Rate),
		"white noise": white,
	} {
		for _, h := range humOf(x)[2:] {
			if h.DBm0() > -50 {
				t.Errorf("%s reads as hum of %.1f dBm0 at %.2f Hz", name, h.DBm0(), h.Hz)
			}
		}
	}
}

func TestHumOfAnyBlockLengthIsTheSame(t *testing.T) {
	x := hum(50.1, 4*Rate+333, -30, -40)
	noisy(x, -20)
	y := rounded(x)
	want := humOf(y)
	for _, n := range []int{1, 160, 7777} {
		h := NewHum()
		var got []HumLevel
		for part := range slices.Chunk(y, n) {
			got = h.Process(got, part)
		}
		if !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %v, want %v", n, got, want)
		}
	}
}

func TestHumSkipsWhatIsMissing(t *testing.T) {
	x := rounded(hum(50, 2*Rate, -30))
	h := NewHum()
	all := h.Process(nil, x[:Rate/2])
	h.Skip(Rate)
	all = h.Process(all, x[3*Rate/4:])
	if len(all) != 1 || all[0].At != 5*Rate/2 || math.Abs(all[0].DBm0()+30) > 0.5 {
		t.Errorf("%+v", all)
	}
	block, dst := make([]int16, 160), make([]HumLevel, 0, 100)
	if n := testing.AllocsPerRun(200, func() { dst = h.Process(dst[:0], block) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzHum(f *testing.F) {
	f.Add([]byte{1, 2, 3, 250}, 3)
	f.Fuzz(func(t *testing.T, b []byte, skip int) {
		h := NewHum()
		x := make([]int16, 2*Rate)
		for i := range x {
			if len(b) > 0 {
				x[i] = int16(uint16(b[i%len(b)]) | uint16(b[(i*7)%len(b)])<<8)
			}
		}
		h.Skip(skip % 10000)
		for _, l := range h.Process(nil, x) {
			if l.DBm0() > PeakDBm0+4 || math.IsNaN(l.Hz) {
				t.Errorf("%+v", l)
			}
		}
	})
}

func BenchmarkHum(b *testing.B) {
	x, h := sine(440, 1000, 160), NewHum()
	var dst []HumLevel
	b.SetBytes(320)
	for b.Loop() {
		dst = h.Process(dst[:0], x)
	}
}
