package learn

import (
	"math"

	"vaad/dsp"
)

const (
	fitMS  = 200 // of a burst beside an edge, by which its lines are fitted
	seekMS = 40  // around the rough edge
)

// fitted finds the edges of a burst whose lines beat, as its power says little about them: an
// edge is where the lines that are fitted to the burst beside it begin to explain what is heard.
func fitted(x []int16, b burst, hz []float64) burst {
	if b.length() < 2*seekMS {
		return b
	}
	length := min(fitMS, b.length()-seekMS) * dsp.MS
	from, to := int(b.from*dsp.MS), int(b.to*dsp.MS)
	if !b.cut || b.from > fromEdge+seekMS {
		if m, ok := fit(x, from+seekMS/2*dsp.MS, int(length), hz); ok {
			b.from = float64(seek(x, m, from, -1)) / dsp.MS
		}
	}
	if !b.cut || b.to < float64(len(x)/dsp.MS)-fromEdge-seekMS {
		if m, ok := fit(x, to-seekMS/2*dsp.MS-int(length), int(length), hz); ok {
			b.to = float64(seek(x, m, to, 1)) / dsp.MS
		}
	}
	return b
}

// A model is a sum of sines: of each the part with the cosine and that with the sine.
type model struct {
	hz   []float64
	a, b []float64
}

func (m *model) at(i int) (v float64) {
	for k, f := range m.hz {
		sin, cos := math.Sincos(2 * math.Pi * f * float64(i) / dsp.Rate)
		v += m.a[k]*cos + m.b[k]*sin
	}
	return v
}

// seek is the edge near a sample: outwards says where it is silent. The sum of what the model
// explains is greatest there.
func seek(x []int16, m model, near, outwards int) int {
	i := near - outwards*seekMS*dsp.MS
	best, at, sum := 0.0, i, 0.0
	for range 2 * seekMS * dsp.MS {
		if i < 0 || i >= len(x) {
			break
		}
		v := m.at(i)
		sum += 2*float64(x[i])*v - v*v
		i += outwards
		if sum > best {
			best, at = sum, i
		}
	}
	return at
}

// fit finds the sum of sines of these frequencies that is nearest to n samples of x from one
// on, by least squares. False: the frequencies are too close for that.
func fit(x []int16, from, n int, hz []float64) (model, bool) {
	if from < 0 || from+n > len(x) || n <= 0 {
		return model{}, false
	}
	size := 2 * len(hz)
	rows := make([][]float64, size) // of the normal equations, and what they are to give
	for r := range rows {
		rows[r] = make([]float64, size+1)
	}
	base := make([]float64, size+1)
	for i := from; i < from+n; i++ {
		for k, f := range hz {
			base[2*k+1], base[2*k] = math.Sincos(2 * math.Pi * f * float64(i) / dsp.Rate)
		}
		base[size] = float64(x[i])
		for r := range rows {
			for c := range base {
				rows[r][c] += base[r] * base[c]
			}
		}
	}
	for r := range rows { // by elimination; the diagonal is the greatest, or nearly
		pivot := rows[r][r]
		if pivot < float64(n)*1e-4 {
			return model{}, false
		}
		for k := range rows {
			if k == r {
				continue
			}
			factor := rows[k][r] / pivot
			for c := r; c <= size; c++ {
				rows[k][c] -= factor * rows[r][c]
			}
		}
	}
	m := model{hz: hz}
	for k := range hz {
		m.a = append(m.a, rows[2*k][size]/rows[2*k][2*k])
		m.b = append(m.b, rows[2*k+1][size]/rows[2*k+1][2*k+1])
	}
	return m, true
}
