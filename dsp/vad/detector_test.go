package vad

import (
	"math"
	"slices"
	"testing"

	"vaad/dsp"
	"vaad/dsp/tone"
)

func detect(x []int16, n int) []Event {
	d := New()
	var events []Event
	for len(x) > 0 {
		m := min(n, len(x))
		events = d.Process(events, x[:m])
		x = x[m:]
	}
	return d.Flush(events)
}

// spoken is something like speech: vowels of a voice whose pitch and mouth
// move, in syllables, between breaths. It needs no recordings.
func (m *material) spoken(seconds int) []float64 {
	x := make([]float64, seconds*dsp.Rate)
	for at := dsp.Rate / 2; at < len(x)-2*dsp.Rate; {
		phrase := dsp.Rate + m.r.IntN(dsp.Rate)
		pitch := m.between(100, 220)
		for end := at + phrase; at < end; {
			n := int(dsp.Rate * m.between(0.12, 0.25))
			first, second := m.between(300, 800), m.between(900, 2200)
			glide := m.between(-0.2, 0.2)
			var phase float64
			for i := range n {
				t := float64(i) / float64(n)
				f := pitch * (1 + glide*t)
				phase += 2 * math.Pi * f / dsp.Rate
				var v float64
				for h := 1.0; h*f < 3600; h++ {
					a := 1/(1+sq((h*f-first)/90)) + 0.5/(1+sq((h*f-second)/120)) + 0.02
					v += a * math.Sin(h*phase)
				}
				x[at+i] = 0.05 * v * math.Sin(math.Pi*t)
			}
			at += n + int(dsp.Rate*m.between(0.02, 0.08))
		}
		at += int(dsp.Rate * m.between(0.5, 1.5))
	}
	return x
}

func sq(x float64) float64 { return x * x }

// voices counts the starts, and checks that events take turns and lie in order.
func voices(t *testing.T, events []Event) int {
	t.Helper()
	last := int64(-1)
	for i, e := range events {
		if want := []Kind{Start, End}[i%2]; e.Kind != want || e.At < last || e.Probability < 0.3 || e.Probability > 1 {
			t.Fatalf("event %d: %+v after sample %d", i, e, last)
		}
		last = e.At
	}
	if len(events)%2 != 0 {
		t.Fatal("voice did not end")
	}
	return len(events) / 2
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	m := &material{r: newRand(3)}
	x := line(m.spoken(20))
	want := detect(x, 160)
	if voices(t, want) < 4 {
		t.Fatalf("only %v", want)
	}
	for _, n := range []int{80, 1, 77, 1000, len(x)} {
		if got := detect(x, n); !slices.Equal(got, want) {
			t.Errorf("blocks of %d: %v\nwant %v", n, got, want)
		}
	}
}

// Voice is heard within Latency of where it begins, and told to begin there.
func TestStartComesInTimeAndPlace(t *testing.T) {
	m := &material{r: newRand(4)}
	speech := m.spoken(4)
	x := make([]float64, 5*dsp.Rate)
	copy(x[2*dsp.Rate:], speech[dsp.Rate/2:]) // spoken begins after half a second
	x = x[:5*dsp.Rate]
	y := line(mix(x, m.white(len(x)), 40))
	d := New()
	for at := 0; at < len(y); at += 160 {
		events := d.Process(nil, y[at:at+160])
		if len(events) == 0 {
			continue
		}
		e := events[0]
		if e.Kind != Start || e.At < 2*dsp.Rate-40*dsp.MS || e.At > 2*dsp.Rate+60*dsp.MS {
			t.Errorf("%+v, want a start at %d", e, 2*dsp.Rate)
		}
		if late := int64(at) + 160 - e.At; late > Latency+160 {
			t.Errorf("told %d samples after the start, at most %d", late, Latency)
		}
		if !d.Voice() || d.Probability() < 0.4 {
			t.Errorf("voice %v, probability %.2f", d.Voice(), d.Probability())
		}
		return
	}
	t.Error("nothing was heard")
}

func TestLevelHardlyMatters(t *testing.T) {
	m := &material{r: newRand(5)}
	x := m.spoken(20)
	want := voices(t, detect(line(x), 160))
	for _, gain := range []float64{6, -6, -12, -18} {
		y := slices.Clone(x)
		for i := range y {
			y[i] *= db(gain)
		}
		if got := voices(t, detect(line(y), 160)); got < want-1 || got > want+2 {
			t.Errorf("%v dB: voice %d times, want about %d", gain, got, want)
		}
	}
}

