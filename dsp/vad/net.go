package vad

import (
	"math"

	"vaad/dsp/simd"
)

const (
	units  = 16 // that look at one frame
	scores = 4  // that they give it
	judges = 16 // that weigh the scores of the frames around it

	ahead = 8  // frames after the judged one that are heard before the verdict
	ring  = 32 // frames whose scores are kept: more than the views reach

	// fine is what a score of 1 counts in the sums of the views, which are
	// whole numbers so that they stay exact however long they are kept.
	fine = 4096
)

// views are the stretches around the judged frame whose mean scores are
// weighed: from frame … to before frame …, seen from it.
var views = [8][2]int{{-20, -10}, {-10, -5}, {-5, -2}, {-2, 0}, {0, 1}, {1, 3}, {3, 5}, {5, ahead + 1}}

const told = len(views)*scores + known // what a judge is told

// vectors says that the kernels in assembly may be called.
var vectors = simd.Best() >= simd.AVX2

// weights are what fit_test.go has learnt: for each number told, what it counts
// with each of those who are told. The last row is added.
type weights struct {
	unit  [seen + 1][units]float32
	score [units + 1][scores]float32
	judge [told + 1][judges]float32
	final [judges + 1]float32
}

// classifier gives each frame its verdict.
type classifier struct {
	hidden [units]float32
	kept   [ring][scores]int32
	sums   [len(views)][scores]int32
	n      int // frames so far
	told   [told]float32
}

// hear takes what was observed and gives the scores of the frame.
func (c *classifier) hear(w *weights, now *[lanes]float32) [scores]int32 {
	var s [scores]float32
	if vectors {
		scoreAVX2(&s, &c.hidden, &w.unit, &w.score, now)
	} else {
		score(&s, &c.hidden, &w.unit, &w.score, now)
	}
	return [scores]int32{exact(s[0]), exact(s[1]), exact(s[2]), exact(s[3])}
}

// score works out the scores of a frame. It is what scoreAVX2 does in assembly:
// sums go in two chains, of the even and the odd rows.
func score(s *[scores]float32, hidden *[units]float32, unit *[seen + 1][units]float32, score *[units + 1][scores]float32, now *[lanes]float32) {
	for j := 0; j < units; j += 4 {
		bias := unit[seen][j:][:4]
		a0, a1, a2, a3 := bias[0], bias[1], bias[2], bias[3]
		var b0, b1, b2, b3 float32
		for i := 0; ; i += 2 {
			x, q := now[i&15], unit[i&15][j:][:4]
			a0, a1, a2, a3 = a0+float32(x*q[0]), a1+float32(x*q[1]), a2+float32(x*q[2]), a3+float32(x*q[3])
			if i+1 == seen {
				break
			}
			x, q = now[(i+1)&15], unit[(i+1)&15][j:][:4]
			b0, b1, b2, b3 = b0+float32(x*q[0]), b1+float32(x*q[1]), b2+float32(x*q[2]), b3+float32(x*q[3])
		}
		h := hidden[j:][:4]
		h[0], h[1], h[2], h[3] = above(a0+b0), above(a1+b1), above(a2+b2), above(a3+b3)
	}
	bias := &score[units]
	a0, a1, a2, a3 := bias[0], bias[1], bias[2], bias[3]
	var b0, b1, b2, b3 float32
	for i := 0; i < units; i += 2 {
		x, q := hidden[i], &score[i]
		a0, a1, a2, a3 = a0+float32(x*q[0]), a1+float32(x*q[1]), a2+float32(x*q[2]), a3+float32(x*q[3])
		x, q = hidden[i+1], &score[i+1]
		b0, b1, b2, b3 = b0+float32(x*q[0]), b1+float32(x*q[1]), b2+float32(x*q[2]), b3+float32(x*q[3])
	}
	s[0], s[1], s[2], s[3] = a0+b0, a1+b1, a2+b2, a3+b3
}

// above is x where it is above 0, and 0 elsewhere, without a branch.
func above(x float32) float32 {
	b := math.Float32bits(x)
	return math.Float32frombits(b &^ uint32(int32(b)>>31))
}

// exact makes a score a whole number.
func exact(score float32) int32 {
	const most = 1000
	if score > -most && score < most {
		return int32(score * fine)
	}
	if score > 0 {
		return most * fine
	}
	return -most * fine
}

// judge takes the scores of the next frame and gives the verdict on the frame
// that lies ahead frames before it: the logarithm of the odds that it is voice.
func (c *classifier) judge(w *weights, s *[scores]int32, past *[known]float32) float32 {
	c.kept[c.n%ring] = *s
	for v := range views {
		in := &c.kept[(c.n-ahead+views[v][1]-1+ring)%ring]
		out := &c.kept[(c.n-ahead+views[v][0]-1+ring)%ring]
		sums, t := &c.sums[v], (*[scores]float32)(c.told[v*scores:])
		share := shares[v]
		for k := range in {
			sums[k] += in[k] - out[k]
			t[k] = float32(sums[k]) * share
		}
	}
	c.n++
	*(*[known]float32)(c.told[len(views)*scores:]) = *past
	if vectors {
		return oddsAVX2(&w.judge, &w.final, &c.told)
	}
	return odds(&w.judge, &w.final, &c.told)
}

// odds weighs what judges are told. It is what oddsAVX2 does in assembly.
func odds(judge *[told + 1][judges]float32, final *[judges + 1]float32, x *[told]float32) float32 {
	var m [judges]float32
	for j := 0; j < judges; j += 4 {
		bias := judge[told][j:][:4]
		a0, a1, a2, a3 := bias[0], bias[1], bias[2], bias[3]
		var b0, b1, b2, b3 float32
		for i := 0; i < told; i += 2 {
			v, q := x[i], judge[i][j:][:4]
			a0, a1, a2, a3 = a0+float32(v*q[0]), a1+float32(v*q[1]), a2+float32(v*q[2]), a3+float32(v*q[3])
			v, q = x[i+1], judge[i+1][j:][:4]
			b0, b1, b2, b3 = b0+float32(v*q[0]), b1+float32(v*q[1]), b2+float32(v*q[2]), b3+float32(v*q[3])
		}
		f, to := final[j:][:4], m[j:][:4]
		to[0], to[1], to[2], to[3] = float32(above(a0+b0)*f[0]), float32(above(a1+b1)*f[1]), float32(above(a2+b2)*f[2]), float32(above(a3+b3)*f[3])
	}
	for j := range judges / 2 {
		m[j] += m[j+judges/2]
	}
	return m[0] + m[4] + (m[2] + m[6]) + (m[1] + m[5] + (m[3] + m[7])) + final[judges]
}

// shares are what one frame counts in the mean of a view.
var shares = func() (s [len(views)]float32) {
	for v := range s {
		s[v] = 1 / (fine * float32(views[v][1]-views[v][0]))
	}
	return s
}()

// probability is that of odds given as logarithm.
func probability(odds float32) float32 {
	return float32(1 / (1 + math.Exp(-float64(odds))))
}
