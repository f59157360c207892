package vad

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"vaad/dsp"
)

// TestFit learns the weights and writes them to weights.go:
//
//	go test ./dsp/vad -run Fit -fit 6000 -timeout 0 -sounds … -babble … -music …
var fit = flag.Int("fit", 0, "learn the weights in so many steps")

const (
	lesson  = 40 * dsp.Rate / hop // frames in one example
	passage = 250                 // consecutive frames of it in a step
	batch   = 48                  // passages in a step
)

// example is a mixture as the classifier sees it.
type example struct {
	now   [][lanes]float32
	past  [][known]float32
	voice []float32 // share of the frame
}

func observe(x []int16, v []bool) example {
	var o observer
	var e example
	pad := append(make([]int16, lead), x...)
	pad = append(pad, make([]int16, window)...)
	for i := range len(x) / hop {
		o.frame((*[window]int16)(pad[i*hop : i*hop+window]))
		e.now = append(e.now, o.tracks[now])
		e.past = append(e.past, o.past)
		var y float32
		for _, l := range v[i*hop/step : (i+1)*hop/step] {
			if l {
				y += float32(step) / hop
			}
		}
		e.voice = append(e.voice, y)
	}
	return e
}

// example makes a mixture of a random kind and level.
func (m *material) example() example {
	n := lesson * hop
	seconds := n / dsp.Rate
	x, v := make([]float64, n), make([]bool, n/step)
	kind := m.r.IntN(100)
	ratio := -2 + 24*m.r.Float64()
	if kind < 84 {
		x, v = m.speech(seconds)
	}
	switch {
	case kind < 6:
	case kind < 20:
		x = mix(x, m.white(n), ratio)
	case kind < 42:
		x = mix(x, m.voices(n), ratio)
	case kind < 54:
		x = mix(x, m.hum(n), ratio)
	case kind < 76:
		x = mix(x, m.tune(n), ratio)
	case kind < 84:
		x = mix(x, m.colour(n), ratio)
	case kind < 86:
		x = mix(x, m.colour(n), ratio)
	case kind < 88:
		x = mix(x, m.hum(n), ratio)
	case kind < 92:
		m.tones(x)
	default:
		m.strange(x)
	}
	x = mix(x, m.white(n), 29+25*m.r.Float64())
	gain := db(-28 + 36*m.r.Float64())
	for i := range x {
		x[i] *= gain
	}
	return observe(line(x), v)
}

func (m *material) between(a, b float64) float64 { return a + (b-a)*m.r.Float64() }

// varied is sound as another throat or instrument might make it, by another
// telephone: up to 18 % higher or lower, tilted, and louder by a gain in dB.
func (m *material) varied(p []float64, louder float64) []float64 {
	pace := m.between(0.85, 1.18)
	x := make([]float64, int(float64(len(p)-1)/pace))
	for i := range x {
		at := float64(i) * pace
		k, part := int(at), at-math.Floor(at)
		x[i] = p[k] + part*(p[k+1]-p[k])
	}
	tilt, before := m.between(-0.6, 0.4), 0.0
	for i, v := range x {
		x[i], before = v-tilt*before, v
	}
	gain := db(speechLevel+louder) / (active(x) + 1e-6)
	for i := range x {
		x[i] *= gain
	}
	return x
}

// hum has any harmonics of 50 or 60 Hz, or is that of the tests.
func (m *material) hum(n int) []float64 {
	if m.r.IntN(3) == 0 {
		return hum50(n)
	}
	x := make([]float64, n)
	f := []float64{50, 60}[m.r.IntN(2)] * m.between(0.998, 1.002)
	for _, h := range []float64{1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15} {
		add(x, f*h, db(m.between(-30, -6)), 7*m.r.Float64())
	}
	add(x, f, 1, 0)
	return x
}

