package vad

import (
	"flag"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/wav"
)

// The speakers of sounds and the pieces of music were not used when the
// weights were learnt: see fit_test.go.
var (
	seed   = flag.Uint64("seed", 7, "of all that is random in it")
	full   = flag.Bool("full", false, "the full counts of the accuracy table")
	sounds = flag.String("sounds", "/usr/share/asterisk/sounds/it_IT_m_Carlo,/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU", "folders of speech, separated by commas: each folder a speaker; 8 kHz WAV, phrases apart by digital silence")
	babble = flag.String("babble", "/usr/share/asterisk/sounds/fr_CA_f_June,/usr/share/asterisk/sounds/en_US_f_Allison,/usr/share/asterisk/sounds/it_IT_m_Carlo,/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU", "folders of speech of which babble is made")
	music  = flag.String("music", "/usr/share/asterisk/moh/macroform-cold_day.wav,/usr/share/asterisk/moh/macroform-robot_dity.wav", "files or folders of music")
)

// speechLevel is the level of speech in all mixtures, relative to full scale.
const speechLevel = -26

func db(x float64) float64 { return math.Pow(10, x/20) }

func rms(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum/float64(max(1, len(x)))) + 1e-12
}

// read gives a WAV file in units of full scale, or nothing.
func read(path string) []float64 {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := wav.Parse(f)
	if err != nil || info.Format != wav.PCM16 || info.Rate != dsp.Rate || info.Channels != 1 {
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(f, info.DataBytes&^1))
	x := make([]float64, len(b)/2)
	for i := range x {
		x[i] = float64(int16(uint16(b[2*i])|uint16(b[2*i+1])<<8)) / 32768
	}
	return x
}

// files gives the recordings below the roots.
func files(roots string) []string {
	var out []string
	for _, root := range strings.Split(roots, ",") {
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".wav") && !strings.Contains(path, "silence") && !strings.Contains(path, "beep") {
				out = append(out, path)
			}
			return nil
		})
	}
	if !*full && *fit == 0 && len(out) > 100 { // to be quick
		for i := range len(out) / 5 {
			out[i] = out[5*i]
		}
		out = out[:len(out)/5]
	}
	return out
}

// highpass takes out what lies below 200 Hz: two second-order sections of a
// Butterworth filter.
func highpass(x []float64) {
	for _, q := range [2]float64{0.5412, 1.3066} {
		sin, cos := math.Sincos(2 * math.Pi * 200 / dsp.Rate)
		alpha := sin / (2 * q)
		b, a1, a2 := (1+cos)/2/(1+alpha), -2*cos/(1+alpha), (1-alpha)/(1+alpha)
		var s1, s2 float64
		for i, v := range x {
			y := b*v + s1
			s1 = -2*b*v - a1*y + s2
			s2 = b*v - a2*y
			x[i] = y
		}
	}
}

// phrases cuts recordings where they are digitally silent for 200 ms, and
// gives all the same level: that of the 10-ms stretches within 25 dB of the loudest.
func phrases(paths []string, least, most float64) [][]float64 {
	var out [][]float64
	cut := func(x []float64) {
		if s := float64(len(x)) / dsp.Rate; s < least || s > most {
			return
		}
		x = slices.Clone(x)
		highpass(x)
		if l := active(x); l > 1e-4 {
			for i := range x {
				x[i] *= db(speechLevel) / l
			}
			out = append(out, x)
		}
	}
	for _, path := range paths {
		x := read(path)
		begin, zeros := 0, 0
		for i, v := range x {
			if v == 0 {
				zeros++
				continue
			}
			if zeros >= 200*dsp.MS {
				cut(x[begin : i-zeros])
				begin = i
			}
			zeros = 0
		}
		if len(x) > 0 {
			cut(x[begin:])
		}
	}
	return out
}

func active(x []float64) float64 {
	var e []float64
	for ; len(x) >= step; x = x[step:] {
		l := rms(x[:step])
		e = append(e, l*l)
	}
	if len(e) == 0 {
		return 0
	}
	limit := slices.Max(e) * math.Pow(10, -2.5)
	var sum, n float64
	for _, v := range e {
		if v > limit {
			sum += v
			n++
		}
	}
	return math.Sqrt(sum / n)
}

// label says of each 10 ms of a clean phrase whether it is voice. Pauses up to
// 150 ms belong to it, sounds below 40 ms do not.
func label(x []float64) []bool {
	n := len(x) / step
	e := make([]float64, n+2)
	for i := range n {
		l := rms(x[i*step : i*step+step])
		e[i+1] = l * l
	}
	level := make([]float64, n)
	for i := range level {
		level[i] = 10 * math.Log10((e[i]+e[i+1]+e[i+2])/3+1e-12)
	}
	if n == 0 {
		return nil
	}
	top := slices.Max(level) - 25
	var sum, count float64
	for _, l := range level {
		if l > top {
			sum += math.Pow(10, l/10)
			count++
		}
	}
	speech := 10 * math.Log10(sum/count)
	sorted := slices.Sorted(slices.Values(level))
	quiet := sorted[n/20]
	limit := max(speech-32, min(quiet+9, speech-15))
	v := make([]bool, n)
	for i, l := range level {
		v[i] = l > limit
	}
	runs(v, false, func(from, to int) bool { return from > 0 && to < n && to-from <= 15 })
	runs(v, true, func(from, to int) bool { return to-from < 4 })
	return v
}

