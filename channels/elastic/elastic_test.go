package elastic

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"vaad/driver"
	"vaad/dsp"
	"vaad/dsp/spectrum"

	"pgregory.net/rapid"
)

// A world runs a Buffer between two clocks in virtual time. Times are in
// samples of a true clock.
type world struct {
	b                *Buffer
	pushPPM, pullPPM float64
	jitter           float64 // of arrivals, in samples
	source           func() int16
	rnd              *rand.Rand

	pushed, pulled int
	nextPush       float64 // nominal
	arrives        float64 // with jitter
	nextPull       float64
	out            []int16
	lowest         int
	highest        int
	block          [driver.Block]int16
}

func newWorld(push, pull, jitter float64, seed uint64) *world {
	w := &world{b: New(), pushPPM: push, pullPPM: pull, jitter: jitter, rnd: rand.New(rand.NewPCG(seed, 1))}
	w.source = func() int16 { return 1000 }
	w.nextPull = w.rnd.Float64() * driver.Block
	w.lowest = 1 << 30
	return w
}

func (w *world) push() {
	for i := range w.block {
		w.block[i] = w.source()
	}
	w.b.Push(w.block[:])
	w.pushed++
	w.nextPush += driver.Block * (1 - w.pushPPM*1e-6)
	w.arrives = max(w.arrives, w.nextPush+w.rnd.Float64()*w.jitter)
}

func (w *world) pull(keep bool) {
	w.b.Pull(w.block[:])
	w.pulled++
	w.nextPull += driver.Block * (1 - w.pullPPM*1e-6)
	if keep {
		w.out = append(w.out, w.block[:]...)
	}
	d := w.b.Stats().Depth
	w.lowest, w.highest = min(w.lowest, d), max(w.highest, d)
}

// run goes on until a time; either side may stand still.
func (w *world) run(until float64, pushes, pulls, keep bool) {
	for {
		p, q := w.arrives, w.nextPull
		if !pushes {
			p = math.Inf(1)
		}
		if !pulls {
			q = math.Inf(1)
		}
		if min(p, q) >= until {
			break
		}
		if p <= q {
			w.push()
		} else {
			w.pull(keep)
		}
	}
	if !pushes { // a stalled loop does not send what it missed
		w.nextPush, w.arrives = max(w.nextPush, until), max(w.arrives, until)
	}
	if !pulls {
		w.nextPull = max(w.nextPull, until)
	}
}

const second = float64(driver.Rate)

// alone is for tests that compute much in one goroutine: a race detector learns nothing of them.
func alone(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("in one goroutine: not under the race detector")
	}
}

func TestAnHourOfDifferentClocksLosesNothing(t *testing.T) {
	alone(t)
	for _, c := range []struct {
		name               string
		push, pull, jitter float64
	}{
		{"alike", 0, 0, 0},
		{"pusher fast", 100, -100, 0}, {"pusher slow", -100, 100, 0},
		{"pusher fast, jitter of 5 ms", 100, -100, 40}, {"pusher slow, jitter of 5 ms", -100, 100, 40},
		{"pusher fast, jitter of 20 ms", 100, -100, 160}, {"pusher slow, jitter of 20 ms", -100, 100, 160},
		{"jitter of 20 ms", 0, 0, 160}, {"50 ppm, jitter of 10 ms", 50, 0, 80},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			seeds, length := uint64(2), 3600*second
			for seed := range seeds {
				w := newWorld(c.push, c.pull, c.jitter, seed)
				w.run(10*second, true, true, false)
				w.lowest, w.highest = 1<<30, 0
				w.run(length, true, true, false)
				s := w.b.Stats()
				if s.Underruns+s.Overruns+s.Slips != 0 {
					t.Errorf("seed %d: %+v, want no loss", seed, s)
				}
				if w.lowest < 20*driver.MS || w.highest > most {
					t.Errorf("seed %d: between %d and %d samples lay in the buffer, want 20 to 80 ms", seed, w.lowest, w.highest)
				}
				if want := c.push - c.pull; math.Abs(float64(s.PPM)-want) > 60 {
					t.Errorf("seed %d: clocks differ by %d ppm, want %.0f", seed, s.PPM, want)
				}
			}
		})
	}
}

