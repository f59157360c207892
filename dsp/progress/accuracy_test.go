package progress

import (
	"flag"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/tone"
)

var (
	full   = flag.Bool("full", false, "the full counts of the accuracy table")
	seed   = flag.Uint64("seed", 4, "of all that is random in them")
	sounds = flag.String("sounds", "/usr/share/asterisk/sounds,/usr/share/asterisk/moh", "folders of speech and music in which no exchange is heard, separated by commas")
)

// chinese is a tone of China's.
func chinese(t Tone) cadence {
	for _, c := range world.all {
		if c.country == "CN" && c.tone == t {
			return c
		}
	}
	panic("none")
}

// changed is a cadence whose frequencies are off by some Hz, and whose lengths
// are longer by a share.
func (c cadence) changed(hz float32, longer float64) cadence {
	for i := range max(1, c.n) {
		p := &c.parts[i]
		p.hz[0] += hz
		p.on = int32(float64(p.on) * (1 + longer))
		p.off = int32(float64(p.off) * (1 + longer))
	}
	return c
}

// heardIn says whether a tone is heard, and nothing else.
func heardIn(events []Event, want Tone) bool {
	ok := false
	for _, e := range events {
		if e.Kind == Heard {
			if e.Tone != want {
				return false
			}
			ok = true
		}
	}
	return ok
}

// addHum adds mains hum with harmonics at a level.
func addHum(x []int16, level float64) {
	for i, v := range x {
		sum := 0.0
		for _, h := range [][2]float64{{1, 0}, {2, -18}, {3, -10}, {5, -16}, {7, -24}} {
			sum += math.Pow(10, h[1]/20) * math.Sin(2*math.Pi*50*h[0]*float64(i)/dsp.Rate+h[0])
		}
		x[i] = int16(max(-32768, min(32767, float64(v)+dsp.SinePeak(level)*sum)))
	}
}

// addSpeech adds recorded speech so that its loud parts have a level.
func addSpeech(x, speech []int16, level float64) {
	gain := dsp.SinePeak(level) / dsp.SinePeak(dsp.Measure(speech).DBm0())
	for i, v := range x {
		x[i] = int16(max(-32768, min(32767, float64(v)+gain*float64(speech[i%len(speech)]))))
	}
}

func TestAccuracy(t *testing.T) {
	counts := 27
	if *full {
		counts = 1000
	}
	r := rand.New(rand.NewPCG(3, *seed))
	between := func(a, b float64) float64 { return a + (b-a)*r.Float64() }
	tones := []Tone{Busy, Congestion, Ringback, Dial, Vacant, SpecialDial, Notice, Howler, Waiting}
	if *full {
		tones = append(tones, Record)
	}
	times := func(c cadence, n int) int {
		if c.n == 1 && c.parts[0].off < cutMax { // it sounds steady
			return 4*dsp.Rate/int(c.period()) + 1
		}
		return n
	}
	row := func(name string, least float64, make func(c cadence) []int16) {
		hit := 0
		for i := range counts {
			want := tones[i%len(tones)]
			if events := detect(make(chinese(want)), 160); heardIn(events, want) {
				hit++
			} else if *full {
				t.Logf("missed %v: %v", want, events)
			}
		}
		share := 100 * float64(hit) / float64(counts)
		t.Logf("%-62s %5.1f %%", name, share)
		if share < least {
			t.Errorf("%s: %.1f %%, want %.1f", name, share, least)
		}
	}
	lengthen := func(c cadence) cadence { return c.changed(float32(between(-25, 25)), between(-0.15, 0.15)) }
	row("China: 450 ± 25 Hz, cadence ± 15 %, −10…−38 dBm0", 99, func(c cadence) []int16 {
		c = lengthen(c)
		return play(c.sound(between(-38, -10), times(c, 4)), 500+r.IntN(100), 800, -65, r.Uint64())
	})
	row("the same with hum as loud as the tone", 99, func(c cadence) []int16 {
		c = lengthen(c)
		level := between(-38, -10)
		x := play(c.sound(level, times(c, 4)), 500+r.IntN(100), 800, -65, r.Uint64())
		addHum(x, level)
		return line(x, -70, r.Uint64())
	})
	for _, ratio := range []float64{15, 10, 6} {
		row("the same in white noise, S/N "+[]string{15: "15", 10: "10", 6: "6"}[int(ratio)]+" dB", 95-5*(15-ratio), func(c cadence) []int16 {
			c = lengthen(c)
			level := between(-30, -10)
			return play(c.sound(level, times(c, 5)), 500+r.IntN(100), 800, level-ratio, r.Uint64())
		})
	}
	var speech []int16
	for _, path := range files(*sounds) {
		if strings.Contains(path, "demo-instruct") {
			speech = append(speech, read(path)...)
		}
	}
	if len(speech) > 0 {
		tones = []Tone{Busy, Congestion}
		for _, ratio := range []float64{10, 3} {
			row("busy and congestion for 12 s under local speech "+[]string{10: "10", 3: "3"}[int(ratio)]+" dB lower", 0, func(c cadence) []int16 {
				x := play(c.sound(-14, 12*dsp.Rate/int(c.period())), 500, 800, -65, r.Uint64())
				addSpeech(x, speech[r.IntN(len(speech)/2):], -14-ratio)
				return line(x, -70, r.Uint64())
			})
		}
	}
	hits, ends := 0, 0
	minutes := max(25, counts/5)
	for range minutes {
		for _, e := range detect(line(melody(r, 60), -65, r.Uint64()), 160) {
			if e.Kind == Heard {
				hits++
				if e.Tone == Busy || e.Tone == Congestion || e.Tone == Howler || e.Tone == Regular {
					ends++
				}
				t.Logf("in a melody: %v", e)
			}
		}
	}
	t.Logf("%-62s %5d", fmt.Sprintf("tones heard in %d min of melodies about 450 Hz", minutes), hits)
	t.Logf("%-62s %5d", "  that end calls", ends)
	if hits > minutes/4 || ends > minutes/25 {
		t.Error("melodies are taken for tones")
	}
	hits = 0
	for range counts { // exchanges of offices that follow no plan
		c := tone.Cadence{Times: 8}
		hz := []float64{350, 400, 450, 500, 600, 1000}[r.IntN(6)]
		for range 1 + r.IntN(2) {
			c.Bursts = append(c.Bursts, tone.Burst{Sines: []tone.Sine{{Hz: hz, DBm0: between(-30, -10)}}, On: 100 + r.IntN(800), Off: 100 + r.IntN(800)})
		}
		for i := range c.Bursts {
			c.Bursts[i].Sines = c.Bursts[0].Sines
		}
		for _, e := range detect(play(c, 500, 800, -65, r.Uint64()), 160) {
			if e.Kind == Heard {
				hits++
				break
			}
		}
	}
	t.Logf("%-62s %5.1f %%", "regular cadences of nobody's, one or two bursts of 0.1…0.9 s", 100*float64(hits)/float64(counts))
	if hits < counts*95/100 {
		t.Error("regular cadences were missed")
	}
}

