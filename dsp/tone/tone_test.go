package tone

import (
	"math"
	"math/cmplx"
	"slices"
	"testing"

	"vaad/dsp"
)

// play returns the first n samples of a cadence, filled in blocks of that size.
func play(c Cadence, n, block int) []int16 {
	s := New(c)
	var out []int16
	b := make([]int16, block)
	for len(out) < n {
		m := s.Fill(b)
		out = append(out, b[:m]...)
		if m < block {
			break
		}
	}
	return out[:min(n, len(out))]
}

// levelAt returns the level of the component at hz, in dBm0.
func levelAt(s []int16, hz float64) float64 {
	var sum complex128
	for i, v := range s {
		sum += complex(float64(v), 0) * cmplx.Rect(1, -2*math.Pi*hz*float64(i)/dsp.Rate)
	}
	peak := 2 * cmplx.Abs(sum) / float64(len(s))
	return dsp.DBm0(peak * peak / 2)
}

func TestEveryComponentHasItsFrequencyAndLevel(t *testing.T) {
	c := steady([]Sine{{350, -13}, {440, -15}, {2600, -20}, {3400, -40}})
	s := play(c, 100+dsp.Rate, 160)[100:] // behind the rise
	for _, x := range c.Bursts[0].Sines {
		if got := levelAt(s, x.Hz); math.Abs(got-x.DBm0) > 0.05 {
			t.Errorf("%v Hz at %.2f dBm0, want %v", x.Hz, got, x.DBm0)
		}
	}
	if got := levelAt(s, 1000); got > -90 {
		t.Errorf("1000 Hz, which is not in the tone, at %.1f dBm0", got)
	}
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	for _, code := range Countries() {
		c, _ := Country(code)
		for _, x := range []Cadence{c.Dial, c.Ringback, c.Congestion, c.Howler} {
			want := play(x, 3*dsp.Rate, 160)
			for _, n := range []int{1, 80, 77, 5000} {
				if !slices.Equal(play(x, 3*dsp.Rate, n), want) {
					t.Errorf("%s: blocks of %d give other samples than blocks of 160", code, n)
				}
			}
		}
	}
}

func TestCadenceIsExactToTheSample(t *testing.T) {
	c := cadence(tone(425), 480, 480)
	c.Times = 2
	s := play(c, 10*dsp.Rate, 160)
	if len(s) != 2*960*dsp.MS {
		t.Fatalf("%d samples, want %d", len(s), 2*960*dsp.MS)
	}
	for _, from := range []int{0, 960 * dsp.MS} {
		on, off := s[from:from+480*dsp.MS], s[from+480*dsp.MS:from+960*dsp.MS]
		if l := dsp.Measure(on[rampLen : len(on)-rampLen]).DBm0(); math.Abs(l+10) > 0.1 {
			t.Errorf("on at %d: %.2f dBm0, want −10", from, l)
		}
		if dsp.Measure(off).Peak != 0 {
			t.Errorf("off at %d is not silent", from+len(on))
		}
	}
}

func TestFinishedSourceStaysFinished(t *testing.T) {
	c, _ := DTMF("1", -10, 10, 10)
	s := New(c)
	b := make([]int16, 100)
	if n := s.Fill(b); n != 100 {
		t.Fatalf("first block: %d samples", n)
	}
	b = []int16{1, 1}
	s = New(Cadence{})
	for range 3 {
		if n := s.Fill(b); n != 0 || b[0] != 1 {
			t.Errorf("an empty cadence gave %d samples, %v", n, b)
		}
	}
	for _, c := range []Cadence{
		{Bursts: []Burst{{Sines: tone(400)}}},
		{Bursts: []Burst{{Sines: tone(400), On: -7, Off: -7}}, Times: 3},
	} {
		if n := New(c).Fill(b); n != 0 {
			t.Errorf("a cadence of no length gave %d samples", n)
		}
	}
}

// A click is a step between samples that the tone itself cannot make.
func TestKeyingMakesNoClick(t *testing.T) {
	c, _ := DTMF("159D", -10, 50, 50)
	s := New(c)
	out := make([]int16, 4*100*dsp.MS)
	s.Fill(out)
	st := New(steady(tone(1000)))
	stopped := make([]int16, 1000)
	st.Fill(stopped[:333])
	st.Stop()
	if n := st.Fill(stopped[333:]); n != rampLen {
		t.Errorf("a stopped source went on for %d samples, want %d", n, rampLen)
	}
	for name, x := range map[string]struct {
		s     []int16
		limit float64
	}{
		"dtmf":    {append([]int16{0}, out...), dsp.SinePeak(-10) * 2 * math.Pi * (941 + 1633) / dsp.Rate * 1.1},
		"stopped": {append([]int16{0}, stopped...), dsp.SinePeak(-10) * 2 * math.Pi * 1000 / dsp.Rate * 1.1},
	} {
		for i := 1; i < len(x.s); i++ {
			if d := math.Abs(float64(x.s[i]) - float64(x.s[i-1])); d > x.limit {
				t.Errorf("%s: step of %.0f at sample %d, at most %.0f", name, d, i, x.limit)
			}
		}
		if v := x.s[1]; v > 100 || v < -100 {
			t.Errorf("%s begins at %d", name, v)
		}
	}
}

func TestStopDuringSilenceFinishesAtOnce(t *testing.T) {
	s := New(cadence(tone(400), 100, 100))
	s.Fill(make([]int16, 150*dsp.MS))
	s.Stop()
	if n := s.Fill(make([]int16, 10)); n != 0 {
		t.Errorf("%d samples after Stop", n)
	}
}

func TestKeysAreThoseOfQ23(t *testing.T) {
	c, err := DTMF(Keys, DTMFLevel, DTMFOn, DTMFOff)
	if err != nil {
		t.Fatal(err)
	}
	s := play(c, 1<<20, 160)
	all := []float64{697, 770, 852, 941, 1209, 1336, 1477, 1633}
	for i := range len(Keys) {
		low, high, _ := KeyHz(Keys[i])
		from := i*(DTMFOn+DTMFOff)*dsp.MS + 5*dsp.MS
		on := s[from : from+(DTMFOn-10)*dsp.MS]
		for _, hz := range all {
			got := levelAt(on, hz)
			if in := hz == low || hz == high; in && math.Abs(got-DTMFLevel) > 0.5 || !in && got > DTMFLevel-10 {
				t.Errorf("key %c: %v Hz at %.1f dBm0", Keys[i], hz, got)
			}
		}
	}
	if _, err := DTMF("12x", -10, 50, 50); err == nil {
		t.Error("key x was accepted")
	}
}

func TestFillAllocatesNothing(t *testing.T) {
	us, _ := Country("US")
	s := New(us.Howler)
	b := make([]int16, 160)
	if n := testing.AllocsPerRun(200, func() { s.Fill(b) }); n != 0 {
		t.Errorf("%v allocations per block", n)
	}
}

func BenchmarkFill(b *testing.B) {
	s := New(steady(pair(350, 440)))
	block := make([]int16, 160)
	b.ReportAllocs()
	for b.Loop() {
		s.Fill(block)
	}
}

func tone(hz float64) []Sine   { return []Sine{{hz, -10}} }
func pair(a, b float64) []Sine { return []Sine{{a, -13}, {b, -13}} }
func steady(s []Sine) Cadence  { return Cadence{Bursts: []Burst{{Sines: s, On: Forever}}} }

// cadence repeats one tone for ms on and off.
func cadence(s []Sine, on, off int) Cadence {
	return Cadence{Bursts: []Burst{{Sines: s, On: on, Off: off}}}
}
