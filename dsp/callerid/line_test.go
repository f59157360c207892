package callerid

import (
	"math"
	"math/rand/v2"

	"vaad/dsp"
	"vaad/dsp/fsk"
	"vaad/dsp/g711"
)

// line is a telephone line. Its modulator is not that of fsk: it works at eight
// times the rate and errs on demand.
type line struct {
	x   []float64
	rnd *rand.Rand
}

func newLine(seed uint64) *line { return &line{rnd: rand.New(rand.NewPCG(seed, 1))} }

func (l *line) between(a, b float64) float64 { return a + (b-a)*l.rnd.Float64() }

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

// send modulates a message.
func (l *line) send(c Coding, message []byte, t Timing, k conditions) {
	var bits []byte
	for i := range t.Seizure {
		bits = append(bits, byte(i&1))
	}
	for range t.Mark {
		bits = append(bits, 1)
	}
	for _, b := range message {
		bits = append(bits, 0)
		for i := range 8 {
			bits = append(bits, b>>i&1)
		}
		bits = append(bits, 1)
	}
	for range t.After {
		bits = append(bits, 1)
	}
	spec := fsk.Bell202()
	if c != Bell {
		spec = fsk.V23()
	}
	const over = 8
	mark, space := k.level, k.level-k.twist
	if k.twist < 0 {
		mark, space = k.level+k.twist, k.level
	}
	peak := [2]float64{dsp.SinePeak(space), dsp.SinePeak(mark)}
	step := [2]float64{spec.Space * (1 + k.hz), spec.Mark * (1 + k.hz)}
	T := dsp.Rate * over / (spec.Baud * (1 + k.baud))
	phase := l.between(0, 1)
	for i := range int(float64(len(bits)) * T) {
		b := bits[min(len(bits)-1, int(float64(i)/T))]
		if i%over == 0 {
			l.x = append(l.x, peak[b]*math.Sin(2*math.Pi*phase))
		}
		phase += step[b] / (dsp.Rate * over)
	}
}

func (l *line) noise(from int, dBm0 float64) {
	rms := math.Sqrt(dsp.MeanSquare(dBm0))
	for i := range l.x[from:] {
		l.x[from+i] += rms * l.rnd.NormFloat64()
	}
}

func (l *line) hum(hz, dBm0 float64) {
	phase, peak := l.between(0, 2*math.Pi), dsp.SinePeak(dBm0)
	for i := range l.x {
		l.x[i] += peak * math.Sin(2*math.Pi*hz/dsp.Rate*float64(i)+phase)
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

// message makes a call setup message as networks send them.
func (l *line) message() []byte {
	text := func(from string, n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = from[l.rnd.IntN(len(from))]
		}
		return b
	}
	two := func(from, to int) string {
		v := from + l.rnd.IntN(to-from+1)
		return string([]byte{'0' + byte(v/10), '0' + byte(v%10)})
	}
	fields := []Field{
		{Type: DateTime, Raw: []byte(two(1, 12) + two(1, 28) + two(0, 23) + two(0, 59))},
		{Type: Number, Raw: text("0123456789", 7+l.rnd.IntN(6))},
	}
	if l.rnd.IntN(4) > 0 {
		fields = append(fields, Field{Type: Name, Raw: text("ABCDEFGHIJKLMNOPQRSTUVWXYZ ", 3+l.rnd.IntN(13))})
	}
	m, err := Build(CallSetup, fields...)
	if err != nil {
		panic(err)
	}
	return m
}

// receive runs a receiver over x in blocks as the boards deliver them.
func receive(x []int16) []Message {
	r := New()
	var out []Message
	for len(x) > 0 {
		n := min(160, len(x))
		out = r.Process(out, x[:n])
		x = x[n:]
	}
	return r.Flush(out)
}