// runs turns over the runs of value that turn wants.
func runs(v []bool, value bool, turn func(from, to int) bool) {
	for from := 0; from < len(v); {
		to := from
		for to < len(v) && v[to] == v[from] {
			to++
		}
		if v[from] == value && turn(from, to) {
			for i := from; i < to; i++ {
				v[i] = !value
			}
		}
		from = to
	}
}

// speaker is one who says phrases of more than a second, or single words.
type speaker struct {
	phrases [][]float64
	words   bool // three of them follow each other, 150 ms apart
}

// material is all that mixtures are made of.
type material struct {
	r        *rand.Rand
	speakers []speaker
	babble   [][]float64 // recordings
	music    [][]float64

	vary bool // phrases are of other throats and telephones than they were
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func load(seed uint64) *material {
	m := &material{r: newRand(seed)}
	for _, root := range strings.Split(*sounds, ",") {
		paths := files(root)
		if p := phrases(paths, 1, 9); len(p) > 0 {
			m.speakers = append(m.speakers, speaker{phrases: p})
		}
		if p := phrases(paths, 0.35, 1); len(p) >= 20 {
			m.speakers = append(m.speakers, speaker{p, true})
		}
	}
	for _, root := range strings.Split(*babble, ",") {
		var all []float64
		for _, path := range files(root) {
			all = append(all, read(path)...)
		}
		if len(all) > 0 {
			m.babble = append(m.babble, all)
		}
	}
	for _, path := range files(*music) {
		if x := read(path); len(x) > 0 {
			m.music = append(m.music, x)
		}
	}
	return m
}

// speech lays phrases of all speakers in turn over seconds, with pauses of
// 0.4…4 s.
func (m *material) speech(seconds int) ([]float64, []bool) {
	x := make([]float64, seconds*dsp.Rate)
	v := make([]bool, len(x)/step)
	at := int((0.2 + 1.8*m.r.Float64()) * dsp.Rate)
	for i := m.r.IntN(100); ; i++ {
		of := &m.speakers[i%len(m.speakers)]
		times, pause := 1, 0
		if of.words {
			times, pause = 3, 150*dsp.MS
		}
		full := false
		for range times {
			p := of.phrases[m.r.IntN(len(of.phrases))]
			if m.vary {
				p = m.varied(p, m.between(-4, 4))
			}
			if full = at+len(p)+dsp.Rate/2 > len(x); full {
				break
			}
			at = at / step * step
			for k, s := range p {
				x[at+k] += s
			}
			for k, l := range label(p) {
				v[at/step+k] = v[at/step+k] || l
			}
			at += len(p) + pause
		}
		if full {
			break
		}
		at += int(dsp.Rate * min(4, 0.4+1.1*m.r.ExpFloat64()))
	}
	var sum, n float64
	for i, l := range v {
		if l {
			e := rms(x[i*step : i*step+step])
			sum += e * e
			n++
		}
	}
	if n > 0 {
		gain := db(speechLevel) / math.Sqrt(sum/n)
		for i := range x {
			x[i] *= gain
		}
	}
	return x, v
}

func (m *material) white(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = m.r.NormFloat64()
	}
	return x
}

// hum50 is mains hum as rectifiers make it.
func hum50(n int) []float64 {
	x := make([]float64, n)
	for _, h := range [][2]float64{{1, 0}, {2, -18}, {3, -10}, {5, -16}, {7, -24}} {
		add(x, 50*h[0], db(h[1]), h[0])
	}
	return x
}

func add(x []float64, hz, peak, phase float64) {
	for i := range x {
		x[i] += peak * math.Sin(2*math.Pi*hz*float64(i)/dsp.Rate+phase)
	}
}

// voices is the babble of eight voices.
func (m *material) voices(n int) []float64 {
	x := make([]float64, n)
	for k := range 8 {
		of := m.babble[k%len(m.babble)]
		at := m.r.IntN(len(of))
		for i := range x {
			x[i] += of[(at+i)%len(of)]
		}
	}
	return x
}

func (m *material) tune(n int) []float64 {
	of := m.music[m.r.IntN(len(m.music))]
	at := m.r.IntN(len(of))
	x := make([]float64, n)
	for i := range x {
		x[i] = of[(at+i)%len(of)]
	}
	if m.vary {
		copy(x, m.varied(x, 0)) // or as much of it as there is
	}
	return x
}

// mix adds noise to speech at a ratio in dB to speechLevel.
func mix(speech, noise []float64, ratio float64) []float64 {
	x := slices.Clone(speech)
	gain := db(speechLevel-ratio) / rms(noise)
	for i, v := range noise {
		x[i] += gain * v
	}
	return x
}

// line is what a µ-law line makes of x.
func line(x []float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = int16(math.Round(max(-32768, min(32767, v*32768))))
	}
	code := make([]byte, len(x))
	g711.Encode(code, out, g711.MuLaw)
	g711.Decode(out, code, g711.MuLaw)
	return out
}

func (m *material) need(t testing.TB) {
	if len(m.speakers) == 0 || len(m.babble) == 0 || len(m.music) == 0 {
		t.Skipf("no recordings in %s; %s; %s: Debian's asterisk-core-sounds-{fr,it,ru,en}-wav and asterisk-moh-opsound-wav have them", *sounds, *babble, *music)
	}
}