// melody is what telephones play to callers who wait: the notes of one voice,
// between 300 and 700 Hz, all of them a beat or a few long.
func melody(r *rand.Rand, seconds int) []int16 {
	x := make([]int16, seconds*dsp.Rate)
	beat := (0.15 + 0.3*r.Float64()) * dsp.Rate
	apart := 0.02 + 0.15*r.Float64() // of a beat
	low := 440 - 20*r.Float64()
	fading, overtone := 3*r.Float64(), 0.3*r.Float64()
	peak := dsp.SinePeak(-12 - 15*r.Float64())
	for at := 0.0; int(at) < len(x); {
		beats := []float64{1, 1, 1, 2, 2, 4}[r.IntN(6)]
		hz := low * []float64{0.75, 0.84, 1, 1, 1, 1.06, 1.12, 1.26, 1.33, 1.5}[r.IntN(10)]
		for i := range int(beat * (beats - apart)) {
			if int(at)+i >= len(x) {
				break
			}
			s := float64(i) / dsp.Rate
			x[int(at)+i] = int16(peak * math.Exp(-fading*s) * (math.Sin(2*math.Pi*hz*s) + overtone*math.Sin(4*math.Pi*hz*s)))
		}
		at += beat * beats
		if r.IntN(12) == 0 {
			at += beat
		}
	}
	return x
}

func files(roots string) []string {
	var out []string
	for _, root := range strings.Split(roots, ",") {
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".wav") && !strings.Contains(path, "beep") {
				out = append(out, path)
			}
			return nil
		})
	}
	return out
}

// TestAccuracyTalkOff counts the tones heard in recordings that hold none.
func TestAccuracyTalkOff(t *testing.T) {
	var hours float64
	hits := 0
	for i, path := range files(*sounds) {
		if !*full && i%12 != 0 {
			continue
		}
		x := read(path)
		hours += float64(len(x)) / dsp.Rate / 3600
		for _, e := range detect(line(x, -70, 1), 160) {
			if e.Kind == Heard {
				hits++
				t.Logf("%s: %v", path, e)
			}
		}
	}
	if hours == 0 {
		t.Skip("no recordings in " + *sounds)
	}
	t.Logf("tones heard in %.2f h of speech and music: %d  (target 0; spandsp: 40 in 14.5 h of speech, 96 in 2.3 h of music)", hours, hits)
	if hits > 0 {
		t.Error("target missed")
	}
}