// colour is steady noise with a slope and a hill somewhere.
func (m *material) colour(n int) []float64 {
	x := m.white(n)
	a := m.between(-0.3, 0.95) // one pole: the slope
	f, q := m.between(200, 3600), m.between(0.5, 4)
	sin, cos := math.Sincos(2 * math.Pi * f / dsp.Rate)
	alpha := sin / (2 * q)
	hill := m.between(0, 3)
	var y, s1, s2 float64
	for i, v := range x {
		y = v + a*y
		// a band-pass, added to the rest
		b := alpha / (1 + alpha) * y
		z := b + s1
		s1 = s2 + 2*cos/(1+alpha)*z
		s2 = -b - (1-alpha)/(1+alpha)*z
		x[i] = y + hill*z
	}
	return x
}

// tones plays what exchanges, telephones and modems play.
func (m *material) tones(x []float64) {
	for at := 0; at < len(x); {
		n := min(len(x)-at, int(dsp.Rate*m.between(2, 12)))
		m.signal(x[at:at+n], db(-m.between(8, 40)))
		at += n + int(dsp.Rate*m.between(0.2, 3))
	}
}

func (m *material) signal(x []float64, peak float64) {
	switch m.r.IntN(8) {
	default: // a tone in a cadence
		sets := [][]float64{{425}, {450}, {400}, {440}, {350, 440}, {480, 620}, {440, 480}, {400, 450}, {413, 438}, {400, 384, 416}, {950}, {1400}, {2100}, {1100},
			{1400, 2060, 2450, 2600}, {m.between(300, 3000)}, {m.between(300, 3000), m.between(300, 3000)}}
		cadences := [][2]float64{{99, 0}, {0.5, 0.5}, {2, 4}, {1, 4}, {0.35, 0.35}, {0.7, 0.7}, {0.25, 0.25}, {0.1, 0.1}, {0.4, 0.2}}
		for _, f := range sets[m.r.IntN(len(sets))] {
			add(x, f, peak, 7*m.r.Float64())
		}
		c := cadences[m.r.IntN(len(cadences))]
		for i := range x {
			if math.Mod(float64(i)/dsp.Rate, c[0]+c[1]) > c[0] {
				x[i] = 0
			}
		}
	case 0: // keys
		for at := 0; at < len(x); {
			n := min(len(x)-at, int(dsp.Rate*m.between(0.05, 0.2)))
			add(x[at:at+n], []float64{697, 770, 852, 941}[m.r.IntN(4)], peak, 0)
			add(x[at:at+n], []float64{1209, 1336, 1477, 1633}[m.r.IntN(4)], peak, 0)
			at += n + int(dsp.Rate*m.between(0.05, 0.4))
		}
	case 1: // frequency shift keying
		f := [][3]float64{{1200, 1200, 2200}, {1200, 1300, 2100}, {300, 1650, 1850}, {300, 980, 1180}}[m.r.IntN(4)]
		var phase, bit float64
		for i := range x {
			if math.Mod(float64(i)*f[0]/dsp.Rate, 1) < f[0]/dsp.Rate {
				bit = float64(m.r.IntN(2))
			}
			phase += 2 * math.Pi * (f[1] + bit*(f[2]-f[1])) / dsp.Rate
			x[i] += peak * math.Sin(phase)
		}
	case 2: // phase shift keying, in the bands of fax and data modems
		f := [][2]float64{{1200, 600}, {2400, 600}, {1700, 2400}, {1800, 2400}, {1800, 1200}, {1800, 3000}}[m.r.IntN(6)]
		var a, b float64
		for i := range x {
			u := float64(i) * f[1] / dsp.Rate
			if math.Mod(u, 1) < f[1]/dsp.Rate {
				a, b = b, math.Pi/2*float64(m.r.IntN(4))
			}
			s := 0.5 - 0.5*math.Cos(math.Pi*math.Mod(u, 1))
			x[i] += peak * ((1-s)*math.Sin(2*math.Pi*f[0]*float64(i)/dsp.Rate+a) + s*math.Sin(2*math.Pi*f[0]*float64(i)/dsp.Rate+b))
		}
	}
}

