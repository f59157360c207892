package callerid

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/tone"
)

// alert puts the two tones on the line.
func (l *line) alert(millis, low, high, off, off2 float64) {
	p, q := l.between(0, 6), l.between(0, 6)
	a, b := dsp.SinePeak(low), dsp.SinePeak(high)
	for i := range int(millis * dsp.MS) {
		t := 2 * math.Pi * float64(i) / dsp.Rate
		l.x = append(l.x, a*math.Sin(AlertLow*(1+off)*t+p)+b*math.Sin(AlertHigh*(1+off2)*t+q))
	}
}

func alerts(x []int16, n int) []Alert {
	a := NewAlerting()
	var out []Alert
	for len(x) > 0 {
		m := min(n, len(x))
		out = a.Process(out, x[:m])
		x = x[m:]
	}
	return out
}

func TestAccuracyOfAlerting(t *testing.T) {
	n := 60
	if *full {
		n = 1000
	}
	speech := speaking(t)
	row := func(what string, need float64, put func(l *line), after func(l *line)) {
		l := newLine(*seed)
		l.silence(200)
		var at []float64
		var length []float64
		for range n {
			l.silence(l.between(150, 300))
			from := len(l.x)
			put(l)
			at = append(at, float64(from)/dsp.MS)
			length = append(length, float64(len(l.x)-from)/dsp.MS)
		}
		l.silence(300)
		after(l)
		hit, wrong, off := 0, 0, 0.
		for _, e := range alerts(l.samples(), 160) {
			k, _ := slices.BinarySearch(at, float64(e.At)/dsp.MS+30)
			if k--; k >= 0 && math.Abs(float64(e.At)/dsp.MS-at[k]) < 15 {
				hit++
				off = max(off, math.Abs(float64(e.At)/dsp.MS-at[k]), math.Abs(float64(e.End-e.At)/dsp.MS-length[k]))
			} else {
				wrong++
			}
		}
		share, mark := 100*float64(hit)/float64(n), ""
		if need >= 0 && share < need || need < 0 && hit > 0 || wrong > 0 {
			mark = "  <-- not reached"
			t.Fail()
		}
		t.Logf("%-66s %5.1f %%, elsewhere %d, edges within %.1f ms%s", what, share, wrong, off, mark)
	}
	noise := func(dBm0 float64) func(*line) { return func(l *line) { l.noise(0, dBm0) } }
	must := func(l *line, snr float64) {
		from := len(l.x)
		top, twist := l.between(-26, -8), l.between(-6, 6)
		low, high := top, top-twist
		if twist < 0 {
			low, high = top+twist, top
		}
		l.alert([]float64{l.between(75, 87), l.between(88, 112)}[l.rnd.IntN(2)], low, high, l.between(-0.011, 0.011), l.between(-0.011, 0.011))
		l.noise(from, min(low, high)-snr)
	}
	row("75…112 ms, −32…−8 dBm0, twist ±6 dB, ±1.1 %, S/N 25 dB", 100, func(l *line) { must(l, 25) }, noise(-65))
	row("the same, S/N 12 dB", 99, func(l *line) { must(l, 12) }, noise(-65))
	row("the same, S/N 6 dB", 0, func(l *line) { must(l, 6) }, noise(-65))
	row("−42 dBm0 each", 100, func(l *line) { l.alert(80, -42, -42, 0, 0) }, noise(-68))
	row("hum of 50 Hz 6 dB above", 100, func(l *line) { l.alert(80, -22, -22, 0, 0) }, func(l *line) {
		l.noise(0, -65)
		l.hum(50, -16)
	})
	row("refused: off by 2.5…4 %", -1, func(l *line) { l.alert(80, -20, -20, l.between(0.025, 0.04), 0) }, noise(-65))
	row("refused: 20…60 ms", -1, func(l *line) { l.alert(l.between(20, 60), -20, -20, 0, 0) }, noise(-65))
	row("refused: 135…400 ms", -1, func(l *line) { l.alert(l.between(135, 400), -20, -20, 0, 0) }, noise(-65))
	row("refused: one tone", -1, func(l *line) { l.alert(80, -20, -90, 0, 0) }, noise(-65))
	row("refused: keys", -1, func(l *line) {
		low, high, _ := tone.KeyHz(tone.Keys[l.rnd.IntN(16)])
		l.alert(80, -15, -15, low/AlertLow-1, high/AlertHigh-1)
	}, noise(-65))
	if speech == nil {
		return
	}
	for _, dB := range []float64{20, 10, 0} {
		row("tones of −18 dBm0 each, under speech of "+map[float64]string{20: "−38", 10: "−28", 0: "−18"}[dB]+" dBm0", 0, func(l *line) { l.alert(82, -18, -18, 0, 0) }, func(l *line) {
			gain := dsp.SinePeak(-18-dB) / dsp.SinePeak(dsp.Measure(speech).DBm0())
			for i := range l.x {
				l.x[i] += gain * float64(speech[i%len(speech)])
			}
		})
	}
}

// speaking is some recorded speech, if there is any.
func speaking(t testing.TB) (x []int16) {
	for _, path := range recordings(*sounds) {
		if strings.Contains(path, "demo-instruct") || strings.Contains(path, "demo-abouttotry") {
			x = append(x, read(t, path)...)
		}
	}
	return x
}

