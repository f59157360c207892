package fsk

import (
	"math"
	"math/rand/v2"

	"vaad/dsp"
	"vaad/dsp/g711"
)

// line is a telephone line. Its modulator is not Source: it works at eight
// times the rate, so that bits begin between samples, and errs on demand.
type line struct {
	x     []float64
	rnd   *rand.Rand
	phase float64
}

func newLine(seed uint64) *line { return &line{rnd: rand.New(rand.NewPCG(seed, 1))} }

func (l *line) silence(millis float64) {
	l.x = append(l.x, make([]float64, int(millis*dsp.MS))...)
}

// conditions are what a line does to a signal.
type conditions struct {
	level float64 // dBm0 of the stronger tone
	twist float64 // dB by which mark is stronger
	hz    float64 // error of the frequencies, as a part
	baud  float64 // error of the rate, as a part
}

// send modulates bits.
func (l *line) send(s Spec, bits []byte, c conditions) {
	const over = 8
	mark, space := c.level, c.level-c.twist
	if c.twist < 0 {
		mark, space = c.level+c.twist, c.level
	}
	peak := [2]float64{dsp.SinePeak(space), dsp.SinePeak(mark)}
	step := [2]float64{radians(s.Space) * (1 + c.hz) / over, radians(s.Mark) * (1 + c.hz) / over}
	T := dsp.Rate * over / (s.Baud * (1 + c.baud))
	n := int(float64(len(bits)) * T)
	for i := range n {
		b := bits[min(len(bits)-1, int(float64(i)/T))]
		if i%over == 0 {
			l.x = append(l.x, peak[b]*math.Sin(l.phase))
		}
		l.phase += step[b]
	}
}

func (l *line) noise(dBm0 float64) {
	rms := math.Sqrt(dsp.MeanSquare(dBm0))
	for i := range l.x {
		l.x[i] += rms * l.rnd.NormFloat64()
	}
}

func (l *line) hum(hz, dBm0 float64) {
	phase, peak := l.rnd.Float64()*2*math.Pi, dsp.SinePeak(dBm0)
	for i := range l.x {
		l.x[i] += peak * math.Sin(radians(hz)*float64(i)+phase)
	}
}

// samples returns the line through µ-law.
func (l *line) samples() []int16 {
	out := make([]int16, len(l.x))
	for i, v := range l.x {
		out[i] = int16(max(-32768, min(32767, math.Round(v))))
	}
	code := make([]byte, len(out))
	g711.Encode(code, out, g711.MuLaw)
	g711.Decode(out, code, g711.MuLaw)
	return out
}

// characters frames data after as many bits of mark.
func characters(mark int, data []byte) []byte {
	bits := make([]byte, mark, mark+10*len(data)+10)
	for i := range bits {
		bits[i] = 1
	}
	for _, b := range data {
		bits = append(bits, 0)
		for i := range 8 {
			bits = append(bits, b>>i&1)
		}
		bits = append(bits, 1)
	}
	return append(bits, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
}

func random(rnd *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(rnd.Uint32())
	}
	return out
}

// receive runs a receiver over x in blocks as the boards deliver them.
func receive(r *Receiver, x []int16) []Event {
	var events []Event
	for len(x) > 0 {
		n := min(160, len(x))
		events = r.Process(events, x[:n])
		x = x[n:]
	}
	return events
}