// What an idle line carries is no voice.
func TestIdleLineHasNoVoice(t *testing.T) {
	m := &material{r: newRand(6)}
	n := 60 * dsp.Rate
	flat := func(level float64, x []float64) []float64 { // level in dBm0
		y := mix(make([]float64, len(x)), x, speechLevel-(level-dsp.PeakDBm0-3.01))
		return y
	}
	cadence := func(c tone.Cadence) []float64 {
		s, block := tone.New(c), make([]int16, n)
		s.Fill(block)
		x := make([]float64, n)
		for i, v := range block {
			x[i] = float64(v) / 32768
		}
		return mix(x, m.white(n), 40)
	}
	china, _ := tone.Country("CN")
	america, _ := tone.Country("US")
	keys, _ := tone.DTMF("123456789*0#159D", -12, 80, 80)
	keys.Times = 20
	for name, x := range map[string][]float64{
		"digital silence":    make([]float64, n),
		"hum at −30 dBm0":    flat(-30, hum50(n)),
		"noise at −40 dBm0":  flat(-40, m.white(n)),
		"noise at −20 dBm0":  flat(-20, m.white(n)),
		"dial tone":          cadence(china.Dial),
		"busy tone":          cadence(china.Busy),
		"ringback":           cadence(china.Ringback),
		"American dial tone": cadence(america.Dial),
		"American busy tone": cadence(america.Busy),
		"keys":               cadence(keys),
	} {
		if events := detect(line(x), 160); len(events) > 0 {
			t.Errorf("%s: %v", name, events)
		}
	}
}

// Callers' modems, clicks and noises that come and go are seldom voice. The
// limit is what was reached, not what one would wish.
func TestStrangeNoisesAreSeldomVoice(t *testing.T) {
	m := &material{r: newRand(8)}
	var heard, all float64
	for range 15 {
		x := make([]float64, 40*dsp.Rate)
		m.strange(x)
		for _, v := range frames(line(mix(x, m.white(len(x)), 35))) {
			all++
			if v {
				heard++
			}
		}
	}
	share := 100 * heard / all
	t.Logf("strange noises taken for voice: %.1f %% of the time", share)
	if share > 9 {
		t.Error("that is more than ever")
	}
}

func TestSkipEndsVoice(t *testing.T) {
	m := &material{r: newRand(9)}
	x := line(m.spoken(10))
	want := detect(x, 160)
	if voices(t, want) < 2 {
		t.Fatal(want)
	}
	cut := int(want[0].At) + 600*dsp.MS
	d := New()
	events := d.Process(nil, x[:cut])
	d.Skip(1600)
	if got := d.Position(); got != int64(cut+1600) {
		t.Fatalf("position %d, want %d", got, cut+1600)
	}
	events = d.Process(events, x[cut+1600:cut+1600+160])
	if len(events) < 2 || events[1].Kind != End || events[1].At > int64(cut) || events[1].At < int64(cut-60*dsp.MS) {
		t.Errorf("1600 samples lost at %d: %v", cut, events)
	}
	events = d.Flush(d.Process(events, x[cut+1760:]))
	voices(t, events)
	if last := events[len(events)-1]; last.At > int64(len(x)) {
		t.Errorf("ended at %d of %d", last.At, len(x))
	}
	d.Skip(0)
	d.Skip(-5)
	if got := d.Position(); got != int64(len(x)) {
		t.Errorf("position %d, want %d", got, len(x))
	}
}

func TestShortGapsDoNotEndVoice(t *testing.T) {
	m := &material{r: newRand(9)}
	x := line(m.spoken(10))
	want := detect(x, 160)
	cut := int(want[0].At) + 600*dsp.MS
	d := New()
	events := d.Process(nil, x[:cut])
	d.Skip(400)
	events = d.Flush(d.Process(events, x[cut+400:]))
	if voices(t, events) < 2 || events[1].At < want[1].At-60*dsp.MS || events[1].At > want[1].At+60*dsp.MS {
		t.Errorf("400 samples lost at %d: %v\nwithout loss %v", cut, events, want)
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	m := &material{r: newRand(10)}
	x := line(m.spoken(10))
	d := New()
	events := make([]Event, 0, 8)
	at := 0
	if n := testing.AllocsPerRun(len(x)/160-2, func() {
		events = d.Process(events[:0], x[at:at+160])
		if at += 160; at%8000 == 0 {
			d.Skip(500)
		}
	}); n != 0 {
		t.Errorf("%v allocations per block", n)
	}
}

func TestKindsHaveNames(t *testing.T) {
	if Start.String() != "start" || End.String() != "end" || (End+1).String() != "" {
		t.Error(Start, End, End+1)
	}
}

// FuzzProcess feeds any samples in any blocks with any gaps.
func FuzzProcess(f *testing.F) {
	f.Add([]byte("sound"), uint16(160), uint16(0))
	f.Add([]byte{255, 0, 128, 7}, uint16(1), uint16(2000))
	f.Fuzz(func(t *testing.T, raw []byte, block, gap uint16) {
		x := make([]int16, min(len(raw), 2000)*100)
		for i := range x {
			b := raw[i/100]
			x[i] = int16(float64(int(b>>4)*2000) * math.Sin(float64(i)*(0.05+float64(b&15)*0.1)))
		}
		d := New()
		var events []Event
		n := int(block)%1500 + 1
		for rest := x; len(rest) > 0; {
			k := min(n, len(rest))
			events = d.Process(events, rest[:k])
			rest = rest[k:]
			if gap > 0 {
				d.Skip(int(gap))
			}
		}
		events = d.Flush(events)
		voices(t, events)
		if len(events) > 0 && events[len(events)-1].At > d.Position() {
			t.Fatalf("%v beyond %d", events[len(events)-1], d.Position())
		}
	})
}