// sine and hiss are what is listened to for clicks.
func sine(hz, dBm0 float64) func() int16 {
	phase, peak := 0.0, dsp.SinePeak(dBm0)
	return func() int16 {
		phase += 2 * math.Pi * hz / dsp.Rate
		return int16(math.Round(peak * math.Sin(phase)))
	}
}

// babble is speech-like: 30 sines of 200 to 2000 Hz, in syllables.
func babble(dBm0 float64) func() int16 {
	rnd := rand.New(rand.NewPCG(3, 3))
	var hz, phase [30]float64
	for i := range hz {
		hz[i], phase[i] = 200+1800*rnd.Float64(), 7*rnd.Float64()
	}
	n := 0.0
	peak := dsp.SinePeak(dBm0) / math.Sqrt(float64(len(hz)))
	return func() int16 {
		sum := 0.0
		for i := range hz {
			sum += math.Sin(phase[i] + 2*math.Pi*hz[i]*n/dsp.Rate)
		}
		n++
		return int16(math.Round(peak * sum * (0.6 - 0.4*math.Cos(2*math.Pi*4*n/dsp.Rate))))
	}
}

func TestNothingIsHeardOfTheCorrection(t *testing.T) {
	alone(t)
	for _, c := range []struct{ push, pull, jitter float64 }{
		{100, -100, 0}, {-100, 100, 0}, {100, -100, 160}, {-100, 100, 160}, {50, -50, 40},
	} {
		for name, sound := range map[string]struct {
			source   func() int16
			from, to float64 // Hz of what is there
		}{"sine": {sine(1004, -10), 900, 1110}, "babble": {babble(-10), 0, 2300}} {
			w := newWorld(c.push, c.pull, c.jitter, 7)
			w.source = sound.source
			w.run(120*second, true, true, true)
			if s := w.b.Stats(); s.Underruns+s.Slips != 0 {
				t.Errorf("%s, %+v: %+v", name, c, s)
			}
			if worst := besides(w.out[5*driver.Rate:], sound.from, sound.to); worst > -60 {
				t.Errorf("%s, %+v: something else is heard at %.1f dB of it, want below −60", name, c, worst)
			}
		}
	}
}

func TestTheMeasureHearsOneSampleTooMany(t *testing.T) {
	for name, sound := range map[string]struct {
		source   func() int16
		from, to float64
	}{"sine": {sine(1004, -10), 900, 1110}, "babble": {babble(-10), 0, 2300}} {
		x := make([]int16, 0, 8001)
		for i := range 8000 {
			v := sound.source()
			x = append(x, v)
			if i == 4100 {
				x = append(x, v)
			}
		}
		if worst := besides(x, sound.from, sound.to); worst < -50 {
			t.Errorf("%s: a repeated sample reads %.1f dB: the measure is deaf", name, worst)
		}
		if worst := besides(x[:4000], sound.from, sound.to); worst > -70 {
			t.Errorf("%s: the sound itself reads %.1f dB", name, worst)
		}
	}
}

