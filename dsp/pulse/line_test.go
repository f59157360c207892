package pulse

import (
	"math"
	"math/rand/v2"

	"vaad/dsp"
	"vaad/dsp/g711"
)

// line is a telephone line as a tap hears it while somebody dials: the voltage
// steps between fed and open loop, seen through the capacitor and the filters
// of a card.
type line struct {
	x    []float64
	v    []float64 // steps of voltage
	rnd  *rand.Rand
	sent []sent
}

type sent struct {
	digit byte
	at    int
}

// dial is one telephone.
type dial struct {
	rate, open float64
	peak       float64 // of a break, in samples
	make       float64 // of a make, dB to that of a break
	jitter     float64 // ms
	rise       float64 // ms in which the voltage changes
	bounce     bool
}

func newLine(seed uint64) *line { return &line{rnd: rand.New(rand.NewPCG(seed, 1))} }

func (l *line) between(a, b float64) float64 { return a + (b-a)*l.rnd.Float64() }

func (l *line) silence(millis float64) {
	n := int(millis * dsp.MS)
	l.x = append(l.x, make([]float64, n)...)
	l.v = append(l.v, make([]float64, n)...)
}

func (l *line) step(at float64, d dial, by float64) {
	at += l.rnd.NormFloat64() * d.jitter * dsp.MS
	n := max(1, int(d.rise*dsp.MS))
	for k := range n {
		if i := int(at) + k; i >= 0 && i < len(l.v) {
			l.v[i] += by / float64(n)
		}
	}
}

func (l *line) dial(digit byte, d dial) {
	n := int(digit - '0')
	if n == 0 {
		n = 10
	}
	l.sent = append(l.sent, sent{digit, len(l.x)})
	period := dsp.Rate / d.rate
	from := float64(len(l.x))
	l.silence(float64(n) * 1000 / d.rate)
	for k := range n {
		at := from + float64(k)*period
		l.step(at, d, d.peak)
		l.step(at+d.open*period, d, -d.peak*math.Pow(10, d.make/20))
		if d.bounce {
			b := at + d.open*period + l.between(1, 4)*dsp.MS
			l.step(b, d, d.peak/2)
			l.step(b+8, d, -d.peak/2)
		}
	}
}

func (l *line) tone(from, to int, hz, dBm0 float64) {
	peak, phase := dsp.SinePeak(dBm0), l.between(0, 2*math.Pi)
	for i := from; i < to; i++ {
		l.x[i] += peak * math.Sin(2*math.Pi*hz/dsp.Rate*float64(i)+phase)
	}
}

func (l *line) noise(dBm0 float64) {
	rms := math.Sqrt(dsp.MeanSquare(dBm0))
	for i := range l.x {
		l.x[i] += rms * l.rnd.NormFloat64()
	}
}

// samples returns the line behind a high-pass of a hundred or so Hz and µ-law.
func (l *line) samples() []int16 {
	out := make([]int16, len(l.x))
	decay := math.Exp(-1 / (l.between(0.7, 3) * dsp.MS))
	var c, smooth float64
	for i, v := range l.x {
		c = c*decay + l.v[i]
		smooth += 0.7 * (c - smooth)
		out[i] = int16(max(-32768, min(32767, math.Round(v+smooth))))
	}
	code := make([]byte, len(out))
	g711.Encode(code, out, g711.MuLaw)
	g711.Decode(out, code, g711.MuLaw)
	return out
}

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
