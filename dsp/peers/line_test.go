package peers

import (
	"math"
	"math/rand/v2"

	"vaad/dsp"
	"vaad/dsp/g711"
)

// track is a line that signals are laid on. It shares nothing with dsp/tone and
// dsp/fsk, nor with the tests of the detectors: sines are summed in 64 bits from
// any sample to any other.
type track struct {
	x   []float64
	rnd *rand.Rand
}

func newTrack(stream uint64) *track { return &track{rnd: rand.New(rand.NewPCG(*seed, stream))} }

func ms(v float64) int { return int(math.Round(v * dsp.MS)) }

func (l *track) between(a, b float64) float64 { return a + (b-a)*l.rnd.Float64() }

func (l *track) silence(millis float64) { l.x = append(l.x, make([]float64, ms(millis))...) }

// sines lays pairs of Hz and dBm0 over the line, from a sample on.
func (l *track) sines(from, to int, hzDBm0 ...float64) {
	for k := 0; k < len(hzDBm0); k += 2 {
		phase, peak := l.between(0, 1), dsp.SinePeak(hzDBm0[k+1])
		for i := from; i < to; i++ {
			l.x[i] += peak * math.Sin(2*math.Pi*(phase+hzDBm0[k]/dsp.Rate*float64(i-from)))
		}
	}
}

// tones appends pairs of Hz and dBm0.
func (l *track) tones(millis float64, hzDBm0 ...float64) {
	at := len(l.x)
	l.silence(millis)
	l.sines(at, len(l.x), hzDBm0...)
}

// noise lays white noise over the line: its level in dBm0, 0…4 kHz.
func (l *track) noise(from, to int, dBm0 float64) {
	rms := math.Sqrt(dsp.MeanSquare(dBm0))
	for i := range l.x[from:to] {
		l.x[from+i] += rms * l.rnd.NormFloat64()
	}
}

// hum is that of mains whose third and fifth harmonics lie 20 and 30 dB below.
func (l *track) hum(hz, dBm0 float64) {
	l.sines(0, len(l.x), hz, dBm0, 3*hz, dBm0-20, 5*hz, dBm0-30)
}

// samples are the line through µ-law.
func (l *track) samples() []int16 {
	out := make([]int16, len(l.x))
	for i, v := range l.x {
		out[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	return companded(out, g711.MuLaw)
}

func companded(x []int16, law g711.Law) []int16 {
	code := make([]byte, len(x))
	g711.Encode(code, x, law)
	g711.Decode(x, code, law)
	return x
}

// blocks hands x out in blocks as boards deliver them.
func blocks(x []int16, take func(block []int16)) {
	for len(x) > 0 {
		n := min(160, len(x))
		take(x[:n])
		x = x[n:]
	}
}

// changed is a copy of what a generator made, dB louder or fainter, over noise,
// through a law, as a line may bring it.
func changed(x []int16, dB, noiseDBm0 float64, law g711.Law) []int16 {
	l := newTrack(77)
	l.x = make([]float64, len(x))
	gain := math.Pow(10, dB/20)
	for i, v := range x {
		l.x[i] = gain * float64(v)
	}
	l.noise(0, len(l.x), noiseDBm0)
	out := make([]int16, len(l.x))
	for i, v := range l.x {
		out[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	return companded(out, law)
}