// strange makes the noises of a line that are not steady: noise that begins and
// ends, clicks, what ringing leaves.
func (m *material) strange(x []float64) {
	for at := int(dsp.Rate * 2 * m.r.Float64()); at < len(x); {
		n := min(len(x)-at, int(dsp.Rate*math.Exp(m.between(math.Log(0.08), math.Log(8)))))
		y := x[at : at+n]
		level := db(-m.between(12, 45))
		switch m.r.IntN(6) {
		case 0, 1:
			z := m.colour(n)
			gain := level / rms(z)
			for i := range y {
				y[i] += z[i] * gain
			}
		case 2, 3:
			m.signal(y, level)
		case 4:
			for range 1 + m.r.IntN(5) {
				p, w := m.r.IntN(n), 1+m.r.IntN(160)
				sign, noisy := float64(1-2*m.r.IntN(2)), m.r.IntN(2) == 0
				for i := range min(w, n-p) {
					if noisy {
						sign = m.r.NormFloat64()
					}
					y[p+i] += 5 * level * sign * math.Exp(-3*float64(i)/float64(w))
				}
			}
		case 5:
			for i := range y {
				y[i] += level * max(-1, min(1, 3*math.Sin(2*math.Pi*25*float64(i)/dsp.Rate)))
			}
		}
		at += n + int(dsp.Rate*0.8*m.r.ExpFloat64())
	}
}

// parameters lays the weights out as one slice of numbers.
func (w *weights) parameters() []*float32 {
	var p []*float32
	row := func(r []float32) {
		for i := range r {
			p = append(p, &r[i])
		}
	}
	for i := range w.unit {
		row(w.unit[i][:])
	}
	for i := range w.score {
		row(w.score[i][:])
	}
	for i := range w.judge {
		row(w.judge[i][:])
	}
	row(w.final[:])
	return p
}

// student works out how the loss on a passage falls with each weight.
type student struct {
	hidden [passage][units]float32
	score  [passage + 1][scores]float64 // running sums
	back   [passage][len(views)][scores]float32
}

func (s *student) study(w, grad *weights, e *example, from int) float64 {
	for t := range passage {
		var given [scores]float32
		score(&given, &s.hidden[t], &w.unit, &w.score, &e.now[from+t])
		for k, v := range given {
			s.score[t+1][k] = s.score[t][k] + float64(v)
		}
	}
	clip := func(t int) int { return max(0, min(passage, t)) }
	var loss float64
	for t := range passage {
		var in, back [told]float32
		for v, view := range views {
			a, b := clip(t+view[0]), clip(t+view[1])
			for k := range scores {
				in[v*scores+k] = float32((s.score[b][k] - s.score[a][k]) / float64(view[1]-view[0]))
			}
		}
		newest := min(passage-1, t+ahead)
		copy(in[len(views)*scores:], e.past[from+newest][:])
		odds := w.final[judges]
		q := w.judge[told]
		for i, v := range in {
			for j, weight := range &w.judge[i] {
				q[j] += v * weight
			}
		}
		for j := range q {
			q[j] = max(q[j], 0)
			odds += q[j] * w.final[j]
		}
		p := probability(odds)
		y := e.voice[from+t]
		loss -= float64(y)*math.Log(float64(p)+1e-9) + float64(1-y)*math.Log(1-float64(p)+1e-9)
		g := (p - y) / (passage * batch)
		grad.final[judges] += g
		for j := range q {
			grad.final[j] += g * q[j]
			if q[j] > 0 {
				gj := g * w.final[j]
				grad.judge[told][j] += gj
				for i := range in {
					grad.judge[i][j] += gj * in[i]
					back[i] += gj * w.judge[i][j]
				}
			}
		}
		for v := range views {
			copy(s.back[t][v][:], back[v*scores:(v+1)*scores])
		}
	}
	// Each score had a part in the views of the frames around it.
	var sums [passage + 1][len(views)][scores]float64
	for t := range passage {
		for v := range views {
			for k := range scores {
				sums[t+1][v][k] = sums[t][v][k] + float64(s.back[t][v][k])
			}
		}
	}
	for t := range passage {
		var gs [scores]float32
		for v, view := range views {
			a, b := clip(t-view[1]+1), clip(t-view[0]+1)
			for k := range scores {
				gs[k] += float32((sums[b][v][k] - sums[a][v][k]) / float64(view[1]-view[0]))
			}
		}
		for k := range gs {
			grad.score[units][k] += gs[k]
		}
		for j, h := range s.hidden[t] {
			if h == 0 {
				continue
			}
			var gh float32
			for k := range scores {
				grad.score[j][k] += gs[k] * h
				gh += gs[k] * w.score[j][k]
			}
			grad.unit[seen][j] += gh
			for i, x := range e.now[from+t][:seen] {
				grad.unit[i][j] += gh * x
			}
		}
	}
	return loss / passage
}

