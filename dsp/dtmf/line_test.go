package dtmf

import (
	"math"
	"math/rand/v2"

	"vaad/dsp"
	"vaad/dsp/g711"
	"vaad/dsp/tone"
)

// line is a telephone line that keys are put on. Its generator is not that of
// dsp/tone: tones begin and end at any sample, at once, with any phase, level
// and frequency, and everything passes through µ-law in the end.
type line struct {
	x    []float64
	keys []sent
	rnd  *rand.Rand
}

// sent is one key as it was put on the line.
type sent struct {
	key        byte
	begin, end int
}

func newLine(seed uint64) *line { return &line{rnd: rand.New(rand.NewPCG(seed, 1))} }

func ms(v float64) int { return int(math.Round(v * dsp.MS)) }

func (l *line) between(a, b float64) float64 { return a + (b-a)*l.rnd.Float64() }

func (l *line) anyKey() byte { return tone.Keys[l.rnd.IntN(16)] }

func (l *line) silence(millis float64) { l.x = append(l.x, make([]float64, ms(millis))...) }

// tones puts tones of these frequencies (Hz) and levels (dBm0) on the line.
func (l *line) tones(millis float64, hzDBm0 ...float64) {
	at := len(l.x)
	l.silence(millis)
	for k := 0; k < len(hzDBm0); k += 2 {
		w, phase, peak := 2*math.Pi*hzDBm0[k]/dsp.Rate, l.between(0, 2*math.Pi), dsp.SinePeak(hzDBm0[k+1])
		for i := range l.x[at:] {
			l.x[at+i] += peak * math.Sin(w*float64(i)+phase)
		}
	}
}

// press puts a key on the line: levels in dBm0, errors of frequency as parts.
func (l *line) press(key byte, millis, low, high, lowOff, highOff float64) {
	a, b, _ := tone.KeyHz(key)
	s := sent{key: key, begin: len(l.x)}
	l.tones(millis, a*(1+lowOff), low, b*(1+highOff), high)
	s.end = len(l.x)
	l.keys = append(l.keys, s)
}

// noise adds white noise between two samples: its level in dBm0, 0…4 kHz.
func (l *line) noise(from, to int, dBm0 float64) {
	rms := math.Sqrt(dsp.MeanSquare(dBm0))
	for i := range l.x[from:to] {
		l.x[from+i] += rms * l.rnd.NormFloat64()
	}
}

// under adds steady tones below everything.
func (l *line) under(hzDBm0 ...float64) {
	for k := 0; k < len(hzDBm0); k += 2 {
		w, phase, peak := 2*math.Pi*hzDBm0[k]/dsp.Rate, l.between(0, 2*math.Pi), dsp.SinePeak(hzDBm0[k+1])
		for i := range l.x {
			l.x[i] += peak * math.Sin(w*float64(i)+phase)
		}
	}
}

// hum adds mains hum whose third and fifth harmonics lie 20 and 30 dB below.
func (l *line) hum(hz, dBm0 float64) { l.under(hz, dBm0, 3*hz, dBm0-20, 5*hz, dBm0-30) }

// echo adds what was said, millis later and dB lower.
func (l *line) echo(millis, dB float64) {
	d, g := ms(millis), math.Pow(10, dB/20)
	for i := len(l.x) - 1; i >= d; i-- {
		l.x[i] += g * l.x[i-d]
	}
}

// samples returns the line through µ-law.
func (l *line) samples() []int16 {
	out := make([]int16, len(l.x))
	for i, v := range l.x {
		out[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	return companded(out)
}

func companded(x []int16) []int16 {
	code := make([]byte, len(x))
	g711.Encode(code, x, g711.MuLaw)
	g711.Decode(x, code, g711.MuLaw)
	return x
}

// detect runs a detector over x in blocks as the boards deliver them.
func detect(x []int16) []Event {
	d := New()
	var events []Event
	for len(x) > 0 {
		n := min(160, len(x))
		events = d.Process(events, x[:n])
		x = x[n:]
	}
	return d.Flush(events)
}

// result compares what was found with what was sent.
type result struct {
	sent, found, doubled, wrong int
	begin, length               float64 // largest errors in ms
}

func (l *line) result() result {
	r := result{sent: len(l.keys)}
	hits := make([]int, len(l.keys))
	k := 0
	for _, e := range detect(l.samples()) {
		if e.Kind != Up {
			continue
		}
		begin := int(e.At) - e.Length
		for k+1 < len(l.keys) && l.keys[k+1].begin <= begin+ms(15) {
			k++
		}
		if len(l.keys) == 0 || l.keys[k].key != e.Key || begin > l.keys[k].end {
			r.wrong++
			continue
		}
		if hits[k]++; hits[k] > 1 {
			r.doubled++
			continue
		}
		r.found++
		s := l.keys[k]
		r.begin = max(r.begin, math.Abs(float64(begin-s.begin))/dsp.MS)
		r.length = max(r.length, math.Abs(float64(e.Length-(s.end-s.begin)))/dsp.MS)
	}
	return r
}