// TestAccuracyOfAlertingTalkOff counts the alerting tones heard in speech and
// music.
func TestAccuracyOfAlertingTalkOff(t *testing.T) {
	var hours float64
	for i, path := range recordings(*sounds) {
		if i%8 != 0 && !*full {
			continue
		}
		for _, p := range pitches() {
			x := pitched(read(t, path), p)
			hours += float64(len(x)) / dsp.Rate / 3600
			for _, e := range alerts(x, 160) {
				t.Errorf("%s at pitch %v: %+v", path, p, e)
			}
		}
	}
	if hours == 0 {
		t.Skip("no recordings in " + *sounds)
	}
	t.Logf("0 alerting tones in %.2f h", hours)
}

// alertLine holds alerting tones and noise.
func alertLine() []int16 {
	l := newLine(7)
	for i := range 8 {
		l.silence(l.between(100, 400))
		l.alert(82, -12-3*float64(i), -14-3*float64(i), 0.004, -0.004)
	}
	l.silence(200)
	l.noise(0, -60)
	return l.samples()
}

func TestAlertsDoNotDependOnBlockLength(t *testing.T) {
	x := alertLine()
	want := alerts(x, 160)
	if len(want) != 8 {
		t.Fatalf("%d alerting tones: %+v", len(want), want)
	}
	for _, e := range want {
		if math.Abs(e.Low.Hz-AlertLow*1.004) > 3 || math.Abs(e.High.Hz-AlertHigh*0.996) > 3 {
			t.Errorf("%+v", e)
		}
	}
	for _, n := range []int{1, 80, 333, len(x)} {
		if got := alerts(x, n); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %+v, want %+v", n, got, want)
		}
	}
}

func TestSkipSpoilsOnlyTheAlertItCuts(t *testing.T) {
	x := alertLine()
	want := alerts(x, 160)
	a := NewAlerting()
	cut := int(want[3].At) + 300
	got := a.Process(nil, x[:cut])
	a.Skip(100)
	a.Skip(-5)
	got = a.Process(got, x[cut+100:])
	if want := slices.Delete(slices.Clone(want), 3, 4); len(got) != 7 || got[3].At-want[3].At > 16 || a.Position() != int64(len(x)) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestTheEndOfALongToneIsNoAlert(t *testing.T) {
	for ms := 400; ms < 560; ms += 7 {
		x := make([]int16, dsp.Rate)
		tone.New(AlertTone(ms, -20)).Fill(x)
		a := NewAlerting()
		got := a.Process(nil, x[:3000])
		a.Skip(80)
		if got = a.Process(got, x[3080:]); len(got) > 0 {
			t.Errorf("%d ms: %+v", ms, got)
		}
	}
}

func TestAlertingAllocatesNothing(t *testing.T) {
	x := alertLine()
	a := NewAlerting()
	out := make([]Alert, 0, 20)
	if n := testing.AllocsPerRun(2, func() { out = a.Process(out[:0], x) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAlertToneIsHeard(t *testing.T) {
	for _, ms := range []int{80, 100} {
		x := make([]int16, dsp.Rate)
		tone.New(AlertTone(ms, -20)).Fill(x[2000:])
		got := alerts(x, 160)
		if len(got) != 1 || math.Abs(got[0].Low.DBm0+20) > 0.5 || math.Abs(got[0].High.DBm0+20) > 0.5 || math.Abs(float64(got[0].End-got[0].At)/dsp.MS-float64(ms)) > 3 {
			t.Errorf("%d ms: %+v", ms, got)
		}
	}
}

func FuzzAlerting(f *testing.F) {
	x := alertLine()
	b := make([]byte, 2*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint16(b[2*i:], uint16(v))
	}
	f.Add(b[2000:9000], uint16(160), uint16(0))
	f.Fuzz(func(t *testing.T, b []byte, block, skip uint16) {
		x := make([]int16, len(b)/2)
		for i := range x {
			x[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		a := NewAlerting()
		n := int(block)%4000 + 1
		for i := 0; len(x) > 0; i++ {
			m := min(n, len(x))
			for _, e := range a.Process(nil, x[:m]) {
				if e.At < 0 || e.End <= e.At || e.End > a.Position() {
					t.Fatalf("%+v", e)
				}
			}
			x = x[m:]
			if i%5 == 4 {
				a.Skip(int(skip))
			}
		}
	})
}

// BenchmarkAlerting tells how many lines one core serves, by processor time.
func BenchmarkAlerting(b *testing.B) {
	l := newLine(1)
	l.silence(10000)
	l.noise(0, -25)
	for name, x := range map[string][]int16{"noise": l.samples(), "alerts": alertLine()} {
		b.Run(name, func(b *testing.B) {
			a := NewAlerting()
			out := make([]Alert, 0, 20)
			at := 0
			b.SetBytes(2 * 160)
			t := cpu()
			for b.Loop() {
				if at+160 > len(x) {
					at = 0
				}
				out = a.Process(out[:0], x[at:at+160])
				at += 160
			}
			b.ReportMetric((cpu()-t).Seconds()/float64(b.N)/160*1e9, "cpu-ns/sample")
		})
	}
}