// besides returns the most, in any 64 ms, of what is not between two
// frequencies, in dB of what is in all of x on average.
func besides(x []int16, from, to float64) float64 {
	const n = 512
	win := make([]float64, n)
	for i := range win { // Blackman and Harris, 1978: side lobes 92 dB down
		a := 2 * math.Pi * (float64(i) + 0.5) / n
		win[i] = 0.35875 - 0.48829*math.Cos(a) + 0.14128*math.Cos(2*a) - 0.01168*math.Cos(3*a)
	}
	circle := spectrum.Circle(n)
	z := make([][2]float32, n)
	worst, inside, looks := 0.0, 0.0, 0.0
	for at := 0; at+n <= len(x); at += n / 2 {
		for i := range z {
			z[i] = [2]float32{float32(win[i] * float64(x[at+i])), 0}
		}
		spectrum.Transform(z, circle)
		out := 0.0
		for k := range n / 2 {
			p := float64(z[k][0]*z[k][0] + z[k][1]*z[k][1])
			if hz := float64(k) * dsp.Rate / n; hz < from || hz > to {
				out += p
			} else {
				inside += p
			}
		}
		worst = max(worst, out)
		looks++
	}
	return 10 * math.Log10(worst/(inside/looks)+1e-12)
}

// settled says when, in ms after a moment, audio came and lay at the target for
// the rest of a second.
func (w *world) settled() int {
	from, good := w.nextPull, -1
	for w.nextPull < from+second {
		at := w.nextPull
		w.run(at+1e-6, true, true, false)
		ok := w.b.playing && w.b.Stats().Depth >= 20*driver.MS && w.b.Stats().Depth <= target+driver.Block+int(w.jitter)
		if ok && good < 0 {
			good = int((at - from) / driver.MS)
		} else if !ok {
			good = -1
		}
	}
	return good
}

func TestAStallOfEitherSideIsOverAfter100MS(t *testing.T) {
	alone(t)
	for _, c := range []struct {
		name          string
		pushes, pulls bool
		burst         int // blocks that come at once afterwards
	}{
		{"nobody pushes", false, true, 0}, {"nobody pulls", true, false, 0},
		{"nobody pushes, then all comes", false, true, 50}, {"nobody pulls, then all is fetched", true, false, 50},
		{"nobody pushes, then 32 blocks come", false, true, 32}, {"neither", false, false, 0},
	} {
		for _, jitter := range []float64{0, 80} {
			for _, length := range []float64{0.1, 1, 1.9, 5} {
				w := newWorld(100, -100, jitter, 1)
				w.run(20*second, true, true, false)
				w.run((20+length)*second, c.pushes, c.pulls, false)
				for range c.burst {
					next := [3]float64{w.nextPush, w.nextPull, w.arrives}
					if c.pushes {
						w.pull(false)
					} else {
						w.push()
					}
					w.nextPush, w.nextPull, w.arrives = next[0], next[1], next[2]
				}
				before := w.b.Stats()
				if ms := w.settled(); ms < 0 || ms > 100 {
					t.Errorf("%s for %.1f s, jitter %.0f: back at the target after %d ms, want at most 100; %+v", c.name, length, jitter, ms, w.b.Stats())
				}
				w.run(w.nextPull+20*second, true, true, false)
				after := w.b.Stats()
				if after.Underruns-before.Underruns > 1 || after.Slips-before.Slips > 1 || after.Overruns != before.Overruns {
					t.Errorf("%s for %.1f s: %+v, 20 s later %+v", c.name, length, before, after)
				}
			}
		}
	}
}

func TestEitherSideMayBeginFirst(t *testing.T) {
	for _, first := range []bool{true, false} {
		for _, alone := range []float64{0, 0.02, 0.5, 10} {
			w := newWorld(0, 0, 0, 2)
			w.run(alone*second, first, !first, true)
			n := w.b.Stats().Overruns
			if ms := w.settled(); ms < 0 || ms > 100 {
				t.Errorf("pusher first: %v, alone for %.2f s: at the target after %d ms", first, alone, ms)
			}
			if s := w.b.Stats(); s.Underruns != 0 || s.Overruns > n+1 {
				t.Errorf("pusher first: %v, alone for %.2f s: %+v", first, alone, s)
			}
		}
	}
}