func TestFit(t *testing.T) {
	if *fit == 0 {
		t.Skip("only with -fit")
	}
	m := load(1)
	m.need(t)
	m.vary = true
	lessons := make([]example, 1600)
	for i := range lessons {
		lessons[i] = m.example()
	}
	t.Logf("%d speakers, %d pieces of music, %d lessons", len(m.speakers), len(m.music), len(lessons))
	w := learn(lessons, *fit, func(step int, loss float64) { fmt.Printf("step %d: %.4f\n", step, loss) })
	if err := os.WriteFile("weights.go", source(w), 0o644); err != nil {
		t.Fatal(err)
	}
}

// learn fits weights by gradient descent (Adam).
func learn(lessons []example, steps int, tell func(int, float64)) *weights {
	w, grad := new(weights), new(weights)
	r := rand.New(rand.NewPCG(2, 3))
	start := func(row []float32, told int) {
		for i := range row {
			row[i] = float32(r.NormFloat64() / math.Sqrt(float64(told)))
		}
	}
	for i := range w.unit[:seen] {
		start(w.unit[i][:], seen)
	}
	for i := range w.score[:units] {
		start(w.score[i][:], units)
	}
	for i := range w.judge[:told] {
		start(w.judge[i][:], told)
	}
	start(w.final[:judges], judges)
	params, grads := w.parameters(), grad.parameters()
	first, second := make([]float64, len(params)), make([]float64, len(params))
	two := [2]student{}
	half := [2]*weights{grad, new(weights)}
	others := half[1].parameters()
	var mean float64
	for step := range steps {
		*half[0], *half[1] = weights{}, weights{}
		var picks [batch][2]int
		for i := range picks {
			picks[i] = [2]int{r.IntN(len(lessons)), r.IntN(lesson - passage)}
		}
		done := make(chan float64, 2)
		for k := range two {
			go func() {
				var loss float64
				for i := k; i < batch; i += 2 {
					loss += two[k].study(w, half[k], &lessons[picks[i][0]], picks[i][1])
				}
				done <- loss
			}()
		}
		mean += (<-done + <-done) / batch
		rate := 5e-3*(1-float64(step)/float64(steps)) + 1e-5
		for i, p := range params {
			g := float64(*grads[i] + *others[i])
			first[i] += 0.1 * (g - first[i])
			second[i] += 0.001 * (g*g - second[i])
			n := float64(step + 1)
			*p -= float32(rate * first[i] / (1 - math.Pow(0.9, n)) / (math.Sqrt(second[i]/(1-math.Pow(0.999, n))) + 1e-8))
		}
		if (step+1)%500 == 0 {
			tell(step+1, mean/500)
			mean = 0
		}
	}
	return w
}

// source writes weights as Go source.
func source(w *weights) []byte {
	var b bytes.Buffer
	b.WriteString("package vad\n\n// Written by TestFit of fit_test.go; do not edit.\n\n// learnt are the weights of the classifier.\nvar learnt = weights{\n")
	row := func(r []float32) {
		b.WriteString("{")
		for _, v := range r {
			b.WriteString(strconv.FormatFloat(float64(v), 'g', 5, 32) + ", ")
		}
		b.WriteString("},\n")
	}
	b.WriteString("unit: [seen + 1][units]float32{\n")
	for i := range w.unit {
		row(w.unit[i][:])
	}
	b.WriteString("},\nscore: [units + 1][scores]float32{\n")
	for i := range w.score {
		row(w.score[i][:])
	}
	b.WriteString("},\njudge: [told + 1][judges]float32{\n")
	for i := range w.judge {
		row(w.judge[i][:])
	}
	b.WriteString("},\nfinal: [judges + 1]float32")
	row(w.final[:])
	b.WriteString("}\n")
	out, err := format.Source(b.Bytes())
	if err != nil {
		panic(err)
	}
	return out
}
