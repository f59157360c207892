package echo

import (
	"math"
	"slices"
	"testing"

	"vaad/dsp"
	"vaad/dsp/tone"
)

func canceller(t testing.TB, c Config) *Canceller {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The tests go through what ITU-T G.168 asks of line echo cancellers, on
// hybrids and speech of our own making.

func TestCancellerConverges(t *testing.T) {
	for _, c := range []struct {
		tail, delay int     // of the canceller in ms, of the path in samples
		level, loss float64 // dBm0 of the far side, dB of the path
		one, five   float64 // dB of enhancement, at least, after 1 s and 5 s
	}{
		{64, 0, -10, 6, 12, 24}, {64, 80, -16, 10, 12, 24}, {64, 300, -16, 6, 12, 24}, {128, 700, -16, 10, 10, 22},
		{64, 80, -26, 10, 7, 18}, {32, 20, -16, 15, 12, 22}, {128, 100, -20, 20, 9, 20},
	} {
		var one, five, quiet float64
		const n = 3
		for seed := range uint64(n) {
			r := newRand(seed)
			k := newCall(talk(r, 7, c.level), hybrid(r, c.loss, c.delay, 3), noise(r, 7*dsp.Rate, -68))
			out := run(canceller(t, Config{Tail: c.tail}), k.near, k.far)
			one += k.enhancement(out, block, 1, 2) / n
			five += k.enhancement(out, block, 5, 7) / n
			quiet += k.loss(run(canceller(t, Config{Tail: c.tail, Suppress: true}), k.near, k.far), 2, 7) / n
		}
		t.Logf("tail %d ms, path of %v dB behind %d samples, far side %v dBm0: %.1f dB after 1 s, %.1f after 5 s; combined loss %.1f dB",
			c.tail, c.loss, c.delay, c.level, one, five, quiet)
		if one < c.one || five < c.five {
			t.Errorf("%+v: %.1f dB after 1 s, %.1f after 5 s", c, one, five)
		}
	}
}

func TestNoiseAndHumAreNotLearnt(t *testing.T) {
	for name, c := range map[string]struct {
		noise, hum float64
		five       float64
	}{"noise −45": {-45, -90, 14}, "noise −50": {-50, -90, 18}, "hum −30": {-65, -30, 6}, "hum −40": {-65, -40, 12}} {
		five := 0.0
		const n = 3
		for seed := range uint64(n) {
			r := newRand(seed + 50)
			others := noise(r, 8*dsp.Rate, c.noise)
			for i := range others {
				others[i] += dsp.SinePeak(c.hum) * math.Sin(2*math.Pi*50*float64(i)/dsp.Rate)
			}
			k := newCall(talk(r, 8, -16), hybrid(r, 10, 80, 3), others)
			five += k.enhancement(run(canceller(t, Config{Tail: 64}), k.near, k.far), block, 5, 8) / n
		}
		t.Logf("%s dBm0: %.1f dB after 5 s", name, five)
		if five < c.five {
			t.Errorf("%s dBm0: %.1f dB after 5 s", name, five)
		}
	}
}

func TestDoubleTalkDoesNoHarm(t *testing.T) {
	for _, level := range []float64{-26, -16, -10} {
		r := newRand(3)
		far, h, hiss := talk(r, 10, -16), hybrid(r, 10, 80, 3), noise(r, 10*dsp.Rate, -65)
		speech := float(talk(r, 10, level))
		clear(speech[:4*dsp.Rate])
		clear(speech[8*dsp.Rate:])
		k := newCall(far, h, hiss, speech)
		out := run(canceller(t, Config{Tail: 64, Suppress: true}), k.near, k.far)
		plain := run(canceller(t, Config{Tail: 64}), k.near, k.far)
		before, during, after := k.enhancement(plain, block, 3, 4), k.enhancement(plain, block, 4, 8), k.enhancement(plain, block, 8, 10)
		t.Logf("near side %v dBm0: %.1f dB before, %.1f while both speak, %.1f after", level, before, during, after)
		if during < before-6 || after < before-3 {
			t.Errorf("near side %v dBm0: %.1f dB before, %.1f while both speak, %.1f after", level, before, during, after)
		}
		// What the near side says comes through, suppressor or not.
		var all, changed float64
		for i := 4 * dsp.Rate; i < 8*dsp.Rate; i++ {
			all += speech[i] * speech[i]
			d := float64(out[i+block]) - speech[i]
			changed += d * d
		}
		if dB := 10 * math.Log10(all/changed); dB < 10 {
			t.Errorf("near side %v dBm0 is changed: what differs lies only %.1f dB below it", level, dB)
		}
	}
}

func TestAnotherPathIsLearnt(t *testing.T) {
	for name, change := range map[string]func(h []float64) []float64{
		"delay grows":    func(h []float64) []float64 { return append(make([]float64, 100), h...) },
		"delay shrinks":  func(h []float64) []float64 { return h[60:] },
		"another hybrid": func([]float64) []float64 { return hybrid(newRand(9), 10, 120, 3) },
	} {
		r := newRand(4)
		far, h, hiss := talk(r, 12, -16), hybrid(r, 10, 80, 3), noise(r, 12*dsp.Rate, -65)
		k := newCall(far, h, hiss)
		k.change(5, change(h), hiss)
		out := run(canceller(t, Config{Tail: 64}), k.near, k.far)
		two, five := k.enhancement(out, block, 7, 8), k.enhancement(out, block, 10, 12)
		t.Logf("%s: %.1f dB, then after 2 s %.1f, after 5 s %.1f", name, k.enhancement(out, block, 4, 5), two, five)
		if two < 8 || five < 18 {
			t.Errorf("%s: %.1f dB after 2 s, %.1f after 5 s", name, two, five)
		}
	}
}

func TestPathThatEndsLeavesNoEchoOfOurs(t *testing.T) { // G.168: infinite return loss
	r := newRand(5)
	far, h, hiss := talk(r, 7, -10), hybrid(r, 10, 80, 3), noise(r, 7*dsp.Rate, -65)
	k := newCall(far, h, hiss)
	k.change(5, []float64{0}, hiss)
	out := run(canceller(t, Config{Tail: 64}), k.near, k.far)
	if loss := k.loss(out, 5.5, 7); loss < 37 {
		t.Errorf("0.5 s after the path ended the far side is only %.1f dB down", loss)
	}
}

func TestTonesDoNotSpoilWhatIsKnown(t *testing.T) { // G.168: narrow-band signals
	r := newRand(6)
	far, h, hiss := talk(r, 14, -16), hybrid(r, 10, 80, 3), noise(r, 14*dsp.Rate, -65)
	d, err := tone.DTMF("1234567890*#1234567890", -10, 100, 100)
	if err != nil {
		t.Fatal(err)
	}
	tone.New(d).Fill(far[5*dsp.Rate : 9*dsp.Rate])
	cn, _ := tone.Country("CN")
	tone.New(cn.Dial).Fill(far[9*dsp.Rate : 11*dsp.Rate])
	k := newCall(far, h, hiss)
	out := run(canceller(t, Config{Tail: 64}), k.near, k.far)
	before, keys, after := k.enhancement(out, block, 4, 5), k.enhancement(out, block, 5, 9), k.enhancement(out, block, 11, 12)
	t.Logf("%.1f dB before, %.1f dB of keys, %.1f after", before, keys, after)
	if keys < before-6 || after < before-6 {
		t.Errorf("%.1f dB before, %.1f dB of keys, %.1f after", before, keys, after)
	}
}

func TestSuppressedEchoIsAsQuietAsTheLine(t *testing.T) {
	r := newRand(7)
	far, h, hiss := talk(r, 10, -13), hybrid(r, 8, 80, 3), noise(r, 10*dsp.Rate, -58)
	k := newCall(far, h, hiss)
	out := run(canceller(t, Config{Tail: 64, Suppress: true}), k.near, k.far)
	level := dsp.Measure(out[4*dsp.Rate:]).DBm0()
	t.Logf("line noise of −58 dBm0: %.1f dBm0 while the far side speaks", level)
	if level < -64 || level > -55 {
		t.Errorf("line noise of −58 dBm0 reads %.1f while the far side speaks", level)
	}
}

func TestLineWithoutEchoIsLeftAlone(t *testing.T) {
	r := newRand(8)
	far, speech := talk(r, 6, -16), talk(r, 6, -16)
	for _, c := range []Config{{Tail: 64}, {Tail: 64, Suppress: true}, {Tail: 128, Delay: 200}} {
		e := canceller(t, c)
		out := run(e, speech, far)
		var all, changed float64
		for i := range speech[e.Latency():] {
			d := float64(out[i+e.Latency()]) - float64(speech[i])
			all += float64(speech[i]) * float64(speech[i])
			changed += d * d
		}
		if dB := 10 * math.Log10(all/(changed+1)); dB < 30 {
			t.Errorf("%+v: speech was changed: %.1f dB", c, dB)
		}
	}
}

func TestKnownDelayCostsNoLatency(t *testing.T) {
	r := newRand(10)
	far, h, hiss := talk(r, 8, -16), hybrid(r, 10, 400, 3), noise(r, 8*dsp.Rate, -65)
	k := newCall(far, h, hiss)
	e := canceller(t, Config{Tail: 32, Delay: 360})
	if e.Latency() != 0 || canceller(t, Config{Tail: 32, Delay: 24}).Latency() != 40 {
		t.Error("latency")
	}
	k.change(5, append(make([]float64, 240), h...), hiss)
	out := slices.Clone(k.near)
	for at := 0; at < len(out); at += 160 {
		if at == 5*dsp.Rate { // the board says that it now delays by 30 ms more
			if err := e.SetDelay(600); err != nil {
				t.Fatal(err)
			}
		}
		e.Process(out[at:at+160], far[at:at+160])
	}
	before, after := k.enhancement(out, 0, 4, 5), k.enhancement(out, 0, 5.1, 6)
	t.Logf("%.1f dB before the delay changed, %.1f after", before, after)
	if before < 20 || after < before-4 {
		t.Errorf("%.1f dB before the delay changed, %.1f after", before, after)
	}
	if e.SetDelay(63) == nil || e.SetDelay(4001) == nil {
		t.Error("delays that cannot be were taken")
	}
}

func TestPathIsMeasured(t *testing.T) {
	for _, loss := range []float64{3, 10, 20, 30} {
		for _, delay := range []int{0, 80, 400} {
			r := newRand(uint64(delay))
			far := make([]int16, 2*dsp.Rate)
			NewProbe(-13, len(far)).Fill(far)
			h := hybrid(r, loss, delay, 2)
			k := newCall(far, h, noise(r, len(far), -65))
			e := canceller(t, Config{Tail: 128})
			run(e, k.near, k.far)
			p := e.Path()
			if math.Abs(p.Loss-loss) > 0.3 || p.Delay < delay || p.Delay > delay+12 || p.Span > 160 || math.Abs(p.Weighted-loss) > 6 {
				t.Errorf("a path of %v dB behind %d samples reads %+v", loss, delay, p)
			}
		}
	}
	flat := make([]float64, 50)
	flat[40] = 0.1 // 20 dB at any frequency
	far := make([]int16, 2*dsp.Rate)
	NewProbe(-13, len(far)).Fill(far)
	k := newCall(far, flat)
	e := canceller(t, Config{Tail: 64})
	run(e, k.near, k.far)
	if p := e.Path(); math.Abs(p.Loss-20) > 0.2 || math.Abs(p.Weighted-20) > 0.2 || p.Delay != 40 {
		t.Errorf("a flat path of 20 dB reads %+v", p)
	}
	if p := canceller(t, Config{Tail: 64}).Path(); p.Loss != NoLoss || p.Weighted != NoLoss || p.Left != 0 {
		t.Errorf("nothing reads %+v", p)
	}
}

func TestFaxPassesUnchanged(t *testing.T) {
	r := newRand(11)
	far, near := talk(r, 2, -16), talk(r, 2, -16)
	e := canceller(t, Config{Tail: 64, Suppress: true})
	e.SetOn(false)
	if out := run(e, near, far); !slices.Equal(out[block:], near[:len(near)-block]) {
		t.Error("samples were changed")
	}
}

func TestBlockLengthDoesNotMatter(t *testing.T) {
	r := newRand(12)
	k := newCall(talk(r, 3, -16), hybrid(r, 8, 80, 3), noise(r, 3*dsp.Rate, -60))
	for _, c := range []Config{{Tail: 64, Suppress: true}, {Tail: 32, Delay: 50}, {Tail: 32, Delay: 80}} {
		want := run(canceller(t, c), k.near, k.far)
		for _, n := range []int{1, 7, 64, 1000, len(k.far)} {
			e, got := canceller(t, c), slices.Clone(k.near)
			for at := 0; at < len(got); at += n {
				end := min(at+n, len(got))
				e.Process(got[at:end], k.far[at:end])
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v: blocks of %d give other samples", c, n)
			}
		}
	}
}

func TestLostSamplesDoNotShiftTheSides(t *testing.T) {
	r := newRand(13)
	k := newCall(talk(r, 8, -16), hybrid(r, 8, 80, 3), noise(r, 8*dsp.Rate, -65))
	for _, lost := range []int{1, 63, 160, 1000, 10000} {
		e := canceller(t, Config{Tail: 64})
		out := slices.Clone(k.near)
		at := 5 * dsp.Rate
		e.Process(out[:at], k.far[:at])
		e.Skip(lost)
		e.Process(out[at+lost:], k.far[at+lost:])
		from := float64(at+lost)/dsp.Rate + 0.3
		before, after := k.enhancement(out, block, 4, 5), k.enhancement(out, block, from, from+1)
		if after < before-5 {
			t.Errorf("%d samples lost: %.1f dB before, %.1f after", lost, before, after)
		}
	}
}

func TestResetForgetsAndNothingIsAllocated(t *testing.T) {
	r := newRand(14)
	k := newCall(talk(r, 1, -16), hybrid(r, 8, 80, 3))
	e := canceller(t, Config{Tail: 64, Suppress: true})
	want := run(e, k.near, k.far)
	e.Reset()
	if !slices.Equal(run(e, k.near, k.far), want) {
		t.Error("something is left")
	}
	near := make([]int16, 160)
	if n := testing.AllocsPerRun(100, func() { copy(near, k.near[800:]); e.Process(near, k.far[800:960]); e.Skip(10) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for _, c := range []Config{{Tail: 0}, {Tail: 7}, {Tail: 257}, {Tail: 64, Delay: -1}, {Tail: 64, Delay: 4001}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func FuzzProcess(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 255}, 64, 3, uint8(7))
	f.Fuzz(func(t *testing.T, b []byte, delay, skip int, how uint8) {
		e, err := New(Config{Tail: 32, Delay: delay, Suppress: how&1 != 0})
		if err != nil || len(b) < 4 {
			return
		}
		near, far := make([]int16, 3000), make([]int16, 3000)
		for i := range near {
			far[i] = int16(uint16(b[i%len(b)]) | uint16(b[i*7%len(b)])<<8)
			near[i] = int16(uint16(b[i*3%len(b)]) | uint16(b[i*5%len(b)])<<8)
		}
		e.Process(near, far)
		e.Skip(skip % (1 << 20))
		_ = e.SetDelay(delay + int(how))
		e.Process(near, far)
		if p := e.Path(); math.IsNaN(p.Loss) || math.IsNaN(p.Left) || math.IsNaN(float64(e.y[0])) {
			t.Errorf("%+v", p)
		}
	})
}