func TestSilenceComesAndGoesWithoutAStep(t *testing.T) {
	for seed := range uint64(20) {
		w := newWorld(0, 0, 0, seed)
		w.source = sine(300, 0)
		w.run(3*second, true, true, true)
		w.run(3.5*second, false, true, true)
		w.run(5*second, true, true, true)
		steepest := dsp.SinePeak(0) * 2 * math.Pi * 300 / dsp.Rate
		for i := 1; i < len(w.out); i++ {
			if step := math.Abs(float64(w.out[i]) - float64(w.out[i-1])); step > 1.1*steepest {
				t.Fatalf("seed %d: a step of %.0f at sample %d; the sine has %.0f", seed, step, i, steepest)
			}
		}
		if s := w.b.Stats(); s.Underruns != 1 {
			t.Errorf("%+v, want one underrun", s)
		}
	}
}

func TestASlipIsACrossfade(t *testing.T) {
	w := newWorld(0, 0, 0, 4)
	w.source = sine(300, -6)
	w.run(3*second, true, true, true)
	w.run(3.3*second, true, false, true)
	w.run(5*second, true, true, true)
	if s := w.b.Stats(); s.Slips != 1 || s.Underruns != 0 || s.Slipped < 1900 || s.Slipped > 2700 {
		t.Errorf("%+v, want one slip of 300 ms or so", s)
	}
	steepest := dsp.SinePeak(-6) * (2*math.Pi*300/dsp.Rate + math.Pi/fade)
	for i := 1; i < len(w.out); i++ {
		if step := math.Abs(float64(w.out[i]) - float64(w.out[i-1])); step > steepest {
			t.Fatalf("a step of %.0f at sample %d", step, i)
		}
	}
}

func TestWhateverTheOrderAPullIsFilledAndNothingIsInvented(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := New()
		block := make([]int16, 1000)
		in, taken := 0, 0
		for _, op := range rapid.SliceOfN(rapid.IntRange(-700, 700), 1, 300).Draw(t, "lengths") {
			x := block[:max(op, -op)]
			if op >= 0 {
				for i := range x {
					x[i] = 8000
				}
				b.Push(x)
				in += len(x)
				continue
			}
			for i := range x {
				x[i] = -32768
			}
			b.Pull(x)
			taken += len(x)
			for i, v := range x {
				if v < -1500 || v > 17000 { // the step from nothing overshoots; a fall and a rise may add up
					t.Fatalf("sample %d is %d", i, v)
				}
			}
		}
		s := b.Stats()
		if lie := b.written.Load() - b.read.Load(); lie > size {
			t.Fatalf("%d samples lie in the buffer", lie)
		}
		if s.Depth < 0 || s.Depth > size {
			t.Fatalf("%+v", s)
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	w := newWorld(100, -100, 160, 5)
	w.run(second, true, true, false)
	to := w.nextPull
	if n := testing.AllocsPerRun(200, func() {
		to += 10 * driver.Block
		w.run(to, true, true, false)
	}); n != 0 {
		t.Errorf("%.1f allocations in 200 ms", n)
	}
	if n := testing.AllocsPerRun(5, func() {
		to += second
		w.run(to, false, true, false)
		to += 3 * second
		w.run(to, true, false, false)
		to += second
		w.run(to, true, true, false)
	}); n != 0 {
		t.Errorf("%.1f allocations when sides stall", n)
	}
}

func TestTwoGoroutinesShareABuffer(t *testing.T) {
	b := New()
	var wg sync.WaitGroup
	wg.Go(func() {
		var block [driver.Block]int16
		for i := range 20000 {
			for j := range block {
				block[j] = int16(i)
			}
			b.Push(block[:])
		}
	})
	wg.Go(func() {
		var block [driver.Block]int16
		for range 20000 {
			b.Pull(block[:])
			b.Stats()
		}
	})
	wg.Wait()
}

func BenchmarkBlock(b *testing.B) {
	w := newWorld(100, -100, 0, 1)
	w.run(second, true, true, false)
	for b.Loop() {
		w.push()
		w.pull(false)
	}
}
