package ears

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/dtmf"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

var rowHz, columnHz = [4]float64{697, 770, 852, 941}, [4]float64{1209, 1336, 1477, 1633}

// press adds a key to what sounds.
func press(x []float64, at, n, key int, low, high, off float64) {
	a, b := dsp.SinePeak(low), dsp.SinePeak(high)
	for i := 0; i < n && at+i < len(x); i++ {
		t := 2 * math.Pi * float64(i) / dsp.Rate * (1 + off)
		x[at+i] += a*math.Sin(rowHz[key/4]*t) + b*math.Sin(columnHz[key%4]*t)
	}
}

// line is a signal as A-law carries it.
func line(x []float64) []int16 {
	pcm := make([]int16, len(x))
	for i, v := range x {
		pcm[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	code := make([]byte, len(x))
	g711.Encode(code, pcm, g711.ALaw)
	g711.Decode(pcm, code, g711.ALaw)
	return pcm
}

// masked is what a ring has of a signal once all is known, and how much of it is silence.
func masked(t *testing.T, pcm []int16) (out []int16, silent int) {
	t.Helper()
	const block = 20 * dsp.MS
	out = make([]int16, len(pcm))
	copy(out, pcm)
	m, until := NewMasker(0), int64(0)
	var found []Silence
	for at := 0; at+block <= len(pcm); at += block {
		end := int64(at + block)
		if found = m.Process(found[:0], pcm[at:at+block]); until > int64(at) {
			clear(out[at:min(until, end)])
		}
		for _, s := range found {
			if s.From < end-MaskLate && s.From != until {
				t.Fatalf("at %d it reaches back to %d", end, s.From)
			}
			clear(out[s.From:max(s.From, min(s.To, end))])
			until = max(until, s.To)
		}
	}
	for i := range out {
		if out[i] == 0 && pcm[i] != 0 {
			silent++
		}
	}
	return out, silent
}

// residue is the strongest pair of tones, in dBm0 of the weaker, that any stretch of 13 ms has.
func residue(pcm []int16, key int) float64 {
	const n = 102
	worst := math.Inf(-1)
	for at := 0; at+n <= len(pcm); at += 3 {
		weaker := math.Inf(1)
		for _, hz := range []float64{rowHz[key/4], columnHz[key%4]} {
			c := 2 * math.Cos(2*math.Pi*hz/dsp.Rate)
			var a, b float64
			for _, s := range pcm[at : at+n] {
				a, b = float64(s)+c*a-b, a
			}
			weaker = min(weaker, dsp.DBm0(2*(a*a+b*b-c*a*b)/(n*n)))
		}
		worst = max(worst, weaker)
	}
	return worst
}

func digits(pcm []int16) (s string) {
	for _, e := range dtmf.New().Process(nil, pcm) {
		if e.Kind == dtmf.Down {
			s += string(e.Key)
		}
	}
	return s
}

func TestNoKeyIsLeftInWhatIsMasked(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	worst, keys, silent, sounded := math.Inf(-1), 0, 0, 0
	for range 120 {
		x := make([]float64, 3*dsp.Rate)
		noise := math.Sqrt(dsp.MeanSquare(-75 + 15*rng.Float64()))
		for i := range x {
			x[i] = noise * rng.NormFloat64()
		}
		var on []int
		for at := 400 + rng.IntN(800); at < len(x)-8000; {
			key, n := rng.IntN(16), (30+rng.IntN(270))*dsp.MS
			low := -33 + 30*rng.Float64()
			press(x, at, n, key, low, min(low-8.5+13*rng.Float64(), -1), 0.018*(2*rng.Float64()-1))
			on, keys, sounded = append(on, key), keys+1, sounded+n
			at += n + (30+rng.IntN(300))*dsp.MS
		}
		pcm := line(x)
		out, n := masked(t, pcm)
		silent += n
		if got := digits(out); got != "" {
			t.Errorf("the keys %q are heard in what is masked", got)
		}
		for _, key := range on {
			worst = max(worst, residue(out, key))
		}
	}
	t.Logf("%d keys: the weaker tone of a pair is at most %.1f dBm0 in what is masked; %.0f ms more than the keys are silent at each", keys, worst, float64(silent-sounded)/float64(keys)/dsp.MS)
	if worst > -50 {
		t.Errorf("%.1f dBm0 are left", worst)
	}
}

func TestAKeyThatIsHeldIsSilentAsLongAsItSounds(t *testing.T) {
	x := make([]float64, 12*dsp.Rate)
	press(x, 8000, 9*dsp.Rate, 5, -10, -8, 0)
	pcm := line(x)
	out, _ := masked(t, pcm)
	if r := residue(out, 5); r > -50 {
		t.Errorf("%.1f dBm0 are left", r)
	}
}

// voices are the recorded prompts, as speech.
func voices(t testing.TB) (all []float64) {
	files, _ := filepath.Glob("../../prompts/*/*.wav")
	for _, name := range files {
		if strings.Contains(name, "music") || strings.Contains(name, "beep") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := wav.ParseAt(strings.NewReader(string(b)), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		raw := b[info.DataOffset : info.DataOffset+info.DataBytes]
		pcm := make([]int16, len(raw))
		switch info.Format {
		case wav.ALaw:
			g711.Decode(pcm, raw, g711.ALaw)
		case wav.MuLaw:
			g711.Decode(pcm, raw, g711.MuLaw)
		default:
			pcm = pcm[:len(raw)/2]
			for i := range pcm {
				pcm[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
			}
		}
		for _, s := range pcm {
			all = append(all, float64(s))
		}
	}
	return all
}

func TestSpeechLosesLittleToTheMaskAndHidesNoKeys(t *testing.T) {
	speech := voices(t)
	if len(speech) < 60*dsp.Rate {
		t.Skip("there are no prompts to speak")
	}
	_, lost := masked(t, line(speech))
	share := float64(lost) / float64(len(speech))
	t.Logf("%.2f%% of %.0f s of speech are taken for keys", 100*share, float64(len(speech))/dsp.Rate)
	if share > 0.02 {
		t.Error("that is too much")
	}
	rng := rand.New(rand.NewPCG(3, 3))
	heard, left := 0, 0
	for at := 0; at+2*dsp.Rate < len(speech); at += 2 * dsp.Rate {
		x := make([]float64, 2*dsp.Rate)
		gain := math.Sqrt(dsp.MeanSquare(-18-12*rng.Float64())) / (1 + math.Sqrt(meanSquare(speech[at:at+len(x)])))
		for i := range x {
			x[i] = gain * speech[at+i]
		}
		press(x, 8000, (60+rng.IntN(140))*dsp.MS, rng.IntN(16), -14+6*rng.Float64(), -12+6*rng.Float64(), 0)
		pcm := line(x)
		heard += len(digits(pcm))
		out, _ := masked(t, pcm)
		left += len(digits(out))
	}
	t.Logf("of %d keys over speech %d are still heard", heard, left)
	if left > 0 || heard == 0 {
		t.Error("keys over speech are left")
	}
}

func meanSquare(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum / float64(len(x))
}

// One side of a line, one block of 20 ms.
func BenchmarkMasker(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name string
		fill func(x []float64)
	}{
		{"noise", func(x []float64) {
			for i := range x {
				x[i] = 500 * rng.NormFloat64()
			}
		}},
		{"keys", func(x []float64) { press(x, 0, len(x), 6, -10, -8, 0.015) }},
		{"speech", func(x []float64) { copy(x, voices(b)[4*dsp.Rate:]) }},
		{"silence", func([]float64) {}},
	} {
		b.Run(c.name, func(b *testing.B) {
			x := make([]float64, 8*dsp.Rate)
			c.fill(x)
			pcm, at := line(x), 0
			m := NewMasker(0)
			found := make([]Silence, 0, 4)
			b.ReportAllocs()
			for b.Loop() {
				found = m.Process(found[:0], pcm[at:at+20*dsp.MS])
				at = (at + 20*dsp.MS) % len(pcm)
			}
		})
	}
}
